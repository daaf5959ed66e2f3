//! HdrHistogram logs, by the format in the documentation of `HistogramLogReader` and `HistogramLogWriter`
//! (<https://github.com/HdrHistogram/HdrHistogram>), read with the `hdrhistogram` crate's own reader and decoder.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench_runner::export::Format;
use bench_runner::record::{Recorded, Row, Verdict, Window};
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use jiff::Timestamp;

use crate::support::{all_of, closed, fail, judge, offered, one, rounds, told};

const LEGEND: &str = "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"";

/// An interval as it was read.
#[derive(Debug)]
struct Interval {
    tag: String,
    start: Duration,
    length: Duration,
    max: f64,
    histogram: hdrhistogram::Histogram<u64>,
}

/// Reads a log; what departs from the documentation is an error.
fn parse(text: &str) -> Result<(Duration, Vec<Interval>), String> {
    let head: Vec<&str> = text.lines().take_while(|line| !line.starts_with("Tag=")).collect();
    if !head.contains(&"#[Histogram log format version 1.3]")
        || head.iter().filter(|&&line| line == LEGEND).count() != 1
    {
        return Err("no version or no legend".to_owned());
    }
    if !head.iter().all(|line| line.starts_with('#') || *line == LEGEND) {
        return Err("a line that is neither comment nor interval".to_owned());
    }
    let (mut start_time, mut base_time, mut intervals) = (None, None, Vec::<Interval>::new());
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        match entry.map_err(|error| format!("{error:?}"))? {
            LogEntry::StartTime(time) if start_time.is_none() => start_time = Some(time),
            LogEntry::BaseTime(time) if base_time.is_none() => base_time = Some(time),
            LogEntry::Interval(interval) => {
                let bytes = STANDARD
                    .decode(interval.encoded_histogram())
                    .map_err(|error| error.to_string())?;
                // V2, compressed: what every reader since 2.1.6 of the Java library takes.
                if bytes.get(..4) != Some(&[0x1c, 0x84, 0x93, 0x14]) {
                    return Err("not the compressed encoding V2".to_owned());
                }
                let histogram = Deserializer::new()
                    .deserialize(&mut &*bytes)
                    .map_err(|error| format!("{error:?}"))?;
                let start = interval.start_timestamp();
                if intervals.last().is_some_and(|last| last.start > start) {
                    return Err("intervals are not in order of their start".to_owned());
                }
                let tag = interval.tag().ok_or("no tag")?;
                if tag.contains([' ', ',']) {
                    return Err("a delimiter in a tag".to_owned());
                }
                intervals.push(Interval {
                    tag: tag.to_string(),
                    start,
                    length: interval.duration(),
                    max: interval.max(),
                    histogram,
                });
            }
            entry => return Err(format!("{entry:?} a second time")),
        }
    }
    let both = start_time.filter(|_| start_time == base_time);
    Ok((both.ok_or("start and base are not the same")?, intervals))
}

#[test]
fn the_reader_refuses_what_is_no_log() {
    let (good, _) = one(Format::Hlog, closed(), &rounds("poll", 100, Window::Busy));
    assert_eq!(parse(&good).unwrap().1.len(), 3);
    let start = "#[StartTime";
    for (from, to) in [
        ("version 1.3", "version 1.2"),
        ("\"StartTimestamp\",", ""),
        (start, "#[Start"),
        ("#[BaseTime: ", "#[BaseTime: 1"),
        ("Tag=poll/100/busy", "Tag=poll 100"),
        ("Tag=poll/100/busy,", ""),
        ("HISTF", "HISTX"),
        ("#[MaxValue", "[MaxValue"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(parse(&good.replace(from, to)).is_err(), "{from} -> {to}");
    }
    let mut lines: Vec<&str> = good.lines().collect();
    let last = lines.len() - 1;
    lines.swap(last, last - 2);
    assert!(parse(&(lines.join("\n") + "\n")).is_err(), "out of order");
}

fn since_epoch(time: Timestamp) -> f64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}

/// That every row of a run that has times is an interval, with its histogram to the last count.
fn holds_every_row(recorded: &Recorded) {
    let text = all_of(Format::Hlog, recorded).files.remove(0).text;
    let (base, intervals) = parse(&text).unwrap();
    assert!((base.as_secs_f64() - since_epoch(recorded.run.started_at)).abs() < 0.001);
    let times = |row: &Row| match row.window {
        Window::Open => row.response_histogram.clone(),
        _ => row.histogram.clone(),
    };
    let mut left: Vec<&Row> = recorded
        .rows
        .iter()
        .filter(|row| !times(row).unwrap().is_empty())
        .collect();
    assert_eq!(intervals.len(), left.len());
    for interval in &intervals {
        let tag = |row: &Row| {
            let rate = row.load.rate_per_s.map(|rate| format!("/{rate}")).unwrap_or_default();
            format!("{}/{}/{}{rate}", row.server, row.conns, row.window.name())
        };
        let began = |row: &Row| {
            let start = since_epoch(row.started_at) - since_epoch(recorded.run.started_at);
            (start - interval.start.as_secs_f64()).abs() < 0.001
        };
        let found = left.iter().position(|row| tag(row) == interval.tag && began(row));
        let row = left.remove(found.unwrap_or_else(|| panic!("no row is {} at {:?}", interval.tag, interval.start)));
        let histogram = times(row).unwrap();
        assert_eq!(interval.histogram, *histogram.as_hdr(), "{}", row.cell_id);
        assert!((interval.length.as_secs_f64() - row.elapsed_s.unwrap()).abs() < 0.001);
        assert!((interval.max - histogram.quantile(1.0) as f64 / 1e6).abs() < 0.001);
    }
}

#[test]
fn every_row_of_the_reference_runs_is_an_interval_to_the_last_count() {
    holds_every_row(closed());
    holds_every_row(offered());
}

#[test]
fn an_interval_is_preceded_by_what_is_not_in_it() {
    let mut rows = rounds("select", 10_000, Window::Busy);
    fail(&mut rows[0], "it died");
    judge(&mut rows[1], Verdict::Capped);
    let (text, notes) = one(Format::Hlog, closed(), &rows);
    let (_, intervals) = parse(&text).unwrap();
    assert_eq!(intervals.len(), 2);
    assert!(
        told(&notes, &["round 1 of select/10000/busy", "failed: it died"]),
        "{notes:?}"
    );
    assert!(told(&notes, &["with care", "select/10000/busy"]), "{notes:?}");
    let lines: Vec<&str> = text.lines().collect();
    for (i, _) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("Tag=")) {
        let comment = lines[i - 1];
        assert!(comment.starts_with("#[select/10000/busy, round "), "{comment}");
        assert!(
            comment.contains("1,019 of 10,000 were served") && comment.contains("capped]"),
            "{comment}"
        );
    }
}
