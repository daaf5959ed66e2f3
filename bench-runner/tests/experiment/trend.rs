//! A history of runs: added to by real processes, damaged, and shown. The runs are made up but for one.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bench_runner::environment::{Binary, Source};
use bench_runner::record::{HISTORY_SCHEMA, Metric, Point, Row, Run, Store, append_history, read, read_history};
use bench_runner::stats::paired;
use jiff::Timestamp;

use crate::support::{Place, ended, output};

/// A run on the `day`th day, of the servers with their CPU time per request; a pinned one takes 1,000 ns.
fn run(day: u32, servers: &[(&str, f64)]) -> (Run, Vec<Row>) {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference/run.json");
    let mut run: Run = serde_json::from_str(&fs::read_to_string(reference).unwrap()).unwrap();
    let row: Row = serde_json::from_str(include_str!("../../src/stats/warnings/quiet-row.json")).unwrap();
    let all = || [("pinned", 1_000.0)].into_iter().chain(servers.iter().copied());
    run.run_id = format!("day-{day}");
    run.started_at = Timestamp::from_second(1_700_000_000 + 86_400 * i64::from(day)).unwrap();
    run.servers = all().map(|(name, _)| name.to_owned()).collect();
    run.environment.source = Some(Source {
        revision: Some(format!("{day:07x}{}", "0".repeat(33))),
        dirty: Some(false),
        committed_at: None,
    });
    let binary = |name: &str, sha256: String| Binary {
        name: name.to_owned(),
        sha256: Some(sha256),
        ..Binary::default()
    };
    let programs = servers.iter().map(|(name, _)| binary(name, format!("{day:064x}")));
    run.environment.binaries = programs.chain([binary("pinned", "f".repeat(64))]).collect();
    let rows = all().map(|(name, cpu)| Row {
        run_id: run.run_id.clone(),
        server: name.to_owned(),
        cpu_ns_per_request: Some(cpu),
        ..row.clone()
    });
    let rows = rows.collect();
    (run, rows)
}

/// Puts a run into a directory, as a run does.
fn record(place: &Place, name: &str, (run, rows): &(Run, Vec<Row>)) -> PathBuf {
    let directory = place.path(name);
    let mut store = Store::create(&directory, run).unwrap();
    rows.iter().for_each(|row| store.append(row).unwrap());
    directory
}

/// What a server costs on a day: a tenth more from the 20th on, and a hundredth that goes up and down.
fn cost(day: u32) -> f64 {
    let level = if day < 20 { 2_000.0 } else { 2_200.0 };
    level * (1.0 + 0.01 * f64::from(day * 7 % 5) / 4.0)
}

/// A history of `days` days of poll, which got dearer, and fork, which did not.
fn grown(place: &Place, days: u32) -> PathBuf {
    let path = place.path("history.jsonl");
    for day in 0..days {
        let (run, rows) = run(day, &[("poll", cost(day)), ("fork", cost(day % 5))]);
        append_history(&path, &paired(&run, &rows, "pinned").points).unwrap();
    }
    path
}

fn trend(place: &Place, arguments: &str) -> (Option<i32>, String, String) {
    said(output(
        &mut place.bare(&format!("trend --history history.jsonl {arguments}")),
    ))
}

fn said(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_run_is_added_once_and_the_change_is_shown() {
    let place = Place::new();
    grown(&place, 29);
    record(&place, "last", &run(29, &[("poll", cost(29)), ("fork", cost(0))]));
    let (code, text, told) = trend(&place, "--append last");
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("6 points of run day-29 added to 'history.jsonl'"),
        "{told}"
    );
    for words in [
        "CPU per request ÷ that of pinned (build ffffffff) in the same run",
        "closed loop, echo requests of 64 bytes; 2 × AMD EPYC, server on 1, generator on",
        "poll     100  all talk      30  2.22×  +10 % since 0000013..0000014 (worse; 10\n",
        " points ago, p 0.001)\n",
        "fork     100  all talk      30  2.00×  no change\n",
        "\ntrend-cpu.svg  poll: CPU per request +10 % since 0000013..0000014",
    ] {
        assert!(text.contains(words), "'{words}' is not in:\n{text}");
    }
    let svg = fs::read_to_string(place.path("trend-cpu.svg")).unwrap();
    assert!(svg.contains("+10 % 0000013..0000014"), "{svg}");
    assert!(place.path("trend-cpu.png").exists());

    let before = fs::read(place.path("history.jsonl")).unwrap();
    let (code, again, told) = trend(&place, "--append last");
    assert_eq!((code, &again), (Some(0), &text));
    assert!(
        told.contains("run day-29 is in 'history.jsonl' already; nothing was added"),
        "{told}"
    );
    assert_eq!(fs::read(place.path("history.jsonl")).unwrap(), before);

    let (code, shown, told) = trend(&place, "--metric throughput,p99 -m poll --conns 100 --out charts");
    assert_eq!((code, &*told), (Some(0), ""));
    assert!(
        shown.contains("throughput ÷") && shown.contains("p99 ÷") && !shown.contains("fork"),
        "{shown}"
    );
    assert!(place.path("charts/trend-throughput.png").exists() && place.path("charts/trend-p99.svg").exists());
}

