//! `pairs.jsonl` of a gate: what was measured of base and head, pair by pair and slice by slice.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The two that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is there already.
    Base,
    /// What is to take its place.
    Head,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Base, Self::Head];

    /// The name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}

/// A number that both sides have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateMetric {
    /// CPU time per request.
    Cpu,
    /// Requests a second of a closed loop.
    Throughput,
    /// Median of the response times.
    P50,
    /// Their 99th percentile.
    P99,
    /// User memory per connection.
    Memory,
    /// The share that was answered of what was due, at an offered rate.
    Answered,
}

impl GateMetric {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Cpu,
        Self::Answered,
        Self::Throughput,
        Self::P50,
        Self::P99,
        Self::Memory,
    ];

    /// The name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Throughput => "throughput",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Memory => "memory",
            Self::Answered => "answered",
        }
    }

    /// The name in a summary.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Cpu => "CPU per request",
            Self::Throughput => "throughput",
            Self::P50 => "median response",
            Self::P99 => "p99 response",
            Self::Memory => "memory per connection",
            Self::Answered => "answered of what was due",
        }
    }
}

/// How a trial loads its servers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialLoad {
    /// An open loop at this many requests a second, the same for both sides.
    Offered(f64),
    /// A closed loop: as much as the server answers.
    Saturated,
}

impl TrialLoad {
    /// The rate that is offered, in requests per second, if one is.
    #[must_use]
    pub fn rate_per_s(self) -> Option<f64> {
        match self {
            Self::Offered(rate) => Some(rate),
            Self::Saturated => None,
        }
    }
}

/// Which of the two campaigns a pair belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Campaign {
    /// The one that finds.
    First,
    /// The one that confirms what was found, on fresh processes.
    Confirmation,
}

/// A process of base and one of head, alive side by side, and the slices in which they were loaded in turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    /// Version of this format.
    pub schema: u32,
    /// The server.
    pub server: String,
    /// How it was loaded.
    pub load: TrialLoad,
    /// Which campaign.
    pub campaign: Campaign,
    /// Number of the pair in it, from 1.
    pub pair: u32,
    /// Which side was started first: a coin decides.
    pub first: Side,
    /// Bytes by which the environment of base and of head was longer than it had to be.
    pub padding_bytes: [usize; 2],
    /// The slices, two at a time.
    pub slices: Vec<SlicePair>,
    /// Growth of the resident set of base and of head over the connections they held, in bytes; null where it could not be
    /// read.
    pub user_bytes_per_connection: [Option<f64>; 2],
}

/// Version of the format of pairs.jsonl and gate.json.
pub const GATE_SCHEMA: u32 = 1;

/// A slice of each side, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlicePair {
    /// Which side was loaded first: a coin decides.
    pub first: Side,
    /// Base's slice.
    pub base: SliceRow,
    /// Head's.
    pub head: SliceRow,
}

/// What one side did in a slice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceRow {
    /// CPU time of its whole process tree, from before the first request to after the last reply.
    pub cpu_ns: u64,
    /// Correct replies in that time.
    pub answered: u64,
    /// Requests that were due and never answered: it has fallen behind the offered rate.
    pub unanswered: u64,
    /// From the first request to the last reply.
    pub elapsed_ns: u64,
    /// Median of the response times (closed loop: service times) of the replies before the slice's end.
    pub p50_ns: Option<u64>,
    /// Their 99th percentile.
    pub p99_ns: Option<u64>,
}

impl SliceRow {
    /// CPU time per reply, in nanoseconds.
    #[must_use]
    pub fn cpu_ns_per_request(&self) -> f64 {
        self.cpu_ns as f64 / self.answered as f64
    }

    /// The share that was answered of what was due.
    #[must_use]
    pub fn answered_share(&self) -> f64 {
        self.answered as f64 / (self.answered + self.unanswered) as f64
    }

    /// Replies per second.
    #[must_use]
    pub fn rate_per_s(&self) -> f64 {
        self.answered as f64 / self.elapsed_ns as f64 * 1e9
    }
}

/// What a side did for each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerRequest {
    /// System calls.
    pub system_calls: Option<f64>,
    /// Context switches.
    pub context_switches: Option<f64>,
}

/// Where a gate's pairs are written.
#[derive(Debug)]
pub struct GateStore {
    pairs: File,
}

impl GateStore {
    /// Makes the directory with an empty list of pairs.
    ///
    /// # Errors
    /// When it holds one already, or cannot be written.
    pub fn create(directory: &Path) -> Result<Self> {
        let place = || {
            format!(
                "cannot record into '{}'; give --out another directory",
                directory.display()
            )
        };
        fs::create_dir_all(directory).with_context(place)?;
        let mut new = OpenOptions::new();
        let pairs = new.create_new(true).append(true).open(directory.join("pairs.jsonl"));
        Ok(Self {
            pairs: pairs.with_context(place)?,
        })
    }

    /// Appends a pair: one write of one line, so that a crash can tear at most the last.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, row: &PairRow) -> Result<()> {
        let mut line = serde_json::to_vec(row)?;
        line.push(b'\n');
        self.pairs.write_all(&line).context("cannot append to pairs.jsonl")
    }
}
