//! A point of a history: one value of one server in one run.

use clap::ValueEnum;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::Window;

/// One value of one server in one run, held against that of the pinned server in the same run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Version of this format.
    pub schema: u32,
    /// When the run began (UTC).
    pub at: Timestamp,
    /// The revision of the source that it measured; null where it is not known.
    pub revision: Option<String>,
    /// Whether the source had changes that were not committed.
    pub dirty: Option<bool>,
    /// The run, as `run.json` names it.
    pub run_id: String,
    /// The server that is followed.
    pub server: String,
    /// SHA-256 of its program; null where the run does not know it.
    pub server_sha256: Option<String>,
    /// What was measured.
    pub metric: Metric,
    /// Connections asked for.
    pub conns: u64,
    /// Which of the cell's windows.
    pub window: Window,
    /// Connections that were to talk in it.
    pub active: u64,
    /// Requests a second that were to be due; null in a closed loop.
    pub rate_per_s: Option<f64>,
    /// What else was sent, in words: two points whose words differ were not asked the same.
    pub load: String,
    /// The machine in words, as far as it moves ratios: see [`Environment::class`](crate::environment::Environment::class).
    pub environment_class: String,
    /// The pinned server.
    pub reference: String,
    /// SHA-256 of its program; null where the run does not know it, so that nobody can tell whether it stayed the same.
    pub reference_sha256: Option<String>,
    /// Rounds in which both had a value.
    pub rounds: u32,
    /// Median of the server's values in these rounds, in the unit that the metric's name tells.
    pub value: f64,
    /// Median of the pinned server's.
    pub reference_value: f64,
    /// Median of the rounds' ratios of the two, which need not be the ratio of the medians.
    pub ratio: f64,
}

/// What is followed over time, by the name that it has in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// CPU time per request
    #[value(name = "cpu")]
    CpuNsPerRequest,
    /// Correct replies per second, in a closed loop
    #[value(name = "throughput")]
    RatePerS,
    /// 99th percentile of latency, of response time in an open loop
    #[value(name = "p99")]
    P99Ns,
    /// Memory per connection
    #[value(name = "memory")]
    MemoryBytesPerConnection,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::CpuNsPerRequest,
        Self::RatePerS,
        Self::P99Ns,
        Self::MemoryBytesPerConnection,
    ];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::CpuNsPerRequest => "CPU per request",
            Self::RatePerS => "throughput",
            Self::P99Ns => "p99",
            Self::MemoryBytesPerConnection => "memory per connection",
        }
    }

    /// The name on the command line and of the picture.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::CpuNsPerRequest => "cpu",
            Self::RatePerS => "throughput",
            Self::P99Ns => "p99",
            Self::MemoryBytesPerConnection => "memory",
        }
    }

    /// Whether more of it is worse.
    #[must_use]
    pub fn is_a_cost(self) -> bool {
        self != Self::RatePerS
    }
}

impl Point {
    /// What tells a point from all others. The time is in it because names of runs have no more than the second and the
    /// host, which may be called the same in any number of containers.
    pub(super) fn key(&self) -> impl Eq + std::hash::Hash + '_ {
        (
            (self.at, &self.run_id, &self.reference, &self.environment_class),
            (&self.server, self.metric, self.conns, &self.load),
            (self.window, self.active, self.rate_per_s.map(f64::to_bits)),
        )
    }

    /// Whether its numbers are what a ratio can be made of.
    pub(super) fn is_sound(&self) -> bool {
        [self.value, self.reference_value, self.ratio]
            .iter()
            .all(|number| number.is_finite() && *number > 0.0)
    }
}
