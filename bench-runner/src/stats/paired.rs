//! What a run has to add to a history: each server's values held against the pinned one's, round by round.

use super::summary::Estimate;
use crate::record::{HISTORY_SCHEMA, Metric, NO_WORK, Point, Row, Run, Verdict, Window};

/// Ratios of a run.
#[derive(Clone, Debug, Default)]
pub struct Paired {
    /// A point for each value that both servers have.
    pub points: Vec<Point>,
    /// Of what there is none and why, in words.
    pub left_out: Vec<String>,
}

/// Something of which there is no point.
#[derive(PartialEq)]
struct Gap {
    server: String,
    conns: u64,
    why: String,
    metrics: Vec<Metric>,
}

/// Holds the rows of `run` against those of the server `reference` in the same run: the same connections, window and
/// rate, and the same round, because rounds are what a machine drifts over.
///
/// What a number would mislead about is left out: a window that failed, that contradicts itself, or in which fewer were
/// served than asked, a rate that the generator bounded, a percentile that falls among clients without a reply or that
/// of a queue that grows all the time. Servers that are wrong on purpose are followed by nobody.
#[must_use]
pub fn paired(run: &Run, rows: &[Row], reference: &str) -> Paired {
    let mut paired = Paired::default();
    let mut gaps: Vec<Gap> = Vec::new();
    let followed = |server: &&String| *server != reference && !run.faulty.contains(server);
    for server in run.servers.iter().filter(followed) {
        let own: Vec<&Row> = rows.iter().filter(|row| row.server == *server).collect();
        for cell in cells(&own) {
            for metric in Metric::ALL {
                match ratio(run, rows, &cell, metric, reference) {
                    Ok(point) => paired.points.extend(point),
                    Err(why) => note(&mut gaps, cell[0], metric, why),
                }
            }
        }
    }
    paired.left_out = gaps.iter().map(told).collect();
    paired
}

/// The rows of one server by what tells windows apart beside the round, as they come.
fn cells<'a>(rows: &[&'a Row]) -> Vec<Vec<&'a Row>> {
    let mut cells: Vec<Vec<&Row>> = Vec::new();
    for &row in rows {
        match cells.iter_mut().find(|cell| is_like(cell[0], row)) {
            Some(cell) => cell.push(row),
            None => cells.push(vec![row]),
        }
    }
    cells.sort_by_key(|cell| cell[0].conns);
    cells
}

fn is_like(row: &Row, other: &Row) -> bool {
    row.conns == other.conns && row.window == other.window && row.load.rate_per_s == other.load.rate_per_s
}

