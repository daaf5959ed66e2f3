//! What a server cost, as a row tells it: each value with where it was read, or why it could not be.

use loadgen::units::grouped;
use serde_json::Value;

use super::cell::{Findings, Measured};
use super::counters::{Counted, Counts};
use super::group::CpuStat;
use super::probe::{CpuSpan, Footprint, Tree, kernel_bytes};
use super::server::NOT_COUNTED;
use crate::record::Row;

/// Memory of the server and of the machine at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Footing {
    tree: Footprint,
    kernel_bytes: Option<u64>,
}

impl Footing {
    /// Processes and threads.
    pub(super) fn tasks(&self) -> u64 {
        self.tree.processes.max(self.tree.threads)
    }

    pub(super) fn now(pid: u32) -> Self {
        Self {
            tree: Tree::of(pid).footprint(),
            kernel_bytes: kernel_bytes(),
        }
    }
}

/// Where each value is read.
const SOURCES: [(&str, &str); 33] = [
    (
        "cpu_ns_per_request",
        "server_cost.cpu_ns ÷ correct replies in the window",
    ),
    (
        "memory_bytes_per_connection",
        "sum of server_cost.user_bytes_per_connection and .kernel_bytes_per_connection",
    ),
    (
        "listen_overflows",
        "ListenOverflows in /proc/net/netstat, before and after connecting",
    ),
    (
        "listen_drops",
        "ListenDrops in /proc/net/netstat, before and after connecting",
    ),
    (
        "syn_retransmits",
        "TCPSynRetrans in /proc/net/netstat, before and after connecting",
    ),
    (
        "retransmitted_segments",
        "RetransSegs in /proc/net/snmp, from 5 ms before the window to its end",
    ),
    ("server_steal_share", STEAL),
    ("generator_steal_share", STEAL),
    (
        "generator_wait_share",
        "time on a run queue in /proc/PID/schedstat of each shard, from 5 ms before the window to its end",
    ),
    ("throttled_periods", THROTTLED),
    ("throttled_us", THROTTLED),
    ("server_cost.cpu_ns", CLOCKS),
    (
        "context_switches_per_request",
        "server_cost.context_switches ÷ correct replies in the window",
    ),
    ("server_cost.context_switches", PERF),
    ("server_cost.cpu_migrations", PERF),
    ("server_cost.page_faults", PERF),
    (
        "server_cost.system_calls_per_request",
        "perf's raw_syscalls:sys_enter, inherited by the whole process tree, in a window of its own",
    ),
    ("server_cost.cpu_user_ns", TICKS),
    ("server_cost.cpu_system_ns", TICKS),
    (
        "server_cost.cpu_share",
        "server_cost.cpu_ns ÷ length of the window ÷ the server's CPUs",
    ),
    (
        "server_cost.silent_cpu_share",
        "CPU clock of each process over 200 ms between connecting and talking, ÷ the server's CPUs",
    ),
    (
        "server_cost.processes",
        "/proc/PID/task/TID/children, after the busy window",
    ),
    ("server_cost.threads", "/proc/PID/stat, after the busy window"),
    ("server_cost.descriptors", "/proc/PID/fd, after the busy window"),
    (
        "server_cost.rss_bytes_start",
        "/proc/PID/stat, before the first connection",
    ),
    ("server_cost.rss_bytes_loaded", "/proc/PID/stat, after the busy window"),
    (
        "server_cost.pss_bytes_start",
        "/proc/PID/smaps_rollup, before the first connection",
    ),
    (
        "server_cost.pss_bytes_loaded",
        "/proc/PID/smaps_rollup, after the busy window",
    ),
    (
        "server_cost.kernel_bytes_growth",
        "/proc/meminfo of the whole machine: Slab + KernelStack + PageTables, with both ends of each connection",
    ),
    (
        "server_cost.user_bytes_per_connection",
        "growth of the proportional set ÷ connections held",
    ),
    (
        "server_cost.kernel_bytes_per_connection",
        "server_cost.kernel_bytes_growth ÷ connections held",
    ),
    ("generator", "getrusage of each shard, at the window's edges"),
    (
        "littles_law",
        "service times inside the window, against the requests under way",
    ),
];
const NOT_MEASURED: &str = "the window was not measured";
const PERF: &str = "perf's software event, inherited by the whole process tree, at the window's edges";
const CLOCKS: &str = "CPU clock of each process (clock_getcpuclockid), at the window's edges";
const GROUP: &str = "cgroup cpu.stat of a group of the server's own, at the window's edges";
const NOT_READ: &str = "the clocks of its many processes were not read, for another source had it at the time";
const STEAL: &str = "steal in /proc/stat, in ticks of 10 ms, from 5 ms before the window to its end";
const THROTTLED: &str =
    "cpu.stat of bench-runner's control group and of those above it, from 5 ms before the window to its end";
