//! Everything that was measured to test the claims: numbers alone, of which the verdicts are functions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reading::Reading;
use crate::stats::Estimate;

/// What can be measured, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The system call select(2) with descriptors from 1,024 up.
    Descriptors,
    /// One call of select, poll and epoll_wait by how much is watched.
    Calls,
    /// What is reported again, and how many wake-ups there are.
    Edges,
    /// Switches a second.
    Switches,
    /// Who sees what another one wrote.
    Sharing,
    /// Clients that come at once behind a small backlog.
    Bursts,
    /// One read for each edge, and interest in room to send that is always there.
    Leftovers,
    /// Servers with these two faults.
    Faulty,
    /// Who is answered while one handler is busy.
    Stalls,
    /// select and poll with more than 1,024 connections.
    Cap,
    /// The server of one client at a time.
    Single,
    /// The same with clients that do not stay.
    Visits,
    /// Work that computes.
    Compute,
    /// Work that waits.
    Waits,
    /// Work that computes, in a language with a global lock.
    Lock,
    /// How long the others wait beside slow handlers, under an offered rate.
    Slow,
}

impl Part {
    /// All of them, in the order in which they are measured.
    pub const ALL: [Self; 16] = [
        Self::Descriptors,
        Self::Calls,
        Self::Edges,
        Self::Switches,
        Self::Sharing,
        Self::Leftovers,
        Self::Cap,
        Self::Single,
        Self::Visits,
        Self::Bursts,
        Self::Stalls,
        Self::Slow,
        Self::Compute,
        Self::Waits,
        Self::Lock,
        Self::Faulty,
    ];

    /// The name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Descriptors => "descriptors",
            Self::Calls => "calls",
            Self::Edges => "edges",
            Self::Switches => "switches",
            Self::Sharing => "sharing",
            Self::Bursts => "bursts",
            Self::Leftovers => "leftovers",
            Self::Faulty => "faulty",
            Self::Stalls => "stalls",
            Self::Cap => "cap",
            Self::Single => "single",
            Self::Visits => "visits",
            Self::Compute => "compute",
            Self::Waits => "waits",
            Self::Lock => "lock",
            Self::Slow => "slow",
        }
    }
}

/// The name of the cells in which few connections talk and the others are watched.
pub const WATCHED: &str = "watched";

/// All numbers. A part that was not measured is null, and `missing` says why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Descriptors that a process may have (RLIMIT_NOFILE).
    pub nofile: u64,
    /// The windows of all cells.
    pub readings: Vec<Reading>,
    /// See [`Part::Descriptors`].
    pub descriptors: Option<Descriptors>,
    /// See [`Part::Calls`].
    pub calls: Option<Vec<Call>>,
    /// See [`Part::Edges`].
    pub edges: Option<Edges>,
    /// See [`Part::Switches`].
    pub switches: Option<Switches>,
    /// See [`Part::Sharing`].
    pub sharing: Option<Sharing>,
    /// See [`Part::Bursts`].
    pub bursts: Option<Vec<Burst>>,
    /// See [`Part::Leftovers`].
    pub leftovers: Option<Leftovers>,
    /// See [`Part::Faulty`].
    pub faulty: Option<Vec<Faulty>>,
    /// See [`Part::Stalls`].
    pub stalls: Option<Vec<Stall>>,
    /// Why a part was not measured, by its name.
    pub missing: BTreeMap<String, String>,
}

impl Measured {
    /// Why a part is not there.
    pub(super) fn why_not(&self, part: &str) -> String {
        let told = self.missing.get(part).cloned();
        told.unwrap_or_else(|| format!("'{part}' was not measured"))
    }

    /// A part, or why it is not there.
    pub(super) fn part<'a, T>(&self, part: Part, value: &'a Option<T>) -> Result<&'a T, String> {
        value.as_ref().ok_or_else(|| self.why_not(part.name()))
    }
}

/// A number measured several times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Median.
    pub median: f64,
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
    /// How often.
    pub n: u64,
}

impl Spread {
    /// Of these values; `None` without any.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let estimate = Estimate::of(values)?;
        Some(Self {
            median: estimate.median,
            low: estimate.low,
            high: estimate.high,
            n: estimate.rounds as u64,
        })
    }
}

/// select(2) by its number, with sets that have room for any descriptor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descriptors {
    /// Descriptors that the C library's fd_set has room for.
    pub fd_set_bits: u64,
    /// What was tried.
    pub tried: Vec<Tried>,
}

/// One descriptor that the kernel was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Its number.
    pub descriptor: u64,
    /// Whether it was reported when it had something to read, and not before.
    pub reported: bool,
}

