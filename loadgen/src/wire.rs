//! What a generator's parent and its shards say to each other: one JSON object a line.
//!
//! The parent sends [`Command`]s; a shard answers with [`Event`]s. Instants are nanoseconds of
//! CLOCK_MONOTONIC, which all processes of a machine share: that is how shards start and end a window together.

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::histogram::Histogram;
use crate::outcome::Outcomes;

/// What a shard is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Open the connections; each says hello with one request. Answered by [`Event::Connected`].
    Connect(Box<Config>),
    /// Start the load on `active` of all `requested` connections, evenly picked. Answered by [`Event::Settled`].
    Start {
        /// Connections that send, over all shards.
        active: u64,
        /// Connections of all shards.
        requested: u64,
        /// Requests a second of all shards, in an open loop.
        rate_per_s: Option<f64>,
    },
    /// Record from one instant to another, then stop sending. Answered by [`Event::Measured`].
    Measure {
        /// First instant of the window.
        start_ns: u64,
        /// End of the window.
        end_ns: u64,
    },
    /// Load for a short while from now on, then wait for what is under way: all that is asked is answered or given up
    /// when [`Event::Sliced`] answers this. There is no warm-up, and what comes after the slice's end counts too.
    Slice {
        /// Connections that send, over all shards.
        active: u64,
        /// Connections of all shards.
        requested: u64,
        /// Requests a second of all shards, in an open loop.
        rate_per_s: Option<f64>,
        /// Its length.
        length_ns: u64,
    },
    /// Close everything and end. So does the end of standard input.
    Quit,
}

/// What a shard says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Every connection was established or has failed, and whoever gets an answer has got it.
    Connected(Box<Opened>),
    /// The load runs, and every connection that is served was served.
    Settled,
    /// A window is over and nothing is under way any more.
    Measured(Box<Window>),
    /// A slice is over and nothing is under way any more.
    Sliced(Box<Slice>),
    /// The shard cannot go on.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// How the connections of a shard were opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Connections whose handshake was done.
    pub connected: u64,
    /// Of these, connections that the server closed without ever answering.
    pub turned_away: u64,
    /// Of these, connections that got a reply to their first request.
    pub greeted: u64,
    /// Failures of the connect phase; each counts a connection.
    pub outcomes: Outcomes,
    /// From connect(2) to the end of the handshake.
    pub connect: Histogram,
    /// From connect(2) to the reply to the first request.
    pub first_reply: Histogram,
    /// From the first connect(2) until everything had its outcome.
    pub elapsed_ns: u64,
}

