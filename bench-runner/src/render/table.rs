//! The table at the end of a run: fits 80 columns, says more where there is room.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use loadgen::units::{grouped, short};

use crate::record::Verdict;
use crate::stats::{Estimate, Line, Summary, WindowSummary};

/// Columns from which there is room for the ranges of the rounds and for the verdict.
const WIDE: u16 = 120;

/// The table for one connection count, `width` columns wide at most.
#[must_use]
pub fn table(summary: &Summary, conns: u64, width: u16, color: bool) -> String {
    let lines: Vec<&Line> = summary.at(conns).collect();
    let idle = lines.iter().any(|line| line.idle.is_some());
    let wide = width >= WIDE;
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width.max(80));
    if !color {
        table.force_no_tty();
    } else {
        table.enforce_styling();
    }
    table.set_header(header(summary.active, idle, wide));
    for line in &lines {
        table.add_row(row(line, idle, wide));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((u16::from(index > 0), u16::from(wide)));
    }
    let rendered = table.to_string();
    rendered.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

fn header(active: u64, idle: bool, wide: bool) -> Vec<Cell> {
    let head = |text: String, alignment| Cell::new(text).set_alignment(alignment).add_attribute(Attribute::Bold);
    let right = |text: &str| head(text.to_owned(), CellAlignment::Right);
    let left = |text: &str| head(text.to_owned(), CellAlignment::Left);
    let mut cells = vec![
        left("\nmodel"),
        right("\nserved"),
        right("all talk\nreq/s"),
        right("\np99"),
    ];
    if idle {
        cells.push(right(&format!("{} talk\nreq/s", grouped(active))));
        cells.push(right("\np99"));
    }
    cells.extend([
        right("CPU\nµs/req"),
        right("memory\nKiB/conn"),
        left("\nwhat stopped it"),
    ]);
    if wide {
        cells.push(left("\nverdict"));
    }
    cells
}

fn row(line: &Line, idle: bool, wide: bool) -> Vec<Cell> {
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let failed = line.rounds == 0;
    let color = match line.verdict {
        Verdict::Failed => Some(Color::Red),
        Verdict::Starved | Verdict::Capped => Some(Color::Yellow),
        _ => None,
    };
    let paint = |cell: Cell| color.map_or(cell.clone(), |color| cell.fg(color));
    let mut cells = vec![paint(Cell::new(&line.server))];
    cells.push(paint(right(if failed {
        "✗".to_owned()
    } else {
        grouped(line.served)
    })));
    let mut window = |window: Option<&WindowSummary>| {
        cells.push(right(rate(window, wide)));
        cells.push(right(
            window.map_or_else(|| "–".to_owned(), |window| latency(window, failed)),
        ));
    };
    window(Some(&line.busy));
    if idle {
        window(line.idle.as_ref());
    }
    let estimate = |estimate: Option<Estimate>, scale: f64| {
        estimate.map_or_else(|| "–".to_owned(), |estimate| format!("{:.1}", estimate.median / scale))
    };
    cells.push(right(estimate(line.busy.cpu_ns_per_request, 1e3)));
    cells.push(right(estimate(line.memory_bytes_per_connection, 1024.0)));
    cells.push(Cell::new(line.stopped_by().unwrap_or_default()));
    if wide {
        cells.push(Cell::new(line.verdict.name()));
    }
    cells
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

/// The 99th percentile over all that asked; ✗ where it falls among those that were never served.
fn latency(window: &WindowSummary, failed: bool) -> String {
    match window.p99_ns {
        Some(ns) => compact_time(ns as f64),
        None if failed || window.rate_per_s.is_none() => "–".to_owned(),
        None => "✗".to_owned(),
    }
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
