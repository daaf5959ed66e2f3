//! One cell: one server × one connection count × one round, measured in two windows.
//!
//! spawn → connect → settle → warm up → busy window → warm up → mostly-idle window → stop → rows. A cell that fails
//! at any point still has a row for each of its windows, with the reason.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use loadgen::clock::{nanoseconds, now_ns};
use loadgen::{Config, Fleet, Measurement, Protocol};

use super::Failure;
use super::cpus::Placement;
use super::probe::{CpuReading, Footprint, Tree, kernel_bytes, settled_kernel_bytes};
use super::server::{Launch, Server};
use super::wait;
use crate::plan::Cell;
use crate::record::{Connections, LoadShape, Row, SCHEMA, ServerCost, Settings, Stopped, Verdict, Window};
use crate::stats::{Asked, Evidence, judge, limited_by};

/// What all cells of a run share.
#[derive(Debug)]
pub struct Bench {
    /// The run's name.
    pub run_id: String,
    /// What the run was told to do.
    pub settings: Settings,
    /// Which CPUs each side has.
    pub placement: Placement,
    /// The load generator.
    pub loadgen: PathBuf,
}

/// What is known of a window before it is judged.
struct Measured {
    window: Window,
    measurement: Measurement,
    cpu: [CpuReading; 2],
}

/// What a cell has brought so far; on a failure, what there is.
#[derive(Default)]
struct Findings {
    windows: Vec<Measured>,
    start: Option<(Footprint, Option<u64>)>,
    loaded: Option<(Footprint, Option<u64>)>,
    ready: Option<crate::record::Ready>,
    stopped: Option<Stopped>,
}

/// Runs a cell. There is always a row for each window; an interruption is the only error.
///
/// # Errors
/// When the user interrupts.
pub fn run_cell(bench: &Bench, cell: &Cell, launch: &Result<Launch, Failure>) -> Result<Vec<Row>> {
    let started_at = Timestamp::now();
    let mut found = Findings::default();
    let outcome = match launch {
        Ok(launch) => measure(bench, cell, launch, &mut found),
        Err(failure) => Err(failure.clone().into()),
    };
    if loadgen::interrupt::requested() {
        bail!("interrupted");
    }
    let failure = outcome.err().map(|error| Failure::of(&error));
    let row = |window: &Window| row(bench, cell, started_at, *window, &found, failure.as_ref());
    Ok(bench.windows(cell.conns).iter().map(row).collect())
}

impl Bench {
    /// The windows of a cell: one that would be like the other is left out.
    fn windows(&self, conns: u64) -> &'static [Window] {
        if self.settings.active < conns {
            &[Window::Busy, Window::Idle]
        } else {
            &[Window::Busy]
        }
    }

    fn active(&self, window: Window, conns: u64) -> u64 {
        match window {
            Window::Busy => conns,
            Window::Idle => self.settings.active.min(conns),
        }
    }

    fn load(&self, conns: u64, target: std::net::SocketAddr) -> Config {
        let seconds = |s: f64| nanoseconds(Duration::from_secs_f64(s));
        Config {
            target,
            conns,
            first_id: 0,
            stride: 1,
            protocol: if self.settings.protocol == "reply" {
                Protocol::Reply
            } else {
                Protocol::Echo
            },
            request_bytes: self.settings.request_bytes,
            reply_bytes: self.settings.reply_bytes,
            pipeline: self.settings.pipeline,
            ramp_ns: seconds(self.settings.ramp(conns)),
            connect_timeout_ns: seconds(self.settings.connect_timeout_s),
            timeout_ns: seconds(self.settings.timeout_s),
            spin: self.settings.spin,
            sources: Config::sources_needed(target, conns),
        }
    }
}