#[test]
fn it_fails_for_what_is_worse_and_new_where_it_is_asked_to() {
    let place = Place::new();
    grown(&place, 30);
    assert_eq!(trend(&place, "").0, Some(0));
    let (code, _, told) = trend(&place, "--fail-on worse");
    assert_eq!(code, Some(3));
    assert!(
        told.contains("worse: poll: CPU per request: +10 % since 0000013..0000014"),
        "{told}"
    );
    assert_eq!(trend(&place, "--fail-on worse --newest 10").0, Some(3));
    assert_eq!(
        trend(&place, "--fail-on worse --newest 9").0,
        Some(0),
        "it is older than that"
    );
    assert_eq!(trend(&place, "--fail-on worse -m fork").0, Some(0));
    assert_eq!(trend(&place, "--newest 5").0, Some(2), "of no use by itself");
    // A server that the newest run has not measured is nobody's to mend today.
    let (run, rows) = run(30, &[("fork", cost(0))]);
    append_history(&place.path("history.jsonl"), &paired(&run, &rows, "pinned").points).unwrap();
    assert_eq!(trend(&place, "--fail-on worse").0, Some(0));
}

#[test]
fn mistakes_are_answered_with_what_there_is() {
    let place = Place::new();
    let refused = |arguments: &str, words: &[&str]| {
        let (code, text, told) = trend(&place, arguments);
        assert_eq!((code, &*text), (Some(2), ""), "{arguments}: {told}");
        words
            .iter()
            .for_each(|word| assert!(told.contains(word), "{arguments}: '{word}' is not in: {told}"));
    };
    refused("", &["no history in 'history.jsonl' yet", "trend --append"]);
    refused("--append", &["no recorded run in 'results' yet"]);
    refused("--append nowhere", &["'nowhere' is no recorded run"]);
    let (mut faulty, rows) = run(1, &[("poll", 1.0)]);
    record(&place, "one", &(faulty.clone(), rows.clone()));
    refused(
        "--append one --pinned mine",
        &["'mine' is not in run day-1, which has pinned, poll", "--pinned NAME"],
    );
    refused("--append one --pinned epoll", &["'epoll-edge' is not in run day-1"]);
    faulty.faulty = vec!["pinned".to_owned()];
    record(&place, "faulty", &(faulty.clone(), rows.clone()));
    refused("--append faulty", &["'pinned' is wrong on purpose"]);
    (faulty.faulty, faulty.finished_at) = (Vec::new(), None);
    record(&place, "running", &(faulty.clone(), rows.clone()));
    refused("--append running", &["run day-1 is not over, or was killed"]);
    faulty.servers = vec!["poll".to_owned(), "fork".to_owned()];
    record(&place, "unpinned", &(over(faulty), rows));
    refused(
        "--append unpinned",
        &["'epoll-edge' is not in run day-1, which has poll, fork"],
    );
    assert!(!place.path("history.jsonl").exists(), "nothing was begun");

    grown(&place, 3);
    let holds = "it has cpu, throughput, p99 of fork, poll at 100 connections, pinned to pinned";
    refused("-m pol", &["has no 'pol'", holds]);
    refused("--pinned poll", &["has no 'poll'", holds]);
    refused(
        "--conns 7",
        &["has no point of CPU per request that was asked for", holds],
    );
    refused("--metric memory", &["has no point of memory per connection", holds]);
    refused("--metric smiles", &["'smiles'", "cpu, throughput, p99, memory"]);
}

