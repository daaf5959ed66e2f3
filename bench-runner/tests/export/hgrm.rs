//! Percentile distributions, read strictly and by the rules of what reads them: `appendDataSeries` in HdrHistogram's GoogleChartsExample/plotFiles.html, and the expressions of hdr-plot
//! (<https://github.com/HdrHistogram/HdrHistogram>, <https://github.com/BrunoBonacci/hdr-plot>).

use bench_runner::export::{File, Format, Unit, export};
use bench_runner::record::{Recorded, Row, Verdict, Window};
use loadgen::Histogram;

use crate::distribution::{Distribution, is_of};
use crate::support::{closed, fail, judge, offered, rounds, rounds_at, told};

fn files(recorded: &Recorded, rows: &[Row], unit: Unit) -> (Vec<File>, Vec<String>) {
    let rows: Vec<&Row> = rows.iter().collect();
    let exported = export(Format::Hgrm, unit, &recorded.run, &rows).unwrap();
    (exported.files, exported.notes)
}

fn distribution(rows: &[Row], unit: Unit) -> Distribution {
    let (files, _) = files(closed(), rows, unit);
    assert_eq!(files.len(), 1);
    Distribution::parse(&files[0].text).unwrap()
}

fn merged(rows: &[Row]) -> Histogram {
    let mut all = Histogram::default();
    rows.iter().for_each(|row| all.merge(row.histogram.as_ref().unwrap()));
    all
}

#[test]
fn each_window_of_the_reference_runs_is_a_file_that_reads_back() {
    for (recorded, groups) in [(closed(), 119), (offered(), 102)] {
        let (files, _) = files(recorded, &recorded.rows, Unit::Ms);
        assert_eq!(files.len(), groups);
        let mut names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), groups);
        for file in &files {
            let distribution = Distribution::parse(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.name));
            assert_eq!((distribution.buckets, distribution.sub_buckets), (32, 2048));
            plotted(&file.text, &distribution);
            hdr_plotted(&file.text, &distribution);
        }
    }
}

/// As plotFiles.html reads it: every line of four fields that does not begin with '#', its first and its last field.
fn plotted(text: &str, distribution: &Distribution) {
    let four = |line: &str| {
        let fields: Vec<f64> = line
            .split(' ')
            .filter(|field| !field.is_empty())
            .flat_map(str::parse)
            .collect();
        (!line.starts_with('#') && fields.len() == 4).then(|| (fields[3], fields[0]))
    };
    let points: Vec<(f64, f64)> = text.lines().map(str::trim).filter_map(four).collect();
    assert_eq!(points.len() + 1, distribution.lines.len());
    for (&(x, y), &(value, quantile, _)) in points.iter().zip(&distribution.lines) {
        assert_eq!(y, value);
        assert!((1.0 - 1.0 / x - quantile).abs() < 0.01);
    }
}

