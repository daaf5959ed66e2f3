//! What the tests of exports share: the committed runs, rows made up from them, and the program.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use bench_runner::export::{Exported, Format, Unit, export};
use bench_runner::record::{self, Recorded, Row, Verdict, Window};

/// Where a committed run lies; "" is the one of the closed loop.
pub(crate) fn directory(run: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../results/reference")
        .join(run)
}

fn read(run: &str) -> Recorded {
    let recorded = record::read(&directory(run)).unwrap();
    assert_eq!(recorded.damage, Vec::<String>::new());
    recorded
}

/// The reference run: a closed loop, busy and mostly idle.
pub(crate) fn closed() -> &'static Recorded {
    static RUN: OnceLock<Recorded> = OnceLock::new();
    RUN.get_or_init(|| read(""))
}

/// An open loop at six rates, whose generator was sometimes late.
pub(crate) fn offered() -> &'static Recorded {
    static RUN: OnceLock<Recorded> = OnceLock::new();
    RUN.get_or_init(|| read("offered"))
}

/// All rows of a run in a format.
pub(crate) fn all_of(format: Format, recorded: &Recorded) -> Exported {
    let rows: Vec<&Row> = recorded.rows.iter().collect();
    export(format, Unit::Ms, &recorded.run, &rows).unwrap()
}

/// The one file that comes of these rows, and the notes beside it.
pub(crate) fn one(format: Format, recorded: &Recorded, rows: &[Row]) -> (String, Vec<String>) {
    let rows: Vec<&Row> = rows.iter().collect();
    let Exported { mut files, notes } = export(format, Unit::Ms, &recorded.run, &rows).unwrap();
    assert_eq!(files.len(), 1, "{notes:?}");
    (files.remove(0).text, notes)
}

/// The rounds of one window of the reference run, to be changed at will.
pub(crate) fn rounds(server: &str, conns: u64, window: Window) -> Vec<Row> {
    let wanted = |row: &&Row| (&*row.server, row.conns, row.window) == (server, conns, window);
    let mut rows: Vec<Row> = closed().rows.iter().filter(wanted).cloned().collect();
    rows.sort_by_key(|row| row.round);
    assert_eq!(rows.len(), 3, "{server}/{conns}");
    rows
}

/// Those of one offered rate.
pub(crate) fn rounds_at(server: &str, rate_per_s: f64) -> Vec<Row> {
    let wanted = |row: &&Row| row.server == server && row.load.rate_per_s == Some(rate_per_s);
    let rows: Vec<Row> = offered().rows.iter().filter(wanted).cloned().collect();
    assert_eq!(rows.len(), 3, "{server} at {rate_per_s}");
    rows
}

/// Gives a row one verdict.
pub(crate) fn judge(row: &mut Row, verdict: Verdict) {
    row.verdict = verdict;
    row.verdicts = vec![verdict];
}

/// Makes it a row that has failed before anything was measured.
pub(crate) fn fail(row: &mut Row, reason: &str) {
    judge(row, Verdict::Failed);
    row.reason = Some(reason.to_owned());
    (row.connections, row.requests, row.rate_per_s) = (None, None, None);
    row.latency_ns = loadgen::Quantiles::default();
    (row.cpu_ns_per_request, row.memory_bytes_per_connection) = (None, None);
    (row.histogram, row.unfinished_histogram) = (None, None);
}

/// Whether a note has all of these words.
pub(crate) fn told(notes: &[String], words: &[&str]) -> bool {
    notes.iter().any(|note| words.iter().all(|word| note.contains(word)))
}

/// The program, called in an empty directory of its own.
pub(crate) fn program(place: &std::path::Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-runner"));
    command.args(shlex::split(arguments).unwrap());
    command.current_dir(place).stdin(Stdio::null()).env_remove("CARGO");
    command
}

/// Its end, with what it wrote.
pub(crate) fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let told = String::from_utf8(stderr).unwrap();
    assert!(!told.contains("panicked"), "{told}");
    (status.code(), String::from_utf8(stdout).unwrap(), told)
}
