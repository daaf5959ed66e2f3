//! What a shard has its clients do, and what it asks of them: all that happens once a window, or now and then.

use std::io;
use std::time::Duration;

use super::think::Think;
use super::{ClosedLoop, next_request};
use crate::attempts::Attempts;
use crate::client::{Client, State};
use crate::clock::{nanoseconds, now_ns};
use crate::connect::BATCH;
use crate::dialogue::Dialogue;
use crate::engine::{Clients, Engine, Load};
use crate::histogram::Histogram;
use crate::outcome::{Outcome, Outcomes};
use crate::wire::Window;

/// How often connections are looked through for replies that are overdue.
const SWEEP: Duration = Duration::from_millis(50);

impl<D: Dialogue> Clients for ClosedLoop<D> {
    fn greet(&mut self, i: usize, began_ns: u64, engine: &mut impl Engine) {
        let client = &mut self.clients[i];
        client.state = State::Silent;
        self.since_ns[i * self.depth as usize] = began_ns;
        client.next = 1;
        if let Some(churn) = &mut self.churn {
            churn.opened(i, Some(began_ns), 0, began_ns);
        }
        let hello = self.dialogue.request(client.id, 0);
        if let Err(how) = engine.send(i, hello) {
            engine.close(i);
            self.lost(i, how);
        }
    }

    fn begin(&mut self, active: impl Fn(u64) -> bool, _: Option<f64>, engine: &mut impl Engine) {
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

    fn is_steady(&self) -> bool {
        self.answered >= self.talking()
    }

    fn progress_ns(&self) -> u64 {
        self.progress_ns.max(self.asked_by_ns)
    }

    fn restart_progress(&mut self, now: u64) {
        self.progress_ns = now;
    }

    fn open_window(&mut self, start_ns: u64, end_ns: u64) {
        self.account.open(start_ns, end_ns);
        if let Some(churn) = &mut self.churn {
            churn.open_window();
        }
        for client in &mut self.clients {
            client.open_window();
        }
    }

    fn close_window(&mut self) {
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

    fn rest(&mut self) {
        for client in &mut self.clients {
            client.active = false;
        }
        if let Some(think) = &mut self.think {
            think.clear();
        }
    }

    fn all(&self) -> &[Client] {
        &self.clients
    }

    fn next_tick_ns(&self) -> u64 {
        let resumes = self.think.as_ref().map_or(u64::MAX, Think::next_ns);
        self.next_sweep_ns.min(resumes)
    }

    fn tick(&mut self, now: u64, engine: &mut impl Engine) {
        if self.think.is_some() {
            self.resume(now, engine);
        }
        self.sweep(now, engine);
    }

    fn take_outcomes(&mut self) -> Outcomes {
        std::mem::take(&mut self.outcomes)
    }

    fn first_replies(&self) -> &Histogram {
        &self.first_replies
    }

    fn report(&self, window: &mut Window) {
        let account = &self.account;
        account.report(window);
        (window.early_ns, window.cut_ns) = (account.early_ns, account.cut_ns);
        (window.talked_ns, window.idle_ns) = (account.talked_ns, account.idle_ns);
        if let Some(connects) = self.connects() {
            window.reconnects = Some(connects.len());
            window.connect = connects.clone();
        }
    }

    fn next_connect_ns(&self) -> u64 {
        self.next_connect()
    }

    fn reconnect(&mut self, attempts: &mut Attempts, engine: &mut impl Engine) -> io::Result<()> {
        let now = now_ns();
        for attempt in attempts.settled(now)? {
            self.connected(attempt, engine)?;
        }
        for _ in 0..BATCH {
            let Some(i) = self.next_to_connect(now) else {
                break;
            };
            if let Some(attempt) = attempts.begin(i) {
                self.connected(attempt, engine)?;
            }
        }
        Ok(())
    }
}

impl<D: Dialogue> ClosedLoop<D> {
    /// The next `count` requests of client `i`, sent at `now`.
    pub(super) fn requests_of(&mut self, i: usize, count: u32, now: u64) -> Vec<u8> {
        let mut requests = Vec::new();
        for _ in 0..count {
            let slot = self.slot(i, self.clients[i].next);
            self.since_ns[slot] = now;
            requests.extend_from_slice(next_request(&mut self.clients[i], &mut self.dialogue));
        }
        requests
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

    /// Where request `sequence` of client `i` has its instant.
    pub(super) fn slot(&self, i: usize, sequence: u32) -> usize {
        i * self.depth as usize + (sequence % self.depth) as usize
    }

    /// Clients that are connected and were asked to send, whether or not they were ever served, or that are on their way
    /// from one connection to the next; all that were asked, where they try again.
    pub(crate) fn talking(&self) -> u64 {
        let comes_back = |client: &Client| client.state == State::Between || self.tries_again();
        let talks = |client: &&Client| client.active && (client.is_there() || comes_back(client));
        self.clients.iter().filter(talks).count() as u64
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
