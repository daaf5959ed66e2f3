//! A window in which the server was stopped, told by two clocks.

use crate::record::{Row, Verdict};

/// The percentiles that are told: one request in so many is slower.
const ONE_IN: [u64; 5] = [2, 10, 100, 1_000, 10_000];

/// What two clocks say of the same requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Stall {
    /// The server.
    pub server: String,
    /// For how long it was stopped, in seconds.
    pub stall_s: f64,
    /// Requests a second that were due.
    pub offered_per_s: f64,
    /// Response time, from when a request was due: one request in the first takes longer than the second, in ns. Over all
    /// that were due.
    pub response: Vec<(u64, u64)>,
    /// Service time, from when it was sent, likewise.
    pub service: Vec<(u64, u64)>,
}

impl Stall {
    /// The 99th percentiles: of response time and of service time.
    #[must_use]
    pub fn p99_ns(&self) -> Option<(u64, u64)> {
        let of = |times: &[(u64, u64)]| times.iter().find(|(one_in, _)| *one_in == 100).map(|(_, ns)| *ns);
        of(&self.response).zip(of(&self.service))
    }
}

/// Of the windows with a stop in them, the one in which the two clocks are furthest apart at the 99th percentile; none
/// where no server was stopped, or none of those kept up with what was asked.
#[must_use]
pub(super) fn stall(rows: &[Row]) -> Option<Stall> {
    let stopped = rows
        .iter()
        .filter(|row| row.load.stall_s > 0.0 && row.verdict < Verdict::Behind);
    let told = stopped.filter_map(|row| {
        let (response, service) = (row.response_ns?, row.reply_latency_ns);
        let of = |q: loadgen::Quantiles| {
            let values = [q.p50, q.p90, q.p99, q.p999, q.p9999];
            ONE_IN
                .into_iter()
                .zip(values)
                .filter_map(|(one_in, ns)| Some((one_in, ns?)))
                .collect()
        };
        Some(Stall {
            server: row.server.clone(),
            stall_s: row.load.stall_s,
            offered_per_s: row.offered_per_s?,
            response: of(response),
            service: of(service),
        })
    });
    let apart = |stall: &Stall| {
        stall
            .p99_ns()
            .map_or(0.0, |(response, service)| response as f64 / service.max(1) as f64)
    };
    told.max_by(|a, b| apart(a).total_cmp(&apart(b)))
}
