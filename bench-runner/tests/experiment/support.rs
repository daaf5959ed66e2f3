//! Programs built once, a run in a directory of its own, and its processes told from all others.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bench_runner::record::Row;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// No run of these tests takes half of it, on any machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);
/// Marks the processes of one test, down to the last descendant: an environment is inherited.
const MARK: &str = "BENCH_RUNNER_TEST_MARK";

/// Where the servers and the load generator are, built from this tree with the profile of this test.
pub(crate) fn bin_dir() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directory = Path::new(env!("CARGO_BIN_EXE_bench-runner"))
            .parent()
            .unwrap()
            .to_owned();
        // Under nextest each test is a process: where one of this run has had cargo look, the others need not.
        let stamp = std::env::var("NEXTEST_RUN_ID").ok();
        let stamp = stamp.map(|run| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("built-for-{run}")));
        if !stamp.as_ref().is_some_and(|stamp| stamp.exists()) {
            build(&directory);
            if let Some(stamp) = stamp {
                fs::write(stamp, "").unwrap();
            }
        }
        directory
    })
}

fn build(directory: &Path) {
    let profile = match directory.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let above = directory.parent().unwrap();
    let target_dir = directory.ancestors().find(|above| above.join("CACHEDIR.TAG").exists());
    let target_dir = target_dir.expect("cargo tags its target directory");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--quiet",
        "--bins",
        "-p",
        "servers",
        "-p",
        "loadgen",
        "--profile",
        profile,
    ]);
    cargo.arg("--target-dir").arg(target_dir);
    if above != target_dir {
        cargo.arg("--target").arg(above.file_name().unwrap());
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(status.success(), "{cargo:?}: {status}");
}

