//! The closed loop: a connection's next request waits for its reply. Receive, stamp, check, record, send.
//!
//! This is the hot path. A reply costs one clock reading, one comparison of its bytes, one count in a histogram and
//! the two stores that make the next request; nothing is allocated, locked or formatted. The instant at which a reply
//! was received is also the instant at which the next request counts as sent, so a connection's latencies add up to
//! the time that passed, and Little's law holds but for the edges of the window.

use std::time::Duration;

use crate::clock::{nanoseconds, now_ns};
use crate::config::Config;
use crate::engine::{Close, Engine, Load};
use crate::histogram::Histogram;
use crate::outcome::{Outcome, Outcomes};
use crate::payload::Payload;

/// How often connections are looked through for replies that are overdue.
const SWEEP: Duration = Duration::from_millis(50);

/// All clients of a shard.
pub(crate) struct ClosedLoop {
    clients: Vec<Client>,
    /// When each request under way was sent: `depth` slots a client.
    sent_ns: Vec<u64>,
    payload: Payload,
    /// The requests that one receive has called for, where it is more than one.
    requests: Vec<u8>,
    depth: u32,
    timeout_ns: u64,
    next_sweep_ns: u64,
    /// Where replies are recorded: completions from `start_ns` on for `window_ns`.
    start_ns: u64,
    window_ns: u64,
    /// What was recorded.
    pub(crate) latencies: Histogram,
    pub(crate) outcomes: Outcomes,
    /// From the start of a connection to its first reply.
    pub(crate) first_replies: Histogram,
    /// When the last client got its first reply since [`ClosedLoop::begin`].
    pub(crate) progress_ns: u64,
    /// Clients that got a reply since [`ClosedLoop::begin`].
    pub(crate) answered: u64,
}

#[derive(Clone, Copy, Debug)]
struct Client {
    id: u32,
    /// Sequence number of the next request.
    next: u32,
    /// Sequence number of the oldest request without its reply.
    due: u32,
    /// Bytes of that reply that have come.
    got: u32,
    /// Replies inside the window.
    replies: u32,
    state: State,
    /// Sends as long as replies come.
    active: bool,
    /// Has got a reply since the load began.
    answered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not established yet, or never.
    Absent,
    /// Established; no reply so far, ever.
    Silent,
    /// Established; was served.
    Served,
    /// Ended before it was ever served: the server took the connection and closed it.
    TurnedAway,
    /// Ended later.
    Lost,
}

/// Counts over the clients that are active in a window, or over all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) asked: u64,
    pub(crate) connected: u64,
    pub(crate) turned_away: u64,
    pub(crate) served: u64,
    pub(crate) starved: u64,
    pub(crate) sum: u64,
    pub(crate) sum_of_squares: u64,
    pub(crate) fewest: Option<u64>,
    pub(crate) most: Option<u64>,
}

impl ClosedLoop {
    pub(crate) fn new(config: &Config) -> Self {
        let client = |i| Client {
            id: (config.first_id + i * config.stride) as u32,
            next: 0,
            due: 0,
            got: 0,
            replies: 0,
            state: State::Absent,
            active: false,
            answered: false,
        };
        Self {
            clients: (0..config.conns).map(client).collect(),
            sent_ns: vec![0; (config.conns * config.pipeline) as usize],
            payload: Payload::new(
                config.protocol,
                config.request_bytes as usize,
                config.reply_bytes as usize,
            ),
            requests: Vec::new(),
            depth: config.pipeline as u32,
            timeout_ns: config.timeout_ns,
            next_sweep_ns: 0,
            start_ns: u64::MAX,
            window_ns: 0,
            latencies: Histogram::default(),
            outcomes: Outcomes::default(),
            first_replies: Histogram::default(),
            progress_ns: 0,
            answered: 0,
        }
    }

