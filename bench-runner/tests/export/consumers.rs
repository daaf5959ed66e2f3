//! Logs and distributions, read by HdrHistogram itself: the original in Java, and its libraries for Python and JavaScript.

use std::fs;
use std::process::Command;

use bench_runner::export::{Format, Unit, export};
use bench_runner::record::{Row, Window};
use jiff::Timestamp;
use loadgen::Histogram;
use serde::Deserialize;
use tempfile::TempDir;

use crate::distribution::{Distribution, is_of};
use crate::programs::{at_hand, java, node, python, run};
use crate::support::{closed, one, rounds};

/// What a library says of a histogram.
#[derive(Debug, Deserialize)]
struct Told {
    tag: Option<String>,
    start_ms: f64,
    end_ms: f64,
    total: u64,
    mean: f64,
    ranks: Vec<u64>,
    values: Vec<u64>,
    distribution: String,
}

/// What it says of a log.
#[derive(Debug, Deserialize)]
struct Log {
    intervals: Vec<Told>,
    whole: Told,
}

/// What the reader finds in the logs of these groups of rows.
fn read(mut reader: Command, groups: &[Vec<Row>]) -> Vec<Log> {
    let place = TempDir::new().unwrap();
    for (i, rows) in groups.iter().enumerate() {
        let path = place.path().join(format!("{i}.hlog"));
        fs::write(&path, one(Format::Hlog, closed(), rows).0).unwrap();
        reader.arg(path);
    }
    let logs: Vec<Log> = serde_json::from_str(&run(&mut reader).unwrap()).unwrap();
    assert_eq!(logs.len(), groups.len());
    logs
}

/// One window of a quick server, of a slow one, and several series in one log.
fn groups() -> Vec<Vec<Row>> {
    let several = ["poll", "select", "tokio"].map(|server| rounds(server, 10_000, Window::Idle));
    vec![
        rounds("epoll-edge", 10_000, Window::Idle),
        rounds("fork", 10_000, Window::Busy),
        several.concat(),
    ]
}

/// That a histogram was read as the one that was recorded.
fn same(told: &Told, histogram: &Histogram) {
    assert_eq!(told.total, histogram.len());
    assert!(
        (told.mean / histogram.mean() - 1.0).abs() < 1e-6,
        "{} and {}",
        told.mean,
        histogram.mean()
    );
    assert_eq!(told.ranks.len(), 6);
    for (&rank, &value) in told.ranks.iter().zip(&told.values) {
        assert_eq!(
            value,
            histogram.quantile((rank as f64 - 0.25) / told.total as f64),
            "rank {rank}"
        );
    }
    let distribution = Distribution::parse(&told.distribution).unwrap();
    is_of(&distribution, histogram, 1.0);
}

fn in_ms(time: Timestamp) -> f64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64() * 1e3
}

/// That our distribution is the one that was printed, line by line where both take the same steps.
fn alike(ours: &str, theirs: &str, same_steps: bool) {
    let (ours, theirs) = (Distribution::parse(ours).unwrap(), Distribution::parse(theirs).unwrap());
    if same_steps {
        assert_eq!(ours.lines, theirs.lines);
    }
    assert_eq!((ours.max, ours.total), (theirs.max, theirs.total));
    assert_eq!((ours.buckets, ours.sub_buckets), (theirs.buckets, theirs.sub_buckets));
    assert!((ours.mean - theirs.mean).abs() < 1.0 && (ours.deviation - theirs.deviation).abs() < 1.0);
}

/// That the logs were read as they were written, and that our distributions are those that the library prints.
fn agrees(logs: &[Log], groups: &[Vec<Row>], same_steps: bool) {
    for (log, rows) in logs.iter().zip(groups) {
        let mut rows: Vec<&Row> = rows.iter().collect();
        rows.sort_by_key(|row| row.started_at);
        assert_eq!(log.intervals.len(), rows.len());
        let mut all = Histogram::default();
        for (told, row) in log.intervals.iter().zip(&rows) {
            let tag = format!("{}/{}/{}", row.server, row.conns, row.window.name());
            assert_eq!(told.tag.as_deref(), Some(&*tag));
            assert!((told.start_ms - in_ms(row.started_at)).abs() < 2.0, "{told:?}");
            assert!((told.end_ms - told.start_ms - row.elapsed_s.unwrap() * 1e3).abs() < 2.0);
            let histogram = row.histogram.as_ref().unwrap();
            same(told, histogram);
            all.merge(histogram);
        }
        same(&log.whole, &all);
        let exported = export(Format::Hgrm, Unit::Ns, &closed().run, &rows).unwrap();
        if let [file] = &*exported.files {
            alike(&file.text, &log.whole.distribution, same_steps);
        }
    }
}

#[test]
fn the_python_library_reads_logs_and_prints_our_distributions() {
    let Some(python) = at_hand(python()) else { return };
    let groups = groups();
    // Its steps get smaller from each to the next, where the Java library's do from half to half.
    agrees(&read(python, &groups), &groups, false);
}

#[test]
fn so_does_the_javascript_library() {
    let Some(node) = at_hand(node()) else { return };
    let groups = groups();
    agrees(&read(node, &groups), &groups, true);
}

/// The original: it takes the intervals of one tag out of a log of several and prints their distribution.
#[test]
fn the_java_program_makes_our_distribution_of_our_log() {
    let Some(mut java) = at_hand(java()) else { return };
    let rows = ["poll", "epoll-edge"].map(|server| rounds(server, 10_000, Window::Idle));
    let place = TempDir::new().unwrap();
    let log = place.path().join("run.hlog");
    fs::write(&log, one(Format::Hlog, closed(), &rows.concat()).0).unwrap();
    java.args(["-tag", "epoll-edge/10000/idle", "-outputValueUnitRatio", "1", "-i"]);
    let printed = run(java.arg(&log)).unwrap();
    let (start, distribution) = printed.split_at(printed.find("       Value").unwrap());
    assert!(start.starts_with("#[StartTime: "), "{start}");
    let own: Vec<&Row> = rows[1].iter().collect();
    let ours = export(Format::Hgrm, Unit::Ns, &closed().run, &own).unwrap();
    alike(&ours.files[0].text, distribution, true);
}

#[test]
fn a_library_that_read_something_else_is_found_out() {
    let rows = rounds("poll", 100, Window::Busy);
    let histogram = rows[0].histogram.as_ref().unwrap();
    let told = |total| Told {
        tag: None,
        start_ms: 0.0,
        end_ms: 0.0,
        total,
        mean: histogram.mean(),
        ranks: vec![1; 6],
        values: vec![histogram.quantile(0.0); 6],
        distribution: String::new(),
    };
    assert!(std::panic::catch_unwind(|| same(&told(histogram.len() + 1), histogram)).is_err());
}
