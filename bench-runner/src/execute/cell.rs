//! One cell: one server × one connection count × one round, measured in its windows.
//!
//! spawn → connect → settle → warm up → busy window → warm up → mostly-idle window → stop → rows; in an open loop there is
//! a window for each offered rate instead of these two. A cell that fails at any point still has a row for each of its
//! windows, with the reason.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use loadgen::clock::{nanoseconds, now_ns};
use loadgen::{ExpectedHttp, Fleet, Measurement};

use super::Failure;
use super::around::{Around, Happened};
use super::config::config;
use super::cost::Footing;
use super::counters::{Counters, Counts};
use super::cpus::Placement;
use super::group::{CpuStat, Group};
use super::listen::ListenCounts;
use super::probe::{CpuSpan, Tree, settle_kernel};
use super::row::row;
use super::server::{Launch, NOT_COUNTED, Server};
use super::stall;
use super::wait;
use crate::plan::{Cell, Phase};
use crate::record::{Ready, Row, Settings, Stopped};

/// Long enough for the generator's processes to start.
const TO_START: Duration = Duration::from_millis(50);
/// Long enough to tell a server that spins from one that waits.
const SILENCE: Duration = Duration::from_millis(200);
/// Each task that is counted takes memory of the kernel for it. With more than these it would show.
const MANY_TASKS: u64 = 128;
/// The window of a server whose memory alone is of interest.
const FOOTPRINT: Duration = Duration::from_millis(100);
/// The window in which system calls are counted, and the load before it: so long, and so much longer for each connection
/// that talks. What a server has done at an edge for requests whose replies are counted on its other side is one in some
/// connections, and shall be little of the whole.
const CALLS_WINDOW: (Duration, Duration) = (Duration::from_millis(200), Duration::from_micros(100));
const CALLS_WARMUP: (Duration, Duration) = (Duration::from_millis(50), Duration::from_micros(20));

/// Before a window, so that looking around does not fall into it.
const TO_LOOK: Duration = Duration::from_millis(5);

/// The runner reads at a window's edges when it is late by no more than one in so many parts of it: what is read then is
/// scaled to the window's length, and a twentieth of another time moves it by less than rounds differ.
const LATE: u64 = 20;

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
    /// What the replies of each server must be, by its name: under HTTP as the first one was when it was checked.
    pub expected: BTreeMap<String, ExpectedHttp>,
}

/// What is known of a window before it is judged.
pub(super) struct Measured {
    pub(super) phase: Phase,
    pub(super) measurement: Measurement,
    /// By the clocks of its processes; `None` where these are many and a better source has it.
    pub(super) cpu: Option<CpuSpan>,
    /// What the kernel counted in it, where it does.
    pub(super) counts: Option<Counts>,
    /// System calls per request under an offered rate, or why that is not known; in a closed loop they are counted once
    /// for all windows.
    pub(super) system_calls_per_request: Option<Result<f64, String>>,
    /// What the server's control group counted in it, or why there is nothing of the kind.
    pub(super) group: Result<CpuStat, String>,
    pub(super) happened: Happened,
    /// Whether the readings above are the window's, or why not.
    pub(super) edges: Result<(), String>,
}

/// What a cell has brought so far; on a failure, what there is.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) windows: Vec<Measured>,
    /// Before the first connection.
    pub(super) start: Option<Footing>,
    /// With all connections, after they have talked.
    pub(super) loaded: Option<Footing>,
    /// While all connections were open and nobody talked.
    pub(super) silence: Option<CpuSpan>,
    /// System calls per request while all talk in a closed loop, or why that is not known.
    pub(super) system_calls_per_request: Option<Result<f64, String>>,
    /// Handshakes that the kernel dropped while the connections were opened.
    pub(super) listen: Option<ListenCounts>,
    pub(super) ready: Option<Ready>,
    pub(super) stopped: Option<Stopped>,
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
    let row = |phase| row(bench, cell, started_at, phase, &found, failure.as_ref());
    Ok(bench.settings.phases(cell.conns).into_iter().map(row).collect())
}

impl Bench {
    /// The load generator before a server.
    fn fleet(&self, cell: &Cell, server: &Server) -> Result<Fleet> {
        let expected = self.expected.get(&cell.server);
        let exchange = expected.map(|expected| self.settings.exchange(server.address, expected));
        let config = config(&self.settings, cell.conns, server.address, exchange);
        Fleet::launch(&self.loadgen, config, self.settings.shards, &self.placement.generator)
    }
}

