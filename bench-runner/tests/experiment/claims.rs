//! What textbooks say, tested for real: by system calls, and by real servers in windows of a fraction of a second. Only
//! verdicts are asserted that the speed of the machine has no part in.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use bench_runner::charts::{Chart, Style};
use bench_runner::claims::measured::{Burst, Call, Faulty, Leftovers, Spread, Stall};
use bench_runner::claims::{Answer, CLAIMS, Finding, Record};
use bench_runner::render::claims::text;
use bench_runner::render::pictures;
use bench_runner::words::Lang;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::format::documented;
use crate::support::{Place, ended, output};

/// Tests claims, and reads what was recorded of them.
fn tested(place: &Place, arguments: &str, out: &str) -> (Record, String) {
    let output = output(&mut place.command(&format!("claims {arguments} --out {out}")));
    let (text, told) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(0), "{text}{told}");
    (Record::read(&place.path(out)).unwrap(), text)
}

#[test]
fn what_does_not_depend_on_speed_has_the_same_verdict_everywhere() {
    let place = Place::new();
    let (record, text) = tested(&place, "--only 1,4,7,11,12", "out");
    let verdicts: Vec<(u8, Finding)> = record
        .claims
        .iter()
        .map(|answer| (answer.id, answer.judgement.verdict))
        .collect();
    let switches = verdicts[2];
    assert_eq!(
        verdicts,
        [
            (1, Finding::Depends),
            (4, Finding::Depends),
            switches,
            (11, Finding::Confirmed),
            (12, Finding::Depends)
        ],
        "{text}"
    );
    // How many there are is the machine's affair, and that they were counted is ours.
    assert!(switches.0 == 7 && switches.1 != Finding::Untested, "{text}");
    let seen = record.measured.switches.unwrap();
    assert!(seen.one_per_s.low > 0.0 && seen.thread_per_s.low > 0.0 && seen.ring > 100);

    let written = fs::read_to_string(place.path("out/claims.md")).unwrap();
    for answer in &record.claims {
        let number = answer.judgement.number.as_deref().unwrap();
        assert!(number.contains("(n = ") || [4, 12].contains(&answer.id), "{number}");
        assert!(
            written.contains(&number[1..]) && written.contains(&answer.claim),
            "{}",
            answer.id
        );
        assert!(
            text.contains(&format!("\n{:>2}  ", answer.id)) || text.starts_with(" 1  "),
            "{text}"
        );
    }
    assert!(
        written.contains("bench-runner claims --only ") && written.contains("1,4,7,11,12"),
        "the command stands at the end"
    );
    place.nothing_left();

    // From the numbers alone the same verdicts come, and no record is written over.
    let (again, _) = tested(&place, "--from out --only 4", "again");
    assert_eq!(again.claims.len(), 1);
    assert_eq!(again.claims[0], record.claims[1]);
    let refused = output(&mut place.command("claims --only 4 --out out"));
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("'out' has claims already"), "{told}");

    let mut value = serde_json::to_value(&record).unwrap();
    complete(&mut value);
    documented(
        "claims.json",
        &[serde_json::to_value(&record).unwrap(), value].map(|mut value| {
            // As in run.json, and documented there.
            value["environment"] = json!({});
            value
        }),
    );
}

