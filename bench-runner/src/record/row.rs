//! A row: one window of one cell, with all that is known about it.

use std::collections::BTreeMap;

use clap::ValueEnum;
use jiff::Timestamp;
use loadgen::wire::Extreme;
use loadgen::{Arrivals, Generator, Histogram, LittlesLaw, Outcomes, Quantiles, Series};
use serde::{Deserialize, Serialize};

use super::Warning;
use super::run::{all, no_work};

/// One window of one cell. Its key is (run, server, conns, round, window, offered rate).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Version of this format.
    pub schema: u32,
    /// The run that the row belongs to.
    pub run_id: String,
    /// The cell: server, connections and round.
    pub cell_id: String,
    /// When the cell began (UTC).
    pub started_at: Timestamp,
    /// Name of the server as it was chosen.
    pub server: String,
    /// Its concurrency model, as the server itself calls it; the server's name where it does not.
    pub model: String,
    /// Group in tables and charts.
    pub family: String,
    /// Connections asked for.
    pub conns: u64,
    /// Round, from 1.
    pub round: u32,
    /// Which of the cell's windows.
    pub window: Window,
    /// What was sent.
    pub load: LoadShape,
    /// The worst of `verdicts`.
    pub verdict: Verdict,
    /// All that hold, best first; of a row that has failed, `failed` alone.
    pub verdicts: Vec<Verdict>,
    /// Why each verdict was given.
    pub evidence: BTreeMap<Verdict, String>,
    /// Why the row has failed, in words; null where it has not.
    pub reason: Option<String>,
    /// The last line that the server wrote to standard error, hints left out, where the row has failed.
    pub last_stderr: Option<String>,
    /// Connections by state; null where the window was not measured. What was asked for stands in `conns` and `load`.
    pub connections: Option<Connections>,
    /// What kept connections from being served: a limit's name; null where none was met.
    pub limited_by: Option<String>,
    /// What shows that it was this limit.
    #[serde(default)]
    pub limit_evidence: Option<String>,
    /// Growth of the kernel's ListenOverflows while the connections were opened: handshakes that found an accept queue
    /// full. Counted over the network namespace, not over this server alone.
    #[serde(default)]
    pub listen_overflows: Option<u64>,
    /// Growth of ListenDrops in the same time: handshakes dropped for any reason, overflows among them.
    #[serde(default)]
    pub listen_drops: Option<u64>,
    /// SYNs and their answers that were sent again while the connections were opened, over the network namespace.
    #[serde(default)]
    pub syn_retransmits: Option<u64>,
    /// Segments that TCP sent again inside the window, over the network namespace.
    #[serde(default)]
    pub retransmitted_segments: Option<u64>,
    /// Share of the time of the server's CPUs that the hypervisor gave to others while they wanted it; of all CPUs where
    /// it is not pinned.
    #[serde(default)]
    pub server_steal_share: Option<f64>,
    /// The same of the generator's CPUs.
    #[serde(default)]
    pub generator_steal_share: Option<f64>,
    /// Share of the window for which a process of the generator was ready to run and did not: of the one that waited
    /// most.
    #[serde(default)]
    pub generator_wait_share: Option<f64>,
    /// Periods inside the window in which a CPU quota ran out, over the runner's control group and those above it.
    #[serde(default)]
    pub throttled_periods: Option<u64>,
    /// Time for which their tasks stood still because of that, in microseconds, summed over CPUs.
    #[serde(default)]
    pub throttled_us: Option<u64>,
    /// Length of the window in seconds.
    pub elapsed_s: Option<f64>,
    /// Correct replies inside the window.
    pub requests: Option<u64>,
    /// Correct replies per second.
    pub rate_per_s: Option<f64>,
    /// Service time over the clients that asked: one that got no reply inside the window counts as longer than it, and
    /// a request that its end cut off as longer than its age. A percentile that falls among these is null; so are mean
    /// and maximum as soon as the longest wait is not known.
    pub latency_ns: Quantiles,
    /// Service time over the replies that came.
    pub reply_latency_ns: Quantiles,
    /// Requests that were due inside the window, in an open loop; null in a closed one, as all of its values are.
    #[serde(default)]
    pub offered: Option<u64>,
    /// These per second: the rate that really was offered.
    #[serde(default)]
    pub offered_per_s: Option<f64>,
    /// Response time, from the instant at which a request was due to its reply, over all requests that were due: one
    /// that had no reply by the window's end counts as longer than its age.
    #[serde(default)]
    pub response_ns: Option<Quantiles>,
    /// Response time of the requests that were not marked, over the replies that came, to two digits.
    #[serde(default)]
    pub others_response_ns: Option<Quantiles>,
    /// How late the generator turned to requests that were due.
    #[serde(default)]
    pub lateness_ns: Option<Quantiles>,
    /// From connect(2) to the end of the handshake, over the first connections and those of `reconnects`.
    pub connect_ns: Quantiles,
    /// With `slow_every`: service times of the requests that asked for work; null where all did.
    #[serde(default)]
    pub slow_ns: Option<Quantiles>,
    /// Service times of the others.
    #[serde(default)]
    pub others_ns: Option<Quantiles>,
    /// Requests that `slow_ns` is over.
    #[serde(default)]
    pub slow_requests: Option<u64>,
    /// With `requests_per_conn`: connections opened inside the window after the first ones.
    #[serde(default)]
    pub reconnects: Option<u64>,
    /// Ages of the requests that the window's end cut off, on connections that had been served before: their service
    /// times are longer than these.
    #[serde(default)]
    pub unfinished_ns: Quantiles,
    /// From connect(2) to the reply to a connection's first request: for first connections whenever it came, for later
    /// ones where it came inside this window or an earlier one of the cell.
    pub first_reply_ns: Quantiles,
    /// How often each class of outcome was met: connection failures as connections, the others as requests; null where
    /// the window was not measured.
    pub outcomes: Option<Outcomes>,
    /// Jain's index of the replies of each active connection.
    pub jain_index: Option<f64>,
    /// Replies of the active connection that got fewest.
    pub fewest: Option<u64>,
    /// Replies of the active connection that got most.
    pub most: Option<u64>,
    /// The connection with the longest mean latency of those that got replies.
    #[serde(default)]
    pub slowest: Option<Extreme>,
    /// The one with the shortest.
    #[serde(default)]
    pub fastest: Option<Extreme>,
    /// The window in tenths of a second: correct replies, and their service times.
    #[serde(default)]
    pub series: Option<Series>,
    /// The same over the requests of `others_ns`.
    #[serde(default)]
    pub others_series: Option<Series>,
    /// Server CPU time per correct reply, user and system, over its process tree.
    pub cpu_ns_per_request: Option<f64>,
    /// Context switches of the server per correct reply, over its process tree.
    #[serde(default)]
    pub context_switches_per_request: Option<f64>,
    /// Memory per connection held, user and kernel; see `server_cost` for its parts.
    pub memory_bytes_per_connection: Option<f64>,
    /// What the server cost.
    pub server_cost: ServerCost,
    /// The generator's account of itself.
    pub generator: Option<Generator>,
    /// The generator's check by Little's law.
    pub littles_law: Option<LittlesLaw>,
    /// The server's `ready` line, as far as it goes; null for a foreign server.
    pub ready: Option<Ready>,
    /// The server's `stopped` line; null where there was none.
    pub stopped: Option<Stopped>,
    /// CPUs of the server; empty when it was not pinned.
    pub server_cpus: Vec<usize>,
    /// CPUs of the generator; empty when it was not pinned.
    pub generator_cpus: Vec<usize>,
    /// Service times of the replies that came, encoded (HdrHistogram V2, compressed, base64).
    pub histogram: Option<Histogram>,
    /// Of `histogram`, the requests of `slow_ns`.
    #[serde(default)]
    pub slow_histogram: Option<Histogram>,
    /// Ages of the requests that the window's end cut off, encoded in the same way.
    #[serde(default)]
    pub unfinished_histogram: Option<Histogram>,
    /// Times to connect, encoded in the same way.
    pub connect_histogram: Option<Histogram>,
    /// Response times of the replies inside the window, encoded in the same way.
    #[serde(default)]
    pub response_histogram: Option<Histogram>,
    /// The generator's lateness, encoded in the same way.
    #[serde(default)]
    pub lateness_histogram: Option<Histogram>,
    /// Where each value of cost was read, by its name.
    pub sources: BTreeMap<String, String>,
    /// Why a value is null, by its name.
    pub missing: BTreeMap<String, String>,
    /// What the window showed that bounds or falsifies its numbers, and that can be seen to.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// The windows of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    /// All connections talk
    Busy,
    /// Few of them talk: the usual state of a real server
    Idle,
    /// All connections share an offered rate
    Open,
}

