//! Runs the program, and holds what it prints against everything that must always be true of it.

use std::os::fd::OwnedFd;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use loadgen::{Histogram, Measurement, Outcome, Quantiles};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// No run of these tests takes a fraction of it, on any machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The program.
pub(crate) fn loadgen() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn output(mut command: Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_raw(child.id() as i32);
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(DEADLINE) else {
        let _ = kill(pid, Signal::SIGKILL);
        panic!("{command:?} does not end");
    };
    output.unwrap()
}

/// What was written to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A measurement and whether the program was content with it.
pub(crate) struct Run {
    pub(crate) measured: Measurement,
    pub(crate) json: Value,
    pub(crate) success: bool,
}

impl Run {
    pub(crate) fn count(&self, outcome: Outcome) -> u64 {
        self.measured.outcomes.count(outcome)
    }

    /// That nothing has failed but what `expected` tells. In an open loop a connection may fail with more than one
    /// request: with all that were due.
    pub(crate) fn failures(&self, expected: &[(Outcome, u64)]) {
        let mut failures = self.measured.outcomes.failures();
        failures.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        if self.measured.offered.is_some() {
            for ((_, n), (_, least)) in failures.iter_mut().zip(&expected) {
                *n = (*n).min(*least);
            }
        }
        assert_eq!(failures, expected);
        let wrong = expected.iter().any(|&(how, _)| how == Outcome::Mismatch);
        assert_eq!(
            self.success,
            !wrong && self.measured.served > 0,
            "a wrong reply is a failure of the run, and so is nobody served; anything else is a result"
        );
    }
}

/// Flags of the closed loop and of the open one, at a rate that any machine keeps up with.
pub(crate) const LOOPS: [&str; 2] = ["", "--rate 1500"];

/// Measures against `target` with more flags, separated by spaces.
pub(crate) fn measure(target: std::net::SocketAddr, flags: &str) -> Run {
    let mut command = loadgen();
    command.args([
        "--json",
        "--warmup",
        "50ms",
        "--ramp",
        "5ms",
        "--target",
        &target.to_string(),
    ]);
    if !flags.contains("--duration") {
        command.args(["--duration", "600ms"]);
    }
    command.args(flags.split_whitespace());
    read(&output(command))
}

/// Reads what `--json` printed.
pub(crate) fn read(output: &Output) -> Run {
    let complaint = stderr(output);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.matches('\n').count(), 1, "one object, one line");
    let json: Value = serde_json::from_str(&text).unwrap();
    let measured: Measurement = serde_json::from_str(&text).unwrap();
    sound(&measured);
    assert_eq!(complaint.is_empty(), measured.served > 0, "{complaint}");
    assert!(
        complaint.is_empty() || complaint.contains("served nobody"),
        "{complaint}"
    );
    Run {
        measured,
        json,
        success: output.status.success(),
    }
}

/// What holds for every measurement, whatever the server does.
pub(crate) fn sound(m: &Measurement) {
    assert_eq!(m.outcomes.count(Outcome::Ok), m.requests);
    assert_eq!(m.histogram.len(), m.requests);
    same(m.histogram.quantiles(), m.latency_ns);
    same(m.unfinished_histogram.quantiles(), m.unfinished_ns);
    // In an open loop it also has the ages of those that failed.
    let open = m.offered.is_some();
    assert!(open || m.unfinished_histogram.len() <= m.outcomes.count(Outcome::Unfinished));
    same(m.connect_histogram.quantiles(), m.connect_ns);
    let first = m.connect_histogram.len() - m.reconnects.unwrap_or(0);
    // Where clients try again, one may have connected only after it had failed at first.
    assert!(first == m.connected || m.reconnects.is_some() && first < m.connected);
    assert!(m.late + m.greeted <= m.served);
    assert!(m.served + m.starved <= m.active && m.active <= m.requested);
    assert!(m.connected <= m.requested && m.turned_away + m.lost <= m.connected);
    assert!(m.elapsed_s > 0.0 && m.generator.cpu_share >= 0.0);
    let rate = m.requests as f64 / m.elapsed_s;
    // Shards may begin a little apart.
    assert!((m.rate_per_s - rate).abs() <= 0.02 * rate, "{} {rate}", m.rate_per_s);
    assert_eq!(m.slow_histogram.as_ref().map(Histogram::len), m.slow_requests);
    assert_eq!(m.slow_ns.is_some(), m.slow_requests.is_some());
    if let (Some(slow), Some(others)) = (&m.slow_histogram, m.others_ns) {
        same(slow.quantiles(), m.slow_ns.unwrap());
        same(m.histogram.without(slow).quantiles(), others);
    }
    let law = m.littles_law;
    assert!(law.is_none_or(|law| law.holds), "{law:?}");
    assert_eq!(law.is_some(), m.requests > 0 && !open);
    if let Some(jain) = m.jain_index {
        assert!(jain <= 1.0 + 1e-9 && jain >= 1.0 / m.active as f64 - 1e-9, "{jain}");
    }
    let again: Histogram = serde_json::from_str(&serde_json::to_string(&m.histogram).unwrap()).unwrap();
    assert_eq!(again, m.histogram);
}

/// The same quantiles; `serde_json` reads a mean to within its last bit.
fn same(decoded: Quantiles, told: Quantiles) {
    let rounded = |q: Quantiles| Quantiles {
        mean: q.mean.map(f64::round),
        ..q
    };
    assert_eq!(rounded(decoded), rounded(told));
}

/// Has a command write its standard output into a pipe that nobody reads.
pub(crate) fn into_the_void(command: &mut Command) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(OwnedFd::from(writer));
}