/// A place for one test: a directory, and a mark on every process that it starts.
pub(crate) struct Place {
    directory: TempDir,
    mark: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self {
            directory: tempfile::tempdir().unwrap(),
            mark: format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed)),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program with its marks, in the directory, and nothing else.
    pub(crate) fn bare(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench-runner"));
        command.args(shlex::split(arguments).unwrap());
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        // Not as under `cargo run`, which has it build the servers by itself.
        command.env_remove("CARGO").env_remove("NO_COLOR").env(MARK, &self.mark);
        // Where tests run in CI, what is made up is nothing for its summary.
        command.env_remove("GITHUB_STEP_SUMMARY").env_remove("GITHUB_ACTIONS");
        // For servers that do not begin, or do not end.
        command.env("BENCH_RUNNER_PATIENCE", "3s");
        command
    }

    /// `command` without the right to perf events; none where everybody has it here, or it cannot be taken away.
    pub(crate) fn without_perf(&self, command: &Command) -> Option<Command> {
        const LESSER: [&str; 4] = [
            "--bounding-set",
            "-perfmon,-sys_admin",
            "--inh-caps",
            "-perfmon,-sys_admin",
        ];
        let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
        let closed = paranoid.trim().parse().is_ok_and(|level: i32| level >= 2);
        let may = Command::new("setpriv").args(LESSER).arg("true").output();
        if !closed || !may.is_ok_and(|output| output.status.success()) {
            println!("skipped: perf events are open to everybody here, or capabilities cannot be dropped");
            return None;
        }
        let mut lesser = Command::new("setpriv");
        lesser.args(LESSER).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => lesser.env(name, value),
                None => lesser.env_remove(name),
            };
        }
        lesser.current_dir(self.path(".")).stdin(Stdio::null());
        Some(lesser)
    }

    /// The program with our servers.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = self.bare(arguments);
        command.arg("--bin-dir").arg(bin_dir());
        command
    }

    /// A run of one round with short windows, recorded in `out`.
    pub(crate) fn short_run(&self, arguments: &str) -> Command {
        let times = if arguments.contains("--duration") {
            ""
        } else {
            "--duration 400ms"
        };
        self.command(&format!("--warmup 50ms -r 1 {times} --out out {arguments}"))
    }

    /// Measures to the end.
    pub(crate) fn measure(&self, arguments: &str) -> Recorded {
        let output = output(&mut self.short_run(arguments));
        self.recorded(output)
    }

    pub(crate) fn recorded(&self, output: Output) -> Recorded {
        let told = String::from_utf8(output.stderr).unwrap();
        let Ok(lines) = fs::read_to_string(self.path("out/rows.jsonl")) else {
            panic!("there are no rows: {told}");
        };
        Recorded {
            code: output.status.code(),
            rows: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            json: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            run: serde_json::from_str(&fs::read_to_string(self.path("out/run.json")).unwrap()).unwrap(),
            table: String::from_utf8(output.stdout).unwrap(),
            told,
        }
    }

    /// The running processes that bear the mark, by id, with their command lines.
    pub(crate) fn processes(&self) -> Vec<(i32, String)> {
        let mark = format!("{MARK}={}", self.mark).into_bytes();
        let read = |pid: i32, name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let pids = fs::read_dir("/proc").unwrap().flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        // What has ended and was not waited for yet has no environment any more.
        let ours = pids.filter(|&pid: &i32| read(pid, "environ").split(|&byte| byte == 0).any(|word| word == mark));
        ours.map(|pid| {
            (
                pid,
                String::from_utf8_lossy(&read(pid, "cmdline"))
                    .replace('\0', " ")
                    .trim()
                    .to_owned(),
            )
        })
        .collect()
    }

    /// Waits until a process of the run, not the runner itself, has `words` in its command line.
    pub(crate) fn running(&self, words: &str) {
        let runner = env!("CARGO_BIN_EXE_bench-runner");
        let has = |command: &str| !command.starts_with(runner) && command.contains(words);
        until(words, || self.processes().iter().any(|(_, command)| has(command)));
    }

    /// Waits until no process of the run is left.
    pub(crate) fn nothing_left(&self) {
        until("the end of all processes", || self.processes().is_empty());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A test that fails in the middle of a run leaves nothing either.
        for (pid, _) in self.processes() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// What a run has left.
pub(crate) struct Recorded {
    pub(crate) code: Option<i32>,
    pub(crate) rows: Vec<Row>,
    pub(crate) json: Vec<Value>,
    pub(crate) run: Value,
    /// Standard output.
    pub(crate) table: String,
    /// Standard error.
    pub(crate) told: String,
}

impl Recorded {
    /// That every row says of each value of cost where it was read, or why it is missing; never both.
    pub(crate) fn accounts_for_every_cost(&self) {
        for row in &self.json {
            let cost = row["server_cost"].as_object().unwrap();
            let cost = cost.iter().map(|(name, value)| (format!("server_cost.{name}"), value));
            let own = [
                "cpu_ns_per_request",
                "memory_bytes_per_connection",
                "listen_overflows",
                "listen_drops",
                "syn_retransmits",
                "retransmitted_segments",
                "server_steal_share",
                "generator_steal_share",
                "generator_wait_share",
                "throttled_periods",
                "throttled_us",
            ];
            let own = own.map(|name| (name.to_owned(), &row[name]));
            for name in ["connections", "requests", "rate_per_s", "outcomes"] {
                assert_eq!(
                    row[name].is_null(),
                    row["missing"].get(name).is_some(),
                    "{name} of {}",
                    row["cell_id"]
                );
            }
            for (name, value) in cost.chain(own) {
                let told = (row["sources"].get(&name).is_some(), row["missing"].get(&name).is_some());
                let due = (!value.is_null(), value.is_null());
                assert_eq!(told, due, "{name} of {} is {value}", row["cell_id"]);
            }
        }
    }

    /// The rows of a server.
    pub(crate) fn of(&self, server: &str) -> Vec<&Row> {
        let own: Vec<&Row> = self.rows.iter().filter(|row| row.server == server).collect();
        assert!(!own.is_empty(), "no row of {server}: {}", self.told);
        own
    }

    /// That a server was measured, in all windows.
    pub(crate) fn is_measured(&self, server: &str) {
        for row in self.of(server) {
            assert_eq!(row.reason, None, "{server}: {}", self.told);
            assert!(row.rate_per_s.is_some_and(|rate| rate > 0.0) && row.requests > Some(0));
        }
    }

    /// That a server has failed in all windows, for a reason that contains each of `words`.
    pub(crate) fn has_failed(&self, server: &str, words: &[&str]) {
        for row in self.of(server) {
            let reason = row.reason.as_deref().unwrap_or_default();
            for word in words {
                assert!(reason.contains(word), "{server}: '{word}' is not in '{reason}'");
            }
            assert_eq!(row.verdict.name(), "failed");
            assert_eq!((row.verdicts.len(), row.evidence.len()), (1, 1));
            // What was not measured is null and never 0.
            let unmeasured = (
                row.connections.is_none(),
                row.outcomes.is_none(),
                row.generator.is_none(),
            );
            assert_eq!(
                unmeasured,
                (row.requests.is_none(), row.requests.is_none(), row.requests.is_none())
            );
            assert!(
                self.told.contains(reason),
                "the reason is told while it runs: {}",
                self.told
            );
        }
    }

    pub(crate) fn keys(&self) -> BTreeSet<(String, u64, u32, String)> {
        let key = |row: &Row| (row.server.clone(), row.conns, row.round, row.window.name().to_owned());
        self.rows.iter().map(key).collect()
    }
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    ended(child)
}

/// Waits for the end of a process whose output is piped.
pub(crate) fn ended(child: Child) -> Output {
    let pid = Pid::from_raw(child.id() as i32);
    let (done, output) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    let Ok(output) = output.recv_timeout(DEADLINE) else {
        let _ = kill(pid, Signal::SIGKILL);
        panic!("the program does not end");
    };
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !told.contains("panicked") && !told.contains("stack backtrace"),
        "{told}"
    );
    output
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
