//! The table at the end of a run: fits 80 columns, says more where there is room.

use loadgen::units::{grouped, short};

use crate::record::Verdict;
use crate::stats::{Estimate, Line, Summary, WindowSummary};

/// Columns from which there is room for the ranges of the rounds and for the verdict.
const WIDE: usize = 120;

/// A column: what stands above it, and its cells.
struct Column {
    /// Stands over this column and the next, where it is not empty.
    group: String,
    head: &'static str,
    right: bool,
    cells: Vec<String>,
}

/// The table for one connection count, `width` columns wide at most but for 80.
#[must_use]
pub fn table(summary: &Summary, conns: u64, width: u16, color: bool) -> String {
    let lines: Vec<&Line> = summary.at(conns).collect();
    let width = usize::from(width.max(80));
    // The ranges and the verdict only where what stopped a server still fits beside them.
    let wide = width >= WIDE && width >= before_last(&widths(&columns(&lines, summary.active, true))) + STOPPED_BY;
    let mut columns = columns(&lines, summary.active, wide);
    let widths: Vec<usize> = widths(&columns);
    let rest = columns.pop().expect("the last column is what stopped it");
    let room = width.saturating_sub(before_last(&widths)).max(12);

    let mut text = groups(&columns, &widths);
    text += &bold(
        &joined(
            columns.iter().map(|column| (column.head.to_owned(), column.right)),
            &widths,
            rest.head,
        ),
        color,
    );
    text.push('\n');
    for (row, line) in lines.iter().enumerate() {
        let (paint, reset) = paint(line.verdict, color);
        for (part, stopped_by) in broken(&rest.cells[row], room).into_iter().enumerate() {
            let cells = columns.iter().map(|column| {
                let cell = if part == 0 {
                    column.cells[row].clone()
                } else {
                    String::new()
                };
                (cell, column.right)
            });
            text += &format!("{paint}{}{reset}\n", joined(cells, &widths, &stopped_by));
        }
    }
    if lines
        .iter()
        .any(|line| serves_fewer(&line.busy) || line.idle.as_ref().is_some_and(serves_fewer))
    {
        text += "* over the clients that it served, fewer than were to talk\n";
    }
    text
}

/// Spaces between columns.
const GAP: usize = 2;
/// Room for the limits' names and numbers: "vm.max_map_count".
const STOPPED_BY: usize = 16;

/// Where the last column begins.
fn before_last(widths: &[usize]) -> usize {
    widths[..widths.len() - 1].iter().map(|width| width + GAP).sum()
}

fn columns(lines: &[&Line], active: u64, wide: bool) -> Vec<Column> {
    let column = |group: &str, head, right, cell: &dyn Fn(&Line) -> String| Column {
        group: group.to_owned(),
        head,
        right,
        cells: lines.iter().map(|line| cell(line)).collect(),
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
        column("all talk", "req/s", true, &|line| rate(Some(&line.busy), wide)),
        column("", "p99", true, &|line| latency(Some(&line.busy))),
    ];
    if lines.iter().any(|line| line.idle.is_some()) {
        let talk = format!("{} talk", grouped(active));
        columns.push(column(&talk, "req/s", true, &|line| rate(line.idle.as_ref(), wide)));
        columns.push(column("", "p99", true, &|line| latency(line.idle.as_ref())));
    }
    columns.push(column("CPU", "µs/req", true, &|line| {
        tenths(line.busy.cpu_ns_per_request, 1e3)
    }));
    columns.push(column("mem", "KiB/c", true, &|line| {
        tenths(line.memory_bytes_per_connection, 1024.0)
    }));
    if wide {
        columns.push(column("", "verdict", false, &|line| line.verdict.name().to_owned()));
    }
    columns.push(column("", "stopped by", false, &|line| {
        line.stopped_by().unwrap_or_default()
    }));
    columns
}

fn widths(columns: &[Column]) -> Vec<usize> {
    let of = |column: &Column| {
        column
            .cells
            .iter()
            .map(|cell| cell.chars().count())
            .chain([column.head.chars().count()])
            .max()
            .unwrap_or(0)
    };
    columns.iter().map(of).collect()
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
        // A group of two columns is one whose neighbour has no name of its own and shows a percentile.
        let covers_next = columns.get(i + 1).is_some_and(|next| next.head == "p99");
        let end = end + if covers_next { widths[i + 1] + GAP } else { 0 };
        let free = end.saturating_sub(text.chars().count());
        text += &format!("{:>free$}", column.group);
    }
    text + "\n"
}

fn joined(cells: impl Iterator<Item = (String, bool)>, widths: &[usize], rest: &str) -> String {
    let mut text = String::new();
    for ((cell, right), &width) in cells.zip(widths) {
        text += &if right {
            format!("{cell:>width$}")
        } else {
            format!("{cell:<width$}")
        };
        text += &" ".repeat(GAP);
    }
    (text + rest).trim_end().to_owned()
}

/// Text in lines of at most `room` characters, broken at spaces where it can be.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            *line = word.to_owned();
        } else if line.chars().count() + 1 + word.chars().count() <= room {
            *line += " ";
            *line += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.into_iter().flat_map(|line| chunks(&line, room)).collect()
}

fn chunks(line: &str, room: usize) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    if chars.is_empty() {
        vec![String::new()]
    } else {
        chars.chunks(room).map(|part| part.iter().collect()).collect()
    }
}

fn bold(text: &str, color: bool) -> String {
    if color {
        format!("\x1b[1m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

fn paint(verdict: Verdict, color: bool) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Failed if color => ("\x1b[31m", "\x1b[0m"),
        Verdict::Starved | Verdict::Capped if color => ("\x1b[33m", "\x1b[0m"),
        _ => ("", ""),
    }
}

/// Whether clients that were to talk got nothing, as far as the median of the rounds goes.
fn serves_fewer(window: &WindowSummary) -> bool {
    window.served.is_some_and(|served| served.median < window.active as f64)
}

/// Requests per second; `≥` where the generator gave out first; `*` where fewer clients than were to talk were served,
/// so that the rate is not to be held against the others; with the range of the rounds where there is room.
fn rate(window: Option<&WindowSummary>, wide: bool) -> String {
    let Some((window, rate)) = window.and_then(|window| Some((window, window.rate_per_s?))) else {
        return "–".to_owned();
    };
    let bound = if window.lower_bound { "≥" } else { "" };
    let mark = if serves_fewer(window) { "*" } else { "" };
    if wide && rate.low < rate.high {
        format!(
            "{bound}{}{mark} ({}–{})",
            short(rate.median),
            short(rate.low),
            short(rate.high)
        )
    } else {
        format!("{bound}{}{mark}", short(rate.median))
    }
}

/// The 99th percentile over all that asked; ✗ where it falls among those that were never served.
fn latency(window: Option<&WindowSummary>) -> String {
    match window {
        Some(WindowSummary { p99_ns: Some(ns), .. }) => compact_time(*ns as f64),
        Some(WindowSummary {
            rate_per_s: Some(_), ..
        }) => "✗".to_owned(),
        _ => "–".to_owned(),
    }
}

fn tenths(estimate: Option<Estimate>, scale: f64) -> String {
    estimate.map_or_else(|| "–".to_owned(), |estimate| format!("{:.1}", estimate.median / scale))
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
