//! The command line of the server contract: the same flags for every server.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::protocol::{LARGEST_MESSAGE, Protocol, SMALLEST_REPLY, SMALLEST_REQUEST, Service};
use crate::work::Work;

/// Flags that every server takes.
#[derive(Args, Clone, Debug)]
pub struct Flags {
    /// Address to listen on; port 0 lets the kernel choose, the `ready` line tells which
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000", value_parser = address)]
    pub listen: SocketAddr,

    /// What a request and its reply look like
    #[arg(long, value_enum, default_value_t = ProtocolName::Echo)]
    pub protocol: ProtocolName,

    /// Size of a request in bytes (at least 16); `echo` without work sends back whatever comes, `http` has its own
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = message_size(SMALLEST_REQUEST))]
    pub request_bytes: u64,

    /// Size of a reply in bytes under `reply` (at least 8)
    #[arg(long, value_name = "BYTES", default_value_t = 16, value_parser = message_size(SMALLEST_REPLY))]
    pub reply_bytes: u64,

    /// What a marked request costs: none, cpu:STEPS, or wait:TIME from 1ms to 1s
    #[arg(long, value_name = "WORK", default_value = "none")]
    pub work: Work,

    /// Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(i32).range(1..))]
    pub backlog: i32,

    /// Workers, in models that have them; others ignore it [default: 64 in a pool, else the CPUs it may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: Option<u32>,

    /// For tests of what measures servers: nanoseconds of a processor that each request takes more, instead of --work
    #[arg(long, value_name = "NS", hide = true, conflicts_with = "work")]
    pub burn: Option<u64>,

    /// Also stop on the line `quit`, or at the end of standard input
    #[arg(long)]
    pub control_stdin: bool,
}

/// Names of the protocols on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProtocolName {
    /// Every byte comes back as it came
    Echo,
    /// Fixed-size requests, each answered by a fixed-size reply that repeats the request's first 8 bytes
    Reply,
    /// HTTP/1.1, with the same small reply to every request
    Http,
}

impl Flags {
    /// The service that the flags describe.
    #[must_use]
    pub fn service(&self) -> Service {
        let request_bytes = self.request_bytes as usize;
        let protocol = match self.protocol {
            ProtocolName::Echo => Protocol::Echo,
            ProtocolName::Reply => Protocol::Reply {
                request_bytes,
                reply_bytes: self.reply_bytes as usize,
            },
            ProtocolName::Http => Protocol::Http,
        };
        Service {
            protocol,
            request_bytes,
            work: self.burn.map_or(self.work, |ns| Work::Burn(Duration::from_nanos(ns))),
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "an IP address and a port are needed, such as 127.0.0.1:9000 or [::1]:9000")
}

fn message_size(smallest: u64) -> impl clap::builder::TypedValueParser<Value = u64> {
    clap::value_parser!(u64).range(smallest..=LARGEST_MESSAGE)
}