const TICKS: &str = "proportion of utime and stime in /proc/PID/stat, in ticks of 10 ms";

/// What a window brings that was measured, beside its costs.
const MEASURED: [&str; 6] = [
    "connections",
    "elapsed_s",
    "requests",
    "rate_per_s",
    "outcomes",
    "histogram",
];

/// Says of every value of cost where it was read, or why it is missing; and of what was not measured that it was not.
pub(super) fn account(row: &mut Row) {
    let json = serde_json::to_value(&*row).unwrap_or_default();
    if row.connections.is_none() {
        let why = |name: &str| (name.to_owned(), NOT_MEASURED.to_owned());
        row.missing.extend(MEASURED.map(why));
    }
    for (name, source) in SOURCES {
        let value = name.split('.').fold(&json, |value, part| &value[part]);
        if *value != Value::Null {
            // Whoever read it may have known better.
            row.sources.entry(name.to_owned()).or_insert_with(|| source.to_owned());
        } else if !row.missing.contains_key(name) {
            row.missing.insert(name.to_owned(), otherwise(row, name));
        }
    }
}

/// Why a value is missing, where whoever should have read it did not say.
fn otherwise(row: &Row, name: &str) -> String {
    let of = |other: &str| row.missing.get(other).cloned();
    let cause = match name {
        _ if row.connections.is_none() => Some(NOT_MEASURED.to_owned()),
        "cpu_ns_per_request" if row.server_cost.cpu_ns.is_some() => {
            Some("no correct reply came inside the window".to_owned())
        }
        "cpu_ns_per_request" | "server_cost.cpu_user_ns" | "server_cost.cpu_share" => of("server_cost.cpu_ns"),
        "server_cost.cpu_system_ns" => of("server_cost.cpu_user_ns").or_else(|| of("server_cost.cpu_ns")),
        "context_switches_per_request" if row.server_cost.context_switches.is_some() => {
            Some("no correct reply came inside the window".to_owned())
        }
        "context_switches_per_request" => of("server_cost.context_switches"),
        "throttled_periods" | "throttled_us" => Some(
            "no control group from bench-runner's to the top counts it: cpu.stat has no nr_throttled where no quota can be"
                .to_owned(),
        ),
        "server_steal_share" | "generator_steal_share" => {
            Some("/proc/stat tells of no steal, or not of these CPUs".to_owned())
        }
        "generator_wait_share" => Some("/proc/PID/schedstat could not be read: it takes CONFIG_SCHED_INFO".to_owned()),
        "littles_law" => Some("too few replies to judge".to_owned()),
        _ if name.ends_with("_per_connection") => of("memory_bytes_per_connection"),
        _ => None,
    };
    cause.unwrap_or_else(|| "it could not be read".to_owned())
}

/// What the server uses while nobody talks.
pub(super) fn silence(row: &mut Row, cpus: usize, found: &Findings) {
    let Some(span) = found.silence else { return };
    match span.total_ns {
        Ok(total) => {
            row.server_cost.silent_cpu_share = Some(total as f64 / span.over_ns as f64 / cpus.max(1) as f64);
        }
        Err(why) => {
            row.missing
                .insert("server_cost.silent_cpu_share".to_owned(), why.to_owned());
        }
    }
}