/// What a shard saw in a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Connections whose handshake was ever done, whether or not they were to send.
    pub connected: u64,
    /// Of these, those that the server closed without ever answering.
    pub turned_away: u64,
    /// Of these, those that ended after they had been served, up to the window's end.
    pub lost: u64,
    /// Connections that were to send, by number: also those that never came to be.
    pub asked: u64,
    /// Of these, those that got at least one correct reply to a request of the window or from before it.
    pub served: u64,
    /// Of the served, those that got nothing in the window but the reply to the request with which they said hello.
    #[serde(default)]
    pub greeted: u64,
    /// Of the served, those whose reply came only after the window.
    pub late: u64,
    /// Of these, those that were connected and not turned away, and got none.
    pub starved: u64,
    /// Correct replies inside the window, over the connections that were to send; without those to a hello.
    pub replies: u64,
    /// Sum of the squares of the replies of each such connection, for Jain's index.
    pub sum_of_squares: u64,
    /// Replies of the connection that got fewest.
    pub fewest: Option<u64>,
    /// Replies of the connection that got most.
    pub most: Option<u64>,
    /// The connection with the longest mean latency.
    pub slowest: Option<Extreme>,
    /// The one with the shortest.
    pub fastest: Option<Extreme>,
    /// From connect(2) to the reply to the first request, over all connections that have got it since they were opened.
    #[serde(default)]
    pub first_reply: Histogram,
    /// Connections that clients opened inside the window after their earlier ones; none where they keep one.
    pub reconnects: Option<u64>,
    /// From connect(2) to the end of the handshake, over these.
    pub connect: Histogram,
    /// Service times of the replies inside the window.
    pub latency: Histogram,
    /// Of these, the ones whose requests were marked; none where all are.
    pub slow: Option<Histogram>,
    /// Ages at the window's end of the requests then under way, over the clients that had been served; in an open loop
    /// of all that were due, from the instants when they were.
    pub unfinished: Histogram,
    /// Length of the intervals of `series`.
    pub interval_ns: u64,
    /// Latencies in each whole interval of the window: service times in a closed loop, response times in an open one.
    pub series: Vec<Histogram>,
    /// The same of the requests that were not marked; empty where all are.
    #[serde(default)]
    pub others_series: Vec<Histogram>,
    /// Of `asked`, those that had nothing to ask for in the window, as may be in an open loop.
    pub unasked: u64,
    /// What only an open loop has.
    pub open: Option<Box<OpenWindow>>,
    /// What has ended since the last report, as requests: replies inside the window, failures at any time.
    pub outcomes: Outcomes,
    /// Time for which replies were recorded.
    pub elapsed_ns: u64,
    /// The part of the service times that lies before the window.
    pub early_ns: u64,
    /// The part inside the window of requests that were not answered in it, and of those that said hello.
    pub cut_ns: u64,
    /// Time inside the window for which connections talked, summed up.
    pub talked_ns: u64,
    /// The part of it for which a place in a pipeline was empty, summed up over the places.
    pub idle_ns: u64,
    /// The shard's own CPU time between two looks at the edges of the window, user and system.
    pub cpu_ns: u64,
    /// Time between those looks.
    pub cpu_over_ns: u64,
}

/// What came of a slice: everything that was asked in it, whenever it was answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Correct replies, from the first request to the last one that was waited for.
    pub answered: u64,
    /// Requests that were sent or due and got none: given up in the end, or failed with their connection.
    pub unanswered: u64,
    /// Failures by class, as requests.
    pub outcomes: Outcomes,
    /// Of the replies before the slice's end: service times in a closed loop, response times in an open one.
    pub latency: Histogram,
    /// How late the generator turned to the requests that were due, in an open loop.
    pub lateness: Option<Histogram>,
    /// From its first request to the last reply that was waited for.
    pub elapsed_ns: u64,
}

impl Slice {
    /// Adds what another shard saw of the same slice.
    pub fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.outcomes.merge(&other.outcomes);
        self.latency.merge(&other.latency);
        if let Some(lateness) = &other.lateness {
            self.lateness.get_or_insert_default().merge(lateness);
        }
        self.elapsed_ns = self.elapsed_ns.max(other.elapsed_ns);
    }

    /// Requests that ended in a failure, or in nothing.
    #[must_use]
    pub fn failures(&self) -> u64 {
        let failed: u64 = self.outcomes.failures().into_iter().map(|(_, n)| n).sum();
        failed + self.unanswered
    }
}

/// What an open loop saw in a window, beside what a closed one would.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OpenWindow {
    /// Requests that were due inside the window.
    pub offered: u64,
    /// From the instants when requests were due to their replies, over the replies inside the window.
    pub response: Histogram,
    /// How late the generator turned to the requests that were due inside the window. That a connection had no room for
    /// one is not its fault, and not in here.
    pub lateness: Histogram,
}

/// A connection that stands out among those with replies in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    /// Its number.
    pub connection: u64,
    /// Its replies.
    pub replies: u64,
    /// Their mean latency: service time in a closed loop, response time in an open one.
    pub mean_ns: f64,
    /// The longest.
    pub max_ns: u64,
}

impl Extreme {
    /// Whichever has the longer mean.
    #[must_use]
    pub fn slower(self, other: Self) -> Self {
        if other.mean_ns > self.mean_ns { other } else { self }
    }

    /// Whichever has the shorter mean.
    #[must_use]
    pub fn faster(self, other: Self) -> Self {
        if other.mean_ns < self.mean_ns { other } else { self }
    }
}