impl Window {
    /// The name in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Idle => "idle",
            Self::Open => "open",
        }
    }
}

/// What is thought of a row, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing speaks against it.
    Valid,
    /// Server and generator both used up their cores: rank by CPU per request, not by throughput.
    SaturatedPair,
    /// The numbers say more about the generator than about the server. In a closed loop it used up its cores and the
    /// server did not: the throughput is a lower bound. In an open loop it sent too late: response times are upper bounds.
    ClientBound,
    /// The rate climbed or fell all through the window.
    Unsteady,
    /// In an open loop, the server answered fewer requests than were due: the rest piled up, and response times are
    /// those of a queue that grows for as long as the window lasts.
    Behind,
    /// When the window ended, clients had waited for more than half of it.
    Stalled,
    /// Fewer connections than were asked for.
    Capped,
    /// Connected clients got no reply.
    Starved,
    /// The generator contradicts itself (Little's law does not hold): neither its times nor its rate can be trusted.
    Unsound,
    /// There is no number.
    Failed,
}

impl Verdict {
    /// The name in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::SaturatedPair => "saturated-pair",
            Self::ClientBound => "client-bound",
            Self::Unsteady => "unsteady",
            Self::Behind => "behind",
            Self::Stalled => "stalled",
            Self::Capped => "capped",
            Self::Starved => "starved",
            Self::Unsound => "unsound",
            Self::Failed => "failed",
        }
    }
}

