//! What is compared, where a row has it, and how large a change of it has to be.

use clap::ValueEnum;
use serde::Serialize;

use crate::record::{Row, Verdict, Window};

/// A number that two runs are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Clients served, and rounds that failed
    Served,
    /// Correct replies per second
    Rate,
    /// 99th percentile of latency over the clients that asked; of response time in an open loop
    P99,
    /// Server CPU time per request
    Cpu,
    /// Memory per connection
    Memory,
    /// System calls per request
    Calls,
    /// Context switches per request
    Switches,
}

impl Metric {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Served,
        Self::Rate,
        Self::P99,
        Self::Cpu,
        Self::Memory,
        Self::Calls,
        Self::Switches,
    ];

    /// Its name on a command line and in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Rate => "rate",
            Self::P99 => "p99",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Calls => "calls",
            Self::Switches => "switches",
        }
    }

    /// Whether more of it is better.
    #[must_use]
    pub fn more_is_better(self) -> bool {
        matches!(self, Self::Served | Self::Rate)
    }

    /// The limit that holds where none is given, as a share: half of it is the least that is called a difference.
    ///
    /// Larger than a gate's: the machine drifts between two runs, and by how much no interval knows. Here the same
    /// saturated pair differed by 8 to 12 % from run to run (docs/METHODOLOGY.md, section 8), and p99 by more.
    #[must_use]
    pub fn limit(self) -> f64 {
        match self {
            Self::Served => 0.02,
            Self::Calls => 0.05,
            Self::Cpu | Self::Memory => 0.10,
            Self::Rate | Self::Switches => 0.20,
            Self::P99 => 0.50,
        }
    }

    /// A difference below this, in the metric's own unit, is of no consequence however many times the smaller value it
    /// is: a server that never sleeps has a switch in 10,000 requests, or two.
    pub(super) fn least(self) -> f64 {
        match self {
            Self::Calls | Self::Switches => 0.01,
            _ => 0.0,
        }
    }

    /// Whether a rate over other clients, or what one cost, is no comparison. A percentile is over all that asked.
    pub(super) fn depends_on_clients(self) -> bool {
        !matches!(self, Self::Served | Self::P99)
    }

    /// Whether nothing is known of it when the generator contradicts itself.
    pub(super) fn takes_a_sound_generator(self) -> bool {
        matches!(self, Self::Rate | Self::P99 | Self::Cpu)
    }

    /// Whether the true value of a row that is `client-bound` is better than the one seen, nobody knows by how much.
    pub(super) fn is_bounded_by_the_generator(self, window: Window) -> bool {
        match self {
            // Under an offered rate a late generator leaves the number of replies as it is.
            Self::Rate => window != Window::Open,
            Self::P99 => true,
            _ => false,
        }
    }

    /// The names under which a row says where it was read, or why it is missing.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Served => "connections",
            Self::Rate => "rate_per_s",
            Self::P99 => "latency_ns",
            Self::Cpu => "server_cost.cpu_ns",
            Self::Memory => "memory_bytes_per_connection",
            Self::Calls => "server_cost.system_calls_per_request",
            Self::Switches => "server_cost.context_switches",
        }
    }

    /// The value of a row that has not failed. A percentile that falls among clients or requests without a reply is longer
    /// than everything: infinite. `None` is a value that is missing.
    pub(super) fn of(self, row: &Row) -> Option<f64> {
        let value = match self {
            Self::Served => Some(row.connections?.served as f64),
            Self::Rate => row.rate_per_s,
            Self::P99 => {
                row.rate_per_s?;
                // The response times of a server that is behind are those of a queue that grows as long as the window.
                let behind = row.verdicts.contains(&Verdict::Behind);
                let p99 = row.response_ns.unwrap_or(row.latency_ns).p99;
                Some(p99.filter(|_| !behind).map_or(f64::INFINITY, |ns| ns as f64))
            }
            Self::Cpu => row.cpu_ns_per_request,
            // What lies in an accept queue costs a server nothing.
            Self::Memory => row
                .connections
                .filter(|connections| connections.served >= connections.held())
                .and(row.memory_bytes_per_connection),
            Self::Calls => row.server_cost.system_calls_per_request,
            Self::Switches => row.context_switches_per_request,
        };
        value.filter(|value| !value.is_nan() && *value >= 0.0)
    }
}