/// What one readiness call takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// `select`, `poll` or `epoll_wait`; with `-copy` behind it the same arguments with nothing in them to look at.
    pub call: String,
    /// Descriptors in it.
    pub watched: u64,
    /// Of these, how many are ready.
    pub ready: u64,
    /// Nanoseconds for a call.
    pub ns: Spread,
}

/// What becomes of that which was not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edges {
    /// Reports in three waits in a row while a byte lies unread, by poll.
    pub poll_reports: u64,
    /// The same by epoll, level-triggered.
    pub level_reports: u64,
    /// The same by epoll, edge-triggered.
    pub edge_reports: u64,
    /// Edge-triggered, in three further waits, after another byte has come on top of the first.
    pub edge_reports_after_more: u64,
    /// Messages that were taken whole, one after the other.
    pub messages: u64,
    /// Wake-ups for them, level-triggered, with one receive each.
    pub whole_level_wakes: u64,
    /// Wake-ups for them, edge-triggered, with receives until there is nothing more.
    pub whole_edge_wakes: u64,
    /// These receives.
    pub whole_edge_receives: u64,
    /// Receives of the size of the buffer that a large message took.
    pub pieces: u64,
    /// Wake-ups for it, level-triggered, with one receive each.
    pub pieces_level_wakes: u64,
    /// Level-triggered, with receives until there is nothing more.
    pub pieces_level_drained_wakes: u64,
    /// Edge-triggered, likewise.
    pub pieces_edge_wakes: u64,
}

/// Switches in a thread, and between threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Switches {
    /// Switches a second into one coroutine and out of it.
    pub one_per_s: Spread,
    /// Coroutines in the ring.
    pub ring: u64,
    /// Switches a second round a ring, each with a stack of its own that the cache has lost meanwhile.
    pub ring_per_s: Spread,
    /// Hand-overs a second between two threads on one CPU.
    pub thread_per_s: Spread,
}

/// What of `added` the others see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// What each of them added to a counter of 0.
    pub added: u64,
    /// What the maker saw of a thread's.
    pub by_thread: u64,
    /// Of a coroutine's.
    pub by_coroutine: u64,
    /// Of a child process's.
    pub by_process: u64,
    /// What the child itself saw.
    pub within_process: u64,
    /// Of a child's in a mapping with MAP_SHARED.
    pub by_process_mapped: u64,
    /// How far the child's lseek(2) moved the parent's place in an open file.
    pub file_offset: u64,
}

/// Clients that came at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// Backlog that the server passed to listen(2).
    pub backlog: u64,
    /// How long the server did not accept when they came; 0 where it was free to.
    pub held_ms: u64,
    /// Clients.
    pub clients: u64,
    /// Those that had a reply within half a second.
    pub prompt: u64,
    /// Those that had one later.
    pub late: u64,
    /// Those that had none while they waited.
    pub lost: u64,
    /// How long they waited at most.
    pub patience_ms: u64,
    /// The longest wait for a reply.
    pub slowest_ns: Option<u64>,
}

/// What one read for each edge leaves, and what room to send does to a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftovers {
    /// Bytes that came.
    pub came: u64,
    /// Bytes that the one read took.
    pub taken: u64,
    /// Bytes that lay there afterwards.
    pub left: u64,
    /// Reports of them while nothing more came.
    pub reports: u64,
    /// Bytes, all in order, that reads until there was nothing more found once another one had come.
    pub found_later: u64,
    /// Milliseconds for which a silent connection was watched for room to send.
    pub watched_ms: u64,
    /// Wake-ups meanwhile, level-triggered.
    pub level_wakes: u64,
    /// Wake-ups meanwhile, edge-triggered.
    pub edge_wakes: u64,
    /// Wake-ups meanwhile, level-triggered, once that interest is dropped.
    pub dropped_wakes: u64,
}

/// A server that is wrong on purpose, and what `verify` finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faulty {
    /// The server.
    pub server: String,
    /// Its faults in words.
    pub faults: Vec<String>,
}

/// Who is answered while one handler is busy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// The server.
    pub server: String,
    /// What the one request asks for: `cpu:N` or `wait:TIME`.
    pub work: String,
    /// How often it was tried.
    pub trials: u64,
    /// Clients that asked for nothing slow while it was under way, over all trials.
    pub others: u64,
    /// Of these, those who had their reply before it.
    pub answered_first: u64,
    /// Median time of the slow request.
    pub slow_ns: u64,
    /// Median time of the others.
    pub others_ns: u64,
}
