//! A history under all that can happen to a file.

use std::path::PathBuf;
use std::sync::Barrier;

use jiff::Timestamp;

use super::*;
use crate::record::Window;

fn sample(run: u32, server: &str) -> Point {
    Point {
        schema: HISTORY_SCHEMA,
        at: Timestamp::from_second(1_700_000_000 + i64::from(run)).unwrap(),
        revision: Some(format!("{run:040x}")),
        dirty: Some(false),
        run_id: format!("run-{run}"),
        server: server.to_owned(),
        server_sha256: None,
        metric: Metric::CpuNsPerRequest,
        conns: 100,
        window: Window::Busy,
        active: 100,
        rate_per_s: None,
        load: "closed loop".to_owned(),
        environment_class: "a machine".to_owned(),
        reference: "pinned".to_owned(),
        reference_sha256: Some("f".repeat(64)),
        rounds: 3,
        value: 1.5,
        reference_value: 1.0,
        ratio: 1.5,
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/history.jsonl");
    (directory, path)
}

fn line(point: &Point) -> String {
    serde_json::to_string(point).unwrap() + "\n"
}

/// What is wrong with the file, without its name.
fn damage(history: &History) -> Vec<String> {
    let told = history.damage.iter().map(|text| text.split_once(": ").unwrap().1);
    told.map(|text| text.strip_suffix("; it stays in the file").unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_added_is_read_again_and_a_run_is_added_once() {
    let (_directory, path) = place();
    let points = [sample(1, "poll"), sample(1, "fork")];
    let first = append_history(&path, &points).unwrap();
    assert_eq!((first.added, first.present, first.before.points.len()), (2, 0, 0));
    let again = append_history(&path, &points).unwrap();
    assert_eq!((again.added, again.present, again.before.points.len()), (0, 2, 2));
    let next = append_history(&path, &[sample(2, "poll")]).unwrap();
    assert_eq!((next.added, next.present), (1, 0));
    let history = read_history(&path).unwrap();
    assert_eq!(history.damage, Vec::<String>::new());
    assert_eq!(
        history.points,
        [points[0].clone(), points[1].clone(), sample(2, "poll")]
    );
}

#[test]
fn two_hosts_of_one_name_have_two_runs() {
    let (_directory, path) = place();
    let one = sample(1, "poll");
    let other = Point {
        at: one.at + Duration::from_millis(250),
        ..one.clone()
    };
    append_history(&path, &[one]).unwrap();
    assert_eq!(append_history(&path, &[other]).unwrap().added, 1);
}

#[test]
fn damaged_lines_are_told_passed_over_and_kept() {
    let (_directory, path) = place();
    append_history(&path, &[sample(1, "poll")]).unwrap();
    let good = |run| line(&sample(run, "poll"));
    let newer = good(8).replace("\"schema\":1", "\"schema\":2");
    let zero = good(9).replace("\"ratio\":1.5", "\"ratio\":0.0");
    let unknown = good(9).replace("cpu_ns_per_request", "smiles");
    let mut bytes = fs::read(&path).unwrap();
    for part in [
        &good(2)[..40],
        "\n\n<<<<<<< HEAD\n",
        &newer,
        &zero,
        &unknown,
        &good(3),
        &good(1),
    ] {
        bytes.extend(part.as_bytes());
    }
    bytes.extend(b"{\"schema\":1,\"run_id\":\"\xff\xfe\"}\n");
    fs::write(&path, &bytes).unwrap();
    let history = read_history(&path).unwrap();
    assert_eq!(history.points, [sample(1, "poll"), sample(3, "poll")]);
    let told = damage(&history);
    let expected = [
        "line 2 cannot be used: ",
        "line 4 cannot be used: ",
        "line 5 cannot be used: it has format 2, this program reads 1",
        "line 6 cannot be used: a ratio of 0 is none above 0",
        "line 7 cannot be used: unknown variant `smiles`",
        "line 9 repeats a point of poll in run run-1, of which the first counts",
        "line 10 cannot be used: ",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for expected in expected {
        assert!(
            told.iter().any(|told| told.starts_with(expected)),
            "{expected}: {told:#?}"
        );
    }

    append_history(&path, &[sample(4, "poll")]).unwrap();
    let after = fs::read(&path).unwrap();
    assert!(after.starts_with(&bytes), "nothing of it was changed");
    assert_eq!(after.len(), bytes.len() + good(4).len());
}

#[test]
fn a_torn_last_line_is_told_and_does_not_spoil_the_next() {
    let (_directory, path) = place();
    append_history(&path, &[sample(1, "poll")]).unwrap();
    let torn = line(&sample(2, "poll"));
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&torn.as_bytes()[..torn.len() / 2]).unwrap();
    let history = read_history(&path).unwrap();
    assert_eq!(damage(&history), ["line 2 is the last and torn, and its point is lost"]);

    // Its run is added again, whole.
    assert_eq!(append_history(&path, &[sample(2, "poll")]).unwrap().added, 1);
    let history = read_history(&path).unwrap();
    assert_eq!(history.points, [sample(1, "poll"), sample(2, "poll")]);
    let told = damage(&history);
    assert!(
        told.len() == 1 && told[0].starts_with("line 2 cannot be used: "),
        "{told:?}"
    );

    // One that lacks nothing but its end is a line, and the next one is another.
    let whole = fs::metadata(&path).unwrap().len();
    file.set_len(whole - 1).unwrap();
    assert_eq!(append_history(&path, &[sample(3, "poll")]).unwrap().added, 1);
    let history = read_history(&path).unwrap();
    assert_eq!((history.points.len(), history.damage.len()), (3, 1));
}

#[test]
fn nothing_is_written_where_there_is_nothing_to_add() {
    let (_directory, path) = place();
    append_history(&path, &[sample(1, "poll")]).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{").unwrap();
    let before = fs::read(&path).unwrap();
    append_history(&path, &[sample(1, "poll")]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn many_writers_at_once_lose_nothing_and_tear_nothing() {
    const WRITERS: u32 = 6;
    const RUNS: u32 = 6;
    let (_directory, path) = place();
    let start = Barrier::new(WRITERS as usize);
    let servers: Vec<String> = (0..30).map(|i| format!("server-{i}-{}", "x".repeat(i * 9))).collect();
    // A lock belongs to an opened file, so that threads stand in each other's way as processes do.
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (path, start, servers) = (&path, &start, &servers);
            scope.spawn(move || {
                start.wait();
                for run in 0..RUNS {
                    let points: Vec<Point> = servers.iter().map(|name| sample(writer * RUNS + run, name)).collect();
                    assert_eq!(append_history(path, &points).unwrap().added, points.len());
                    // Readers in between see whole lines.
                    assert_eq!(read_history(path).unwrap().damage, Vec::<String>::new());
                }
            });
        }
    });
    let history = read_history(&path).unwrap();
    assert_eq!(history.damage, Vec::<String>::new());
    assert_eq!(history.points.len(), (WRITERS * RUNS) as usize * servers.len());
    // Each run stands together: it was one write.
    let mut runs = history.points.chunks(servers.len());
    assert!(runs.all(|run| run.iter().all(|point| point.run_id == run[0].run_id)));
}

#[test]
fn a_lock_that_is_never_given_back_is_told() {
    let (_directory, path) = place();
    append_history(&path, &[sample(1, "poll")]).unwrap();
    let held = Flock::lock(File::open(&path).unwrap(), FlockArg::LockExclusive).unwrap();
    let refusal = append(&path, &[sample(2, "poll")], Duration::ZERO)
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("has been locked by another process"), "{refusal}");
    drop(held);
    assert_eq!(append(&path, &[sample(2, "poll")], Duration::ZERO).unwrap().added, 1);
}

#[test]
fn a_file_that_is_not_there_is_no_empty_history() {
    let (_directory, path) = place();
    let refusal = format!("{:#}", read_history(&path).unwrap_err());
    assert!(
        refusal.contains("cannot read") && refusal.contains("No such file"),
        "{refusal}"
    );
}
