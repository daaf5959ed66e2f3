//! The subcommand: which rows it takes, where it writes them, and what it says when it cannot.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use tempfile::TempDir;

use crate::support::{directory, ended, program};

/// Calls `export` on a committed run.
fn export(place: &TempDir, run: &str, flags: &str) -> (Option<i32>, String, String) {
    ended(program(
        place.path(),
        &format!("export {} {flags}", directory(run).display()),
    ))
}

/// Data lines of a CSV, which here have no line breaks inside.
fn lines(text: &str) -> usize {
    text.lines().count() - 1
}

#[test]
fn flags_select_rows() {
    let place = TempDir::new().unwrap();
    let rows = |flags: &str| {
        let (code, text, told) = export(&place, "", &format!("-f csv {flags}"));
        assert_eq!((code, &*told), (Some(0), ""), "{flags}");
        lines(&text)
    };
    // 17 servers, 3 rounds, 5 connection counts, of which two have a mostly-idle window.
    assert_eq!(rows(""), 17 * 3 * 7);
    assert_eq!(rows("-c 10k"), 17 * 3 * 2);
    assert_eq!(rows("-c 1,10"), 17 * 3 * 2);
    assert_eq!(rows("-w idle"), 17 * 3 * 2);
    assert_eq!(rows("-m epoll -c 10k -w busy"), 3, "by its alias");
    assert_eq!(rows("--server epoll-edge,poll -c 10k -w busy,idle"), 12);
    assert_eq!(
        rows("-m coroutine -c 1"),
        3 * 4,
        "a family, of the same name as one of its servers"
    );
    assert_eq!(rows("-m all,-epoll -c 1"), 16 * 3);
    let (_, text, _) = export(&place, "offered", "-f csv --rate 10k,20k -m poll");
    assert_eq!(lines(&text), 6);
}

#[test]
fn mistakes_are_answered_with_what_there_is() {
    let place = TempDir::new().unwrap();
    let refused = |run: &str, flags: &str, says: &[&str]| {
        let (code, text, told) = export(&place, run, flags);
        assert_eq!((code, &*text), (Some(2), ""), "{flags}: {told}");
        for word in says {
            assert!(told.contains(word), "{flags}: '{word}' is not in: {told}");
        }
    };
    refused("", "", &["--format"]);
    refused("", "-f xml", &["'xml'", "csv", "benchstat"]);
    refused("", "-f csv -m epol", &["'epol'", "did you mean 'epoll'", "io-uring"]);
    refused("", "-f csv -c 7", &["--conns 7", "10000 connections idle"]);
    refused("", "-f csv -w open", &["--window open", "1000 connections busy"]);
    refused("", "-f csv --rate 10k", &["--rate 10000"]);
    refused("offered", "-f csv --rate 11k", &["--rate 11000", "at 20000 req/s"]);
    refused("", "-f csv -c 1 -w idle", &["no row of run"]);
    refused("", "-f csv --unit us", &["--unit", "hgrm"]);
    refused(
        "",
        "-f hgrm -c 10k -w idle",
        &["make 17", "--out DIRECTORY", "--models"],
    );
    refused("nowhere", "-f csv", &["nowhere' is no recorded run"]);
    let (code, _, told) = ended(program(place.path(), "export -f csv"));
    assert_eq!(code, Some(2));
    assert!(told.contains("no recorded run in 'results' yet"), "{told}");
}

#[test]
fn the_latest_run_is_the_default() {
    let place = TempDir::new().unwrap();
    fs::create_dir(place.path().join("results")).unwrap();
    std::os::unix::fs::symlink(directory("stop"), place.path().join("results/latest")).unwrap();
    let (code, text, _) = ended(program(place.path(), "export -f csv"));
    assert_eq!((code, lines(&text)), (Some(0), 1));
}