fn measure(bench: &Bench, cell: &Cell, launch: &Launch, found: &mut Findings) -> Result<()> {
    let mut server = Server::start(launch, &bench.settings, &bench.placement.server)?;
    found.ready.clone_from(&server.ready);
    let config = bench.load(cell.conns, server.address);
    let mut fleet = Fleet::launch(
        &bench.loadgen,
        config,
        bench.settings.shards,
        &bench.placement.generator,
    )?;
    let measured = load(bench, cell, &mut server, &mut fleet, found);
    // The reason that counts is the server's own: a generator whose server has gone only sees its connections end.
    let measured = match (measured, server.check_alive()) {
        (Err(_), Err(death)) if !loadgen::interrupt::requested() => Err(death),
        (measured, _) => measured,
    };
    let measured = measured.map_err(|error| server.failure(format!("{error:#}")));
    // Stopped while its clients are still there and silent: thousands of connections that end at once would keep it
    // busy just when it is to say what it has counted.
    found.stopped = match (measured, server.stop()) {
        (Ok(()), stopped) => stopped?,
        (Err(error), stopped) => {
            found.stopped = stopped.unwrap_or(None);
            return Err(error);
        }
    };
    Ok(())
}

fn load(bench: &Bench, cell: &Cell, server: &mut Server, fleet: &mut Fleet, found: &mut Findings) -> Result<()> {
    found.start = Some((Tree::of(server.pid()).footprint(), settled_kernel_bytes()));
    fleet.connect()?;
    server.check_alive()?;
    let tree = Tree::of(server.pid());
    for &window in bench.windows(cell.conns) {
        let measured = measure_window(bench, cell, fleet, &tree, window)?;
        server.check_alive()?;
        if measured.measurement.mismatches() > 0 {
            bail!("it answered wrongly {} times", measured.measurement.mismatches());
        }
        found.windows.push(measured);
        if found.loaded.is_none() {
            found.loaded = Some((Tree::of(server.pid()).footprint(), kernel_bytes()));
        }
    }
    Ok(())
}

fn measure_window(bench: &Bench, cell: &Cell, fleet: &mut Fleet, tree: &Tree, window: Window) -> Result<Measured> {
    let seconds = |s: f64| nanoseconds(Duration::from_secs_f64(s));
    fleet.start(bench.active(window, cell.conns))?;
    let start = now_ns() + seconds(bench.settings.warmup_s);
    let end = start + seconds(bench.settings.duration_s);
    fleet.measure(start, end)?;
    wait::until(start)?;
    let before = tree.cpu();
    wait::until(end)?;
    let after = tree.cpu();
    Ok(Measured {
        window,
        measurement: fleet.collect()?,
        cpu: [before, after],
    })
}

fn row(
    bench: &Bench,
    cell: &Cell,
    started_at: Timestamp,
    window: Window,
    found: &Findings,
    failure: Option<&Failure>,
) -> Row {
    let measured = found.windows.iter().find(|measured| measured.window == window);
    let mut row = blank(bench, cell, started_at, window, found);
    if let Some(measured) = measured {
        fill(&mut row, bench, measured, found);
    }
    // A server that answered wrongly or died in a later window has measured this one; one that would not stop has not
    // kept the contract at all.
    if let (Some(failure), true) = (
        failure,
        measured.is_none() || found.windows.len() == bench.windows(cell.conns).len(),
    ) {
        row.verdict = Verdict::Failed;
        row.verdicts = vec![Verdict::Failed];
        row.evidence = [(Verdict::Failed, failure.reason.clone())].into();
        row.reason = Some(failure.reason.clone());
        row.last_stderr.clone_from(&failure.last_stderr);
    }
    row
}