fn measure(bench: &Bench, cell: &Cell, launch: &Launch, found: &mut Findings) -> Result<()> {
    settle_kernel();
    let mut server = Server::start_counted(launch, &bench.settings, &bench.placement.server)?;
    found.ready.clone_from(&server.ready);
    let mut fleet = bench.fleet(cell, &server)?;
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
    if found.loaded.is_some_and(|loaded| loaded.tasks() > MANY_TASKS) {
        (found.start, found.loaded) = footprint(bench, cell, launch)?;
    }
    Ok(())
}

/// Memory of a server that nobody counts: before its first connection, and when all have talked.
fn footprint(bench: &Bench, cell: &Cell, launch: &Launch) -> Result<(Option<Footing>, Option<Footing>)> {
    settle_kernel();
    let mut server = Server::start(launch, &bench.settings, &bench.placement.server)?;
    let mut fleet = bench.fleet(cell, &server)?;
    let start = footing(server.pid());
    fleet.connect()?;
    fleet.start(cell.conns, bench.settings.rates_per_s.first().copied())?;
    let now = now_ns();
    fleet.measure(now, now + nanoseconds(FOOTPRINT))?;
    fleet.collect()?;
    server.check_alive()?;
    let loaded = footing(server.pid());
    server.stop()?;
    Ok((Some(start), Some(loaded)))
}

fn load(bench: &Bench, cell: &Cell, server: &mut Server, fleet: &mut Fleet, found: &mut Findings) -> Result<()> {
    // By then the generator's processes have started: what the kernel takes for them is not the connections'.
    wait::until(now_ns() + nanoseconds(TO_START))?;
    found.start = Some(footing(server.pid()));
    let before = ListenCounts::read();
    fleet.connect()?;
    found.listen = before.zip(ListenCounts::read()).map(|(before, after)| after - before);
    server.check_alive()?;
    found.silence = Some(silence(server.pid())?);
    for phase in bench.settings.phases(cell.conns) {
        let measured = measure_window(bench, fleet, server, phase)?;
        server.check_alive()?;
        if measured.measurement.mismatches() > 0 {
            bail!("it answered wrongly {} times", measured.measurement.mismatches());
        }
        found.windows.push(measured);
        if found.loaded.is_none() {
            found.loaded = Some(footing(server.pid()));
        }
    }
    if bench.settings.rates_per_s.is_empty() {
        found.system_calls_per_request = Some(system_calls(cell.conns, None, fleet, server)?);
    }
    Ok(())
}

/// Memory while nobody talks. A server that uses its CPU all the same keeps the kernel from freeing there what earlier
/// connections left, and what is freed later would be taken off from what its own need: it is stopped, and waited for.
fn footing(pid: u32) -> Footing {
    let tree = Tree::of(pid);
    let stopped = tree.wants_cpu().then(|| stall::Stopped::now(&tree));
    if stopped.is_some() {
        settle_kernel();
    }
    Footing::now(pid)
}

/// System calls per request while `active` connections talk, in a short window of their own: counting them costs the
/// server a good part of its speed.
fn system_calls(
    active: u64,
    rate_per_s: Option<f64>,
    fleet: &mut Fleet,
    server: &mut Server,
) -> Result<Result<f64, String>> {
    let Some(counters) = server.counters() else {
        return Ok(Err(NOT_COUNTED.to_owned()));
    };
    if let Some(why) = counters.no_system_calls() {
        return Ok(Err(why.to_owned()));
    }
    fleet.start(active, rate_per_s)?;
    // Before the window, for it takes a part of a second where each of ten thousand tasks has an event of its own, and
    // whoever is not reached yet is not counted.
    let switched_on = counters.count_system_calls(true);
    let length = |(base, each): (Duration, Duration)| nanoseconds(base) + nanoseconds(each) * active;
    let start = now_ns() + length(CALLS_WARMUP);
    let end = start + length(CALLS_WINDOW);
    fleet.measure(start, end)?;
    let mut look = |at| -> Result<_> {
        wait::until(at)?;
        Ok((now_ns(), counters.system_calls()))
    };
    let ((before_ns, before), (after_ns, after)) = (look(start)?, look(end)?);
    let switched_off = counters.count_system_calls(false);
    let requests = fleet.collect()?.requests;
    let edges = in_time(
        before_ns.saturating_sub(start),
        after_ns.saturating_sub(end),
        end - start,
    );
    Ok(switched_on.and(switched_off).and(edges).and_then(|()| {
        let calls = after? - before?;
        if requests == 0 {
            return Err("no correct reply came while they were counted".to_owned());
        }
        Ok(calls as f64 / requests as f64)
    }))
}

