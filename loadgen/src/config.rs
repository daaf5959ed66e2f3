//! What is to be opened and sent: the definition of a load, as the shards get it.

use std::net::{IpAddr, SocketAddr};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::schedule::Arrivals;

/// More connections do not fit on one machine.
pub const MOST_CONNS: u64 = 1_000_000;
/// An interval between marked requests that is longer than this marks none.
pub const RAREST_SLOW: u64 = 1_000_000_000;
/// More requests on one connection are as good as a connection for ever.
pub const MOST_REQUESTS_PER_CONN: u64 = 1_000_000_000;
/// More connections are not accepted in a second by any server on one machine.
const MOST_RECONNECTS_PER_S: u64 = 100_000;
/// More requests under way on one connection than any socket's buffers hold.
pub const DEEPEST_PIPELINE: u64 = 1024;

/// What a request and its reply look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Every byte comes back as it came
    Echo,
    /// Fixed-size requests, each answered by a fixed-size reply that repeats the request's first 8 bytes
    Reply,
    /// HTTP/1.1: one request, and replies that must be as the first
    Http,
    /// A request of any bytes, and replies that must be as the first
    #[value(skip)]
    Raw,
}

impl Protocol {
    /// The name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Reply => "reply",
            Self::Http => "http",
            Self::Raw => "raw",
        }
    }
}

/// A load, or a shard's part of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The server.
    pub target: SocketAddr,
    /// Connections to open.
    pub conns: u64,
    /// Number of this shard's first connection among all; a connection's number is part of its requests.
    pub first_id: u64,
    /// How many shards share the connections: this one opens each `stride`th.
    pub stride: u64,
    /// What is spoken.
    pub protocol: Protocol,
    /// What is sent and expected under [`Protocol::Http`] and [`Protocol::Raw`]; none under the others.
    #[serde(default)]
    pub exchange: Option<Exchange>,
    /// Size of a request in bytes, where there is no exchange.
    pub request_bytes: u64,
    /// Size of a reply in bytes, under [`Protocol::Reply`].
    pub reply_bytes: u64,
    /// Requests that a connection has under way at once.
    pub pipeline: u64,
    /// Time over which the connections are opened, evenly.
    pub ramp_ns: u64,
    /// Time that each connection has to be established.
    pub connect_timeout_ns: u64,
    /// Time that each reply has to come.
    pub timeout_ns: u64,
    /// Poll without sleeping.
    pub spin: bool,
    /// Source addresses to spread the connections over, from 127.0.0.1 up; 1 leaves the source to the kernel.
    pub sources: u32,
    /// Requests after which a connection is closed and another one opened; none where clients keep theirs.
    pub requests_per_conn: Option<u64>,
    /// Pause between a reply and the request that follows it, in nanoseconds.
    pub think_ns: u64,
    /// Every how manyth request of a connection asks for the server's work; 1 for all.
    pub slow_every: u64,
    /// How requests follow each other in an open loop; none for a closed one.
    pub arrivals: Option<Arrivals>,
    /// Of random arrivals.
    pub seed: u64,
}

impl Config {
    /// Whether clients may go from one connection to the next: under HTTP a server may end one with a reply.
    pub(crate) fn may_reconnect(&self) -> bool {
        self.requests_per_conn.is_some() || self.protocol == Protocol::Http
    }

    /// Source addresses to spread `conns` connections over so that each leaves room among the local ports, where the
    /// target is on 127.0.0.0/8 and so any address there can be a source; 1 elsewhere.
    ///
    /// Under `churn` the ports of closed connections need room too: the side that closes first keeps them in TIME_WAIT.
    /// On loopback Linux gives them out again after a second, so that it takes as many as are closed in one; where that
    /// is turned off, in a minute.
    #[must_use]
    pub fn sources_needed(target: SocketAddr, conns: u64, churn: bool) -> u32 {
        if !matches!(target.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
            return 1;
        }
        let closed = if churn {
            MOST_RECONNECTS_PER_S * time_wait_s()
        } else {
            0
        };
        sources_for(conns + closed, local_ports().unwrap_or(28_232))
    }
}

fn sources_for(conns: u64, ports: u64) -> u32 {
    // Four fifths: other programs use ports too, and the last free ones are slow to find.
    conns.div_ceil((ports * 4 / 5).max(1)).clamp(1, 1 << 16) as u32
}

/// How many local ports the kernel chooses from for a connection.
fn local_ports() -> Option<u64> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ends = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    Some(last.saturating_sub(first) + 1)
}

/// For how many seconds a port in TIME_WAIT is not given out again on loopback.
fn time_wait_s() -> u64 {
    // 0: not before its end; 1: after a second; 2, the default: the same, on loopback only.
    match std::fs::read_to_string("/proc/sys/net/ipv4/tcp_tw_reuse") {
        Ok(reuse) if reuse.trim() == "0" => 60,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ports_for_all_connections_and_no_more_sources_than_it_takes() {
        for ports in [1, 2, 1000, 28_232, 64_511] {
            for conns in [1, 4, 1000, 22_585, 22_586, 100_000, 1_000_000] {
                let sources = u64::from(sources_for(conns, ports));
                let enough = |sources: u64| sources * (ports * 4 / 5).max(1) >= conns;
                assert!(enough(sources) || sources == 1 << 16, "{conns} over {ports}: {sources}");
                assert!(sources == 1 || !enough(sources - 1), "{conns} over {ports}: {sources}");
            }
        }
        assert_eq!(sources_for(100_000, 28_232), 5);
    }

    #[test]
    fn only_the_loopback_network_has_sources_to_spread_over() {
        let needed = |target: &str| Config::sources_needed(target.parse().unwrap(), 100_000, false);
        assert!(needed("127.0.0.1:1") > 1, "no machine has 100,000 local ports");
        assert_eq!(needed("127.0.0.1:1"), needed("127.1.2.3:1"));
        assert_eq!((needed("[::1]:1"), needed("192.0.2.1:1")), (1, 1));
        let target = "127.0.0.1:1".parse().unwrap();
        let [few, churn] = [false, true].map(|churn| Config::sources_needed(target, 10, churn));
        assert!(few == 1 && churn > 1, "{churn}");
    }
}