fn blank(bench: &Bench, cell: &Cell, started_at: Timestamp, window: Window, found: &Findings) -> Row {
    let settings = &bench.settings;
    let active = bench.active(window, cell.conns);
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
        window,
        load: LoadShape {
            mode: "closed".to_owned(),
            protocol: settings.protocol.clone(),
            request_bytes: settings.request_bytes,
            reply_bytes: settings.reply_bytes,
            pipeline: settings.pipeline,
            active,
            ramp_s: settings.ramp(cell.conns),
            warmup_s: settings.warmup_s,
            duration_s: settings.duration_s,
        },
        verdict: Verdict::Valid,
        verdicts: Vec::new(),
        evidence: BTreeMap::new(),
        reason: None,
        last_stderr: None,
        connections: Connections {
            requested: cell.conns,
            active,
            ..Connections::default()
        },
        limited_by: None,
        elapsed_s: None,
        requests: None,
        rate_per_s: None,
        latency_ns: Default::default(),
        reply_latency_ns: Default::default(),
        unfinished_ns: Default::default(),
        connect_ns: Default::default(),
        first_reply_ns: Default::default(),
        outcomes: Default::default(),
        jain_index: None,
        fewest: None,
        most: None,
        cpu_ns_per_request: None,
        memory_bytes_per_connection: None,
        server_cost: ServerCost::default(),
        generator: None,
        littles_law: None,
        ready: found.ready.clone(),
        stopped: found.stopped.clone(),
        server_cpus: bench.placement.server.clone(),
        generator_cpus: bench.placement.generator.clone(),
        histogram: None,
        unfinished_histogram: None,
        connect_histogram: None,
        sources: BTreeMap::new(),
        missing: BTreeMap::new(),
    }
}

fn fill(row: &mut Row, bench: &Bench, measured: &Measured, found: &Findings) {
    let m = &measured.measurement;
    row.connections = Connections {
        requested: m.requested,
        connected: m.connected,
        refused: m.turned_away,
        lost: m.lost,
        active: m.active,
        served: m.served,
        late: m.late,
        greeted: m.greeted,
        starved: m.starved,
    };
    row.elapsed_s = Some(m.elapsed_s);
    row.requests = Some(m.requests);
    row.rate_per_s = Some(m.rate_per_s);
    let asked = Asked {
        replies: &m.histogram,
        unfinished: &m.unfinished_histogram,
        served: m.served.saturating_sub(m.late + m.greeted),
        asked: m.active,
    };
    row.latency_ns = asked.quantiles();
    row.unfinished_ns = m.unfinished_ns;
    row.reply_latency_ns = m.latency_ns;
    row.connect_ns = m.connect_ns;
    row.first_reply_ns = m.first_reply_ns;
    row.outcomes = m.outcomes.clone();
    (row.jain_index, row.fewest, row.most) = (m.jain_index, m.fewest, m.most);
    row.generator = Some(m.generator);
    row.littles_law = m.littles_law;
    row.histogram = Some(m.histogram.clone());
    row.unfinished_histogram = Some(m.unfinished_histogram.clone());
    row.connect_histogram = Some(m.connect_histogram.clone());
    row.limited_by = limited_by(
        &row.connections,
        &m.outcomes,
        found.ready.as_ref(),
        found.stopped.as_ref(),
    );
    cpu(row, bench, measured);
    memory(row, found);
    let evidence = Evidence {
        connections: &row.connections,
        limited_by: row.limited_by.as_deref(),
        generator: &m.generator,
        server_share: row.server_cost.cpu_share,
        elapsed_s: m.elapsed_s,
        unfinished: &m.unfinished_histogram,
    };
    row.evidence = judge(&evidence);
    row.verdicts = row.evidence.keys().copied().collect();
    row.verdict = row.verdicts.last().copied().unwrap_or(Verdict::Valid);
}

