//! What the load generator is told for a server.

use std::net::SocketAddr;
use std::time::Duration;

use loadgen::clock::nanoseconds;
use loadgen::{Config, Exchange, Protocol};

use crate::record::Settings;

/// The load that `settings` describe, over `conns` connections to `target`.
pub(super) fn config(settings: &Settings, conns: u64, target: SocketAddr, exchange: Option<Exchange>) -> Config {
    let seconds = |s: f64| nanoseconds(Duration::from_secs_f64(s));
    // A server of HTTP may end a connection with any reply.
    let ends = settings.requests_per_conn.is_some() || settings.protocol == Protocol::Http;
    Config {
        target,
        conns,
        first_id: 0,
        stride: 1,
        protocol: settings.protocol,
        exchange,
        request_bytes: settings.request_bytes,
        reply_bytes: settings.reply_bytes,
        pipeline: settings.pipeline,
        ramp_ns: seconds(settings.ramp(conns)),
        connect_timeout_ns: seconds(settings.connect_timeout_s),
        timeout_ns: seconds(settings.timeout_s),
        spin: settings.spin,
        sources: Config::sources_needed(target, conns, ends),
        requests_per_conn: settings.requests_per_conn,
        think_ns: seconds(settings.think_s),
        slow_every: settings.slow_every,
        arrivals: settings.arrivals,
        // The same instants for every server and in every round: they differ by what they do with them.
        seed: 1,
    }
}
