//! The table at the end of a run: fits 80 columns, says more where there is room.

mod open;

use loadgen::units::{grouped, short};

pub(super) use self::open::BEHIND;
use super::notes::{FEWER, broken, fewer, notes};
use super::paint::{Tone, painted};
use crate::record::Verdict;
use crate::stats::{Estimate, Line, Summary, WindowSummary};

/// How much the table tells, from least to most: the most that fits is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Detail {
    Plain,
    Verdicts,
    Ranges,
    Counts,
}

/// Room that the last column has before anything else is left out for it. Longer reasons are broken.
const REASON: usize = 24;

/// A column: what stands above it, and its cells.
struct Column {
    /// Stands over this column and the next, where it is not empty.
    group: String,
    head: String,
    right: bool,
    cells: Vec<String>,
    /// Which cells bear the mark of a rate over fewer clients, behind them: it hangs in the gap and takes no room.
    marked: Vec<bool>,
}

/// The table for one connection count, `width` columns wide at most but for 80, with what its signs mean.
#[must_use]
pub fn table(summary: &Summary, conns: u64, width: u16, color: bool) -> String {
    let lines: Vec<&Line> = summary.at(conns).collect();
    let width = usize::from(width.max(80));
    let mut columns = [Detail::Counts, Detail::Ranges, Detail::Verdicts, Detail::Plain]
        .into_iter()
        .map(|detail| all(summary, &lines, detail))
        .find(|columns| fits(columns, width))
        .unwrap_or_else(|| all(summary, &lines, Detail::Plain));
    let widths: Vec<usize> = widths(&columns);
    let mut rest = columns.pop().expect("the last column is what stopped it");
    for (cell, line) in rest.cells.iter_mut().zip(&lines) {
        // The account of a fault would fill a page of this column.
        if line.rounds == 0 && summary.is_faulty(line) {
            "see below".clone_into(cell);
        }
    }
    let before: usize = widths[..columns.len()].iter().map(|width| width + GAP).sum();
    let room = width.saturating_sub(before).max(12);

    let mut text = groups(&columns, &widths);
    let heads = columns.iter().map(|column| (column.head.clone(), column.right, false));
    text += &painted(&joined(heads, &widths, &rest.head), Tone::Bold, color);
    text.push('\n');
    for (row, line) in lines.iter().enumerate() {
        for (part, stopped_by) in broken(&rest.cells[row], room).into_iter().enumerate() {
            let cells = columns.iter().map(|column| {
                let cell = if part == 0 {
                    column.cells[row].clone()
                } else {
                    String::new()
                };
                (cell, column.right, part == 0 && column.marked[row])
            });
            let joined = joined(cells, &widths, &stopped_by);
            text += &match tone(line.verdict) {
                Some(tone) => painted(&joined, tone, color),
                None => joined,
            };
            text.push('\n');
        }
    }
    let faulty: Vec<&Line> = lines.iter().copied().filter(|line| summary.is_faulty(line)).collect();
    text + &notes(&lines, &faulty, width)
}

/// Spaces between columns.
const GAP: usize = 2;

fn fits(columns: &[Column], width: usize) -> bool {
    let mut widths = widths(columns);
    let last = widths.pop().unwrap_or(0).min(REASON);
    widths.iter().map(|width| width + GAP).sum::<usize>() + last <= width
}

fn all(summary: &Summary, lines: &[&Line], detail: Detail) -> Vec<Column> {
    if summary.rates_per_s.is_empty() {
        columns(lines, summary.active, detail)
    } else {
        open::columns(lines, &summary.rates_per_s, detail)
    }
}

fn columns(lines: &[&Line], active: u64, detail: Detail) -> Vec<Column> {
    let wide = detail >= Detail::Ranges;
    let column = |group: &str, head: &str, right, cell: &dyn Fn(&Line) -> String| Column {
        group: group.to_owned(),
        head: String::from(head),
        right,
        cells: lines.iter().map(|line| cell(line)).collect(),
        marked: vec![false; lines.len()],
    };
    let rates = |group: &str, window: &dyn Fn(&Line) -> Option<WindowSummary>| Column {
        marked: lines
            .iter()
            .map(|line| window(line).is_some_and(|window| fewer(&window)))
            .collect(),
        ..column(group, "req/s", true, &|line| rate(window(line).as_ref(), wide))
    };
    let mut columns = vec![
        column("", "model", false, &|line| line.server.clone()),
        column("", "served", true, &|line| {
            if line.rounds == 0 {
                "✗".to_owned()
            } else {
                grouped(line.served)
            }
        }),
        rates("all talk", &|line| Some(line.busy.clone())),
        column("", "p99", true, &|line| latency(Some(&line.busy))),
    ];
    columns.extend(others(lines));
    if lines.iter().any(|line| line.idle.is_some()) {
        let talk = format!("{} talk", grouped(active));
        columns.push(rates(&talk, &|line| line.idle.clone()));
        columns.push(column("", "p99", true, &|line| latency(line.idle.as_ref())));
    }
    columns.push(column("CPU", "µs/req", true, &|line| {
        tenths(line.busy.cpu_ns_per_request, 1e3)
    }));
    // Where perf is closed to us there is neither.
    let counts = [
        (
            "calls/req",
            &(|line: &Line| line.system_calls_per_request) as &dyn Fn(&Line) -> Option<Estimate>,
        ),
        ("switches/req", &|line| line.busy.switches_per_request),
    ];
    for (head, of) in counts {
        if detail >= Detail::Counts && lines.iter().any(|line| of(line).is_some()) {
            columns.push(column("", head, true, &|line| hundredths(of(line))));
        }
    }
    // With few connections it is told of none.
    if lines.iter().any(|line| line.memory_bytes_per_connection.is_some()) {
        columns.push(column("mem", "KiB/c", true, &|line| {
            tenths(line.memory_bytes_per_connection, 1024.0)
        }));
    }
    if detail >= Detail::Verdicts {
        columns.push(column("", "verdict", false, &|line| line.verdict.name().to_owned()));
    }
    columns.push(column("", "stopped by", false, &|line| {
        line.stopped_by().unwrap_or_default()
    }));
    columns
}