/// CPU time, from the first source that has it: perf's task clock, the server's control group, the clocks of its
/// processes. Where an earlier one has not, it is told beside the source that was taken.
pub(super) fn cpu(row: &mut Row, cpus: usize, measured: &Measured) {
    let (span, m) = (measured.cpu, &measured.measurement);
    if let Err(why) = &measured.edges {
        row.missing.insert("server_cost.cpu_ns".to_owned(), why.clone());
        return;
    }
    // The clocks are read by a process that may be late by some milliseconds: what counts is the rate between them.
    let window = m.elapsed_s * 1e9;
    let within = |ns: u64, over_ns: u64| ns as f64 / over_ns as f64 * window;
    let counts = measured.counts.as_ref().ok_or(NOT_COUNTED);
    let perf = counts.map_err(str::to_owned).and_then(|counts| {
        let clock = counts.task_clock_ns.clone()?;
        Ok(within(clock, counts.at_ns))
    });
    let group = measured.group.as_ref().map_err(Clone::clone);
    let grouped = group.clone().map(|span| within(span.usage_us * 1000, span.at_ns));
    let clocks = span.map_or(Err(NOT_READ), |span| Ok(within(span.total_ns?, span.over_ns)));
    let sources = [
        (perf, format!("task-clock: {PERF}")),
        (grouped, GROUP.to_owned()),
        (clocks.map_err(str::to_owned), CLOCKS.to_owned()),
    ];
    match first_of(sources) {
        Ok((total, source)) => {
            row.sources.insert("server_cost.cpu_ns".to_owned(), source);
            row.server_cost.cpu_ns = Some(total);
            // Not pinned means that there is one CPU, which both sides share.
            row.server_cost.cpu_share = Some(total / window / cpus.max(1) as f64);
            row.cpu_ns_per_request = (m.requests > 0).then(|| total / m.requests as f64);
            divide(row, total, span, group);
        }
        Err(why) => {
            row.missing.insert("server_cost.cpu_ns".to_owned(), why);
        }
    }
}

/// The first value that there is, and its source with why the earlier ones have none; or all reasons.
fn first_of<const N: usize>(sources: [(Result<f64, String>, String); N]) -> Result<(f64, String), String> {
    let mut reasons = Vec::new();
    for (value, source) in sources {
        match value {
            Ok(value) if reasons.is_empty() => return Ok((value, source)),
            Ok(value) => return Ok((value, format!("{source}, for want of better: {}", reasons.join("; ")))),
            Err(why) => reasons.push(why),
        }
    }
    Err(reasons.join("; "))
}

/// A division of which neither part is 0: whatever serves a request spends time in both modes, and the kernel divides by
/// what its ticks met.
fn both(split: (u64, u64), told_by: &str) -> Result<(u64, u64), String> {
    if split.0 == 0 || split.1 == 0 {
        return Err(format!(
            "no tick met one of the two modes, by which {told_by} divides the time"
        ));
    }
    Ok(split)
}

/// The division of `total` into user and system, by the proportion that was told of it.
fn divide(row: &mut Row, total: f64, span: Option<CpuSpan>, group: Result<&CpuStat, String>) {
    let ticks = span
        .and_then(|span| span.split_ns)
        .ok_or("too many processes: /proc/PID/stat rounds the time of each to ticks of 10 ms".to_owned())
        .and_then(|split| both(split, "utime and stime in /proc/PID/stat"));
    let grouped = group.and_then(|span| both((span.user_us, span.system_us), "the server's control group"));
    let share = |(user, system): (u64, u64)| user as f64 / (user + system) as f64;
    let sources = [
        (
            grouped.map(share),
            format!("proportion of user_usec and system_usec in {GROUP}"),
        ),
        (ticks.map(share), TICKS.to_owned()),
    ];
    match first_of(sources) {
        Ok((share, source)) => {
            for name in ["cpu_user_ns", "cpu_system_ns"] {
                row.sources.insert(format!("server_cost.{name}"), source.clone());
            }
            row.server_cost.cpu_user_ns = Some(total * share);
            row.server_cost.cpu_system_ns = Some(total * (1.0 - share));
        }
        Err(why) => {
            row.missing.insert("server_cost.cpu_user_ns".to_owned(), why);
        }
    }
}

