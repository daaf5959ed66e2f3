//! Verdicts on how a window went, by real servers and generators: each fires where it must and is silent where it must
//! be. (Those on limits are in `verdicts`, failures in `failures`.)

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use bench_runner::record::{Row, Verdict};

use crate::hostile::{SWALLOWED, foreign};
use crate::support::{Place, Recorded, bin_dir, output};

/// A run of one kind of foreign server, all of whose connections talk.
fn of_kind(kind: &str, arguments: &str) -> Recorded {
    let place = Place::new();
    let mut command = place.short_run(&format!("-m -all {arguments}"));
    command.arg("--server").arg(format!("{kind}={}", foreign(kind)));
    let run = place.recorded(output(&mut first_served(&place, &command)));
    assert_eq!(run.code, Some(0), "{}", run.told);
    run
}

/// A run that the scheduler prefers to whatever else runs on the machine; where that is not permitted, it goes on without.
fn first_served(place: &Place, run: &Command) -> Command {
    let script = r#"echo -20 > /proc/self/autogroup; exec nice -n -20 "$0" "$@""#;
    let mut command = Command::new("setsid");
    command
        .args(["sh", "-c", script])
        .arg(run.get_program())
        .args(run.get_args());
    command.current_dir(place.path("."));
    command
}

fn has(row: &Row, verdict: Verdict) -> bool {
    row.verdicts.contains(&verdict)
}

#[test]
fn a_server_that_gets_slower_all_the_time_is_unsteady() {
    let run = of_kind("tiring", "-c 4 --active 4 --duration 7s");
    let [row] = run.of("tiring")[..] else {
        panic!("one window: {:?}", run.keys())
    };
    assert!(has(row, Verdict::Unsteady), "{:?}", row.evidence);
    assert!(
        row.evidence[&Verdict::Unsteady].starts_with("the rate fell by"),
        "{:?}",
        row.evidence
    );
}

#[test]
fn a_server_that_takes_as_long_every_time_is_steady() {
    let run = of_kind("even", "-c 4 --active 4 --duration 5s");
    let rows = run.of("even");
    assert!(!has(rows[0], Verdict::Unsteady), "{:?}", rows[0].evidence);
}

#[test]
fn a_server_that_hangs_until_the_end_has_stalled() {
    let run = of_kind("hangs", "-c 4 --active 4 --duration 1s");
    let rows = run.of("hangs");
    assert!(has(rows[0], Verdict::Stalled), "{:?}", rows[0].evidence);
    assert!(
        rows[0].evidence[&Verdict::Stalled].starts_with("4 requests of 4 active connections had waited"),
        "{:?}",
        rows[0].evidence
    );
    assert_eq!(
        rows[0].latency_ns.max, None,
        "how long they would have waited nobody knows"
    );
}

#[test]
fn a_server_that_pauses_and_goes_on_has_not() {
    let run = of_kind("hiccups", "-c 4 --active 4 --duration 1s");
    let rows = run.of("hiccups");
    assert!(!has(rows[0], Verdict::Stalled), "{:?}", rows[0].evidence);
    assert!(
        rows[0].latency_ns.max >= Some(100_000_000),
        "the pause itself is in the latencies"
    );
}

#[test]
fn where_nobody_is_busy_the_row_is_valid_and_says_what_was_looked_at() {
    let place = Place::new();
    let run = place.measure("-m epoll -c 4 --active 4 --think 20ms");
    let rows = run.of("epoll-edge");
    assert_eq!(rows[0].verdicts, [Verdict::Valid], "{:?}", rows[0].evidence);
    let evidence = &rows[0].evidence[&Verdict::Valid];
    assert!(
        evidence.starts_with("every connection was held and served; generator at "),
        "{evidence}"
    );
}

