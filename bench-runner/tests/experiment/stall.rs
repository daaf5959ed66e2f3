//! A real server that is stopped for a while (SIGSTOP), under an open loop: whoever was to be served then has waited,
//! and the response times say so.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::{bin_dir, output};

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_that_was_stopped_made_its_clients_wait() {
    let mut server = Command::new(bin_dir().join("server-epoll-edge"));
    server.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut server = Server(server.spawn().unwrap());
    let mut ready = String::new();
    BufReader::new(server.0.stdout.take().unwrap())
        .read_line(&mut ready)
        .unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let address = ready["address"].as_str().unwrap().to_owned();

    let pid = Pid::from_raw(server.0.id() as i32);
    let descriptors = || fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let alone = descriptors();

    let load = thread::spawn(move || {
        let mut loadgen = Command::new(bin_dir().join("loadgen"));
        loadgen.args(["--target", &address, "--json"]);
        loadgen.args("--conns 10 --rate 1000 --duration 3s --warmup 200ms".split(' '));
        output(&mut loadgen)
    });
    let deadline = Instant::now() + Duration::from_secs(30);
    while descriptors() < alone + 10 {
        assert!(Instant::now() < deadline, "nobody connects");
        thread::sleep(Duration::from_millis(5));
    }
    // All are connected, and the window, which begins 200 ms later, is three seconds long.
    thread::sleep(Duration::from_millis(1000));
    kill(pid, Signal::SIGSTOP).unwrap();
    thread::sleep(Duration::from_millis(600));
    kill(pid, Signal::SIGCONT).unwrap();
    let m: Value = serde_json::from_slice(&load.join().unwrap().stdout).unwrap();

    // A fifth of all requests were due while it was stopped, and waited for none to all of 600 ms.
    let quantile = |name: &str, q: &str| m[name][q].as_u64().unwrap();
    assert!(quantile("response_ns", "p90") > 100_000_000, "{}", m["response_ns"]);
    assert!(quantile("response_ns", "max") > 400_000_000, "{}", m["response_ns"]);
    // What was sent in time was answered in time: one request of each connection met the stop.
    assert!(
        quantile("latency_ns", "p90") < quantile("response_ns", "p90"),
        "{} {}",
        m["latency_ns"],
        m["response_ns"]
    );
    assert_eq!(m["outcomes"]["mismatch"], 0);
}