/// What was sent, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadShape {
    /// `closed`: the next request waits for the reply; `open`: requests are due by a schedule that ignores replies.
    pub mode: String,
    /// Requests a second that were to be offered, in an open loop.
    #[serde(default)]
    pub rate_per_s: Option<f64>,
    /// How they followed each other.
    #[serde(default)]
    pub arrivals: Option<Arrivals>,
    /// Time for which the server was stopped (SIGSTOP) in the middle of the window; 0 for not at all.
    #[serde(default)]
    pub stall_s: f64,
    /// `echo`, `reply` or `http`.
    pub protocol: String,
    /// What was asked for, under `http`.
    #[serde(default)]
    pub path: Option<String>,
    /// Size of a request, under `echo` and `reply`.
    pub request_bytes: u64,
    /// Size of a reply, under `reply`.
    pub reply_bytes: u64,
    /// Requests that a connection has under way at once.
    pub pipeline: u64,
    /// What the server did for each marked request beside the reply: `none`, `cpu:N` or `wait:TIME`.
    #[serde(default = "no_work")]
    pub work: String,
    /// One request in so many was marked; 1 for all.
    #[serde(default = "all")]
    pub slow_every: u64,
    /// Pause between a reply and its connection's next request.
    #[serde(default)]
    pub think_s: f64,
    /// Replies after which a connection was closed and another one opened; null for never.
    #[serde(default)]
    pub requests_per_conn: Option<u64>,
    /// Connections that talk.
    pub active: u64,
    /// Time over which the connections were opened.
    pub ramp_s: f64,
    /// Load before the window that was not recorded.
    pub warmup_s: f64,
    /// Length of the window that was asked for.
    pub duration_s: f64,
}

/// Connections by state, in the client's view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// Asked for.
    pub requested: u64,
    /// Handshake done.
    pub connected: u64,
    /// Of these, refused: closed by the server without ever a reply.
    pub refused: u64,
    /// Of these, ended after they had been served: the server dropped them, or let them wait for too long.
    #[serde(default)]
    pub lost: u64,
    /// Those that were to send in this window.
    pub active: u64,
    /// Of the active ones: at least one correct reply to what was asked, at the latest in the drain after the window.
    pub served: u64,
    /// Of the served: those whose first such reply came only after the window.
    #[serde(default)]
    pub late: u64,
    /// Of the served: those that got nothing in the window but the reply to their first request, the hello, which is in
    /// no latency.
    #[serde(default)]
    pub greeted: u64,
    /// Of the active ones: connected, neither refused nor lost, and no reply by the end of the drain.
    pub starved: u64,
}