#[test]
fn a_generator_that_spins_uses_up_its_cpu_and_proves_nothing() {
    let place = Place::new();
    let run = place.measure("-m epoll -c 2 --active 2 --think 5ms --spin");
    let rows = run.of("epoll-edge");
    assert_eq!(rows[0].verdicts, [Verdict::Valid], "{:?}", rows[0].evidence);
    assert!(rows[0].generator.is_some_and(|generator| generator.spin));
    assert!(
        rows[0].evidence[&Verdict::Valid].contains("the generator spins"),
        "{:?}",
        rows[0].evidence
    );
}

/// Programs of which one is a script; all others are ours.
fn with_loadgen(place: &Place, script: &str) -> PathBuf {
    let own = place.path("bin");
    fs::create_dir(&own).unwrap();
    for name in ["server-epoll-edge", "server-iterative"] {
        std::os::unix::fs::symlink(bin_dir().join(name), own.join(name)).unwrap();
    }
    // Written by another process: what any process of ours has open for writing cannot be executed.
    let script = format!("#!/bin/sh\nreal={}/loadgen\n{script}\n", bin_dir().display());
    let write = Command::new("sh")
        .args(["-c", r#"printf %s "$1" > "$2" && chmod +x "$2""#, "sh", &script])
        .arg(own.join("loadgen"))
        .status();
    assert!(write.unwrap().success());
    own
}

#[test]
fn a_generator_that_contradicts_itself_is_unsound() {
    let place = Place::new();
    // Clients that are said to have talked for ten times as long as they did, and more.
    let own = with_loadgen(&place, r#""$real" "$@" | sed -u 's/"talked_ns":/&9/'"#);
    let mut command = place.bare("-m epoll -c 4 --active 4 --warmup 50ms -r 1 --duration 400ms --out out");
    let run = place.recorded(output(command.arg("--bin-dir").arg(own)));
    let rows = run.of("epoll-edge");
    assert_eq!(rows[0].verdict, Verdict::Unsound, "{:?} {}", rows[0].evidence, run.told);
    assert!(
        run.table.contains("requests were under way"),
        "a finding names it: {}",
        run.table
    );
}

/// How long a window is waited for in which nobody else wanted the CPUs of the run.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a server that throws long requests away unseen, which the generator has all the work with, until a verdict is
/// given; the table of that run. Others may take the server's CPU away, and then that is not used up: so the run asks for
/// its CPUs by all means, and again. `None` where nobody left it one.
fn until_judged(kind: &str, verdict: Verdict) -> Option<String> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let place = Place::new();
        let mut run = place.command(&format!(
            "-m -all -c 64 --active 64 --pipeline 4 --protocol reply --request-bytes {SWALLOWED} --reply-bytes 16 \
             --warmup 50ms -r 4 --duration 300ms --out out"
        ));
        run.arg("--server").arg(format!("{kind}={}", foreign(kind)));
        let run = place.recorded(output(&mut first_served(&place, &run)));
        assert_eq!(run.code, Some(0), "{}", run.told);
        for row in run.of(kind) {
            // Whatever the machine did: what was seen and what was said of it agree.
            let used_up = row.generator.unwrap().cpu_share + row.generator_wait_share.unwrap_or(0.0) >= 0.95;
            let had_room = row.server_cost.cpu_share.map(|share| share < 0.90);
            let said = [has(row, Verdict::ClientBound), has(row, Verdict::SaturatedPair)];
            let due = [had_room == Some(true), had_room == Some(false)].map(|side| used_up && side);
            assert_eq!(said, due, "{:?}", row.evidence);
        }
        if run.rows.iter().any(|row| has(row, verdict)) {
            return Some(run.table);
        }
    }
    println!("skipped: nobody left the run its CPUs");
    None
}

#[test]
fn a_generator_with_more_to_do_than_its_server_is_the_limit() {
    if let Some(table) = until_judged("sink", Verdict::ClientBound) {
        assert!(table.contains('≥'), "its rate is a lower bound: {table}");
    }
}

#[test]
fn two_sides_that_use_up_their_cpus_are_a_saturated_pair() {
    if let Some(table) = until_judged("glutton", Verdict::SaturatedPair) {
        assert!(table.contains("glutton"), "{table}");
    }
}