/// A run that is over.
fn over(run: Run) -> Run {
    Run {
        finished_at: Some(run.started_at),
        ..run
    }
}

#[test]
fn a_run_without_anything_to_follow_says_so() {
    let place = Place::new();
    let (run, mut rows) = run(1, &[("poll", 1.0)]);
    rows[1].verdicts = vec![bench_runner::record::Verdict::Capped];
    record(&place, "capped", &(run, rows));
    let (code, _, told) = trend(&place, "--append capped");
    assert_eq!(code, Some(1));
    assert!(
        told.contains("left out: poll at 100 connections: no CPU per request, throughput, p99: capped"),
        "{told}"
    );
    assert!(told.contains("run day-1 has nothing to follow"), "{told}");
}

#[test]
fn damage_is_told_line_by_line_and_stays() {
    let place = Place::new();
    let path = grown(&place, 14);
    let mut lines: Vec<Vec<u8>> = fs::read(&path)
        .unwrap()
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    lines[9] = b"<<<<<<< HEAD".to_vec();
    let mut bytes = lines.join(&b'\n');
    bytes.extend(b"{\"schema\":1,\"at\":\"2023-");
    fs::write(&path, &bytes).unwrap();
    let (code, text, told) = trend(&place, "");
    assert_eq!(code, Some(0));
    assert!(text.contains("14") && text.contains("no change"), "{text}");
    let torn = format!("line {} is the last and torn, and its point is lost", 14 * 6 + 1);
    for words in ["history.jsonl: line 10 cannot be used: ", &torn, "it stays in the file"] {
        assert!(told.contains(words), "'{words}' is not in: {told}");
    }
    record(&place, "next", &run(14, &[("poll", 2_000.0)]));
    let (code, _, told) = trend(&place, "--append next");
    assert_eq!(
        (code, told.matches("line 10 cannot be used").count()),
        (Some(0), 1),
        "{told}"
    );
    let after = fs::read(&path).unwrap();
    assert!(
        after.starts_with(&[&bytes[..], b"\n"].concat()),
        "it was closed, and nothing of it was changed"
    );
    let history = read_history(&path).unwrap();
    assert_eq!(
        (history.points.len(), history.damage.len()),
        (14 * 6 - 1 + 3, 2),
        "{:?}",
        history.damage
    );
}

