//! What a shard has its clients do, and what it asks of them: all that happens once a window, or now and then.

use std::time::Duration;

use super::think::Think;
use super::{ClosedLoop, next_request};
use crate::client::{Client, State, Tally};
use crate::clock::{nanoseconds, now_ns};
use crate::engine::{Engine, Load};
use crate::outcome::{Outcome, Outcomes};

/// How often connections are looked through for replies that are overdue.
const SWEEP: Duration = Duration::from_millis(50);

impl ClosedLoop {
    /// Client `i` is connected since its attempt at `began_ns` succeeded: it says hello with one request.
    pub(crate) fn greet(&mut self, i: usize, began_ns: u64, engine: &mut impl Engine) {
        let client = &mut self.clients[i];
        client.state = State::Silent;
        self.since_ns[i * self.depth as usize] = began_ns;
        client.next = 1;
        if let Some(churn) = &mut self.churn {
            churn.opened(i, Some(began_ns), 0, began_ns);
        }
        let hello = self.payload.request(client.id, 0);
        if let Err(how) = engine.send(i, hello) {
            engine.close(i);
            self.lost(i, how);
        }
    }

    /// Every client for which `active` holds sends from now on, as many requests as the pipeline is deep.
    pub(crate) fn begin(&mut self, active: impl Fn(u64) -> bool, engine: &mut impl Engine) {
        (self.answered, self.progress_ns) = (0, now_ns());
        self.asked_by_ns = self.progress_ns + self.think.as_ref().map_or(0, Think::time_ns);
        self.account.begin();
        for i in 0..self.clients.len() {
            let client = &mut self.clients[i];
            client.active = active(u64::from(client.id));
            client.answered = false;
            if !client.active {
                continue;
            }
            let now = now_ns();
            self.freshen(i, now, engine);
            if !self.clients[i].is_there() {
                continue;
            }
            self.rest_since(i, now);
            if self.think.is_some() {
                continue;
            }
            let requests = self.requests_of(i, self.room(i), now);
            if let Err(how) = engine.send(i, &requests) {
                engine.close(i);
                self.lost(i, how);
            }
        }
        self.think_at_first(now_ns());
    }

    /// The next `count` requests of client `i`, sent at `now`.
    pub(super) fn requests_of(&mut self, i: usize, count: u32, now: u64) -> Vec<u8> {
        let mut requests = Vec::new();
        for _ in 0..count {
            let slot = self.slot(i, self.clients[i].next);
            self.since_ns[slot] = now;
            requests.extend_from_slice(next_request(&mut self.clients[i], &mut self.payload));
        }
        requests
    }

    /// Records what completes from `start_ns` until `end_ns`, from zero.
    pub(crate) fn open_window(&mut self, start_ns: u64, end_ns: u64) {
        self.account.open(start_ns, end_ns);
        if let Some(churn) = &mut self.churn {
            churn.open_window();
        }
        for client in &mut self.clients {
            (client.replies, client.greeted, client.late) = (0, false, false);
        }
    }

    /// Records nothing any more, and counts the requests under way as unfinished.
    pub(crate) fn close_window(&mut self) {
        for i in 0..self.clients.len() {
            let client = self.clients[i];
            if client.active && client.is_there() {
                for n in 0..client.under_way() {
                    let sent = self.since_ns[self.slot(i, client.due.wrapping_add(n))];
                    self.account.unfinished(client.state, sent);
                }
                self.settle(i, u64::MAX);
            }
        }
        self.outcomes.add(Outcome::Ok, self.account.latencies.len());
        self.outcomes.add(Outcome::Unfinished, self.account.cut_off);
        self.account.close();
    }

    /// Client `i` talks no longer than until `now`.
    pub(super) fn settle(&mut self, i: usize, now: u64) {
        let client = &self.clients[i];
        let (depth, slots) = (self.depth, &self.since_ns[i * self.depth as usize..]);
        let since = |n| slots[(client.due.wrapping_add(n) % depth) as usize];
        let (under_way, idle) = (
            (0..client.under_way()).map(since),
            (client.under_way()..depth).map(since),
        );
        let talks_since = self.churn.as_ref().map_or(0, |churn| churn.talks_since_ns(i));
        self.account.settle(client, talks_since, under_way, idle, now);
    }

    /// What has ended since the last call. Every failure is told once, whenever it came.
    pub(crate) fn take_outcomes(&mut self) -> Outcomes {
        std::mem::take(&mut self.outcomes)
    }

    /// Where request `sequence` of client `i` has its instant.
    pub(super) fn slot(&self, i: usize, sequence: u32) -> usize {
        i * self.depth as usize + (sequence % self.depth) as usize
    }

    /// Ends all sending; what is under way may still be answered.
    pub(crate) fn rest(&mut self) {
        for client in &mut self.clients {
            client.active = false;
        }
        if let Some(think) = &mut self.think {
            think.clear();
        }
    }

    /// Replies that served clients still wait for.
    pub(crate) fn outstanding(&self) -> u64 {
        let served = self.clients.iter().filter(|client| client.state == State::Served);
        served.map(|client| u64::from(client.under_way())).sum()
    }

    /// Clients that are connected and were asked to send, whether or not they were ever served; under churn all that
    /// were asked, because they try again.
    pub(crate) fn talking(&self) -> u64 {
        let talks = |client: &&Client| client.active && (client.is_there() || self.churn.is_some());
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
        Tally::of(self.clients.iter().filter(|client| active(u64::from(client.id))))
    }

    /// When [`ClosedLoop::tick`] wants to be called next.
    pub(crate) fn next_tick_ns(&self) -> u64 {
        let resumes = self.think.as_ref().map_or(u64::MAX, Think::next_ns);
        self.next_sweep_ns.min(resumes)
    }

    /// Does what is due by the clock and not by a reply.
    pub(crate) fn tick(&mut self, now: u64, engine: &mut impl Engine) {
        if self.think.is_some() {
            self.resume(now, engine);
        }
        self.sweep(now, engine);
    }

    /// Closes the connections whose oldest request is overdue.
    fn sweep(&mut self, now: u64, engine: &mut impl Engine) {
        if now < self.next_sweep_ns {
            return;
        }
        self.next_sweep_ns = now + nanoseconds(SWEEP);
        for i in 0..self.clients.len() {
            let client = &self.clients[i];
            let waits = client.is_there() && client.due != client.next;
            let slot = self.slot(i, client.due);
            if waits && now.saturating_sub(self.since_ns[slot]) > self.timeout_ns {
                engine.close(i);
                self.lost(i, Outcome::RequestTimeout);
            }
        }
    }
}