    /// Client `i` is connected since its attempt at `began_ns` succeeded: it says hello with one request.
    pub(crate) fn greet(&mut self, i: usize, began_ns: u64, engine: &mut impl Engine) {
        let client = &mut self.clients[i];
        client.state = State::Silent;
        self.sent_ns[i * self.depth as usize] = began_ns;
        client.next = 1;
        let hello = self.payload.request(client.id, 0);
        if let Err(how) = engine.send(i, hello) {
            engine.close(i);
            self.lost(i, how);
        }
    }

    /// Every client for which `active` holds sends from now on, as many requests as the pipeline is deep.
    pub(crate) fn begin(&mut self, active: impl Fn(u64) -> bool, engine: &mut impl Engine) {
        (self.answered, self.progress_ns) = (0, now_ns());
        for i in 0..self.clients.len() {
            let client = &mut self.clients[i];
            client.active = active(u64::from(client.id));
            client.answered = false;
            if !client.active || !matches!(client.state, State::Silent | State::Served) {
                continue;
            }
            let missing = self.depth - (client.next - client.due);
            let now = now_ns();
            let requests = self.requests_of(i, missing, now);
            if let Err(how) = engine.send(i, &requests) {
                engine.close(i);
                self.lost(i, how);
            }
        }
    }

    fn requests_of(&mut self, i: usize, count: u32, now: u64) -> Vec<u8> {
        let mut requests = Vec::new();
        for _ in 0..count {
            requests.extend_from_slice(next_request(
                i,
                self.depth,
                &mut self.clients[i],
                &mut self.sent_ns,
                &mut self.payload,
                now,
            ));
        }
        requests
    }

    /// Records what completes from `start_ns` until `end_ns`, from zero.
    pub(crate) fn open_window(&mut self, start_ns: u64, end_ns: u64) {
        (self.start_ns, self.window_ns) = (start_ns, end_ns - start_ns);
        self.latencies.clear();
        self.outcomes = Outcomes::default();
        for client in &mut self.clients {
            client.replies = 0;
        }
    }

    /// Lets no client send any more, and counts the requests under way as unfinished.
    pub(crate) fn close_window(&mut self) {
        self.outcomes.add(Outcome::Ok, self.latencies.len());
        let under_way = |client: &&mut Client| client.active && matches!(client.state, State::Silent | State::Served);
        let unfinished = self
            .clients
            .iter_mut()
            .filter(under_way)
            .map(|client| u64::from(client.next - client.due))
            .sum();
        self.outcomes.add(Outcome::Unfinished, unfinished);
        self.start_ns = u64::MAX;
    }

    /// Ends all sending; what is under way may still be answered.
    pub(crate) fn rest(&mut self) {
        for client in &mut self.clients {
            client.active = false;
        }
    }

    /// Replies that served clients still wait for.
    pub(crate) fn outstanding(&self) -> u64 {
        let served = self.clients.iter().filter(|client| client.state == State::Served);
        served.map(|client| u64::from(client.next - client.due)).sum()
    }

    /// Clients that are connected and were asked to send, whether or not they were ever served.
    pub(crate) fn talking(&self) -> u64 {
        let talks = |client: &&Client| client.active && matches!(client.state, State::Silent | State::Served);
        self.clients.iter().filter(talks).count() as u64
    }

    /// Established clients without a reply so far.
    pub(crate) fn silent(&self) -> u64 {
        self.clients
            .iter()
            .filter(|client| client.state == State::Silent)
            .count() as u64
    }

    /// Counts over all clients for which `active` holds.
    pub(crate) fn tally(&self, active: impl Fn(u64) -> bool) -> Tally {
        let mut tally = Tally::default();
        for client in self.clients.iter().filter(|client| active(u64::from(client.id))) {
            let replies = u64::from(client.replies);
            tally.asked += 1;
            let (connected, turned_away) = (client.state != State::Absent, client.state == State::TurnedAway);
            tally.connected += u64::from(connected);
            tally.turned_away += u64::from(turned_away);
            tally.served += u64::from(replies > 0);
            tally.starved += u64::from(connected && !turned_away && replies == 0);
            tally.sum += replies;
            tally.sum_of_squares += replies * replies;
            tally.fewest = Some(tally.fewest.map_or(replies, |fewest| fewest.min(replies)));
            tally.most = Some(tally.most.map_or(replies, |most| most.max(replies)));
        }
        tally
    }