/// Context switches, migrations and page faults in the window, and system calls in theirs.
pub(super) fn counts(row: &mut Row, measured: &Measured, found: &Findings) {
    let not_counted = || Err(NOT_COUNTED.to_owned());
    let mut tell = |name: &str, counted: Counted| match counted {
        Ok(count) => Some(count),
        Err(why) => {
            row.missing.insert(format!("server_cost.{name}"), why);
            None
        }
    };
    let mut of = |name: &str, pick: fn(&Counts) -> &Counted| {
        let counted = measured.counts.as_ref().map(|counts| pick(counts).clone());
        let counted = counted.unwrap_or_else(not_counted);
        tell(name, measured.edges.clone().and(counted))
    };
    let switches = of("context_switches", |counts| &counts.context_switches);
    let migrations = of("cpu_migrations", |counts| &counts.migrations);
    let faults = of("page_faults", |counts| &counts.page_faults);
    let cost = &mut row.server_cost;
    (cost.context_switches, cost.cpu_migrations, cost.page_faults) = (switches, migrations, faults);
    let requests = measured.measurement.requests;
    row.context_switches_per_request = switches
        .filter(|_| requests > 0)
        .map(|switches| switches as f64 / requests as f64);
    let calls = measured.system_calls_per_request.as_ref();
    match calls.or(found.system_calls_per_request.as_ref()) {
        Some(Ok(calls)) => row.server_cost.system_calls_per_request = Some(*calls),
        Some(Err(why)) => {
            row.missing
                .insert("server_cost.system_calls_per_request".to_owned(), why.clone());
        }
        None => {}
    }
}

/// Connections from which on memory is told per connection. A server's first requests touch pages of its code and fill
/// what all connections share; divided among ten that came to half a MiB each.
const FEWEST: u64 = 1000;

/// A server that uses this share of its CPUs while nobody talks never sleeps.
const SPINS: f64 = 0.5;

pub(super) fn memory(row: &mut Row, held: u64, found: &Findings) {
    let name = "memory_bytes_per_connection".to_owned();
    let (Some(start), Some(loaded)) = (found.start, found.loaded) else {
        row.missing.insert(name, "the cell ended before it was read".to_owned());
        return;
    };
    let (kernel_start, kernel_loaded) = (start.kernel_bytes, loaded.kernel_bytes);
    let (start, loaded) = (start.tree, loaded.tree);
    let cost = &mut row.server_cost;
    cost.processes = Some(loaded.processes);
    cost.threads = Some(loaded.threads);
    cost.descriptors = loaded.descriptors;
    (cost.rss_bytes_start, cost.rss_bytes_loaded) = (start.rss_bytes, loaded.rss_bytes);
    (cost.pss_bytes_start, cost.pss_bytes_loaded) = (start.pss_bytes, loaded.pss_bytes);
    cost.kernel_bytes_growth = kernel_start
        .zip(kernel_loaded)
        .map(|(start, loaded)| loaded as i64 - start as i64);
    if held < FEWEST {
        let why = format!(
            "fewer than {} connections held: what a server takes once, whatever their number, would be most of it",
            grouped(FEWEST)
        );
        row.missing.insert(name, why);
        return;
    }
    if row.generator.is_some_and(|generator| generator.spin) && cost.silent_cpu_share >= Some(SPINS) {
        let why = "neither side ever sleeps (--spin, and the server by its model): what the kernel meanwhile frees late, \
                   of earlier connections, hides what these took";
        row.missing.insert(name, why.to_owned());
        return;
    }
    let held = held as f64;
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
            Some(_) => "it did not grow: the memory of the connections is lost in what the machine does besides",
        };
        row.missing.insert(name, why.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(value: Result<f64, &str>, name: &str) -> (Result<f64, String>, String) {
        (value.map_err(str::to_owned), name.to_owned())
    }

    #[test]
    fn the_first_source_that_has_it_is_taken_and_why_the_others_have_not_is_told() {
        let sources =
            |perf, group, clocks| first_of([source(perf, "perf"), source(group, "cgroup"), source(clocks, "proc")]);
        assert_eq!(sources(Ok(1.0), Ok(2.0), Ok(3.0)), Ok((1.0, "perf".to_owned())));
        let (value, told) = sources(Err("paranoid"), Ok(2.0), Ok(3.0)).unwrap();
        assert_eq!((value, &*told), (2.0, "cgroup, for want of better: paranoid"));
        let (value, told) = sources(Err("paranoid"), Err("read-only"), Ok(3.0)).unwrap();
        assert_eq!((value, &*told), (3.0, "proc, for want of better: paranoid; read-only"));
        assert_eq!(
            sources(Err("paranoid"), Err("read-only"), Err("it ended")),
            Err("paranoid; read-only; it ended".to_owned()),
            "no 0 where nobody knows"
        );
    }

    #[test]
    fn a_mode_that_no_tick_met_makes_the_division_unknown() {
        assert_eq!(both((3, 25), "it"), Ok((3, 25)));
        for split in [(0, 25), (3, 0), (0, 0)] {
            assert!(both(split, "it").unwrap_err().starts_with("no tick met"), "{split:?}");
        }
    }
}
