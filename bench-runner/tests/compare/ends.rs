//! How it ends: exit codes, what is refused, and a job's summary.

use std::fs;

use crate::support::{Place, fail, reference, rounds, run, told, two_runs};

const STEADY: [f64; 3] = [5e3, 5.01e3, 5.02e3];
const DEARER: [f64; 3] = [8e3, 8.1e3, 8.2e3];

#[test]
fn without_being_asked_it_never_fails() {
    let place = two_runs(&DEARER);
    let told = place.compare("before after");
    assert_eq!((told.code, &*told.errors), (Some(0), ""));
    assert!(told.text.contains("Worse"), "{}", told.text);
}

#[test]
fn what_got_worse_is_3_and_what_got_better_0() {
    let place = two_runs(&DEARER);
    let code = |arguments: &str| place.compare(arguments).code;
    assert_eq!(code("before after --fail-on regression"), Some(3));
    assert_eq!(code("before after --fail-on inconclusive"), Some(3));
    assert_eq!(code("after before --fail-on inconclusive"), Some(0));
    assert_eq!(code("before after --fail-on regression -m poll"), Some(0));
    assert_eq!(code("before after --fail-on regression -m all,-select"), Some(0));
    assert_eq!(code("before after --fail-on regression --metric served,p99"), Some(0));
    assert_eq!(
        code("before after --fail-on regression --metric cpu --limit cpu=200%"),
        Some(0)
    );
    let told = place.compare("before after --fail-on regression");
    assert_eq!(told.errors, "bench-runner: something got worse\n");
}

#[test]
fn what_cannot_be_told_is_4_when_asked_and_a_warning_else() {
    let place = two_runs(&[4e3, 5e3, 8e3]);
    let told = place.compare("before after --fail-on regression");
    assert_eq!(told.code, Some(0));
    assert!(told.errors.contains("warning"), "{}", told.errors);
    assert_eq!(place.compare("before after --fail-on inconclusive").code, Some(4));
    // What is not there any more cannot be told either.
    place.record("less", &run("less", &["poll"]), &rounds("poll", &STEADY));
    assert_eq!(place.compare("after less --fail-on inconclusive").code, Some(4));
    assert_eq!(place.compare("after less --fail-on inconclusive -m poll").code, Some(0));
}

#[test]
fn who_fails_now_and_did_not_before_is_5_whatever_got_worse() {
    let place = two_runs(&DEARER);
    let mut rows = [rounds("poll", &STEADY), rounds("select", &DEARER)].concat();
    fail(&mut rows[1], "it answered wrongly 3 times");
    place.record("broken", &run("broken", &["poll", "select"]), &rows);
    let broken = place.compare("before broken --fail-on regression");
    assert_eq!(broken.code, Some(5));
    assert_eq!(broken.errors, "bench-runner: a server failed that did not in base\n");
    assert!(
        broken.text.contains("it answered wrongly 3 times (in 1 of 3 rounds)"),
        "{}",
        broken.text
    );
    assert_eq!(place.compare("before broken").code, Some(0));
    assert_eq!(
        place.compare("broken broken --fail-on inconclusive").code,
        Some(0),
        "it was broken before"
    );
    assert_eq!(
        place.compare("broken before --fail-on regression -m poll").code,
        Some(0)
    );
}

#[test]
fn mistakes_are_2_with_what_was_meant() {
    let place = two_runs(&STEADY);
    let refused = |arguments: &str, says: &[&str]| {
        let told = place.compare(arguments);
        assert_eq!(told.code, Some(2), "{arguments}: {}", told.errors);
        for word in says {
            assert!(
                told.errors.contains(word),
                "{arguments}: '{word}' is not in: {}",
                told.errors
            );
        }
        assert!(told.text.is_empty(), "{arguments}");
    };
    refused("before", &["<CURRENT>"]);
    refused("before nowhere", &["'nowhere' is no recorded run"]);
    refused("before after -m pol", &["'pol'", "poll, select"]);
    refused("before after -c 7", &["--conns 7", "100"]);
    refused("before after --limit cpu", &["'cpu'", "cpu=5%"]);
    refused("before after --limit speed=5%", &["'speed=5%'", "switches"]);
    refused("before after --metric speed", &["'speed'", "rate"]);
    refused("before after --fail-on noise", &["'noise'"]);
    refused("before after --metric switches", &["neither has a value"]);
}

#[test]
fn a_record_that_cannot_be_read_is_1() {
    let place = two_runs(&STEADY);
    fs::write(place.path("results/after/run.json"), "{").unwrap();
    let told = place.compare("before after --fail-on regression");
    assert_eq!(told.code, Some(1));
    assert!(told.errors.contains("is damaged"), "{}", told.errors);
}

#[test]
fn another_load_is_refused() {
    let place = two_runs(&STEADY);
    let mut rows = rounds("poll", &STEADY);
    for row in &mut rows {
        row.load.request_bytes = 1024;
        row.load.work = "cpu:1000".to_owned();
    }
    let mut other = run("other", &["poll"]);
    other.settings.request_bytes = 1024;
    place.record("other", &other, &rows);
    let told = place.compare("before other");
    assert_eq!(told.code, Some(2));
    for words in [
        "'other' cannot be compared with 'before'",
        "request bytes 64, then 1024",
        "work none, then cpu:1000",
    ] {
        assert!(told.errors.contains(words), "'{words}' is not in: {}", told.errors);
    }
    let offered = reference().join("offered");
    let told = place.compare(&format!("'{}' '{}'", reference().display(), offered.display()));
    assert_eq!(told.code, Some(2));
    assert!(
        told.errors
            .contains("one is of a closed loop, the other of an open loop"),
        "{}",
        told.errors
    );
}

#[test]
fn a_job_has_its_summary_when_it_can_fail() {
    let place = two_runs(&DEARER);
    let summary = place.path("summary.md");
    let compare = |arguments: &str| told(place.command(arguments).env("GITHUB_STEP_SUMMARY", &summary)).code;
    assert_eq!(compare("before after"), Some(0));
    assert!(!summary.exists());
    fs::write(&summary, "what was there\n").unwrap();
    assert_eq!(compare("before after --fail-on regression --format json"), Some(3));
    let text = fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("what was there\n## "), "{text}");
    assert!(text.contains("| select | 100 | busy | CPU/req |"), "{text}");
    // That it cannot be written takes nothing from the verdict.
    let told = told(
        place
            .command("before after --fail-on regression")
            .env("GITHUB_STEP_SUMMARY", place.path("results")),
    );
    assert_eq!(told.code, Some(3));
    assert!(told.errors.contains("GITHUB_STEP_SUMMARY"), "{}", told.errors);
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let place = Place::new();
    place.record("one", &run("one", &["poll"]), &rounds("poll", &STEADY));
    let mut command = place.command("one one");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = command.stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
}