    /// When [`ClosedLoop::sweep`] wants to be called next.
    pub(crate) fn next_sweep_ns(&self) -> u64 {
        self.next_sweep_ns
    }

    /// Closes the connections whose oldest request is overdue.
    pub(crate) fn sweep(&mut self, now: u64, engine: &mut impl Engine) {
        if now < self.next_sweep_ns {
            return;
        }
        self.next_sweep_ns = now + nanoseconds(SWEEP);
        for i in 0..self.clients.len() {
            let client = &self.clients[i];
            let waits = matches!(client.state, State::Silent | State::Served) && client.due != client.next;
            let slot = i * self.depth as usize + (client.due % self.depth) as usize;
            if waits && now.saturating_sub(self.sent_ns[slot]) > self.timeout_ns {
                engine.close(i);
                self.lost(i, Outcome::RequestTimeout);
            }
        }
    }
}

impl Load for ClosedLoop {
    #[inline]
    fn received(&mut self, i: usize, mut bytes: &[u8]) -> Result<&[u8], Close> {
        let now = now_ns();
        let client = &mut self.clients[i];
        let mut completed = 0;
        while !bytes.is_empty() {
            if client.due == client.next {
                // Nothing is due: a doubled reply, or bytes that nobody asked for.
                self.lost(i, Outcome::Mismatch);
                return Err(Close);
            }
            let reply = self.payload.reply(client.id, client.due);
            let missing = &reply[client.got as usize..];
            let (came, rest) = bytes.split_at(bytes.len().min(missing.len()));
            if came != &missing[..came.len()] {
                self.lost(i, Outcome::Mismatch);
                return Err(Close);
            }
            bytes = rest;
            if came.len() < missing.len() {
                client.got += came.len() as u32;
                break;
            }
            client.got = 0;
            let slot = i * self.depth as usize + (client.due % self.depth) as usize;
            let latency = now - self.sent_ns[slot];
            client.due = client.due.wrapping_add(1);
            completed += 1;
            if now.wrapping_sub(self.start_ns) < self.window_ns {
                client.replies += 1;
                self.latencies.record(latency);
            }
            if !client.answered {
                client.answered = true;
                self.answered += 1;
                self.progress_ns = now;
                if client.state == State::Silent {
                    client.state = State::Served;
                    self.first_replies.record(latency);
                }
            }
        }
        if !client.active || completed == 0 {
            return Ok(&[]);
        }
        if completed == 1 {
            return Ok(next_request(
                i,
                self.depth,
                client,
                &mut self.sent_ns,
                &mut self.payload,
                now,
            ));
        }
        self.requests.clear();
        for _ in 0..completed {
            let request = next_request(i, self.depth, client, &mut self.sent_ns, &mut self.payload, now);
            self.requests.extend_from_slice(request);
        }
        Ok(&self.requests)
    }

    fn lost(&mut self, i: usize, how: Outcome) {
        let client = &mut self.clients[i];
        let by_server = matches!(how, Outcome::ClosedEarly | Outcome::Reset);
        client.state = if client.state == State::Silent && by_server {
            State::TurnedAway
        } else {
            State::Lost
        };
        // Each request under way fails with its connection; without any, the connection itself is what failed.
        self.outcomes.add(how, u64::from(client.next - client.due).max(1));
    }
}

/// Makes client `i`'s next request, sent at `now`.
#[inline]
fn next_request<'a>(
    i: usize,
    depth: u32,
    client: &mut Client,
    sent_ns: &mut [u64],
    payload: &'a mut Payload,
    now: u64,
) -> &'a [u8] {
    sent_ns[i * depth as usize + (client.next % depth) as usize] = now;
    let sequence = client.next;
    client.next = client.next.wrapping_add(1);
    payload.request(client.id, sequence)
}
