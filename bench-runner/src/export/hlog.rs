//! `hlog`: an HdrHistogram log of version 1.3, an interval for each row
//! (<https://github.com/HdrHistogram/HdrHistogram>, `HistogramLogReader`).

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use jiff::Timestamp;

use super::groups::Group;
use super::notes::Notes;
use super::times::{remarks, timed};
use crate::record::Run;

const VERSION: &str = "[Histogram log format version 1.3]";
const LEGEND: &str = "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
/// The maximum of an interval is for people, and in milliseconds, as the Java writer has it by default.
const NS_PER_MS: f64 = 1e6;

/// The log; `None` without any interval.
pub(super) fn log(run: &Run, groups: &[Group]) -> Result<(Option<String>, Notes)> {
    let mut notes = Notes::default();
    let mut intervals = Vec::new();
    for group in groups {
        let rows = timed(group, &mut notes);
        intervals.extend(rows.into_iter().map(|(row, histogram)| (group.name(), row, histogram)));
    }
    // The format wants them so. The windows of a cell all begin with it, as far as a row tells.
    intervals.sort_by_key(|(_, row, _)| (row.started_at, row.window));

    let mut text = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let since_epoch = Duration::try_from(run.started_at.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
    let base = SystemTime::UNIX_EPOCH + since_epoch;
    IntervalLogWriterBuilder::new()
        .add_comment(&format!(
            "[bench-runner {}, run {}, times in ns]",
            run.version, run.run_id
        ))
        .add_comment(VERSION)
        .with_start_time(base)
        .with_base_time(base)
        .begin_log_with(&mut text, &mut serializer)?;
    text.extend(LEGEND.as_bytes());
    let mut builder = IntervalLogWriterBuilder::new();
    builder.with_max_value_divisor(NS_PER_MS);
    let mut log = builder.begin_log_with(&mut text, &mut serializer)?;
    for (name, row, histogram) in &intervals {
        let remarks = remarks(&[(row, histogram)]).join("; ");
        log.write_comment(&format!("[{name}, round {}: {remarks}]", row.round))?;
        let tag = Tag::new(name).with_context(|| format!("'{name}' cannot be a tag"))?;
        let since = Duration::try_from(row.started_at.duration_since(run.started_at)).unwrap_or_default();
        let length = Duration::from_secs_f64(row.elapsed_s.unwrap_or(0.0).max(0.0));
        log.write_histogram(histogram.as_hdr(), since, length, Some(tag))
            .map_err(|error| anyhow!("cannot encode the histogram of {name}: {error}"))?;
    }
    let text = String::from_utf8(text).context("a log is text")?;
    Ok(((!intervals.is_empty()).then_some(text), notes))
}
