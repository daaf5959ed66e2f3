//! How a run ends before its end: Ctrl-C, a kill, a reader that goes away. What was measured is kept, and no process is
//! left behind.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::hostile::foreign;
use crate::support::{Place, ended, output, until};

fn begin(place: &Place, arguments: &str) -> Child {
    let mut command = place.short_run(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
}

#[test]
fn ctrl_c_keeps_the_rows_and_shows_them() {
    let place = Place::new();
    // Far more rounds than will be waited for.
    let mut command = place.command("-m epoll,poll -c 6 --active 2 --duration 150ms --warmup 20ms -r 900 --out out");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let rows = || {
        fs::read_to_string(place.path("out/rows.jsonl"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    until("rows", || rows() >= 4);
    interrupt(&child);
    let began = Instant::now();
    let run = place.recorded(ended(child));
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    assert_eq!(run.code, Some(1));
    let cells = run.rows.len() / 2;
    assert!(cells >= 2);
    let told = format!("bench-runner: interrupted after {cells} of 1800 cells; what there is was kept\n");
    assert!(run.told.ends_with(&told), "{}", run.told);
    assert!(
        run.table.contains("req/s") && run.table.contains("README.md"),
        "{}",
        run.table
    );
    assert_eq!(run.run["interrupted"], true);
    let readme = fs::read_to_string(place.path("out/README.md")).unwrap();
    assert!(readme.contains("The run was interrupted"));
    assert!(
        run.rows.iter().all(|row| row.reason.is_none()),
        "an interruption is no failure of the server's"
    );
    place.nothing_left();
}

#[test]
fn ctrl_c_in_the_middle_of_a_window_ends_it_at_once() {
    let place = Place::new();
    let child = begin(&place, "-m poll -c 6 --duration 60s");
    place.running("loadgen --shard");
    interrupt(&child);
    let began = Instant::now();
    let output = ended(child);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.ends_with("interrupted after 0 of 1 cells; what there is was kept\n"),
        "{told}"
    );
    assert!(output.stdout.is_empty());
    place.nothing_left();
}

#[test]
fn ctrl_c_while_a_server_is_waited_for_ends_it_at_once() {
    let place = Place::new();
    let child = begin(&place, "-m poll -c 6 --server 'deaf=sleep {port}'");
    place.running("sleep ");
    interrupt(&child);
    let began = Instant::now();
    let output = ended(child);
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    assert_eq!(output.status.code(), Some(1));
    place.nothing_left();
}

#[test]
fn nothing_outlives_a_runner_that_is_killed() {
    let place = Place::new();
    // A process per connection, and one that is not of ours.
    for (server, words) in [("-m fork", "server-fork"), ("-m -all", "hostile::server")] {
        let mut command = place.short_run(&format!("{server} -c 6 --duration 60s"));
        if server == "-m -all" {
            command.arg("--server").arg(format!("mine={}", foreign("honest")));
        }
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        place.running(words);
        place.running("loadgen --shard");
        child.kill().unwrap();
        child.wait().unwrap();
        place.nothing_left();
        fs::remove_dir_all(place.path("out")).unwrap();
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let place = Place::new();
    for arguments in ["list", "--help", "-h", "run --help"] {
        let mut command = place.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        drop(command);
        let output = ended(child);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
        assert_eq!(output.status.code(), Some(0), "{arguments}");
    }
}

#[test]
fn a_run_that_nobody_listens_to_is_recorded_all_the_same() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = place.short_run("-m poll -c 3 --duration 100ms");
    let child = command
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    drop(command);
    assert_eq!(ended(child).status.code(), Some(0));
    let rows = fs::read_to_string(place.path("out/rows.jsonl")).unwrap();
    assert!(rows.lines().count() == 1 && place.path("out/README.md").exists());
}

#[test]
fn the_order_is_the_seeds() {
    let place = Place::new();
    let plan = |seed: u32| {
        let output = output(&mut place.bare(&format!("--dry-run -m all -c 10,20 --seed {seed}")));
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7).lines().next(), None);
    let order = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("round"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_ne!(order(&plan(7)), order(&plan(8)));
    let (mut one, mut other) = (order(&plan(7)), order(&plan(8)));
    one.sort();
    other.sort();
    assert_eq!(one, other, "the same cells");
    assert!(!place.path("results").exists(), "a plan leaves nothing");
}
