//! From a summary to the data of each chart, and from there to files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use loadgen::units::grouped;

use crate::charts::{self, Ended, Panel, Picture, Point, Series, Served, ServedBar, Watched};
use crate::record::{Run, write_whole};
use crate::render::readme::machine;
use crate::stats::{Line, Summary, WindowSummary, served_title, watched_title};

/// Draws all charts of a run into `directory`; returns their names and titles.
///
/// # Errors
/// When one cannot be drawn or written.
pub fn draw(directory: &Path, run: &Run, summary: &Summary) -> Result<Vec<(String, String)>> {
    let served = served(run, summary);
    let watched = watched(run, summary);
    let pictures = [
        ("1-served", served.title.clone(), charts::served(&served)?),
        ("2-watched", watched.title.clone(), charts::watched(&watched)?),
    ];
    let mut names = Vec::new();
    for (name, title, picture) in pictures {
        save(directory, name, &picture)?;
        names.push((name.to_owned(), title));
    }
    Ok(names)
}

fn save(directory: &Path, name: &str, picture: &Picture) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot write into '{}'", directory.display()))?;
    write_whole(&directory.join(format!("{name}.svg")), &picture.svg)?;
    write_whole(&directory.join(format!("{name}.png")), picture.png()?)
}

/// The data of the chart "asked, connected, served".
#[must_use]
pub fn served(run: &Run, summary: &Summary) -> Served {
    let asked = summary.most_conns();
    let bar = |line: &Line| ServedBar {
        name: line.server.clone(),
        connected: line.held + line.lost + line.refused,
        served: line.served,
        refused: line.refused,
        stopped_by: line.stopped_by(),
        failed: (line.rounds == 0).then(|| line.failures.first().cloned().unwrap_or_else(|| "no row".to_owned())),
    };
    Served {
        title: served_title(summary),
        subtitle: format!(
            "{} connections asked of each, all talk for {} s; served: at least one correct reply, if only after that; {}",
            grouped(asked),
            run.settings.duration_s,
            rounds(run, "median of"),
        ),
        footer: footer(run),
        asked,
        bars: summary.at(asked).map(bar).collect(),
    }
}

/// The data of the chart "throughput against connections watched".
#[must_use]
pub fn watched(run: &Run, summary: &Summary) -> Watched {
    let few = format!("{} talk, the others are silent", grouped(summary.active));
    Watched {
        title: watched_title(summary),
        subtitle: format!(
            "closed loop, {} requests of {} bytes, windows of {} s; {}; server on {}, generator on {}",
            run.settings.protocol,
            run.settings.request_bytes,
            run.settings.duration_s,
            rounds(run, "median and range of"),
            cpus(&run.environment.server_cpus),
            cpus(&run.environment.generator_cpus),
        ),
        footer: footer(run),
        panels: [
            panel(summary, "All connections talk".to_owned(), |line| Some(&line.busy)),
            panel(summary, few, |line| line.idle.as_ref()),
        ],
    }
}

fn panel(summary: &Summary, heading: String, window: impl Fn(&Line) -> Option<&WindowSummary>) -> Panel {
    let mut series: Vec<Series> = Vec::new();
    for line in &summary.lines {
        if series.last().is_none_or(|series| series.name != line.server) {
            series.push(Series {
                name: line.server.clone(),
                points: Vec::new(),
                ended: None,
            });
        }
        let Some(current) = series.last_mut() else { continue };
        let Some(window) = window(line) else { continue };
        let rate = window.rate_per_s.filter(|rate| rate.median > 0.0);
        if line.serves_all() {
            current.points.extend(rate.map(|rate| Point {
                conns: line.conns,
                rate_per_s: rate.median,
                low: rate.low,
                high: rate.high,
                lower_bound: window.lower_bound,
            }));
        } else if current.ended.is_none() {
            // A rate over fewer connections than the axis says would be a point in the wrong place.
            current.ended = Some(Ended {
                conns: line.conns,
                label: ended(line),
            });
        }
    }
    series.retain(|series| !series.points.is_empty() || series.ended.is_some());
    Panel { heading, series }
}

fn ended(line: &Line) -> String {
    match (line.rounds, line.limited_by.as_deref()) {
        (0, _) => "failed".to_owned(),
        (_, Some(limit)) => format!("{} served: {limit}", grouped(line.served)),
        (_, None) => format!("{} served", grouped(line.served)),
    }
}

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
