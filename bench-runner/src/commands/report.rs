//! `report`: table, charts, README and report.html of a recorded run, made again from its records alone.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use loadgen::units::counted;

use crate::cli::{Color, ReportArgs};
use crate::record::{Benches, Row, Run};
use crate::render::{html, pictures, readme, table, warnings};
use crate::stats::{findings, summarise};

/// Draws again what a run's records show.
///
/// # Errors
/// When there is no such run, or it cannot be read or drawn.
pub fn report(args: &ReportArgs, color: Color) -> Result<ExitCode> {
    let (directory, recorded) = super::recorded(args.run.as_deref())?;
    super::print(&text(&recorded.run, &recorded.rows, color))?;
    let told = draw(&directory, &recorded.run, &recorded.rows, recorded.benches.as_ref())?;
    super::print(&told)?;
    Ok(ExitCode::SUCCESS)
}

/// Findings, tables and warnings, for the terminal.
pub(super) fn text(run: &Run, rows: &[Row], color: Color) -> String {
    let summary = &summarise(run, rows);
    let mut text = String::new();
    for finding in findings(summary) {
        text += &wrap(&finding.text, usize::from(super::width().max(80)));
    }
    for &conns in &summary.conns {
        text += &format!("\n{}\n\n", counted(conns, "connection"));
        text += &table::table(summary, conns, super::width(), super::colored(color));
    }
    text + &warnings::below_the_table(run, rows, usize::from(super::width().max(80)))
}

/// Draws charts, report and README into the run's directory; says where they are.
pub(super) fn draw(directory: &Path, run: &Run, rows: &[Row], benches: Option<&Benches>) -> Result<String> {
    let summary = summarise(run, rows);
    let charts = pictures::draw(directory, run, &summary, benches).context("cannot draw the charts")?;
    readme::write(directory, run, rows, &summary, &findings(&summary), &charts)?;
    let page = html::write(directory, run, rows, &summary, benches).context("cannot write the report")?;
    let mut told = format!("\n{}\n{}\n", page.display(), directory.join("README.md").display());
    for (name, title) in &charts {
        told += &format!("{}  {title}\n", directory.join(format!("{name}.svg")).display());
    }
    Ok(told)
}

/// A finding as a list item, broken at spaces.
fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec!["-".to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.chars().count() + 1 + word.chars().count() > width {
            lines.push(format!("  {word}"));
        } else {
            *line += " ";
            *line += word;
        }
    }
    lines.join("\n") + "\n"
}