/// The parts that were not measured, each with one of what it would have.
fn complete(value: &mut Value) {
    let spread = Spread::of([1.0, 2.0]).unwrap();
    let call = Call {
        call: "poll".to_owned(),
        watched: 100,
        ready: 1,
        ns: spread,
    };
    let burst = Burst {
        backlog: 3,
        held_ms: 0,
        clients: 100,
        prompt: 100,
        late: 0,
        lost: 0,
        patience_ms: 8000,
        slowest_ns: None,
    };
    let leftovers = Leftovers {
        came: 3000,
        taken: 1024,
        left: 1976,
        reports: 0,
        found_later: 1977,
        watched_ms: 100,
        level_wakes: 1,
        edge_wakes: 1,
        dropped_wakes: 0,
    };
    let faulty = Faulty {
        server: "wrong".to_owned(),
        faults: vec!["it spins".to_owned()],
    };
    let stall = Stall {
        server: "thread".to_owned(),
        work: "cpu:1".to_owned(),
        trials: 3,
        others: 57,
        answered_first: 57,
        slow_ns: 2,
        others_ns: 1,
    };
    let measured = &mut value["measured"];
    measured["calls"] = json!([call]);
    measured["bursts"] = json!([burst]);
    measured["leftovers"] = json!(leftovers);
    measured["faulty"] = json!([faulty]);
    measured["stalls"] = json!([stall]);
    for name in ["descriptors", "edges", "switches", "sharing"] {
        assert!(!measured[name].is_null(), "{name} was measured");
    }
    measured["missing"] = json!({ "lock": "no python3" });
    let reading = measured["readings"][0].as_object_mut().unwrap();
    reading["reason"] = json!("it died");
    reading["warnings"] = json!(["steal"]);
    for name in ["user", "kernel", "memory"] {
        reading[&format!("{name}_bytes_per_connection")] = json!(1.0);
    }
    for (name, filled) in [
        ("others_p99_ns", json!(1)),
        ("system_calls_per_request", json!(3.0)),
        ("cpu_ns_per_request", json!(1.0)),
        ("silent_cpus", json!(0.5)),
        ("limited_by", json!("FD_SETSIZE")),
    ] {
        reading[name] = filled;
    }
    // And one of which nothing is known.
    let unknown = measured["readings"][0].clone();
    let readings = measured["readings"].as_array_mut().unwrap();
    readings.push(unknown);
    let unknown = readings.last_mut().and_then(Value::as_object_mut).unwrap();
    for (name, value) in unknown.iter_mut() {
        let counted = [
            "connected",
            "served",
            "starved",
            "limited_by",
            "reason",
            "processes",
            "threads",
        ]
        .contains(&&**name);
        if counted || name.contains("_per_") || name.contains("_ns") || name == "silent_cpus" {
            *value = Value::Null;
        }
    }
    for name in ["descriptors", "edges", "switches", "sharing", "leftovers"] {
        assert!(measured[name].is_object(), "{name}");
    }
    value["warnings"] = json!([{ "kind": "steal", "text": "It was." }]);
}

/// The committed outcome, where there is one, is what its numbers say by the rules and in the words of today.
#[test]
fn the_reference_claims_are_those_of_their_numbers() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference");
    if !Record::is_in(&directory) {
        eprintln!("skipped: no claims are committed");
        return;
    }
    let record = Record::read(&directory).unwrap();
    for claim in CLAIMS {
        let committed = record.claims.iter().find(|answer| answer.id == claim.id);
        let again = Answer::to(&claim, &record.measured);
        assert_eq!(
            committed,
            Some(&again),
            "judge again: bench-runner claims --from results/reference"
        );
    }
    let chart = pictures::watching(&record, Lang::En);
    let title = chart.as_ref().map(|chart| ("claims-watching", chart.title()));
    let committed = fs::read_to_string(directory.join("claims.md")).unwrap();
    assert!(
        committed == text(&record, title),
        "bench-runner claims --from results/reference"
    );
    if let Some(chart) = chart {
        let picture = chart.draw(&Style::default()).unwrap();
        let committed = fs::read_to_string(directory.join("claims-watching.svg")).unwrap();
        assert!(committed == picture.svg, "bench-runner claims --from results/reference");
    }
}

#[test]
fn claims_are_told_without_measuring_and_wrong_numbers_are_usage_errors() {
    let place = Place::new();
    let list = output(&mut place.command("claims --list"));
    let text = String::from_utf8(list.stdout).unwrap();
    assert_eq!(list.status.code(), Some(0));
    for claim in CLAIMS {
        assert!(text.contains(&format!("{:>2}  {}", claim.id, claim.words)), "{text}");
    }
    for wrong in ["--only 16", "--only 0", "--only few", "--from out --quick"] {
        let refused = output(&mut place.command(&format!("claims {wrong}")));
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
    }
    let nowhere = output(&mut place.command("claims --only 4 --out /proc/nowhere"));
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(
        String::from_utf8(nowhere.stderr)
            .unwrap()
            .contains("cannot write into '/proc/nowhere'")
    );
    let short = output(&mut place.bare("claims -h"));
    assert!(short.stdout.split(|&byte| byte == b'\n').count() <= 30, "a screen");
    assert!(!place.path("results").exists(), "nothing was recorded");
}

#[test]
fn an_interruption_keeps_what_was_measured_and_leaves_nobody_behind() {
    let place = Place::new();
    let mut command = place.command("claims --only 4,11 --out out");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    place.running("server-iterative");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = ended(child);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("interrupted; what there is was kept"), "{told}");
    let record = Record::read(&place.path("out")).unwrap();
    assert!(record.interrupted);
    assert_eq!(
        record.claims[0].judgement.verdict,
        Finding::Depends,
        "it was measured before"
    );
    let broken = &record.claims[1].judgement;
    assert_eq!(broken.verdict, Finding::Untested);
    assert!(
        broken.told().contains("interrupted before it was measured"),
        "{}",
        broken.told()
    );
    assert!(place.path("out/claims.md").exists());
    place.nothing_left();
}
