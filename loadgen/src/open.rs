//! The open loop: every request is due at an instant that was fixed beforehand, whether or not earlier ones were
//! answered. What a stalled server delays is counted as its delay.
//!
//! Requests are dealt to the connections in turn. One whose connection has no room for it, because the server is
//! behind, waits there and is sent as soon as a reply makes room. Two times are taken: the response time from the
//! instant at which the request was due, which is what a user waits, and the service time from its sending, which
//! leaves out what it waited for the server's delay ("coordinated omission", Gil Tene). How late the generator itself
//! was, with nothing but itself to blame, has a histogram of its own.
//!
//! Where a server ends a connection with a reply, as HTTP lets it, its client opens another one at once. What is due
//! to it waits for that, and the wait is in the response times.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use crate::account::Account;
use crate::attempts::{Attempts, Settled};
use crate::client::{Client, Reply, State};
use crate::clock::{Clock, nanoseconds, now_ns};
use crate::config::Config;
use crate::dialogue::Dialogue;
use crate::engine::{Clients, Close, Engine, Load};
use crate::histogram::Histogram;
use crate::outcome::{Outcome, Outcomes};
use crate::schedule::{Arrivals, Schedule};
use crate::wire::{OpenWindow, Window};

/// Requests released in a row before replies have their turn: what the generator itself keeps waiting would else be
/// taken for service time.
const BATCH: usize = 64;
/// How often connections are looked through for replies that are overdue.
const SWEEP: Duration = Duration::from_millis(50);

/// All clients of a shard, under the real clock or a virtual one.
pub(crate) struct OpenLoop<C, D> {
    clock: C,
    clients: Vec<Client>,
    lanes: Vec<Lane>,
    dialogue: D,
    /// The requests that one receive has called for.
    requests: Vec<u8>,
    depth: u32,
    arrivals: Arrivals,
    seed: u64,
    phase: f64,
    schedule: Option<Schedule>,
    /// The clients that take requests, in turn.
    turns: Vec<usize>,
    turn: usize,
    /// When those were due for which no client was left.
    unclaimed: Vec<u64>,
    timeout_ns: u64,
    next_sweep_ns: u64,
    /// Service times, and what the window's end cut off, by the instants at which it was due.
    account: Account,
    open: OpenWindow,
    /// Clients that want their next connection, because the server has ended the one before with a reply.
    leaving: VecDeque<usize>,
    /// Whether it may do so.
    may_reconnect: bool,
    /// Times to connect, in the window, after the first connections.
    connects: Histogram,
    outcomes: Outcomes,
    first_replies: Histogram,
    progress_ns: u64,
}

/// A connection's requests, oldest first.
#[derive(Default)]
struct Lane {
    under_way: VecDeque<Request>,
    /// When those were due for which there is no room yet.
    waiting: VecDeque<u64>,
}

#[derive(Clone, Copy)]
struct Request {
    due_ns: u64,
    sent_ns: u64,
}

impl Lane {
    /// The instants at which all of its requests were due.
    fn due(&self) -> impl Iterator<Item = u64> {
        let under_way = self.under_way.iter().map(|request| request.due_ns);
        under_way.chain(self.waiting.iter().copied())
    }
}

impl<C: Clock, D: Dialogue> OpenLoop<C, D> {
    pub(crate) fn new(config: &Config, dialogue: D, arrivals: Arrivals, clock: C) -> Self {
        let client = |i| Client::new((config.first_id + i * config.stride) as u32);
        Self {
            clock,
            clients: (0..config.conns).map(client).collect(),
            lanes: std::iter::repeat_with(Lane::default)
                .take(config.conns as usize)
                .collect(),
            dialogue,
            requests: Vec::new(),
            depth: config.pipeline as u32,
            arrivals,
            // Each shard has a stream of its own; the streams of several add up to one of the whole rate.
            seed: config.seed.wrapping_add(config.first_id),
            phase: config.first_id as f64 / config.stride as f64,
            schedule: None,
            turns: Vec::new(),
            turn: 0,
            unclaimed: Vec::new(),
            timeout_ns: config.timeout_ns,
            next_sweep_ns: 0,
            account: Account::new(config.slow_every > 1),
            open: OpenWindow::default(),
            leaving: VecDeque::new(),
            may_reconnect: config.may_reconnect(),
            connects: Histogram::default(),
            outcomes: Outcomes::default(),
            first_replies: Histogram::default(),
            progress_ns: 0,
        }
    }

