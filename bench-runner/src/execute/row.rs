//! What a cell has brought as a row: one for each window, measured or not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use loadgen::Measurement;

use super::Failure;
use super::cell::{Bench, Findings, Measured};
use super::cost;
use crate::plan::{Cell, Phase};
use crate::record::{Connections, LoadShape, Row, SCHEMA, ServerCost, Verdict};
use crate::stats::{Asked, Clues, Evidence, Open, judge, limited_by, warnings};

/// The row of one window. What was not measured is null, and `missing` says why.
pub(super) fn row(
    bench: &Bench,
    cell: &Cell,
    started_at: Timestamp,
    phase: Phase,
    found: &Findings,
    failure: Option<&Failure>,
) -> Row {
    let measured = found.windows.iter().find(|measured| measured.phase == phase);
    let mut row = blank(bench, cell, started_at, phase, found);
    if let Some(measured) = measured {
        fill(&mut row, bench, measured, found);
    }
    // A server that answered wrongly or died in a later window has measured this one; one that would not stop has not
    // kept the contract at all.
    if let (Some(failure), true) = (
        failure,
        measured.is_none() || found.windows.len() == bench.settings.phases(cell.conns).len(),
    ) {
        row.verdict = Verdict::Failed;
        row.verdicts = vec![Verdict::Failed];
        row.evidence = [(Verdict::Failed, failure.reason.clone())].into();
        row.reason = Some(failure.reason.clone());
        row.last_stderr.clone_from(&failure.last_stderr);
    }
    cost::account(&mut row);
    row.warnings = warnings(&row);
    row
}

fn blank(bench: &Bench, cell: &Cell, started_at: Timestamp, phase: Phase, found: &Findings) -> Row {
    let settings = &bench.settings;
    Row {
        schema: SCHEMA,
        run_id: bench.run_id.clone(),
        cell_id: cell.id(),
        started_at,
        server: cell.server.clone(),
        model: found
            .ready
            .as_ref()
            .map_or_else(|| cell.server.clone(), |ready| ready.model.clone()),
        family: cell.family.clone(),
        conns: cell.conns,
        round: cell.round,
        window: phase.window,
        load: LoadShape {
            mode: if phase.rate_per_s.is_some() { "open" } else { "closed" }.to_owned(),
            rate_per_s: phase.rate_per_s,
            arrivals: settings.arrivals,
            stall_s: settings.stall_s,
            protocol: settings.protocol.name().to_owned(),
            path: settings.path.clone(),
            request_bytes: settings.request_bytes,
            reply_bytes: settings.reply_bytes,
            pipeline: settings.pipeline,
            work: cell.work.clone(),
            slow_every: settings.slow_every,
            think_s: settings.think_s,
            requests_per_conn: settings.requests_per_conn,
            active: phase.active,
            ramp_s: settings.ramp(cell.conns),
            warmup_s: settings.warmup_s,
            duration_s: settings.duration_s,
        },
        verdict: Verdict::Valid,
        verdicts: Vec::new(),
        evidence: BTreeMap::new(),
        reason: None,
        last_stderr: None,
        connections: None,
        limited_by: None,
        limit_evidence: None,
        listen_overflows: found.listen.map(|listen| listen.overflows),
        listen_drops: found.listen.map(|listen| listen.drops),
        syn_retransmits: found.listen.and_then(|listen| listen.syn_retransmits),
        retransmitted_segments: None,
        server_steal_share: None,
        generator_steal_share: None,
        generator_wait_share: None,
        throttled_periods: None,
        throttled_us: None,
        elapsed_s: None,
        requests: None,
        rate_per_s: None,
        latency_ns: Default::default(),
        reply_latency_ns: Default::default(),
        offered: None,
        offered_per_s: None,
        response_ns: None,
        others_response_ns: None,
        lateness_ns: None,
        slow_ns: None,
        others_ns: None,
        slow_requests: None,
        reconnects: None,
        unfinished_ns: Default::default(),
        connect_ns: Default::default(),
        first_reply_ns: Default::default(),
        outcomes: None,
        jain_index: None,
        fewest: None,
        most: None,
        slowest: None,
        fastest: None,
        series: None,
        others_series: None,
        cpu_ns_per_request: None,
        context_switches_per_request: None,
        memory_bytes_per_connection: None,
        server_cost: ServerCost::default(),
        generator: None,
        littles_law: None,
        ready: found.ready.clone(),
        stopped: found.stopped.clone(),
        server_cpus: bench.placement.server.clone(),
        generator_cpus: bench.placement.generator.clone(),
        histogram: None,
        slow_histogram: None,
        unfinished_histogram: None,
        connect_histogram: None,
        response_histogram: None,
        lateness_histogram: None,
        sources: BTreeMap::new(),
        missing: BTreeMap::new(),
        warnings: Vec::new(),
    }
}

