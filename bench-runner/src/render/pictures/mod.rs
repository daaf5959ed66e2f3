//! From a summary to the data of each chart, one chart a file, and from there to files.

mod claims;
mod clocks;
mod courses;
mod cpu;
mod families;
mod memory;
mod offered;
mod others;
mod ruler;
mod served;
mod watched;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
pub use claims::watching;
pub use clocks::clocks;
pub use courses::courses;
pub use cpu::cpu;
pub use families::families;
pub use memory::memory;
pub use offered::offered;
pub use others::others;
pub use ruler::ruler;
pub use served::served;
pub use watched::watched;

use crate::charts::{Chart, PartsBar, Picture, theme};
use crate::record::{Benches, Run, write_whole};
use crate::render::readme::{machine, mode};
use crate::stats::{Line, Summary};

/// All charts that a run has data for: the name of each picture, and what it shows. None has a server that is wrong on
/// purpose.
#[must_use]
pub fn charts(run: &Run, summary: &Summary, benches: Option<&Benches>) -> Vec<(&'static str, Box<dyn Chart>)> {
    let summary = &summary.compared();
    if summary.lines.is_empty() {
        return Vec::new();
    }
    let closed = summary.rates_per_s.is_empty();
    let mut charts: Vec<(&'static str, Box<dyn Chart>)> = vec![("1-served", Box::new(served(run, summary)))];
    if closed {
        charts.push(("2-watched", Box::new(watched(run, summary))));
    }
    // With few connections memory is told of none of them.
    let told = |line: &Line| line.memory_bytes_per_connection.is_some();
    if summary.at(summary.most_conns()).any(told) {
        charts.push(("3-memory", Box::new(memory(run, summary))));
    }
    if let Some(others) = others(run, summary) {
        charts.push(("4-slow", Box::new(others)));
    }
    if let Some(clocks) = clocks(run, summary) {
        charts.push(("5-clocks", Box::new(clocks)));
    }
    if closed {
        charts.push(("7-cpu", Box::new(cpu(run, summary))));
    } else if summary.rates_per_s.len() > 1 {
        // A curve of one point is what the table says.
        charts.push(("6-offered", Box::new(offered(run, summary))));
    }
    if let Some(benches) = benches {
        charts.push(("8-steps", Box::new(ruler(benches))));
    }
    // One count of connections draws dots, and those are in chart 2.
    if closed && summary.conns.len() > 1 {
        charts.push(("throughput", Box::new(families(run, summary))));
    }
    charts
}

/// Draws all charts of a run into `directory`; returns their names and titles.
///
/// # Errors
/// When one cannot be drawn or written.
pub fn draw(
    directory: &Path,
    run: &Run,
    summary: &Summary,
    benches: Option<&Benches>,
) -> Result<Vec<(String, String)>> {
    let mut names = Vec::new();
    for (name, chart) in charts(run, summary, benches) {
        draw_one(directory, name, &*chart)?;
        names.push((name.to_owned(), chart.title().to_owned()));
    }
    Ok(names)
}

/// Draws one chart into `directory`, as SVG and as PNG.
///
/// # Errors
/// When it cannot be drawn or written.
pub fn draw_one(directory: &Path, name: &str, chart: &dyn Chart) -> Result<()> {
    let picture = chart.draw(&theme::LIGHT).with_context(|| format!("chart '{name}'"))?;
    save(directory, name, &picture)
}

/// Writes a picture as SVG and as PNG.
pub(crate) fn save(directory: &Path, name: &str, picture: &Picture) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot write into '{}'", directory.display()))?;
    write_whole(&directory.join(format!("{name}.svg")), &picture.svg)?;
    write_whole(&directory.join(format!("{name}.png")), picture.png()?)
}

/// Why a server has no number in a chart, where something went wrong.
fn failure(line: &Line) -> Option<String> {
    let failed = line.rounds == 0;
    failed.then(|| line.failures.first().cloned().unwrap_or_else(|| "no row".to_owned()))
}

/// How often it was measured.
fn rounds(run: &Run, what: &str) -> String {
    match run.settings.rounds {
        1 => "one round".to_owned(),
        rounds => format!("{what} {rounds} rounds"),
    }
}

fn cpus(pinned: &[usize]) -> String {
    match pinned.len() {
        0 => "any CPU".to_owned(),
        1 => "1 CPU".to_owned(),
        many => format!("{many} CPUs"),
    }
}

fn footer(run: &Run) -> String {
    let date = run.started_at.strftime("%Y-%m-%d");
    format!(
        "{} · {date} · bench-runner {} · run {}",
        machine(run),
        run.version,
        run.run_id
    )
}

/// How the load was made, for the subtitles of charts that show its windows.
fn load(run: &Run) -> String {
    format!(
        "{}, {}, windows of {} s; {}; server on {}, generator on {}",
        mode(&run.settings),
        run.settings.requests(),
        run.settings.duration_s,
        rounds(run, "median and range of"),
        cpus(&run.environment.server_cpus),
        cpus(&run.environment.generator_cpus),
    )
}

/// Bars in the order in which they are read: the smallest first, then those that stand back, then those without a value.
fn smallest_first(mut bars: Vec<PartsBar>) -> Vec<PartsBar> {
    let whole = |bar: &PartsBar| bar.value.map_or(f64::INFINITY, |value| value.whole);
    bars.sort_by(|a, b| {
        let place = |bar: &PartsBar| (bar.value.is_none(), bar.aside);
        place(a).cmp(&place(b)).then(whole(a).total_cmp(&whole(b)))
    });
    bars
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
