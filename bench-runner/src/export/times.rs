//! The times that a histogram format takes from a row, and what is to be said beside them: a histogram holds replies,
//! and tells nothing of those who got none.

use loadgen::Histogram;
use loadgen::units::{counted, grouped, time};

use super::groups::Group;
use super::notes::Notes;
use crate::record::{Row, Verdict, Window};

/// Response times in an open loop, service times in a closed one; `None` where the row has none.
pub(super) fn histogram(row: &Row) -> Option<&Histogram> {
    let histogram = match row.window {
        Window::Open => row.response_histogram.as_ref(),
        Window::Busy | Window::Idle => row.histogram.as_ref(),
    };
    histogram.filter(|histogram| !histogram.is_empty())
}

/// The rows of a group that have times, and in the notes those that do not, with those whose times are not the whole
/// truth.
pub(super) fn timed<'a>(group: &Group<'a>, notes: &mut Notes) -> Vec<(&'a Row, &'a Histogram)> {
    let name = group.name();
    let mut timed = Vec::new();
    for row in &group.rows {
        match histogram(row) {
            // What a row that has failed may still hold is cut off wherever it failed.
            _ if row.verdict == Verdict::Failed => {
                let why = row.reason.as_deref().unwrap_or("for a reason not told");
                notes.add(
                    &format!("left out: round {}", row.round),
                    &name,
                    &format!("failed: {why}"),
                );
            }
            None => notes.add(&format!("left out: round {}", row.round), &name, "it has no reply"),
            Some(histogram) => timed.push((*row, histogram)),
        }
    }
    let worst = timed.iter().map(|(row, _)| row.verdict).max();
    if let Some(verdict) = worst.filter(|&verdict| verdict > Verdict::SaturatedPair) {
        let why = format!("the verdict is {}, and a comment in the file says so", verdict.name());
        notes.add("to be read with care: the times", &name, &why);
    }
    timed
}

/// What the histograms of `rows` are of, what is in none of them, and what was thought of them; a line each.
pub(super) fn remarks(rows: &[(&Row, &Histogram)]) -> Vec<String> {
    let replies: u64 = rows.iter().map(|(_, histogram)| histogram.len()).sum();
    let kind = match rows.first().map(|(row, _)| row.window) {
        Some(Window::Open) => "response times, from the instant at which a request was due,",
        _ => "service times",
    };
    let mut remarks = vec![format!("{kind} of {} inside the window", counted_replies(replies))];
    let cut_off = || rows.iter().filter_map(|(row, _)| row.unfinished_histogram.as_ref());
    let cut: u64 = cut_off().map(Histogram::len).sum();
    if cut > 0 {
        let oldest = cut_off()
            .filter(|ages| !ages.is_empty())
            .map(|ages| ages.quantile(1.0))
            .max();
        remarks.push(format!(
            "not among them: {} that the window's end cut off, up to {} old",
            counted(cut, "request"),
            time(oldest.unwrap_or(0) as f64)
        ));
    }
    let served = |row: &Row| row.connections.map_or(0, |connections| connections.served);
    let least = rows.iter().map(|(row, _)| *row).min_by_key(|row| served(row));
    if let Some(row) = least.filter(|row| served(row) < row.load.active) {
        remarks.push(format!(
            "not among them: clients without a reply; {} of {} were served",
            grouped(served(row)),
            grouped(row.load.active)
        ));
    }
    let mut verdicts: Vec<Verdict> = rows.iter().flat_map(|(row, _)| row.verdicts.iter().copied()).collect();
    verdicts.sort();
    verdicts.dedup();
    let names: Vec<&str> = verdicts.iter().map(|verdict| verdict.name()).collect();
    remarks.push(format!("verdicts: {}", names.join(", ")));
    remarks
}

fn counted_replies(count: u64) -> String {
    let noun = if count == 1 { "reply" } else { "replies" };
    format!("{} {noun}", grouped(count))
}