fn fill(row: &mut Row, bench: &Bench, measured: &Measured, found: &Findings) {
    let m = &measured.measurement;
    let connections = connections(m);
    row.connections = Some(connections);
    row.elapsed_s = Some(m.elapsed_s);
    row.requests = Some(m.requests);
    row.outcomes = Some(m.outcomes.clone());
    row.rate_per_s = Some(m.rate_per_s);
    (row.offered, row.offered_per_s, row.lateness_ns) = (m.offered, m.offered_per_s, m.lateness_ns);
    row.others_response_ns = m.others_response_ns;
    row.response_histogram.clone_from(&m.response_histogram);
    row.lateness_histogram.clone_from(&m.lateness_histogram);
    row.histogram = Some(m.histogram.clone());
    row.unfinished_histogram = Some(m.unfinished_histogram.clone());
    row.latency_ns = Asked::service(row).map(|asked| asked.quantiles()).unwrap_or_default();
    row.response_ns = Asked::response(row).map(|asked| asked.quantiles());
    row.reply_latency_ns = m.latency_ns;
    (row.slow_ns, row.others_ns, row.slow_requests) = (m.slow_ns, m.others_ns, m.slow_requests);
    row.reconnects = m.reconnects;
    row.unfinished_ns = m.unfinished_ns;
    row.connect_ns = m.connect_ns;
    row.first_reply_ns = m.first_reply_ns;
    (row.jain_index, row.fewest, row.most) = (m.jain_index, m.fewest, m.most);
    (row.slowest, row.fastest) = (m.slowest, m.fastest);
    row.series = Some(m.series.clone());
    row.others_series.clone_from(&m.others_series);
    row.generator = Some(m.generator);
    row.littles_law = m.littles_law;
    row.slow_histogram.clone_from(&m.slow_histogram);
    row.connect_histogram = Some(m.connect_histogram.clone());
    // The first window is the one in which all talk.
    let busy = found.windows.first();
    let limit = limited_by(&Clues {
        connections: &connections,
        outcomes: &m.outcomes,
        ready: found.ready.as_ref(),
        stopped: found.stopped.as_ref(),
        listen_overflows: found.listen.map(|listen| listen.overflows),
        waiting: busy.map_or(0, |busy| busy.measurement.starved),
        served_of_all: busy.map_or(0, |busy| busy.measurement.served),
    });
    cost::cpu(row, bench.placement.server.len(), measured);
    cost::counts(row, measured, found);
    happened(row, measured);
    cost::silence(row, bench.placement.server.len(), found);
    // Memory was read after the busy window: what was held then is what it is divided by.
    let held = busy.map_or(0, |busy| self::connections(&busy.measurement).held());
    cost::memory(row, held, found);
    row.evidence = judge(&Evidence {
        connections: &connections,
        limit: limit.as_ref(),
        generator: &m.generator,
        generator_wait_share: measured.happened.waited_share.filter(|_| apart(bench)),
        server_share: row.server_cost.cpu_share,
        littles_law: m.littles_law,
        elapsed_s: m.elapsed_s,
        unfinished: &m.unfinished_histogram,
        pipeline: bench.settings.pipeline,
        requests: &m.series.requests,
        open: row.offered.map(|offered| Open {
            offered,
            achieved: m.requests,
            response_p99_ns: row.response_ns.and_then(|response| response.p99),
            lateness_p999_ns: m.lateness_ns.and_then(|lateness| lateness.p999),
        }),
    });
    row.verdicts = row.evidence.keys().copied().collect();
    row.verdict = row.verdicts.last().copied().unwrap_or(Verdict::Valid);
    (row.limited_by, row.limit_evidence) = limit.map(|limit| (limit.name, limit.evidence)).unzip();
}

/// Whether each side has CPUs of its own: a generator that waits for its server is not short of CPUs.
fn apart(bench: &Bench) -> bool {
    let (server, generator) = (&bench.placement.server, &bench.placement.generator);
    !server.is_empty() && !generator.is_empty() && !server.iter().any(|cpu| generator.contains(cpu))
}

/// What the window met with from outside.
fn happened(row: &mut Row, measured: &Measured) {
    let happened = &measured.happened;
    row.server_steal_share = happened.steal_share(&row.server_cpus);
    row.generator_steal_share = happened.steal_share(&row.generator_cpus);
    row.generator_wait_share = happened.waited_share;
    row.retransmitted_segments = happened.retransmitted;
    row.throttled_periods = happened.throttling.map(|throttling| throttling.periods);
    row.throttled_us = happened.throttling.map(|throttling| throttling.us);
}

fn connections(m: &Measurement) -> Connections {
    Connections {
        requested: m.requested,
        connected: m.connected,
        refused: m.turned_away,
        lost: m.lost,
        active: m.active,
        served: m.served,
        late: m.late,
        greeted: m.greeted,
        // A client that was served once and lost before this window has no reply in it either, and the load generator
        // counts it as starved too. It does not tell how many of the lost are among them, so all that may be are taken
        // off: what is left has starved for certain, and the lost are told by themselves.
        starved: m.starved.saturating_sub(m.lost),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lost_are_not_counted_again_as_starved() {
        let measured = |lost, starved| {
            let mut m = Measurement::merge(10, 1, false, 1, 1_000_000_000, &[], &[]);
            (m.connected, m.active, m.lost, m.starved) = (10, 10, lost, starved);
            connections(&m)
        };
        assert_eq!(
            measured(3, 3).starved,
            0,
            "served before the window, then dropped or timed out"
        );
        assert_eq!(measured(0, 3).starved, 3);
        assert_eq!((measured(1, 4).starved, measured(1, 4).held()), (3, 9));
        assert_eq!(measured(4, 1).starved, 0);
    }
}
