//! `benchstat`: the Go benchmark data format (<https://go.dev/design/14313-benchmark-format>), a line for each row, which
//! golang.org/x/perf/cmd/benchstat puts together and compares.

use super::groups::{Group, plain};
use super::measures::{LeftOut, Measure, of_row};
use super::notes::Notes;
use crate::record::{Row, Run, Settings};

/// Nanoseconds in a second.
const NS_PER_S: f64 = 1e9;

impl Measure {
    /// The unit that says what is measured, in the format's manner: benchstat takes the last of the words between the
    /// hyphens for the unit and rescales `ns` and `B`.
    fn go_unit(self) -> &'static str {
        match self {
            Self::Throughput => "req/s",
            Self::Served => "served-conns",
            Self::Latency => "p50-ns",
            Self::LatencyP99 => "p99-ns",
            Self::CpuPerRequest => "cpu-ns/op",
            Self::MemoryPerConnection => "B/conn",
            Self::SystemCallsPerRequest => "syscalls/op",
        }
    }
}

/// The lines; `None` without any.
pub(super) fn lines(run: &Run, groups: &[Group]) -> (Option<String>, Notes) {
    let mut notes = Notes::default();
    let mut results = String::new();
    for group in groups {
        let mut left_out = Vec::new();
        for row in &group.rows {
            let (line, without) = line(group, row);
            results += &line.unwrap_or_default();
            left_out.push((row.round, without));
        }
        // Most often all rounds lack the same.
        let alike = left_out.iter().all(|(_, without)| *without == left_out[0].1);
        left_out.truncate(if alike { 1 } else { left_out.len() });
        for (round, without) in left_out {
            let round = if alike {
                String::new()
            } else {
                format!(" round {round}")
            };
            without.tell(&format!("{}{round}", group.name()), &mut notes);
        }
    }
    let text = (!results.is_empty()).then(|| format!("{}\n{results}", head(run)));
    (text, notes)
}

/// Configuration and units. Every line `key: value` is configuration, and benchstat compares only what agrees in all of
/// it, so it has what makes two runs comparable, and a comment has the rest.
fn head(run: &Run) -> String {
    let environment = &run.environment;
    let mut head = format!("# run {} of bench-runner {}\n", run.run_id, run.version);
    for (key, value) in [
        ("goos", environment.os.name.as_deref().map(str::to_lowercase)),
        ("goarch", environment.os.architecture.as_deref().map(goarch)),
        ("pkg", Some("bench-runner".to_owned())),
        ("cpu", environment.cpu.model.clone()),
        ("load", Some(load(&run.settings))),
    ] {
        if let Some(value) = value {
            head += &format!("{key}: {}\n", value.replace(['\n', '\r'], " "));
        }
    }
    for measure in Measure::OF_WINDOW.into_iter().chain(Measure::OF_CELL) {
        let better = if measure.bigger_is_better() { "higher" } else { "lower" };
        head += &format!("Unit {} better={better}\n", measure.go_unit());
    }
    head
}

/// The architecture as Go calls it.
fn goarch(machine: &str) -> String {
    match machine {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "i686" | "i586" | "i386" => "386",
        other => other,
    }
    .to_owned()
}

/// What was sent, as far as numbers depend on it.
fn load(settings: &Settings) -> String {
    let mut load = vec![
        settings.requests(),
        format!("{} under way", settings.pipeline),
        format!("work {}", settings.work),
    ];
    if settings.slow_every > 1 {
        load.push(format!("in one of {}", settings.slow_every));
    }
    if settings.think_s > 0.0 {
        load.push(format!("think {} s", settings.think_s));
    }
    if let Some(requests) = settings.requests_per_conn {
        load.push(format!("{requests} a connection"));
    }
    if settings.stall_s > 0.0 {
        load.push(format!("stopped for {} s", settings.stall_s));
    }
    if settings.spin {
        load.push("generator spins".to_owned());
    }
    load.join(", ")
}

/// The line of a row, and what it leaves out; no line where it has nothing to tell, for the format knows none without a
/// value.
fn line(group: &Group, row: &Row) -> (Option<String>, LeftOut) {
    let of_cell: &[Measure] = if group.leads { &Measure::OF_CELL } else { &[] };
    let (mut values, mut left_out) = (String::new(), LeftOut::default());
    for &measure in Measure::OF_WINDOW.iter().chain(of_cell) {
        match of_row(row, measure) {
            Ok(value) => {
                if measure == Measure::Throughput && value > 0.0 {
                    // What the testing package means by it: time that passed ÷ iterations.
                    values += &format!("\t{} ns/op", NS_PER_S / value);
                }
                values += &format!("\t{value} {}", measure.go_unit());
            }
            Err(why) => left_out.add(measure, why),
        }
    }
    let iterations = row.requests.filter(|&requests| requests > 0 && !values.is_empty());
    let line = iterations.map(|iterations| format!("{}\t{iterations}{values}\n", name(group, row)));
    (line, left_out)
}

/// `BenchmarkServer/server=epoll-edge/conns=10000/window=busy-1`, where 1 is the number of the server's CPUs, in the place
/// of GOMAXPROCS; not there where it was not pinned.
fn name(group: &Group, row: &Row) -> String {
    let rate = group.rate().map(|rate| format!("/rate={rate}")).unwrap_or_default();
    let cpus = match row.server_cpus.len() {
        0 => String::new(),
        cpus => format!("-{cpus}"),
    };
    format!(
        "BenchmarkServer/server={}/conns={}/window={}{rate}{cpus}",
        plain(&row.server),
        row.conns,
        row.window.name()
    )
}