/// What the server does while nobody asks anything of it.
fn silence(pid: u32) -> Result<CpuSpan> {
    let tree = Tree::of(pid);
    let before = tree.cpu();
    wait::until(before.at_ns + nanoseconds(SILENCE))?;
    let after = tree.cpu();
    Ok(CpuSpan::between(before, after, tree.is_still(pid)))
}

fn measure_window(bench: &Bench, fleet: &mut Fleet, server: &mut Server, phase: Phase) -> Result<Measured> {
    let pid = server.pid();
    let seconds = |s: f64| nanoseconds(Duration::from_secs_f64(s));
    fleet.start(phase.active, phase.rate_per_s)?;
    // Before the warm-up, because the sweep over thousands of processes takes CPU time that the generator shares.
    let tree = Tree::of(pid);
    let start = now_ns() + seconds(bench.settings.warmup_s);
    let end = start + seconds(bench.settings.duration_s);
    fleet.measure(start, end)?;
    wait::until(start.saturating_sub(nanoseconds(TO_LOOK)))?;
    let around = Around::now(fleet.pids());
    let mut look = |at| -> Result<_> {
        wait::until(at)?;
        let at_ns = now_ns();
        let counts = server.counters().map(Counters::read);
        let group = server.control_group().and_then(Group::cpu);
        // A clock a process: to read ten thousand of them takes a fifth of a second of the generator's CPU, inside the
        // window, so they are read where nothing better tells the time.
        let told = group.is_ok() || counts.as_ref().is_some_and(|counts| counts.task_clock_ns.is_ok());
        let clocks = (tree.is_small() || !told).then(|| tree.cpu());
        Ok((at_ns, counts, clocks, group))
    };
    let (before_ns, first, before, group_before) = look(start)?;
    if bench.settings.stall_s > 0.0 {
        let length = seconds(bench.settings.stall_s);
        stall::stall(&tree, start.midpoint(end) - length / 2, length)?;
    }
    // First, for what the runner does then on the generator's CPUs is not the window's.
    wait::until(end)?;
    let happened = Around::now(fleet.pids()).since(&around);
    let (after_ns, last, after, group_after) = look(end)?;
    let edges = in_time(
        before_ns.saturating_sub(start),
        after_ns.saturating_sub(end),
        end - start,
    );
    let measurement = fleet.collect()?;
    let clocks = before.zip(after);
    let cpu = clocks.map(|(before, after)| CpuSpan::between(before, after, tree.is_still(pid)));
    let rate = phase.rate_per_s;
    let calls = rate
        .map(|_| system_calls(phase.active, rate, fleet, server))
        .transpose()?;
    Ok(Measured {
        phase,
        measurement,
        cpu,
        counts: last.zip(first).map(|(last, first)| last.since(&first)),
        system_calls_per_request: calls,
        group: group_after.and_then(|after| after.since(group_before?)),
        happened,
        edges,
    })
}

/// Whether the runner read at a window's edges, how late it was at each of them. It shares the generator's CPUs, and one
/// that is kept from running reads both edges at once, between which nothing has happened.
fn in_time(first_ns: u64, last_ns: u64, window_ns: u64) -> Result<(), String> {
    let late = first_ns.max(last_ns);
    if late > window_ns / LATE {
        return Err(format!(
            "the runner was kept from reading at the window's edges: it was late by {} ms of {} ms",
            late / 1_000_000,
            window_ns / 1_000_000
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_server_that_never_sleeps_rests_while_its_memory_is_read_and_goes_on_afterwards() {
        let mut shell = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let tree = Tree::of(shell.id());
        let deadline = now_ns() + 10_000_000_000;
        while !tree.wants_cpu() && now_ns() < deadline {
            std::thread::yield_now();
        }
        let (before, read) = (tree.cpu(), footing(shell.id()));
        let after = tree.cpu();
        let goes_on = !tree.is_stopped();
        shell.kill().unwrap();
        shell.wait().unwrap();
        let used = after.total_ns.unwrap() - before.total_ns.unwrap();
        assert!(used * 2 < after.at_ns - before.at_ns, "{used} ns: {read:?}");
        assert!(goes_on);
    }

    #[test]
    fn readings_that_came_too_late_are_not_the_windows() {
        let ms = 1_000_000;
        assert_eq!(in_time(0, ms, 400 * ms), Ok(()));
        assert_eq!(in_time(20 * ms, 20 * ms, 400 * ms), Ok(()), "a twentieth");
        for (first, last) in [(21, 0), (0, 21), (400, 1)] {
            let why = in_time(first * ms, last * ms, 400 * ms).unwrap_err();
            assert!(
                why.contains(&format!("late by {} ms of 400 ms", first.max(last))),
                "{why}"
            );
        }
    }
}
