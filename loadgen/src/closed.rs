//! The closed loop: a connection's next request waits for its reply. Receive, stamp, check, record, send.
//!
//! This is the hot path. A reply costs one clock reading, one comparison of its bytes, a count in two histograms (of the
//! window, and of its tenth of a second), its client's own sums, and the two stores that make the next request; nothing
//! is allocated, locked or formatted. The instant at which a reply
//! was received is also the instant at which the next request counts as sent, so a connection's latencies add up to
//! the time that passed: [`Account`] holds the two against each other.

use crate::account::Account;
use crate::client::{Client, Reply, State};
use crate::clock::now_ns;
use crate::config::Config;
use crate::dialogue::Dialogue;
use crate::engine::{Close, Load};
use crate::histogram::Histogram;
use crate::outcome::{Outcome, Outcomes};

mod churn;
mod pace;
mod steer;
mod think;

use churn::Churn;
use think::Think;

/// All clients of a shard.
pub(crate) struct ClosedLoop<D> {
    clients: Vec<Client>,
    /// `depth` slots a client, one for each place in its pipeline: when the request under way there was sent, or when
    /// the place became empty.
    since_ns: Vec<u64>,
    dialogue: D,
    /// The requests that one receive has called for, where it is more than one.
    requests: Vec<u8>,
    depth: u32,
    /// Pauses before requests.
    think: Option<Think>,
    /// Connections after the first ones.
    churn: Option<Churn>,
    /// Whether a reply may call for anything else than the next request at once.
    paced: bool,
    timeout_ns: u64,
    next_sweep_ns: u64,
    /// Where replies are recorded.
    pub(crate) account: Account,
    /// What has ended since it was last taken.
    outcomes: Outcomes,
    /// From the start of a connection to its first reply.
    pub(crate) first_replies: Histogram,
    /// When the last client got its first reply since [`ClosedLoop::begin`].
    pub(crate) progress_ns: u64,
    /// When every active client has been asked to send since [`ClosedLoop::begin`].
    pub(crate) asked_by_ns: u64,
    /// Active clients that got a reply since [`ClosedLoop::begin`] and are still there.
    pub(crate) answered: u64,
}

impl<D: Dialogue> ClosedLoop<D> {
    pub(crate) fn new(config: &Config, dialogue: D) -> Self {
        let client = |i| Client::new((config.first_id + i * config.stride) as u32);
        Self {
            clients: (0..config.conns).map(client).collect(),
            since_ns: vec![0; (config.conns * config.pipeline) as usize],
            dialogue,
            requests: Vec::new(),
            depth: config.pipeline as u32,
            think: Think::new(config.think_ns),
            churn: config.may_reconnect().then(|| Churn::new(config)),
            paced: config.think_ns > 0 || config.requests_per_conn.is_some(),
            timeout_ns: config.timeout_ns,
            next_sweep_ns: 0,
            account: Account::new(config.slow_every > 1),
            outcomes: Outcomes::default(),
            first_replies: Histogram::default(),
            progress_ns: 0,
            asked_by_ns: 0,
            answered: 0,
        }
    }
}

impl<D: Dialogue> Load for ClosedLoop<D> {
    #[inline]
    fn received(&mut self, i: usize, mut bytes: &[u8]) -> Result<&[u8], Close> {
        let now = now_ns();
        let client = &mut self.clients[i];
        let (mut completed, mut last) = (0, false);
        while !bytes.is_empty() {
            let reply = self.dialogue.take(i, client, &mut bytes);
            match reply {
                Reply::Whole if !last => {}
                Reply::Last if !last => last = true,
                Reply::Part if !last => break,
                _ => {
                    self.lost(i, Outcome::Mismatch);
                    return Err(Close::AsSetUp);
                }
            }
            let slot = i * self.depth as usize + (client.due % self.depth) as usize;
            // The request that follows goes to the same slot and counts as sent now.
            let sent = std::mem::replace(&mut self.since_ns[slot], now);
            client.due = client.due.wrapping_add(1);
            completed += 1;
            // One that is not to send may still get what it waited for since an earlier window.
            if client.active && self.account.is_inside(now) {
                if client.state == State::Silent {
                    // A hello counts from connect(2) on, which is no service time.
                    client.greeted = true;
                    self.account.cut(sent, now);
                } else {
                    client.count(now - sent);
                    self.account.reply(sent, now);
                    self.account.series.record(now, now - sent);
                    if let Some(parts) = &mut self.account.parts {
                        let marked = self.dialogue.is_marked(client.id, client.due.wrapping_sub(1));
                        parts.reply(marked, sent, sent, now);
                    }
                }
            } else if client.active && self.account.is_overtime(now) {
                self.account.cut(sent, now);
                self.account.unfinished(client.state, sent);
            }
            if self.account.has_ended(now) {
                client.late = true;
            }
            if !client.answered {
                client.answered = true;
                self.answered += u64::from(client.active);
                self.progress_ns = now;
                if client.state == State::Silent {
                    client.state = State::Served;
                    let began = self.churn.as_mut().and_then(|churn| churn.take_began_ns(i));
                    self.first_replies.record(now - began.unwrap_or(sent));
                }
            }
        }
        if last {
            return Err(self.ended(i, now));
        }
        if !client.active || completed == 0 {
            return Ok(&[]);
        }
        if self.paced {
            return self.pace(i, completed, now);
        }
        if completed == 1 {
            return Ok(next_request(client, &mut self.dialogue));
        }
        self.requests.clear();
        for _ in 0..completed {
            self.requests
                .extend_from_slice(next_request(client, &mut self.dialogue));
        }
        Ok(&self.requests)
    }

    fn lost(&mut self, i: usize, how: Outcome) {
        let now = now_ns();
        self.settle(i, now);
        let tries_again = self.tries_again();
        let client = &mut self.clients[i];
        client.connection = client.connection.wrapping_add(1);
        let by_server = matches!(how, Outcome::ClosedEarly | Outcome::Reset);
        client.state = match client.state {
            State::Silent if by_server => State::TurnedAway,
            State::Silent => State::Unserved,
            _ if tries_again => State::Between,
            _ => State::Lost,
        };
        self.answered -= u64::from(client.active && client.answered);
        // Each request under way fails with its connection; without any, the connection itself is what failed.
        self.outcomes.add(how, u64::from(client.under_way()).max(1));
        if let Some(churn) = self.churn.as_mut().filter(|churn| churn.tries_again()) {
            // It goes on with the request after those that failed.
            (client.due, client.got, client.answered) = (client.next, 0, false);
            churn.fail(i, now);
        }
    }
}

/// Makes a client's next request; its slot has the instant.
#[inline]
fn next_request<'a>(client: &mut Client, dialogue: &'a mut impl Dialogue) -> &'a [u8] {
    let sequence = client.next;
    client.next = client.next.wrapping_add(1);
    dialogue.request(client.id, sequence)
}

#[cfg(test)]
mod tests;
