//! What is no run: mistakes, places that cannot be written, and the subcommands that only tell.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Place, bin_dir, output};

/// Ends with `code` and one clear message, without having recorded anything.
fn refused(place: &Place, arguments: &str, code: i32, says: &[&str]) {
    let output = output(&mut place.command(arguments));
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}: {told}");
    for word in says {
        assert!(told.contains(word), "{arguments}: '{word}' is not in: {told}");
    }
    assert!(output.stdout.is_empty(), "{arguments}");
    assert!(!place.path("results").exists(), "{arguments}");
}

#[test]
fn mistakes_are_answered_with_what_was_meant() {
    let place = Place::new();
    refused(&place, "-m epol", 2, &["unknown model 'epol'; did you mean 'epoll'?"]);
    refused(&place, "-m poll,-poll", 2, &["selects no model"]);
    refused(&place, "--conns 0", 2, &["'0'"]);
    refused(&place, "--conns ten", 2, &["'ten'", "10k"]);
    refused(&place, "--conns 2M", 2, &["--conns 2000000"]);
    refused(&place, "--duration 0s", 2, &["--duration 0ms"]);
    refused(&place, "--duration 600years", 2, &["'600years'"]);
    refused(&place, "--request-bytes 8", 2, &["--request-bytes 8"]);
    refused(&place, "--pipeline 5000", 2, &["--pipeline 5000"]);
    refused(&place, "--rounds 0", 2, &["0"]);
    refused(&place, "--server-cpus 9999", 2, &["9999"]);
    refused(&place, "--server 'mine=./x'", 2, &["no {port}"]);
    refused(&place, "--work sleep", 2, &["'sleep'", "none, cpu:N or wait:TIME"]);
    refused(&place, "--work cpu:0", 2, &["'cpu:0'"]);
    refused(&place, "--work wait:long", 2, &["'wait:long'"]);
    refused(&place, "--work wait:2s", 2, &["'2s'", "from 1ms to 1s"]);
    refused(
        &place,
        "-m all --work cpu:9 --server 'mine=./x {port}'",
        2,
        &["'mine'", "no {work}"],
    );
    refused(&place, "--rate 0", 2, &["'0'"]);
    refused(&place, "--rate fast", 2, &["'fast'", "10k..200k:8"]);
    refused(&place, "--rate 1k --think 1ms", 2, &["--rate", "--think"]);
    refused(&place, "--arrivals poisson", 2, &["--rate"]);
    refused(&place, "--duration 1s --stall 600ms", 2, &["--stall 600ms", "500ms"]);
    refused(&place, "--catalog nowhere.toml", 2, &["'nowhere.toml'"]);
    let report = output(&mut place.bare("report nowhere"));
    assert_eq!(report.status.code(), Some(2));
    assert!(
        String::from_utf8(report.stderr)
            .unwrap()
            .contains("'nowhere' is no recorded run")
    );
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_measured() {
    let place = Place::new();
    fs::write(place.path("file"), "").unwrap();
    refused(
        &place,
        "-m poll -c 3 --out file/out",
        1,
        &["cannot record into 'file/out'", "Not a directory"],
    );
    refused(&place, "-m poll -c 3 --out file", 1, &["cannot record into 'file'"]);
    fs::create_dir(place.path("fixed")).unwrap();
    fs::set_permissions(place.path("fixed"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(place.path("fixed/file"), "").is_ok() {
        println!("skipped: this user may write everywhere");
        return;
    }
    refused(
        &place,
        "-m poll -c 3 --out fixed/out",
        1,
        &["cannot record into 'fixed/out'", "Permission denied"],
    );
    refused(
        &place,
        "-m poll -c 3 --out fixed",
        1,
        &["cannot record into 'fixed'", "Permission denied"],
    );
}

#[test]
fn a_full_disk_loses_the_record_and_not_the_result() {
    let place = Place::new();
    fs::create_dir(place.path("small")).unwrap();
    // In a mount namespace of its own, which goes with its last process. Room for run.json, and not for 24 rows.
    let within = |script: &str| {
        let mut command = Command::new("unshare");
        command.args([
            "-m",
            "sh",
            "-c",
            &format!("mount -t tmpfs -o size=36k none small && {script}"),
            "sh",
        ]);
        command
    };
    let there = within("true").current_dir(place.path("")).output();
    if !there.as_ref().is_ok_and(|output| output.status.success()) {
        println!("skipped: nothing can be mounted here: {there:?}");
        return;
    }
    let run = place.command("-m poll -c 4 --active 2 -r 12 --duration 100ms --warmup 10ms --out small/out");
    let mut command = within("\"$@\"; echo code $?; wc -l < small/out/rows.jsonl");
    command.current_dir(place.path("")).env_remove("CARGO");
    command.arg(run.get_program()).args(run.get_args());
    let output = output(&mut command);
    let (text, told) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(text.contains("code 1"), "{text}{told}");
    assert!(
        told.contains("cannot append to 'small/out/rows.jsonl': No space left on device"),
        "{told}"
    );
    assert!(text.contains("req/s"), "what was measured is shown: {text}{told}");
    let rows: usize = text.lines().last().unwrap().parse().unwrap();
    assert!((1..24).contains(&rows), "{rows}");
}

#[test]
fn a_run_under_results_is_the_latest_however_it_is_named() {
    let place = Place::new();
    let arguments = "-m poll -c 3 -r 1 --duration 100ms --warmup 10ms --out";
    for (out, latest) in [("results/a", true), ("./results/b", true), ("results/../c", false)] {
        let told = output(&mut place.command(&format!("{arguments} {out}")));
        let text = String::from_utf8(told.stdout).unwrap();
        assert_eq!(told.status.code(), Some(0));
        let hint = format!("bench-runner report {out}\n");
        assert_eq!(text.ends_with(&hint), !latest, "{out}: {text}");
        if latest {
            let link = fs::read_link(place.path("results/latest")).unwrap();
            assert!(out.ends_with(link.to_str().unwrap()), "{out}: {}", link.display());
        }
    }
    assert_eq!(fs::read_link(place.path("results/latest")).unwrap().to_str(), Some("b"));
    let whole = place.path("results/d");
    let told = output(&mut place.command(&format!("{arguments} {}", whole.display())));
    assert_eq!(told.status.code(), Some(0));
    assert_eq!(fs::read_link(place.path("results/latest")).unwrap().to_str(), Some("d"));
}

#[test]
fn what_only_tells_tells() {
    let place = Place::new();
    let tells = |arguments: &str, codes: &[i32], words: &[&str]| {
        let output = output(&mut place.command(arguments));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(codes.contains(&output.status.code().unwrap()), "{arguments}: {text}");
        for word in words {
            assert!(text.contains(word), "{arguments}: '{word}' is not in:\n{text}");
        }
    };
    tells("list", &[0], &["epoll-edge", "also epoll", "blocking", "readiness"]);
    tells("list -m poll", &[0], &["poll(2)"]);
    tells("--help", &[0], &["Examples:", "--models", "Exit codes"]);
    tells("-h", &[0], &["--models", "results/DATE-HHMMSS-HOST"]);
    tells(
        "run --help",
        &[0],
        &["Examples:", "bench-runner run --quick", "--connect-timeout"],
    );
    let short = output(&mut place.bare("-h"));
    assert!(short.stdout.split(|&byte| byte == b'\n').count() <= 30, "a screen");
    tells("--version", &[0], &["bench-runner"]);
    tells(
        "verify -m epoll,iterative",
        &[0],
        &["epoll-edge  answers rightly", "iterative   answers rightly"],
    );
    tells(
        "verify -m epoll --protocol reply",
        &[0],
        &["epoll-edge  answers rightly"],
    );
    // It may find that this machine can do less than is wanted.
    tells("doctor -m poll -c 10", &[0, 1], &["connections"]);
    tells(
        "--dry-run -m poll -c 10 --seed 3",
        &[0],
        &["round 3", "3 cells", "seed 3"],
    );
    tells(
        "--dry-run -m poll -c 10 --work cpu:1k",
        &[0],
        &["10 connections  work cpu:1000  about"],
    );
    assert!(bin_dir().join("server-poll").is_file());
}