    /// A request was due at `due_ns`, and it is `now`.
    fn release(&mut self, due_ns: u64, now: u64, engine: &mut impl Engine) {
        self.offer(due_ns, now);
        let Some(&i) = self.turns.get(self.turn) else {
            self.unclaimed.push(due_ns);
            return;
        };
        self.turn = (self.turn + 1) % self.turns.len();
        self.clients[i].unasked &= due_ns >= self.account.end_ns();
        self.lanes[i].waiting.push_back(due_ns);
        self.send(i, now, engine);
    }

    /// Sends of the waiting requests of client `i` those that there is room for.
    fn send(&mut self, i: usize, now: u64, engine: &mut impl Engine) {
        if self.clients[i].is_there()
            && self.fill(i, now)
            && let Err(how) = engine.send(i, &self.requests)
        {
            engine.close(i);
            self.lost(i, how);
        }
    }

    /// The server said with its last reply that client `i`'s connection ends. What was under way behind it the server
    /// has not looked at (RFC 9112 §9.3.2): it waits for the next connection.
    #[cold]
    fn ended(&mut self, i: usize) {
        let (client, lane) = (&mut self.clients[i], &mut self.lanes[i]);
        while let Some(request) = lane.under_way.pop_back() {
            lane.waiting.push_front(request.due_ns);
        }
        client.next = client.due;
        client.connection = client.connection.wrapping_add(1);
        client.state = State::Between;
        self.leaving.push_back(i);
    }

    /// The attempt of a client for its next connection has its outcome.
    fn connected(&mut self, attempt: Settled, engine: &mut impl Engine) -> io::Result<()> {
        let i = attempt.client;
        match attempt.result {
            Ok(socket) => {
                if self.account.is_inside(attempt.at_ns) {
                    self.connects.record(attempt.at_ns - attempt.began_ns);
                }
                engine.add(i, socket)?;
                self.clients[i].state = State::Served;
                let now = self.clock.now_ns();
                self.send(i, now, engine);
            }
            Err(how) => self.lost(i, how),
        }
        Ok(())
    }

    /// Counts a request that was due at `due_ns` and that the generator turned to `now`.
    fn offer(&mut self, due_ns: u64, now: u64) {
        if self.account.is_inside(due_ns) {
            self.open.offered += 1;
            self.open.lateness.record(now - due_ns);
        }
    }

    /// Client `i` takes no more requests.
    fn leave(&mut self, i: usize) {
        let Some(at) = self.turns.iter().position(|&client| client == i) else {
            return;
        };
        self.turns.remove(at);
        self.turn -= usize::from(at < self.turn);
        if self.turn == self.turns.len() {
            self.turn = 0;
        }
    }

    /// Takes from the waiting requests of client `i` as many as there is room for; they are in `requests` then.
    fn fill(&mut self, i: usize, now: u64) -> bool {
        self.requests.clear();
        let (client, lane) = (&mut self.clients[i], &mut self.lanes[i]);
        while client.under_way() < self.depth
            && let Some(due_ns) = lane.waiting.pop_front()
        {
            lane.under_way.push_back(Request { due_ns, sent_ns: now });
            let sequence = client.next;
            client.next = client.next.wrapping_add(1);
            self.requests
                .extend_from_slice(self.dialogue.request(client.id, sequence));
        }
        !self.requests.is_empty()
    }