#[test]
fn files_go_where_they_are_sent() {
    let place = TempDir::new().unwrap();
    let quiet = |flags: &str| {
        let (code, text, told) = export(&place, "", flags);
        assert_eq!((code, &*text), (Some(0), ""), "{flags}: {told}");
    };
    let names = |directory: &str| {
        let entries = fs::read_dir(place.path().join(directory)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    quiet("-f hgrm -m epoll-edge -c 10k -w idle -o one.hgrm");
    let (_, text, _) = export(&place, "", "-f hgrm -m epoll-edge -c 10k -w idle");
    assert_eq!(fs::read_to_string(place.path().join("one.hgrm")).unwrap(), text);
    quiet("-f hgrm -m epoll-edge,poll -c 10k -o several");
    let four = ["epoll-edge", "poll"].map(|name| ["busy", "idle"].map(|window| format!("{name}-10000-{window}.hgrm")));
    assert_eq!(names("several"), four.concat());
    quiet("-f hgrm -m mio -c 10k -w idle -o several");
    assert_eq!(names("several").len(), 5, "into the directory that is there");
    quiet("-f bmf -c 10k -o several");
    quiet("-f csv -c 10k -o new/");
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/../results/reference/run.json");
    let run: serde_json::Value = serde_json::from_str(&fs::read_to_string(run).unwrap()).unwrap();
    assert_eq!(names("new"), [format!("{}.csv", run["run_id"].as_str().unwrap())]);
    let (code, _, told) = export(&place, "", "-f csv -o nowhere/rows.csv");
    assert_eq!(code, Some(1));
    assert!(told.contains("cannot write 'nowhere/rows.csv'"), "{told}");
    let (code, _, told) = export(&place, "", "-f hgrm -c 10k -o one.hgrm");
    assert_eq!(code, Some(1));
    assert!(told.contains("cannot make the directory 'one.hgrm'"), "{told}");
}

#[test]
fn what_is_left_out_is_told_beside_the_data() {
    let place = TempDir::new().unwrap();
    let (code, text, told) = export(&place, "", "-f benchstat -m select,poll -c 10k");
    assert_eq!(code, Some(0));
    assert!(!text.contains("left out") && text.lines().any(|line| line.starts_with("BenchmarkServer/")));
    assert!(
        told.contains("bench-runner: left out: throughput") && told.contains("select/10000/busy"),
        "{told}"
    );
    assert!(
        told.lines()
            .all(|line| !line.contains("throughput") || !line.contains("poll")),
        "{told}"
    );
}

#[test]
fn where_nothing_is_left_it_ends_with_1() {
    let place = TempDir::new().unwrap();
    let (run, rows) = (place.path().join("run"), directory("stop"));
    fs::create_dir(&run).unwrap();
    fs::copy(rows.join("run.json"), run.join("run.json")).unwrap();
    fs::write(run.join("rows.jsonl"), "").unwrap();
    let (code, text, told) = ended(program(place.path(), "export run -f csv"));
    assert_eq!((code, &*text), (Some(2), ""));
    assert!(told.contains("no row of run"), "{told}");
    let mut row = bench_runner::record::read(&rows).unwrap().rows.remove(0);
    crate::support::fail(&mut row, "it died");
    row.response_histogram = None;
    fs::write(run.join("rows.jsonl"), serde_json::to_string(&row).unwrap() + "\n").unwrap();
    for format in ["bmf", "gha-bigger", "gha-smaller", "hgrm", "hlog", "benchstat"] {
        let (code, text, told) = ended(program(place.path(), &format!("export run -f {format}")));
        assert_eq!((code, &*text), (Some(1), ""), "{format}");
        assert!(
            told.contains("it died") && told.contains("is left to export"),
            "{format}: {told}"
        );
    }
}

#[test]
fn a_pipe_that_is_closed_early_is_no_error() {
    let place = TempDir::new().unwrap();
    let mut command = program(place.path(), &format!("export {} -f csv", directory("").display()));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The whole is more than a pipe holds, so that it still writes when nobody reads any more.
    let mut first = [0; 10];
    let mut pipe = child.stdout.take().unwrap();
    pipe.read_exact(&mut first).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), &*String::from_utf8_lossy(&output.stderr)),
        (Some(0), "")
    );
}

#[test]
fn the_help_is_a_screen() {
    let place = TempDir::new().unwrap();
    for (arguments, most) in [("export -h", 30), ("-h", 30)] {
        let (code, text, _) = ended(program(place.path(), arguments));
        assert_eq!(code, Some(0));
        assert!(text.split('\n').count() <= most, "{arguments}: {text}");
    }
    let (_, text, _) = ended(program(place.path(), "export --help"));
    for word in ["Examples:", "customBiggerIsBetter", "docs/EXPORT.md", "--server"] {
        assert!(text.contains(word), "{word}");
    }
}