/// What those wait who asked for nothing slow, where others did.
fn others(lines: &[&Line]) -> Option<Column> {
    let told = |line: &&Line| line.others_p99_ns.map(|p99| compact_time(p99.median));
    lines.iter().any(|line| line.others_p99_ns.is_some()).then(|| Column {
        group: "others".to_owned(),
        head: "p99".to_owned(),
        right: true,
        cells: lines
            .iter()
            .map(|line| told(line).unwrap_or_else(|| "–".to_owned()))
            .collect(),
        marked: vec![false; lines.len()],
    })
}

fn widths(columns: &[Column]) -> Vec<usize> {
    let of = |(i, column): (usize, &Column)| {
        let group = if covers_next(columns, i) { "" } else { &column.group };
        let lines = column.cells.iter().chain([&column.head]).map(String::as_str);
        lines.chain([group]).map(|line| line.chars().count()).max().unwrap_or(0)
    };
    columns.iter().enumerate().map(of).collect()
}

/// Whether the group over a column is that of the next one too: a percentile without a group of its own.
fn covers_next(columns: &[Column], i: usize) -> bool {
    columns
        .get(i + 1)
        .is_some_and(|next| next.head == "p99" && next.group.is_empty())
}

/// The line above the heads: each group right-aligned with the last column that it covers.
fn groups(columns: &[Column], widths: &[usize]) -> String {
    let mut text = String::new();
    let mut end = 0;
    for (i, column) in columns.iter().enumerate() {
        end += widths[i] + if i > 0 { GAP } else { 0 };
        if column.group.is_empty() {
            continue;
        }
        let end = end
            + if covers_next(columns, i) {
                widths[i + 1] + GAP
            } else {
                0
            };
        let free = end.saturating_sub(text.chars().count());
        text += &format!("{:>free$}", column.group);
    }
    text + "\n"
}

fn joined(cells: impl Iterator<Item = (String, bool, bool)>, widths: &[usize], rest: &str) -> String {
    let mut text = String::new();
    for ((cell, right, marked), &width) in cells.zip(widths) {
        text += &if right {
            format!("{cell:>width$}")
        } else {
            format!("{cell:<width$}")
        };
        text += if marked { FEWER } else { " " };
        text += &" ".repeat(GAP - 1);
    }
    (text + rest).trim_end().to_owned()
}

/// How a line is painted.
fn tone(verdict: Verdict) -> Option<Tone> {
    match verdict {
        Verdict::Failed | Verdict::Unsound => Some(Tone::Bad),
        Verdict::Starved | Verdict::Capped | Verdict::Stalled => Some(Tone::Heed),
        _ => None,
    }
}

/// Requests per second; `≥` where the generator gave out first; with the range of the rounds where there is room.
fn rate(window: Option<&WindowSummary>, wide: bool) -> String {
    let Some((window, rate)) = window.and_then(|window| Some((window, window.rate_per_s?))) else {
        return "–".to_owned();
    };
    let bound = if window.lower_bound { "≥" } else { "" };
    if wide && rate.low < rate.high {
        format!(
            "{bound}{} ({}–{})",
            short(rate.median),
            short(rate.low),
            short(rate.high)
        )
    } else {
        format!("{bound}{}", short(rate.median))
    }
}

/// The 99th percentile over all that asked; ✗ where it falls among those that got no reply inside the window, or among
/// requests that its end cut off.
fn latency(window: Option<&WindowSummary>) -> String {
    match window {
        Some(WindowSummary { p99: Some(p99), .. }) => compact_time(p99.median),
        Some(WindowSummary {
            rate_per_s: Some(_), ..
        }) => "✗".to_owned(),
        _ => "–".to_owned(),
    }
}

fn tenths(estimate: Option<Estimate>, scale: f64) -> String {
    estimate.map_or_else(|| "–".to_owned(), |estimate| format!("{:.1}", estimate.median / scale))
}

fn hundredths(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(|| "–".to_owned(), |estimate| format!("{:.2}", estimate.median))
}

/// Two or three digits and a unit, without a space.
fn compact_time(ns: f64) -> String {
    match ns {
        ns if ns >= 9.95e9 => format!("{:.0}s", ns / 1e9),
        ns if ns >= 999.5e6 => format!("{:.1}s", ns / 1e9),
        ns if ns >= 9.95e6 => format!("{:.0}ms", ns / 1e6),
        ns if ns >= 999.5e3 => format!("{:.1}ms", ns / 1e6),
        ns => format!("{:.0}µs", ns / 1e3),
    }
}

#[cfg(test)]
mod tests;