    /// Client `i` got the reply to its oldest request at `now`.
    fn replied(&mut self, i: usize, now: u64) {
        let client = &mut self.clients[i];
        let sequence = client.due;
        client.due = client.due.wrapping_add(1);
        let Some(request) = self.lanes[i].under_way.pop_front() else {
            return;
        };
        let hello = client.state == State::Silent;
        if client.active && self.account.is_inside(now) {
            if hello {
                // A hello counts from connect(2) on, which is no service time.
                client.greeted = true;
            } else {
                client.count(now - request.due_ns);
                self.account.reply(request.sent_ns, now);
                self.account.series.record(now, now - request.due_ns);
                self.open.response.record(now - request.due_ns);
                if let Some(parts) = &mut self.account.parts {
                    let marked = self.dialogue.is_marked(client.id, sequence);
                    parts.reply(marked, request.due_ns, request.sent_ns, now);
                }
            }
        } else if client.active && self.account.is_overtime(now) {
            self.account.unfinished(client.state, request.due_ns);
        }
        client.late = client.late || self.account.has_ended(now);
        if hello {
            client.state = State::Served;
            self.first_replies.record(now - request.sent_ns);
            self.progress_ns = now;
        }
    }
}

impl<C: Clock, D: Dialogue> Load for OpenLoop<C, D> {
    fn received(&mut self, i: usize, mut bytes: &[u8]) -> Result<&[u8], Close> {
        let (now, mut last) = (self.clock.now_ns(), false);
        while !bytes.is_empty() {
            match self.dialogue.take(i, &mut self.clients[i], &mut bytes) {
                Reply::Whole if !last => self.replied(i, now),
                Reply::Last if !last => {
                    self.replied(i, now);
                    last = true;
                }
                Reply::Part if !last => break,
                _ => {
                    self.lost(i, Outcome::Mismatch);
                    return Err(Close::AsSetUp);
                }
            }
        }
        if last {
            self.ended(i);
            return Err(Close::InOrder);
        }
        self.fill(i, now);
        Ok(&self.requests)
    }

    fn lost(&mut self, i: usize, how: Outcome) {
        let now = self.clock.now_ns();
        let (client, lane) = (&mut self.clients[i], &mut self.lanes[i]);
        // What fails now has waited for so long, and its reply would have come later.
        if client.active {
            for due in lane.due() {
                if self.account.is_overtime(now) {
                    self.account.unfinished(client.state, due);
                } else {
                    self.account.failed(client.state, due, now);
                }
            }
        }
        // Each request fails with its connection; without any, the connection itself is what failed.
        self.outcomes.add(how, (lane.due().count() as u64).max(1));
        (lane.under_way, lane.waiting) = <(VecDeque<Request>, VecDeque<u64>)>::default();
        client.end(how);
        self.leave(i);
    }
}

impl<C: Clock, D: Dialogue> Clients for OpenLoop<C, D> {
    fn greet(&mut self, i: usize, began_ns: u64, engine: &mut impl Engine) {
        let client = &mut self.clients[i];
        client.state = State::Silent;
        client.next = 1;
        self.lanes[i].under_way.push_back(Request {
            due_ns: began_ns,
            sent_ns: began_ns,
        });
        let hello = self.dialogue.request(client.id, 0);
        if let Err(how) = engine.send(i, hello) {
            engine.close(i);
            self.lost(i, how);
        }
    }

