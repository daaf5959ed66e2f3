//! What is to be opened and sent: the definition of a load, as the shards get it.

use std::net::{IpAddr, SocketAddr};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a request and its reply look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Every byte comes back as it came
    Echo,
    /// Fixed-size requests, each answered by a fixed-size reply that repeats the request's first 8 bytes
    Reply,
}

impl Protocol {
    /// The name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Reply => "reply",
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
    /// Size of a request in bytes.
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
}

impl Config {
    /// Source addresses to spread `conns` connections over so that each leaves room among the local ports, where the
    /// target is on 127.0.0.0/8 and so any address there can be a source; 1 elsewhere.
    #[must_use]
    pub fn sources_needed(target: SocketAddr, conns: u64) -> u32 {
        if !matches!(target.ip(), IpAddr::V4(ip) if ip.is_loopback()) {
            return 1;
        }
        let ports = local_ports().unwrap_or(28_232);
        // Four fifths: other programs use ports too, and the last free ones are slow to find.
        conns.div_ceil((ports * 4 / 5).max(1)).clamp(1, 1 << 16) as u32
    }
}

/// How many local ports the kernel chooses from for a connection.
fn local_ports() -> Option<u64> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ends = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    Some(last.saturating_sub(first) + 1)
}
