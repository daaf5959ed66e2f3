//! What names mean: verdicts, limits, and what a model is by its nature.

use crate::catalog::{Cpus, Reach};
use crate::record::Verdict;

/// How far a number may be believed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// As it stands.
    Whole,
    /// As far as its meaning says.
    Care,
    /// Not at all.
    No,
}

impl Trust {
    /// The class of what bears it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Care => "care",
            Self::No => "no",
        }
    }
}

/// What a verdict says, and what to make of the numbers.
pub(super) fn verdict(verdict: Verdict) -> (Trust, &'static str, &'static str) {
    match verdict {
        Verdict::Valid => (
            Trust::Whole,
            "Nothing speaks against it.",
            "Take the numbers as they stand.",
        ),
        Verdict::SaturatedPair => (
            Trust::Care,
            "Server and load generator both used up their CPUs.",
            "The rate is that of the pair; rank by CPU per request, not by throughput.",
        ),
        Verdict::ClientBound => (
            Trust::Care,
            "The load generator gave out first.",
            "In a closed loop the rate is a lower bound (≥); in an open loop response times are upper bounds (≤). Not ranked.",
        ),
        Verdict::Unsteady => (
            Trust::Care,
            "The rate climbed or fell all through the window.",
            "A mean over what was changing: look at the range of the rounds, or measure longer.",
        ),
        Verdict::Behind => (
            Trust::Care,
            "In an open loop, the server answered less than was due.",
            "The rate is what it can do; response times say how long the window was.",
        ),
        Verdict::Stalled => (
            Trust::Care,
            "When the window ended, clients had waited for more than half of it.",
            "The longest waits are longer than what could be seen.",
        ),
        Verdict::Capped => (
            Trust::Care,
            "Fewer connections than were asked for: a result, and no error.",
            "Rates are over fewer clients (*), and no comparison with those over all.",
        ),
        Verdict::Starved => (
            Trust::Care,
            "Connected clients got no reply: a result, and no error.",
            "Rates are over fewer clients (*); percentiles that fall among the others have no value (✗).",
        ),
        Verdict::Unsound => (
            Trust::No,
            "The load generator contradicts itself: mean latency × rate is not the number of requests under way.",
            "Neither its times nor its rate can be trusted.",
        ),
        Verdict::Failed => (
            Trust::No,
            "The server could not be measured to the end, or answered wrongly.",
            "There is no number; the reason stands in the row.",
        ),
    }
}

/// What a limit is, by the name under which it is recorded; a queue's is told with its length.
pub(super) fn limit(name: &str) -> Option<&'static str> {
    Some(match name {
        "FD_SETSIZE" => {
            "select(2) is handed sets of 1,024 bits, one for each descriptor number, and their size is compiled into the C \
             library. A connection whose descriptor has the number 1024 or more cannot be watched, however much memory and \
             CPU there is; of the numbers below, the program itself takes a few. Such newcomers are refused."
        }
        "RLIMIT_NOFILE" => "How many descriptors a process may have open (ulimit -n); each connection takes one.",
        "workers" => {
            "A fixed number of processes or threads, each of which keeps one client to its end. Everybody else waits in the \
             kernel's queue: connected, and not served."
        }
        "vm.max_map_count" => {
            "How many memory mappings a process may have; each thread takes four and each coroutine's stack two."
        }
        "kernel.pid_max" | "kernel.threads-max" | "RLIMIT_NPROC" | "cgroup pids.max" => {
            "How many processes and threads there may be; each connection takes one."
        }
        "connect timeout" => "Handshakes that were not done in time; the kernel's counters do not say why.",
        "nobody listens" => "The kernel refused the connections: the server was not there.",
        "the client's ports" | "the client's descriptors" => {
            "The load generator's own limit, which says nothing of the server."
        }
        "refused by the server" => "The server closed connections unserved and named no limit.",
        "connections lost while served" => "Connections ended after they had been served.",
        "no reply in time" => "Clients were connected, and neither refused nor answered.",
        crate::stats::ACCEPT_BACKLOG => QUEUE,
        name if name.starts_with("backlog ") => QUEUE,
        _ => return None,
    })
}

const QUEUE: &str = "The kernel completes handshakes for a server that does not accept, and keeps so many connections (and one) in a \
                     queue, unserved. When the queue is full, further handshakes are dropped.";

/// How many CPUs.
pub(super) fn cpus(cpus: Cpus) -> &'static str {
    match cpus {
        Cpus::One => "no: one",
        Cpus::All => "yes: all",
    }
}

/// Who goes down with a handler that crashes.
pub(super) fn fault(reach: Reach) -> &'static str {
    match reach {
        Reach::Connection => "that client alone",
        Reach::Worker => "its worker's clients",
        Reach::Server => "everybody",
    }
}

/// Who waits for a handler that computes.
pub(super) fn slow(reach: Reach) -> &'static str {
    match reach {
        Reach::Connection => "nobody else",
        Reach::Worker => "its worker's clients",
        Reach::Server => "everybody",
    }
}