    fn begin(&mut self, active: impl Fn(u64) -> bool, rate_per_s: Option<f64>, _: &mut impl Engine) {
        let now = self.clock.now_ns();
        self.account.begin();
        self.turns.clear();
        for (i, client) in self.clients.iter_mut().enumerate() {
            client.active = active(u64::from(client.id));
            if client.active && (client.is_there() || client.state == State::Between) {
                self.turns.push(i);
            }
        }
        self.turn = 0;
        self.schedule = rate_per_s.map(|rate| Schedule::new(self.arrivals, rate, self.phase, self.seed, now));
        // Another window with this seed is another sample of it.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    }

    fn is_steady(&self) -> bool {
        // Nothing is waited for: the schedule goes on whatever the server does.
        true
    }

    fn progress_ns(&self) -> u64 {
        self.progress_ns
    }

    fn restart_progress(&mut self, now: u64) {
        self.progress_ns = now;
    }

    fn open_window(&mut self, start_ns: u64, end_ns: u64) {
        self.account.open(start_ns, end_ns);
        self.open = OpenWindow::default();
        self.connects.clear();
        self.unclaimed.clear();
        for (client, lane) in self.clients.iter_mut().zip(&self.lanes) {
            client.open_window();
            // A client may have nothing to ask for as long as a window.
            client.unasked = client.active && lane.due().next().is_none();
        }
    }

    fn close_window(&mut self) {
        // Where the generator could not keep up, these have not had their turn yet.
        while let Some(schedule) = &mut self.schedule
            && self.account.is_inside(schedule.next_ns())
        {
            let due = schedule.next_ns();
            schedule.advance();
            self.offer(due, self.account.end_ns());
            self.unclaimed.push(due);
        }
        // Nobody was there to send them, who would else have been served.
        for &due in &self.unclaimed {
            self.account.unfinished(State::Served, due);
        }
        for (client, lane) in self.clients.iter().zip(&self.lanes) {
            if client.active {
                lane.due().for_each(|due| self.account.unfinished(client.state, due));
            }
        }
        self.outcomes.add(Outcome::Ok, self.account.latencies.len());
        self.outcomes.add(Outcome::Unfinished, self.account.cut_off);
        self.account.close();
    }

    fn rest(&mut self) {
        self.schedule = None;
        for (client, lane) in self.clients.iter_mut().zip(&mut self.lanes) {
            client.active = false;
            lane.waiting.clear();
        }
    }

    fn all(&self) -> &[Client] {
        &self.clients
    }

    fn next_tick_ns(&self) -> u64 {
        let due = self.schedule.as_ref().map_or(u64::MAX, Schedule::next_ns);
        self.next_sweep_ns.min(due)
    }

    fn tick(&mut self, now: u64, engine: &mut impl Engine) {
        let mut now = now;
        for _ in 0..BATCH {
            let Some(schedule) = &mut self.schedule else { break };
            let due = schedule.next_ns();
            if due > now {
                break;
            }
            schedule.advance();
            self.release(due, now, engine);
            // A send takes longer than a look at the clock, and the next request may be due by now.
            now = self.clock.now_ns();
        }
        if now >= self.next_sweep_ns {
            self.next_sweep_ns = now + nanoseconds(SWEEP);
            for i in 0..self.clients.len() {
                let oldest = self.lanes[i].under_way.front().map_or(now, |request| request.sent_ns);
                if self.clients[i].is_there() && now.saturating_sub(oldest) > self.timeout_ns {
                    engine.close(i);
                    self.lost(i, Outcome::RequestTimeout);
                }
            }
        }
    }

    fn take_outcomes(&mut self) -> Outcomes {
        std::mem::take(&mut self.outcomes)
    }

    fn first_replies(&self) -> &Histogram {
        &self.first_replies
    }

    fn report(&self, window: &mut Window) {
        self.account.report(window);
        window.open = Some(Box::new(self.open.clone()));
        if self.may_reconnect {
            window.reconnects = Some(self.connects.len());
            window.connect = self.connects.clone();
        }
    }

    fn next_connect_ns(&self) -> u64 {
        if self.leaving.is_empty() { u64::MAX } else { 0 }
    }

    fn reconnect(&mut self, attempts: &mut Attempts, engine: &mut impl Engine) -> io::Result<()> {
        for attempt in attempts.settled(now_ns())? {
            self.connected(attempt, engine)?;
        }
        for _ in 0..BATCH {
            let Some(i) = self.leaving.pop_front() else { break };
            if let Some(attempt) = attempts.begin(i) {
                self.connected(attempt, engine)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
