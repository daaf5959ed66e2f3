//! How it ends: Ctrl-C, a parent that is killed, a reader that goes away. No shard is ever left behind.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::hostile::backlog_of_one;
use crate::run::{into_the_void, loadgen, output, stderr, until};
use crate::stub::Stub;

/// A process, told from a later one of the same number by when it began.
#[derive(Debug)]
struct Process {
    pid: u32,
    began: String,
}

impl Process {
    /// The children of `pid`.
    fn children(pid: u32) -> Vec<Self> {
        let Ok(list) = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) else {
            return Vec::new();
        };
        let pids = list.split_whitespace().map(|pid| pid.parse().unwrap());
        pids.filter_map(|pid| {
            Some(Self {
                pid,
                began: began(pid)?,
            })
        })
        .collect()
    }

    fn is_gone(&self) -> bool {
        began(self.pid).as_ref() != Some(&self.began)
    }
}

/// When a process began; `None` for one that is not there, or is a zombie.
fn began(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    (fields[0] != "Z").then(|| fields[19].to_owned())
}

/// A run that would take a minute, and its shards.
fn long_run(target: SocketAddr, shards: usize, flags: &str) -> (Child, Vec<Process>) {
    let mut command = loadgen();
    command.args(["--json", "--duration", "60s", "--target", &target.to_string()]);
    command
        .args(["--shards", &shards.to_string()])
        .args(flags.split_whitespace());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut own = Vec::new();
    until("the shards", || {
        own = Process::children(child.id());
        own.len() == shards
    });
    (child, own)
}

fn gone(shards: &[Process]) {
    until("the end of the shards", || shards.iter().all(Process::is_gone));
}

fn interrupted(child: Child, shards: &[Process]) {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let before = std::time::Instant::now();
    let output = child.wait_with_output().unwrap();
    // Two seconds, and as much again for a machine that has other things to do; not the minute.
    assert!(before.elapsed().as_secs() < 4, "{:?}", before.elapsed());
    gone(shards);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "loadgen: interrupted\n");
}

#[test]
fn ctrl_c_ends_a_load_and_its_shards() {
    let stub = Stub::echo();
    let (child, shards) = long_run(stub.address, 2, "--conns 4");
    until("the load", || stub.total() > 40);
    interrupted(child, &shards);
}

#[test]
fn ctrl_c_ends_a_connect_phase_too() {
    let listener = backlog_of_one();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let (child, shards) = long_run(address, 2, "--conns 6 --connect-timeout 50s");
    interrupted(child, &shards);
}

#[test]
fn no_shard_outlives_a_parent_that_is_killed() {
    let stub = Stub::echo();
    let (mut child, shards) = long_run(stub.address, 3, "--conns 6 --spin");
    until("the load", || stub.total() > 40);
    child.kill().unwrap();
    child.wait().unwrap();
    gone(&shards);
}

#[test]
fn a_shard_that_is_killed_is_told_and_ends_the_run() {
    let stub = Stub::echo();
    let (child, shards) = long_run(stub.address, 2, "--conns 4");
    until("the load", || stub.total() > 40);
    kill(Pid::from_raw(shards[0].pid as i32), Signal::SIGKILL).unwrap();
    let output = child.wait_with_output().unwrap();
    gone(&shards);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).starts_with("loadgen: the load generator ended by itself (signal: 9"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let stub = Stub::echo();
    for flag in ["--json", "--help"] {
        let mut command = loadgen();
        command.args([
            flag,
            "--conns",
            "2",
            "--duration",
            "100ms",
            "--target",
            &stub.address.to_string(),
        ]);
        into_the_void(&mut command);
        let output = command
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert_eq!(stderr(&output), "");
        assert!(output.status.success());
    }
}

#[test]
fn a_message_that_nobody_reads_is_no_panic() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = loadgen();
    let command = command.args(["--target", "127.0.0.1:1", "--conns", "1"]).stderr(writer);
    assert_eq!(command.status().unwrap().code(), Some(1));
}

#[test]
fn the_help_is_on_standard_output() {
    let mut command = loadgen();
    command.arg("--help");
    let output = output(command);
    assert!(output.status.success() && stderr(&output).is_empty());
    assert!(String::from_utf8(output.stdout).unwrap().contains("--allow-remote"));
}
