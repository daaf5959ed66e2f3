//! How far a run is: a bar with the time that is left, or quiet lines where nobody watches.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use loadgen::units::{grouped, short, time};

use crate::plan::{Cell, expected};
use crate::record::{Row, Settings};

/// The progress of a run.
pub struct Progress {
    bar: Option<ProgressBar>,
    settings: Settings,
    total: usize,
    done: usize,
    /// Time that the finished cells were expected to take, and took.
    expected: Duration,
    took: Duration,
    began: Instant,
}

impl Progress {
    /// Progress over `total` cells, on standard error.
    #[must_use]
    pub fn new(total: usize, settings: Settings) -> Self {
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  {wide_msg}").expect("the template is constant");
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            bar.with_style(style.progress_chars("█▌░"))
        });
        let zero = Duration::ZERO;
        Self {
            bar,
            settings,
            total,
            done: 0,
            expected: zero,
            took: zero,
            began: Instant::now(),
        }
    }

    /// A server is being put through the checks that come before all measurements.
    pub fn verifies(&self, server: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("checking that {server} answers rightly")),
            None => say(&format!("checking that {server} answers rightly\n")),
        }
    }

    /// A cell begins; `left` are all that are not done yet, this one first.
    pub fn begin(&mut self, left: &[Cell]) {
        self.began = Instant::now();
        let (Some(bar), Some(cell)) = (&self.bar, left.first()) else {
            return;
        };
        let left: Duration = left.iter().map(|cell| expected(cell, &self.settings)).sum();
        // What the finished cells took tells how this machine compares with the expectation.
        let factor = if self.done == 0 {
            1.0
        } else {
            self.took.as_secs_f64() / self.expected.as_secs_f64()
        };
        let conns = grouped(cell.conns);
        bar.set_message(format!(
            "{} left: {}, {conns} connections, round {}",
            about(left.mul_f64(factor)),
            cell.server,
            cell.round
        ));
    }

    /// The cell has its rows.
    pub fn end(&mut self, cell: &Cell, rows: &[Row]) {
        self.done += 1;
        self.expected += expected(cell, &self.settings);
        self.took += self.began.elapsed();
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        let told: Vec<String> = rows.iter().map(tell).collect();
        let conns = grouped(cell.conns);
        say(&format!(
            "[{}/{}] {}, {conns} connections, round {}: {}\n",
            self.done,
            self.total,
            cell.server,
            cell.round,
            told.join("; ")
        ));
    }

    /// Writes something between the lines of the progress.
    pub fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes to standard error. Nobody may be reading, which is no reason to panic as `eprintln!` does.
pub fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn tell(row: &Row) -> String {
    let window = row.window.name();
    match (&row.reason, row.rate_per_s) {
        (Some(reason), _) => format!("{window} failed: {reason}"),
        (None, rate) if row.load.rate_per_s.is_some() => format!(
            "{} of {} req/s, p99 {}",
            short(rate.unwrap_or(0.0)),
            short(row.offered_per_s.unwrap_or(0.0)),
            row.response_ns
                .and_then(|response| response.p99)
                .map_or_else(|| "✗".to_owned(), |ns| time(ns as f64))
        ),
        (None, rate) => format!(
            "{window} {} served, {} req/s",
            grouped(row.connections.map_or(0, |c| c.served)),
            short(rate.unwrap_or(0.0))
        ),
    }
}

/// A duration as one would say it: `40 s`, `5 min 30 s`.
#[must_use]
pub fn about(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
