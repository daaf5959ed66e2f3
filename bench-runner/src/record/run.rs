//! `run.json`: what was planned, on what machine, by which command.

use jiff::Timestamp;
use loadgen::{Arrivals, Protocol};
use serde::{Deserialize, Serialize};

use super::{Subject, Warning};
use crate::environment::Environment;

/// Version of the format of run.json and of rows.
pub const SCHEMA: u32 = 1;

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Version of this format.
    pub schema: u32,
    /// Names the run in every row.
    pub run_id: String,
    /// Version of bench-runner.
    pub version: String,
    /// When it began (UTC).
    pub started_at: Timestamp,
    /// When it ended; null while it runs, or when it was killed.
    pub finished_at: Option<Timestamp>,
    /// Whether the user stopped it before its end.
    pub interrupted: bool,
    /// Names of the servers in the order in which they are shown.
    pub servers: Vec<String>,
    /// What their catalogue says of them; empty in records from before that was kept.
    #[serde(default)]
    pub catalog: Vec<Subject>,
    /// Those of them that are wrong on purpose: in tables, and in no chart and no finding.
    #[serde(default)]
    pub faulty: Vec<String>,
    /// What was to be done.
    pub settings: Settings,
    /// Seed of the order of cells.
    pub seed: u64,
    /// The machine, its limits, the build and the call.
    pub environment: Environment,
    /// What could be known beforehand to bound or to falsify its numbers.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// Servers do nothing for a request but reply to it.
pub const NO_WORK: &str = "none";

pub(super) fn no_work() -> String {
    NO_WORK.to_owned()
}

pub(super) fn all() -> u64 {
    1
}

/// What a run was told to do; every default is written out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Connection counts, one cell each.
    pub conns: Vec<u64>,
    /// Connections that talk in the mostly-idle window.
    pub active: u64,
    /// Rounds.
    pub rounds: u32,
    /// Length of each window.
    pub duration_s: f64,
    /// Load before each window that is not recorded.
    pub warmup_s: f64,
    /// Time over which connections are opened; null for 100 µs each.
    pub ramp_s: Option<f64>,
    /// Time that each connection has to be established.
    pub connect_timeout_s: f64,
    /// Time that each reply has to come.
    pub timeout_s: f64,
    /// What is spoken.
    pub protocol: Protocol,
    /// What is asked for, under `http`.
    #[serde(default)]
    pub path: Option<String>,
    /// Size of a request, under `echo` and `reply`.
    pub request_bytes: u64,
    /// Size of a reply, under `reply`.
    pub reply_bytes: u64,
    /// Requests that a connection has under way at once.
    pub pipeline: u64,
    /// What servers do for each marked request beside the reply: `none`, `cpu:N` or `wait:TIME`.
    #[serde(default = "no_work")]
    pub work: String,
    /// One request in so many is marked; 1 for all.
    #[serde(default = "all")]
    pub slow_every: u64,
    /// Pause between a reply and its connection's next request.
    #[serde(default)]
    pub think_s: f64,
    /// Replies after which a connection is closed and another one opened; null for never.
    #[serde(default)]
    pub requests_per_conn: Option<u64>,
    /// Rates that are offered one after the other, in requests per second, ascending: an open loop. Empty for a closed
    /// one.
    #[serde(default)]
    pub rates_per_s: Vec<f64>,
    /// How the requests of an open loop follow each other; null in a closed one.
    #[serde(default)]
    pub arrivals: Option<Arrivals>,
    /// Time for which the server is stopped in the middle of each window; 0 for not at all.
    #[serde(default)]
    pub stall_s: f64,
    /// Whether the generator polls without sleeping.
    pub spin: bool,
    /// Backlog that servers pass to listen(2).
    pub backlog: u64,
    /// Workers asked of the models that have them; null for their default.
    pub workers: Option<u64>,
    /// RLIMIT_NOFILE of the servers; null for the highest there is.
    pub server_nofile: Option<u64>,
    /// Processes of the load generator, of which a cell has no more than it has connections.
    pub shards: u64,
}

impl Settings {
    /// What is sent, in words.
    #[must_use]
    pub fn requests(&self) -> String {
        match &self.path {
            Some(path) => format!("{} requests of {path}", self.protocol.name()),
            None => format!("{} requests of {} bytes", self.protocol.name(), self.request_bytes),
        }
    }
}

impl Default for Settings {
    /// What a run without flags does.
    fn default() -> Self {
        Self {
            conns: vec![10_000],
            active: 100,
            rounds: 3,
            duration_s: 4.0,
            warmup_s: 0.5,
            ramp_s: None,
            connect_timeout_s: 3.0,
            timeout_s: 30.0,
            protocol: Protocol::Echo,
            path: None,
            request_bytes: 64,
            reply_bytes: 16,
            pipeline: 1,
            work: no_work(),
            slow_every: all(),
            think_s: 0.0,
            requests_per_conn: None,
            rates_per_s: Vec::new(),
            arrivals: None,
            stall_s: 0.0,
            spin: false,
            backlog: 4096,
            workers: None,
            server_nofile: None,
            shards: 1,
        }
    }
}
