//! Churn: clients that go from one connection to the next.
//!
//! Either connections carry so many requests each, so that accepting is what is measured. The client closes after its
//! last reply, in order, and opens the next connection at once. The side that closes first
//! keeps the port in TIME_WAIT; [`crate::Config::sources_needed`] reckons with that. A client whose connection fails
//! tries again after a pause, so that one refusal does not end it for good and a server that is down is not stormed.
//!
//! Or, under HTTP, the server says with a reply that the connection ends with it. That is no failure: the client opens
//! the next one at once, and asks there for what was under way behind that reply, which the server has not looked at
//! (RFC 9112 §9.3.2). But one whose connection fails is lost, as where connections never end.
//!
//! A client's sequence numbers go on from one connection to the next: no two of its requests are alike.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use super::ClosedLoop;
use crate::attempts::Settled;
use crate::client::State;
use crate::clock::{nanoseconds, now_ns};
use crate::config::Config;
use crate::dialogue::Dialogue;
use crate::engine::{Close, Engine, Load};
use crate::histogram::Histogram;

/// From a failure to the next attempt: no client fails more often than four times a second.
const RETRY: Duration = Duration::from_millis(250);

/// Where each client is on its way from connection to connection.
pub(super) struct Churn {
    /// Requests that a connection carries; none where only the server ends it.
    quota: Option<u32>,
    /// From the end of a connection to the next, where nothing failed.
    think_ns: u64,
    lifetimes: Vec<Lifetime>,
    /// Clients that left their connection, with the instants at which they want the next: all wait equally long.
    leaving: VecDeque<(u64, usize)>,
    /// Clients that failed, in the same way.
    failed: VecDeque<(u64, usize)>,
    /// Times to connect, in the window.
    connects: Histogram,
}

/// A connection from connect(2) to its last reply.
#[derive(Clone, Debug, Default)]
struct Lifetime {
    /// Instant of connect(2), until the first reply has come.
    began_ns: Option<u64>,
    /// When its first requests were sent.
    talks_since_ns: u64,
    /// The first sequence number that it does not carry any more.
    end: u32,
    /// Another one is wanted: the client waits for its turn, or for a handshake.
    wanted: bool,
}

impl Churn {
    /// Nobody has been connected yet.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            quota: config.requests_per_conn.map(|quota| quota as u32),
            think_ns: config.think_ns,
            lifetimes: vec![Lifetime::default(); config.conns as usize],
            leaving: VecDeque::new(),
            failed: VecDeque::new(),
            connects: Histogram::default(),
        }
    }

    /// Client `i`'s connection of `began_ns` carries the requests from `next` on; none has been sent where there is no
    /// such instant.
    pub(super) fn opened(&mut self, i: usize, began_ns: Option<u64>, next: u32, now: u64) {
        self.lifetimes[i] = Lifetime {
            began_ns,
            talks_since_ns: now,
            end: next.wrapping_add(self.quota.unwrap_or(0)),
            wanted: false,
        };
    }

    /// Since when client `i` has talked on its connection.
    pub(super) fn talks_since_ns(&self, i: usize) -> u64 {
        self.lifetimes[i].talks_since_ns
    }

    /// When client `i`'s connection was begun, unless that has been asked before: its first reply came.
    pub(super) fn take_began_ns(&mut self, i: usize) -> Option<u64> {
        self.lifetimes[i].began_ns.take()
    }

    /// Requests that client `i`'s connection may still have answered, where `due` is the next to be.
    pub(super) fn left(&self, i: usize, due: u32) -> u32 {
        self.quota.map_or(u32::MAX, |_| self.lifetimes[i].end.wrapping_sub(due))
    }

    /// Whether a client whose connection fails opens another one.
    pub(super) fn tries_again(&self) -> bool {
        self.quota.is_some()
    }

    /// Forgets the window before.
    pub(super) fn open_window(&mut self) {
        self.connects.clear();
    }

    /// Client `i` has closed its connection.
    fn leave(&mut self, i: usize, now: u64) {
        self.lifetimes[i].wanted = true;
        self.leaving.push_back((now + self.think_ns, i));
    }

    /// Client `i` has lost its connection, or did not get one.
    pub(super) fn fail(&mut self, i: usize, now: u64) {
        self.lifetimes[i].wanted = true;
        self.failed.push_back((now + nanoseconds(RETRY), i));
    }

    fn next_ns(&self) -> u64 {
        let first = |queue: &VecDeque<(u64, usize)>| queue.front().map_or(u64::MAX, |&(due_ns, _)| due_ns);
        first(&self.leaving).min(first(&self.failed))
    }

    fn next_due(&mut self, now: u64) -> Option<usize> {
        let is_due = |queue: &&mut VecDeque<(u64, usize)>| queue.front().is_some_and(|&(due_ns, _)| due_ns <= now);
        let mut queues = [&mut self.leaving, &mut self.failed].into_iter();
        queues.find(is_due)?.pop_front().map(|(_, i)| i)
    }
}

