//! Runs that are made up: rows of a real one with other numbers in them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_runner::environment::{Binary, Environment, Source};
use bench_runner::record::{Row, Run, SCHEMA, Settings, Store, Verdict, Window};
use tempfile::TempDir;

/// What the program has said.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    pub(crate) errors: String,
}

/// A directory of runs.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Records a run under `results`.
    pub(crate) fn record(&self, name: &str, run: &Run, rows: &[Row]) {
        let mut store = Store::create(&self.path("results").join(name), run).unwrap();
        rows.iter().for_each(|row| store.append(row).unwrap());
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench-runner"));
        command.arg("compare").args(shlex::split(arguments).unwrap());
        command.current_dir(self.0.path()).stdin(Stdio::null());
        command.env_remove("GITHUB_STEP_SUMMARY").env_remove("NO_COLOR");
        command
    }

    pub(crate) fn compare(&self, arguments: &str) -> Told {
        told(&mut self.command(arguments))
    }
}

pub(crate) fn told(command: &mut Command) -> Told {
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!errors.contains("panicked"), "{errors}");
    Told {
        code: output.status.code(),
        text: String::from_utf8(output.stdout).unwrap(),
        errors,
    }
}

pub(crate) fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference")
}

/// A run of these servers on a machine that is made up.
pub(crate) fn run(id: &str, servers: &[&str]) -> Run {
    let started_at = "2026-03-14T10:15:00Z".parse().unwrap();
    let binary = |name: &&str| Binary {
        name: (*name).to_owned(),
        sha256: Some(format!("{name}'s")),
        ..Binary::default()
    };
    let mut environment = Environment {
        started_at,
        server_cpus: vec![0],
        generator_cpus: vec![1],
        binaries: [&"loadgen"].into_iter().chain(servers).map(binary).collect(),
        source: Some(Source {
            revision: Some("89abcdef01234567".to_owned()),
            ..Source::default()
        }),
        ..Environment::default()
    };
    environment.cpu.model = Some("AMD EPYC".to_owned());
    environment.os.kernel_release = Some("6.12.1".to_owned());
    Run {
        schema: SCHEMA,
        run_id: id.to_owned(),
        version: "0.1.0".to_owned(),
        started_at,
        finished_at: None,
        interrupted: false,
        servers: servers.iter().map(ToString::to_string).collect(),
        faulty: Vec::new(),
        catalog: Vec::new(),
        settings: Settings {
            conns: vec![100],
            ..Settings::default()
        },
        seed: 1,
        environment,
        warnings: Vec::new(),
    }
}

/// Rounds at 100 connections, all of which talk, that cost so much CPU time each.
pub(crate) fn rounds(server: &str, cpu_ns: &[f64]) -> Vec<Row> {
    let row: Row = serde_json::from_str(include_str!("../../src/stats/warnings/quiet-row.json")).unwrap();
    let round = |(i, &cpu): (usize, &f64)| Row {
        server: server.to_owned(),
        cell_id: format!("{server}/100/{}", i + 1),
        round: i as u32 + 1,
        window: Window::Busy,
        verdict: Verdict::Valid,
        verdicts: vec![Verdict::Valid],
        cpu_ns_per_request: Some(cpu),
        rate_per_s: Some(1e9 / cpu),
        ..row.clone()
    };
    cpu_ns.iter().enumerate().map(round).collect()
}

/// The last word of a failed row.
pub(crate) fn fail(row: &mut Row, reason: &str) {
    row.verdict = Verdict::Failed;
    row.verdicts = vec![Verdict::Failed];
    row.reason = Some(reason.to_owned());
    row.connections = None;
    row.requests = None;
    row.rate_per_s = None;
    row.cpu_ns_per_request = None;
}

/// Two runs, `before` and `after`, of `poll` and `select` alike; select costs so much then.
pub(crate) fn two_runs(select_cpu_ns: &[f64]) -> Place {
    let place = Place::new();
    let steady: Vec<f64> = (0..select_cpu_ns.len()).map(|i| 5e3 + 10.0 * i as f64).collect();
    let rows = [rounds("poll", &steady), rounds("select", &steady)].concat();
    place.record("before", &run("before", &["poll", "select"]), &rows);
    let rows = [rounds("poll", &steady), rounds("select", select_cpu_ns)].concat();
    place.record("after", &run("after", &["poll", "select"]), &rows);
    place
}