#[test]
fn processes_that_add_at_once_lose_nothing() {
    let place = Place::new();
    let names: Vec<String> = (0..60).map(|i| format!("server-{i}")).collect();
    let servers: Vec<(&str, f64)> = names.iter().map(|name| (&**name, 2_000.0)).collect();
    // A writer that died has left half a line.
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(place.path("history.jsonl"))
        .unwrap();
    file.write_all(b"{\"schema\":1,\"at\":\"20").unwrap();
    let writers: Vec<_> = (0..6)
        .map(|day| {
            record(&place, &format!("run-{day}"), &run(day, &servers));
            let mut command: Command =
                place.bare(&format!("trend --history history.jsonl --append run-{day} -m server-0"));
            command.args(["--out", &format!("charts-{day}")]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for writer in writers {
        let (code, _, told) = said(ended(writer));
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains("180 points of run day-"), "{told}");
    }
    let history = read_history(&place.path("history.jsonl")).unwrap();
    assert_eq!(history.points.len(), 6 * 180);
    assert_eq!(history.damage.len(), 1, "{:?}", history.damage);
    assert!(
        history.damage[0].contains("line 1 cannot be used"),
        "{:?}",
        history.damage
    );
}

#[test]
fn machines_and_pinned_builds_that_differ_are_never_mixed() {
    let place = Place::new();
    let path = grown(&place, 14);
    // The same servers, twice as dear on another machine, every other day: together they would be noise.
    for day in 14..28 {
        let (mut run, rows) = run(day, &[("poll", cost(0) * 2.0)]);
        run.environment.cpu.model = Some("Another CPU".to_owned());
        append_history(&path, &paired(&run, &rows, "pinned").points).unwrap();
    }
    let (code, text, _) = trend(&place, "-m poll");
    assert_eq!(code, Some(0));
    let (newest, older) = text
        .split_once("apart from the above: another class of machines")
        .unwrap();
    assert!(
        newest.contains("Another CPU") && newest.contains("14  4.00×  no change"),
        "{text}"
    );
    assert!(older.contains("14  2.00×  no change"), "{text}");

    let (mut rebuilt, rows) = run(28, &[("poll", cost(0) * 2.0)]);
    rebuilt.environment.cpu.model = Some("Another CPU".to_owned());
    for binary in &mut rebuilt.environment.binaries {
        binary.sha256 = Some("e".repeat(64));
    }
    record(&place, "rebuilt", &(rebuilt.clone(), rows.clone()));
    let (code, text, told) = trend(&place, "--append rebuilt");
    assert_eq!(code, Some(0));
    assert!(
        told.contains("warning: pinned: 'pinned' is another build than in the run before"),
        "{told}"
    );
    assert!(text.contains("fewer than 12 points: no change could be\n"), "{text}");
    assert!(
        text.contains("apart from the above: another build of the pinned server"),
        "{text}"
    );

    rebuilt.run_id = "foreign".to_owned();
    rebuilt.environment.binaries.clear();
    rebuilt.environment.os.kernel_release = Some("7.0.1".to_owned());
    record(&place, "foreign", &(rebuilt, rows));
    let (_, text, told) = trend(&place, "--append foreign");
    assert!(
        told.contains("warning: pinned: the run has no hash of 'pinned'"),
        "{told}"
    );
    assert!(
        told.contains("the first run on such a machine") && told.contains("Linux 7.0"),
        "{told}"
    );
    assert!(text.contains("a program without a hash"), "{text}");
}

#[test]
fn a_real_run_is_followed() {
    let place = Place::new();
    // Where the machine is busy the CPU time of a shorter window may be missing.
    let run = place.measure("-m epoll,poll -c 20 --active 5 --duration 2s");
    assert_eq!(run.code, Some(0), "{}", run.told);
    let (code, text, told) = trend(&place, "--append out --metric p99");
    assert_eq!(code, Some(0), "{told}");
    assert!(text.contains("p99 ÷ that of epoll-edge (build "), "{text}");
    assert!(text.contains("poll      20  5 talk "), "{text}");
    let history = read_history(&place.path("history.jsonl")).unwrap();
    assert_eq!(history.damage, Vec::<String>::new());
    let recorded = read(&place.path("out")).unwrap();
    for point in &history.points {
        assert_eq!(
            (&*point.server, &*point.reference, point.rounds),
            ("poll", "epoll-edge", 1)
        );
        assert_eq!(
            (point.at, &point.run_id),
            (recorded.run.started_at, &recorded.run.run_id)
        );
        assert_eq!(point.environment_class, recorded.run.environment.class());
        assert!(point.server_sha256.is_some() && point.server_sha256 != point.reference_sha256);
        let ratio = point.value / point.reference_value;
        assert!((point.ratio - ratio).abs() < 1e-9, "one round");
        let row = recorded
            .rows
            .iter()
            .find(|row| row.server == "poll" && row.window == point.window)
            .unwrap();
        let value = match point.metric {
            Metric::CpuNsPerRequest => row.cpu_ns_per_request,
            Metric::RatePerS => row.rate_per_s,
            Metric::P99Ns => row.latency_ns.p99.map(|ns| ns as f64),
            Metric::MemoryBytesPerConnection => row.memory_bytes_per_connection,
        };
        assert_eq!(Some(point.value), value);
    }
}

/// Every point that a history can hold, for the test of its documentation.
pub(crate) fn samples() -> Vec<Point> {
    let (run, rows) = run(1, &[("poll", 2_000.0)]);
    let whole = paired(&run, &rows, "pinned").points;
    assert!(whole.iter().all(|point| point.schema == HISTORY_SCHEMA));
    let open = Point {
        rate_per_s: Some(2e4),
        ..whole[0].clone()
    };
    let unknown = Point {
        revision: None,
        dirty: None,
        server_sha256: None,
        reference_sha256: None,
        ..whole[0].clone()
    };
    [whole, vec![open, unknown]].concat()
}