impl Connections {
    /// Connections that were there at the window's end: handshake done, neither refused nor lost.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.connected.saturating_sub(self.refused + self.lost)
    }
}

/// What a server cost, over its whole process tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerCost {
    /// CPU time inside the window.
    pub cpu_ns: Option<f64>,
    /// Of this in user mode.
    pub cpu_user_ns: Option<f64>,
    /// Of this in the kernel.
    pub cpu_system_ns: Option<f64>,
    /// CPU time over the time that passed, for each of the server's CPUs: 1 when it used them up.
    pub cpu_share: Option<f64>,
    /// Context switches inside the window.
    #[serde(default)]
    pub context_switches: Option<u64>,
    /// Moves of a task from one CPU to another inside the window.
    #[serde(default)]
    pub cpu_migrations: Option<u64>,
    /// Page faults inside the window, minor and major.
    #[serde(default)]
    pub page_faults: Option<u64>,
    /// System calls per correct reply while all connections talk, counted in a short window of their own.
    #[serde(default)]
    pub system_calls_per_request: Option<f64>,
    /// Processes while loaded.
    pub processes: Option<u64>,
    /// Threads while loaded.
    pub threads: Option<u64>,
    /// Open descriptors while loaded.
    pub descriptors: Option<u64>,
    /// Resident set before the first connection.
    pub rss_bytes_start: Option<u64>,
    /// Resident set with all connections, after they have talked. Shared pages count in each process.
    pub rss_bytes_loaded: Option<u64>,
    /// Proportional set before the first connection.
    pub pss_bytes_start: Option<u64>,
    /// Proportional set with all connections: shared pages are divided among those that share them.
    pub pss_bytes_loaded: Option<u64>,
    /// Growth of the kernel's memory, of the whole machine: slab, kernel stacks, page tables. Both ends of every
    /// connection are in it, for both are on this machine.
    pub kernel_bytes_growth: Option<i64>,
    /// CPU time over the time that passed while all connections were open and nobody talked, for each of the server's
    /// CPUs: what it burns for nothing.
    #[serde(default)]
    pub silent_cpu_share: Option<f64>,
    /// Growth of the proportional set per connection held.
    pub user_bytes_per_connection: Option<f64>,
    /// Growth of the kernel's memory per connection held, both ends.
    pub kernel_bytes_per_connection: Option<f64>,
}

/// What a server announces when it listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Its concurrency model.
    pub model: String,
    /// Where it listens.
    pub address: std::net::SocketAddr,
    /// Process id.
    pub pid: u32,
    /// The backlog asked for and in force.
    pub backlog: Backlog,
    /// How many connections it believes it can serve at once.
    pub capacity: Capacity,
    /// Workers, in models that have them.
    pub workers: Option<u64>,
}

/// A listen backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// Passed to listen(2).
    pub requested: u64,
    /// What the kernel made of it; null where it does not tell.
    pub effective: Option<u64>,
}

/// How many connections a server believes it can serve at once, and what would stop it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Connections.
    pub connections: u64,
    /// The limit's name.
    pub bound_by: String,
}

/// What a server says when it stops.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Connections that it took to serve.
    pub accepted: u64,
    /// Most of them at once.
    pub peak_concurrent: u64,
    /// Newcomers closed at once, by the limit's name.
    pub refused: BTreeMap<String, u64>,
    /// Requests that had work, and the waits that came of it; absent without `--work`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Worked>,
    /// Connections that each worker has accepted, where the kernel spreads them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by_worker: Option<Vec<u64>>,
    /// Workers that died and were replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers_replaced: Option<u64>,
}

/// What a server says of the work that requests asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// Requests that had work.
    pub requests: u64,
    /// Time that all of them were really kept waiting; absent where the work is no wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_ns: Option<u64>,
    /// The longest wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait_ns: Option<u64>,
}