/// As hdr-plot reads it: `\s+([0-9.]+)\s+([0-9.]+)\s+([0-9.]+)\s+([0-9.]+)` at a line's beginning, which wants a blank
/// there, and both summaries with a blank behind the sign.
fn hdr_plotted(text: &str, distribution: &Distribution) {
    let matching = |line: &&str| line.starts_with(' ') && line.split_whitespace().count() == 4 && !line.contains('V');
    assert_eq!(text.lines().filter(matching).count() + 1, distribution.lines.len());
    for name in ["#[Mean    = ", "StdDeviation   = ", "#[Max     = ", "Total count    = "] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn rounds_are_merged_exactly_in_every_unit() {
    let rows = rounds("epoll-edge", 10_000, Window::Idle);
    let all = merged(&rows);
    for (unit, scale) in [(Unit::Ns, 1.0), (Unit::Us, 1e3), (Unit::Ms, 1e6), (Unit::S, 1e9)] {
        let distribution = distribution(&rows, unit);
        is_of(&distribution, &all, scale);
    }
    let (ns, ms) = (distribution(&rows, Unit::Ns), distribution(&rows, Unit::Ms));
    for (ns, ms) in ns.lines.iter().zip(&ms.lines) {
        assert_eq!((ns.0 / 1e6, ns.1, ns.2), *ms, "no digit is lost");
    }
}

#[test]
fn a_distribution_of_another_histogram_is_found_out() {
    let rows = rounds("epoll-edge", 10_000, Window::Idle);
    let other = distribution(&rows[..2], Unit::Ms);
    let caught = std::panic::catch_unwind(|| is_of(&other, &merged(&rows), 1e6));
    assert!(caught.is_err());
}

#[test]
fn long_waits_keep_their_column() {
    let mut rows = rounds("epoll-edge", 10_000, Window::Idle);
    let mut long = Histogram::default();
    long.record(1);
    long.record(3_600_000_000_000);
    rows.iter_mut().for_each(|row| row.histogram = Some(long.clone()));
    for unit in [Unit::Ns, Unit::Us, Unit::Ms, Unit::S] {
        let (files, _) = files(closed(), &rows, unit);
        let distribution = Distribution::parse(&files[0].text).unwrap();
        hdr_plotted(&files[0].text, &distribution);
        assert_eq!(distribution.total, 6);
    }
}

#[test]
fn what_is_in_it_and_what_is_not_stands_below() {
    let mut rows = rounds("epoll-edge", 10_000, Window::Idle);
    let mut ages = Histogram::default();
    (0..7).for_each(|_| ages.record(2_000_000));
    rows.iter_mut().for_each(|row| {
        row.unfinished_histogram = Some(Histogram::default());
        judge(row, Verdict::Valid);
    });
    rows[1].unfinished_histogram = Some(ages);
    let told_of = |rows: &[Row]| distribution(rows, Unit::Us).comments;
    let comments = told_of(&rows);
    assert_eq!(comments[0], "epoll-edge/10000/idle, 10,000 connections, values in us");
    assert_eq!(comments[1], format!("run {}, round 1, 2, 3", closed().run.run_id));
    assert!(comments[2].starts_with("service times of ") && comments[2].ends_with(" replies inside the window"));
    assert_eq!(
        comments[3],
        "not among them: 7 requests that the window's end cut off, up to 2.00 ms old"
    );
    assert_eq!(comments[4..], ["verdicts: valid"]);
    rows[2].connections.as_mut().unwrap().served = 60;
    judge(&mut rows[2], Verdict::Starved);
    let comments = told_of(&rows);
    assert!(comments.contains(&"not among them: clients without a reply; 60 of 100 were served".to_owned()));
    assert!(comments.contains(&"verdicts: valid, starved".to_owned()));
    let (_, notes) = files(closed(), &rows, Unit::Us);
    assert!(
        told(&notes, &["with care", "epoll-edge/10000/idle", "starved"]),
        "{notes:?}"
    );
}

#[test]
fn a_failed_round_is_left_out_and_told_and_nothing_is_no_file() {
    let mut rows = rounds("epoll-edge", 10_000, Window::Idle);
    fail(&mut rows[0], "it died");
    let (two, notes) = files(closed(), &rows, Unit::Ms);
    let distribution = Distribution::parse(&two[0].text).unwrap();
    assert_eq!(distribution.total, merged(&rows[1..]).len());
    assert!(
        distribution
            .comments
            .iter()
            .any(|comment| comment.ends_with("round 2, 3"))
    );
    assert!(
        told(&notes, &["round 1 of epoll-edge/10000/idle", "failed: it died"]),
        "{notes:?}"
    );
    rows[1].histogram = Some(Histogram::default());
    fail(&mut rows[2], "it died");
    let (none, notes) = files(closed(), &rows, Unit::Ms);
    assert_eq!(none, []);
    assert!(told(&notes, &["round 2", "no reply"]), "{notes:?}");
}

#[test]
fn an_open_loop_tells_response_times() {
    let rows = rounds_at("epoll-edge", 20e3);
    let (files, _) = files(offered(), &rows, Unit::Ms);
    let distribution = Distribution::parse(&files[0].text).unwrap();
    let mut all = Histogram::default();
    rows.iter()
        .for_each(|row| all.merge(row.response_histogram.as_ref().unwrap()));
    is_of(&distribution, &all, 1e6);
    assert_eq!(files[0].name, "epoll-edge-1000-open-20000.hgrm");
    assert!(
        distribution.comments[2].starts_with("response times"),
        "{:?}",
        distribution.comments
    );
}
