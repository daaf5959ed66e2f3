//! Warnings that real runs give: in the records, below the table and in the README.

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner::record::{Row, Verdict, Warning};
use serde_json::Value;

use crate::support::{Place, output};

fn kinds(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| &*warning.kind).collect()
}

fn of_the_run(run: &Value) -> Vec<Warning> {
    serde_json::from_value(run["warnings"].clone()).unwrap()
}

fn text<'a>(row: &'a Row, kind: &str) -> &'a str {
    let warning = row.warnings.iter().find(|warning| warning.kind == kind);
    &warning
        .unwrap_or_else(|| panic!("no '{kind}': {:?}", row.warnings))
        .text
}

#[test]
fn a_server_that_does_not_accept_loses_handshakes_and_is_told() {
    let place = Place::new();
    let run = place.measure("-m iterative -c 12 --active 12 --backlog 2 --duration 100ms");
    let row = run.of("iterative")[0];
    assert!(
        row.listen_overflows > Some(0) && row.syn_retransmits > Some(0),
        "{row:?}"
    );
    assert!(
        text(row, "listen-overflows").contains("--backlog"),
        "{:?}",
        row.warnings
    );
    assert!(text(row, "syn-retransmits").contains("--ramp"), "{:?}", row.warnings);
    let readme = fs::read_to_string(place.path("out/README.md")).unwrap();
    for shown in [&run.table, &readme] {
        assert!(shown.contains("listen-overflows (iterative/12/1 busy)"), "{shown}");
    }
    assert!(readme.contains("\n## Warnings\n"), "{readme}");
}

#[test]
fn a_backlog_that_the_kernel_cuts_is_told_before_and_after() {
    let place = Place::new();
    let run = place.measure("-m epoll -c 4 --active 4 --backlog 2000000000");
    assert!(
        kinds(&of_the_run(&run.run)).contains(&"accept-queue"),
        "{}",
        run.run["warnings"]
    );
    assert!(text(run.of("epoll-edge")[0], "accept-queue").contains("cut the server's backlog of 2,000,000,000"));
    let modest = place_with_a_modest_backlog();
    assert!(!kinds(&of_the_run(&modest.run)).contains(&"accept-queue"));
    assert!(!kinds(&modest.of("epoll-edge")[0].warnings).contains(&"accept-queue"));
}

fn place_with_a_modest_backlog() -> crate::support::Recorded {
    let place = Place::new();
    place.measure("-m epoll -c 4 --active 4 --backlog 16 --duration 100ms")
}

#[test]
fn two_sides_on_one_cpu_are_told_and_the_generator_waits_for_its_turn() {
    let allowed = bench_runner::environment::affinity::allowed().unwrap();
    let cpu = allowed[0];
    let place = Place::new();
    let run = place.measure(&format!(
        "-m busy-poll -c 4 --active 4 --server-cpus {cpu} --client-cpus {cpu}"
    ));
    let row = run.of("busy-poll")[0];
    assert!(row.generator_wait_share >= Some(0.01), "{:?}", row.generator_wait_share);
    let verdicts = &row.verdicts;
    assert!(
        !verdicts.contains(&Verdict::ClientBound),
        "it waits for its server: {:?}",
        row.evidence
    );
    assert!(text(row, "generator-descheduled").contains("--client-cpus"));
    if allowed.len() > 1 {
        assert!(
            kinds(&of_the_run(&run.run)).contains(&"placement"),
            "{}",
            run.run["warnings"]
        );
    }
}

#[test]
fn builds_that_are_no_measure_are_told() {
    let place = Place::new();
    let run = place.measure("-m epoll -c 2 --active 2 --duration 100ms");
    let told = of_the_run(&run.run);
    // These tests are built as the programs are that they start.
    let debug = cfg!(debug_assertions);
    assert_eq!(kinds(&told).contains(&"debug-servers"), debug, "{told:?}");
    let profile = if debug { "debug" } else { "release" };
    for binary in run.run["environment"]["binaries"].as_array().unwrap() {
        assert_eq!(binary["profile"], profile, "{binary}");
    }
    assert_eq!(
        run.table.contains("! debug-servers: debug builds: loadgen"),
        debug,
        "{}",
        run.table
    );
}

/// What was read from outside of a real window is there, or it is said why not.
#[test]
fn what_happened_around_a_window_is_told() {
    let place = Place::new();
    let run = place.measure("-m epoll,fork -c 4 --active 2");
    run.accounts_for_every_cost();
    for row in &run.rows {
        for share in [
            row.server_steal_share,
            row.generator_steal_share,
            row.generator_wait_share,
        ] {
            assert!(share.is_none_or(|share| (0.0..=1.01).contains(&share)), "{share:?}");
        }
        let why = row.missing.get("throttled_periods");
        assert!(why.is_none_or(|why| why.contains("nr_throttled")), "{why:?}");
        // Where a group of its own could be made, the division into user and system is read there.
        if let Some(source) = row.sources.get("server_cost.cpu_user_ns") {
            assert!(
                source.contains("cgroup cpu.stat") || source.contains("control group"),
                "{source}"
            );
        }
    }
    place.nothing_left();
}

/// With a kernel that refuses perf events, as it does to most users.
#[test]
fn without_perf_the_control_group_tells_the_cpu_time() {
    let place = Place::new();
    let run = place.short_run("-m epoll,fork -c 4 --active 2");
    let Some(mut command) = place.without_perf(&run) else {
        return;
    };
    let run = place.recorded(output(&mut command));
    assert_eq!(run.code, Some(0), "{}", run.told);
    run.accounts_for_every_cost();
    for row in &run.rows {
        let why = &row.missing["server_cost.context_switches"];
        assert!(why.contains("perf events are not permitted"), "{why}");
        // On a machine that kept the runner from reading at the window's edges there is none, and that is said.
        let Some(cpu_ns) = row.server_cost.cpu_ns else { continue };
        assert!(cpu_ns > 0.0, "what is not known is no 0");
        let source = &row.sources["server_cost.cpu_ns"];
        assert!(
            source.contains("for want of better: perf events are not permitted"),
            "{source}"
        );
        let next = if may_make_groups() {
            "cgroup cpu.stat"
        } else {
            "CPU clock of each process"
        };
        assert!(source.starts_with(next), "{source}");
        // A short window may be too short for a tick to meet both modes.
        if let Some((user, system)) = row.server_cost.cpu_user_ns.zip(row.server_cost.cpu_system_ns) {
            assert!(
                (user + system - cpu_ns).abs() < 1.0,
                "{user} + {system} is not {cpu_ns}"
            );
        }
    }
}

/// The groups of a hierarchy of version 2 in which this process may make one of its own.
fn own_group() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = mounts
        .lines()
        .find(|line| line.split(' ').nth(2) == Some("cgroup2"))?
        .split(' ')
        .nth(1)?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(mount).join(own))
}

fn may_make_groups() -> bool {
    let name = format!("a-test-{}", std::process::id());
    own_group().is_some_and(|own| {
        let probe = own.join(name);
        fs::create_dir(&probe).is_ok() && fs::remove_dir(&probe).is_ok()
    })
}