impl<D: Dialogue> ClosedLoop<D> {
    /// Whether a client whose connection fails opens another one.
    pub(super) fn tries_again(&self) -> bool {
        self.churn.as_ref().is_some_and(Churn::tries_again)
    }

    /// The server said with its last reply, at `now`, that client `i`'s connection ends; the caller closes it.
    #[cold]
    pub(super) fn ended(&mut self, i: usize, now: u64) -> Close {
        self.leave(i, now);
        let client = &mut self.clients[i];
        client.next = client.due;
        Close::InOrder
    }

    /// Client `i` closes its connection, on which nothing is under way that will be answered; the caller does it.
    pub(super) fn leave(&mut self, i: usize, now: u64) {
        self.settle(i, now);
        let client = &mut self.clients[i];
        client.state = State::Between;
        client.connection = client.connection.wrapping_add(1);
        if let Some(churn) = &mut self.churn {
            churn.leave(i, now);
        }
    }

    /// Has the active client `i` talk on a fresh connection, if it has none, or one that has carried all it may.
    pub(super) fn freshen(&mut self, i: usize, now: u64, engine: &mut impl Engine) {
        let Some(churn) = &mut self.churn else { return };
        let client = &self.clients[i];
        if client.state == State::Served {
            // A first reply that came after the last load has been missed, and the next one is none.
            churn.take_began_ns(i);
        }
        if client.is_there() && churn.left(i, client.due) == 0 {
            engine.close(i);
            self.leave(i, now);
        } else if !client.is_there() && !churn.lifetimes[i].wanted && churn.tries_again() {
            churn.lifetimes[i].wanted = true;
            churn.leaving.push_back((now, i));
        }
    }

    /// When [`ClosedLoop::next_to_connect`] has a client.
    pub(super) fn next_connect(&self) -> u64 {
        self.churn.as_ref().map_or(u64::MAX, Churn::next_ns)
    }

    /// A client that wants its next connection now.
    pub(crate) fn next_to_connect(&mut self, now: u64) -> Option<usize> {
        let churn = self.churn.as_mut()?;
        loop {
            let i = churn.next_due(now)?;
            let client = &self.clients[i];
            // One that talked is there when it is silent, as the others are that are silent. One that was never served
            // and is not to send leaves the server in peace.
            if client.active || client.state == State::Between {
                return Some(i);
            }
            churn.lifetimes[i].wanted = false;
        }
    }

    /// A client's attempt for its next connection has its outcome.
    pub(crate) fn connected(&mut self, attempt: Settled, engine: &mut impl Engine) -> io::Result<()> {
        let Some(churn) = &mut self.churn else {
            return Ok(());
        };
        let i = attempt.client;
        let socket = match attempt.result {
            Ok(socket) => socket,
            Err(how) => {
                self.outcomes.add(how, 1);
                if churn.tries_again() {
                    churn.fail(i, attempt.at_ns);
                } else {
                    let client = &mut self.clients[i];
                    client.state = State::Lost;
                    self.answered -= u64::from(client.active && client.answered);
                }
                return Ok(());
            }
        };
        if self.account.is_inside(attempt.at_ns) {
            churn.connects.record(attempt.at_ns - attempt.began_ns);
        }
        engine.add(i, socket)?;
        let now = now_ns();
        let client = &mut self.clients[i];
        client.state = if client.state == State::Between {
            State::Served
        } else {
            State::Silent
        };
        let talks = client.active;
        let is_timed = talks && churn.tries_again();
        churn.opened(i, is_timed.then_some(attempt.began_ns), client.next, now);
        if !talks {
            return Ok(());
        }
        // Counted from the send, other than the hello of a first connection: the way here has histograms of its own.
        let requests = self.requests_of(i, self.room(i), now);
        if let Err(how) = engine.send(i, &requests) {
            engine.close(i);
            self.lost(i, how);
        }
        Ok(())
    }

    /// Times to connect in the window, where clients do so.
    pub(crate) fn connects(&self) -> Option<&Histogram> {
        self.churn.as_ref().map(|churn| &churn.connects)
    }
}