fn cpu(row: &mut Row, bench: &Bench, measured: &Measured) {
    let [before, after] = measured.cpu;
    let Some((first, last)) = before.total_ns.zip(after.total_ns) else {
        row.missing.insert(
            "server_cost.cpu_ns".to_owned(),
            "a process of the server ended inside the window".to_owned(),
        );
        return;
    };
    // The clocks are read by a process that may be late by some milliseconds: what counts is the rate between them.
    let over = (after.at_ns - before.at_ns) as f64;
    let window = measured.measurement.elapsed_s * 1e9;
    let total = (last - first) as f64 / over * window;
    let cpus = bench.placement.server.len().max(1) as f64;
    row.server_cost.cpu_ns = Some(total);
    row.server_cost.cpu_share = Some(total / window / cpus);
    row.cpu_ns_per_request = (measured.measurement.requests > 0).then(|| total / measured.measurement.requests as f64);
    row.sources.insert(
        "server_cost.cpu_ns".to_owned(),
        "CPU clock of each process (clock_getcpuclockid)".to_owned(),
    );
    match before.split_ns.zip(after.split_ns) {
        Some((before, after)) if before == after => {
            let why = "no tick of 10 ms fell into the window, by which /proc/PID/stat divides it";
            row.missing.insert("server_cost.cpu_user_ns".to_owned(), why.to_owned());
        }
        Some(((user, system), (user_after, system_after))) => {
            let (user, system) = ((user_after - user) as f64, (system_after - system) as f64);
            // Ticks tell the proportion; the total is known better.
            let share = user / (user + system);
            row.server_cost.cpu_user_ns = Some(total * share);
            row.server_cost.cpu_system_ns = Some(total * (1.0 - share));
            let source = "proportion of utime and stime in /proc/PID/stat, in ticks of 10 ms";
            row.sources
                .insert("server_cost.cpu_user_ns".to_owned(), source.to_owned());
        }
        None => {
            let why = "too many processes: /proc/PID/stat rounds the time of each to ticks of 10 ms";
            row.missing.insert("server_cost.cpu_user_ns".to_owned(), why.to_owned());
        }
    }
}

fn memory(row: &mut Row, found: &Findings) {
    let (Some((start, kernel_start)), Some((loaded, kernel_loaded))) = (found.start, found.loaded) else {
        row.missing.insert(
            "memory_bytes_per_connection".to_owned(),
            "the cell ended before it was read".to_owned(),
        );
        return;
    };
    let cost = &mut row.server_cost;
    cost.processes = Some(loaded.processes);
    cost.threads = Some(loaded.threads);
    cost.descriptors = loaded.descriptors;
    (cost.rss_bytes_start, cost.rss_bytes_loaded) = (start.rss_bytes, loaded.rss_bytes);
    (cost.pss_bytes_start, cost.pss_bytes_loaded) = (start.pss_bytes, loaded.pss_bytes);
    cost.kernel_bytes_growth = kernel_start
        .zip(kernel_loaded)
        .map(|(start, loaded)| loaded as i64 - start as i64);
    row.sources.insert(
        "server_cost.pss_bytes_loaded".to_owned(),
        "/proc/PID/smaps_rollup, after the busy window".to_owned(),
    );
    let kernel =
        "/proc/meminfo of the whole machine: Slab + KernelStack + PageTables, with both ends of each connection";
    row.sources
        .insert("server_cost.kernel_bytes_growth".to_owned(), kernel.to_owned());
    let held = (row.connections.connected - row.connections.refused) as f64;
    if held == 0.0 {
        row.missing.insert(
            "memory_bytes_per_connection".to_owned(),
            "no connection was held".to_owned(),
        );
        return;
    }
    let growth = start
        .pss_bytes
        .zip(loaded.pss_bytes)
        .map(|(start, loaded)| loaded as f64 - start as f64);
    cost.user_bytes_per_connection = growth.map(|bytes| bytes / held);
    cost.kernel_bytes_per_connection = cost.kernel_bytes_growth.map(|bytes| bytes as f64 / held);
    let both = cost.user_bytes_per_connection.zip(cost.kernel_bytes_per_connection);
    let sum = both.map(|(user, kernel)| user + kernel);
    row.memory_bytes_per_connection = sum.filter(|&bytes| bytes > 0.0);
    if row.memory_bytes_per_connection.is_none() {
        let why = match sum {
            None => "smaps_rollup or meminfo could not be read",
            Some(_) => "too few connections: their memory is lost in what the machine does besides",
        };
        row.missing
            .insert("memory_bytes_per_connection".to_owned(), why.to_owned());
    }
}
