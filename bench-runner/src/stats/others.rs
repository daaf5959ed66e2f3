//! How those fare over time who asked for nothing slow, while some requests are.

use crate::record::{Row, Verdict, Window};

/// The course of a window for the requests without work.
#[derive(Clone, Debug, PartialEq)]
pub struct Others {
    /// The server.
    pub server: String,
    /// Its family.
    pub family: String,
    /// 99th percentile of their latencies, by the end of each interval in seconds since the window began; an interval in
    /// which none of them was answered is left out.
    pub p99_ns: Vec<(f64, u64)>,
}

/// The course of the first round at `conns` connections, for each server that served them; nothing where all requests
/// are alike.
#[must_use]
pub(super) fn others(servers: &[String], rows: &[Row], conns: u64) -> Vec<Others> {
    let of = |server: &String| {
        let row = rows.iter().find(|row| {
            let first = row.round == 1 && row.conns == conns && row.window != Window::Idle;
            first && row.server == *server && row.verdict < Verdict::Capped
        })?;
        let series = row.others_series.as_ref()?;
        let at = |(i, ns): (usize, &Option<u64>)| Some(((i + 1) as f64 * series.interval_s, (*ns)?));
        Some(Others {
            server: server.clone(),
            family: row.family.clone(),
            p99_ns: series.p99_ns.iter().enumerate().filter_map(at).collect(),
        })
    };
    servers.iter().filter_map(of).collect()
}