/// The point of one metric; none where it is not told of such a window.
fn ratio(run: &Run, rows: &[Row], cell: &[&Row], metric: Metric, reference: &str) -> Result<Option<Point>, String> {
    let (mut values, mut references, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut why = None;
    for row in cell.iter().filter(|row| is_told(metric, row)) {
        let beside = rows
            .iter()
            .find(|other| other.server == reference && is_like(row, other) && row.round == other.round);
        let beside = beside.ok_or_else(|| "it has no row there".to_owned());
        let of_reference = beside.and_then(|row| value(metric, row));
        let of_reference = of_reference.map_err(|why| format!("'{reference}', which it is held against: {why}"));
        match (value(metric, row), of_reference) {
            (Ok(own), Ok(other)) => {
                values.push(own);
                references.push(other);
                ratios.push(own / other);
            }
            (Err(reason), _) | (Ok(_), Err(reason)) => _ = why.get_or_insert(reason),
        }
    }
    let median = |values: Vec<f64>| Estimate::of(values).map(|estimate| estimate.median);
    let rounds = ratios.len() as u32;
    let (Some(value), Some(reference_value), Some(ratio)) = (median(values), median(references), median(ratios)) else {
        return why.map_or(Ok(None), Err);
    };
    let row = cell[0];
    let env = &run.environment;
    let sha256 = |name: &str| env.binaries.iter().find(|binary| binary.name == name)?.sha256.clone();
    let source = env.source.clone().unwrap_or_default();
    Ok(Some(Point {
        schema: HISTORY_SCHEMA,
        at: run.started_at,
        revision: source.revision.or_else(|| env.build.revision.clone()),
        dirty: source.dirty,
        run_id: run.run_id.clone(),
        server: row.server.clone(),
        server_sha256: sha256(&row.server),
        metric,
        conns: row.conns,
        window: row.window,
        active: row.load.active,
        rate_per_s: row.load.rate_per_s,
        load: load(run, row),
        environment_class: env.class(),
        reference: reference.to_owned(),
        reference_sha256: sha256(reference),
        rounds,
        value,
        reference_value,
        ratio,
    }))
}

/// Whether a metric is one of such a window: an offered rate is no throughput of the server's, and memory is told once a
/// cell, where it is told.
fn is_told(metric: Metric, row: &Row) -> bool {
    match metric {
        Metric::CpuNsPerRequest | Metric::P99Ns => true,
        Metric::RatePerS => row.window != Window::Open,
        Metric::MemoryBytesPerConnection => row.window != Window::Idle && row.memory_bytes_per_connection.is_some(),
    }
}

/// The value of a row, or why it is none to follow.
fn value(metric: Metric, row: &Row) -> Result<f64, String> {
    let misleads: &[Verdict] = match metric {
        Metric::CpuNsPerRequest | Metric::MemoryBytesPerConnection => &[],
        Metric::RatePerS => &[Verdict::ClientBound],
        Metric::P99Ns => &[Verdict::ClientBound, Verdict::Behind],
    };
    let always = [Verdict::Failed, Verdict::Unsound, Verdict::Starved, Verdict::Capped];
    let spoilt = always
        .iter()
        .chain(misleads)
        .find(|verdict| row.verdicts.contains(verdict));
    if let Some(verdict) = spoilt {
        return Err(verdict.name().to_owned());
    }
    let value = match metric {
        Metric::CpuNsPerRequest => row.cpu_ns_per_request,
        Metric::RatePerS => row.rate_per_s,
        Metric::P99Ns => row.response_ns.unwrap_or(row.latency_ns).p99.map(|ns| ns as f64),
        Metric::MemoryBytesPerConnection => row.memory_bytes_per_connection,
    };
    value.filter(|value| *value > 0.0).ok_or_else(|| match metric {
        Metric::P99Ns => "it falls among requests without a reply".to_owned(),
        _ => "it is missing".to_owned(),
    })
}

/// What was sent beside connections and rate, as far as it moves a ratio; what has its default is left out.
fn load(run: &Run, row: &Row) -> String {
    let load = &row.load;
    let mut words = vec![match load.arrivals {
        Some(arrivals) => format!("open loop, {} arrivals", arrivals.name()),
        None => "closed loop".to_owned(),
    }];
    let replies = format!(" and replies of {} bytes", load.reply_bytes);
    words.push(format!(
        "{}{}",
        run.settings.requests(),
        if load.protocol == "reply" { &*replies } else { "" }
    ));
    let mut say = |is_so: bool, what: String| words.extend(is_so.then_some(what));
    say(
        load.pipeline > 1,
        format!("{} under way on each connection", load.pipeline),
    );
    let some = if load.slow_every > 1 {
        format!(" for one in {}", load.slow_every)
    } else {
        String::new()
    };
    say(load.work != NO_WORK, format!("work {}{some}", load.work));
    say(load.think_s > 0.0, format!("pauses of {} s", load.think_s));
    if let Some(requests) = load.requests_per_conn {
        say(true, format!("a connection for each {requests}"));
    }
    say(load.stall_s > 0.0, format!("the server stopped for {} s", load.stall_s));
    if let Some(workers) = run.settings.workers {
        say(true, format!("{workers} workers"));
    }
    say(run.settings.spin, "a generator that polls".to_owned());
    words.join(", ")
}

fn note(gaps: &mut Vec<Gap>, row: &Row, metric: Metric, why: String) {
    let like = |gap: &&mut Gap| gap.server == row.server && gap.conns == row.conns && gap.why == why;
    match gaps.iter_mut().find(like) {
        Some(gap) if gap.metrics.contains(&metric) => {}
        Some(gap) => gap.metrics.push(metric),
        None => gaps.push(Gap {
            server: row.server.clone(),
            conns: row.conns,
            why,
            metrics: vec![metric],
        }),
    }
}

fn told(gap: &Gap) -> String {
    let metrics: Vec<&str> = gap.metrics.iter().map(|metric| metric.words()).collect();
    let conns = loadgen::units::counted(gap.conns, "connection");
    format!("{} at {conns}: no {}: {}", gap.server, metrics.join(", "), gap.why)
}

#[cfg(test)]
mod tests;
