//! `export`: rows of a recorded run in a format that other programs read.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::catalog::Catalog;
use crate::cli::ExportArgs;
use crate::export::{Exported, File, Format, export as exported};
use crate::progress::say;
use crate::record::{Row, Run, write_whole};

use super::Usage;

/// Writes what was asked for to a file, a directory or standard output, and to standard error what was left out of it.
///
/// # Errors
/// When there is no such run, nothing of it is selected or can be told in that format, or it cannot be written.
pub fn export(args: &ExportArgs) -> Result<ExitCode> {
    if args.unit.is_some() && args.format != Format::Hgrm {
        return Err(Usage("--unit belongs to --format hgrm; the units of the others are fixed".to_owned()).into());
    }
    let (_, recorded) = super::recorded(args.run.as_deref())?;
    let (run, rows) = (&recorded.run, selected(args, &recorded.run, &recorded.rows)?);
    let Exported { files, notes } = exported(args.format, args.unit.unwrap_or_default(), run, &rows)?;
    if args.out.is_none() && files.len() > 1 {
        return Err(Usage(format!(
            "a file of hgrm holds one histogram, and these rows make {}; give --out DIRECTORY for all of them, or narrow it \
             down with --models, --conns, --window and --rate",
            files.len()
        ))
        .into());
    }
    for note in notes {
        say(&format!("bench-runner: {note}\n"));
    }
    match (&args.out, &*files) {
        (_, []) => bail!("nothing of run '{}' is left to export", run.run_id),
        (None, [file, ..]) => super::print(&file.text)?,
        (Some(path), [file]) if !is_directory(path) => write_whole(path, &file.text)?,
        (Some(path), files) => write_all(path, files)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a path is meant for a directory.
fn is_directory(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn write_all(directory: &Path, files: &[File]) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make the directory '{}'", directory.display()))?;
    files
        .iter()
        .try_for_each(|file| write_whole(&directory.join(&file.name), &file.text))
}

/// The rows that the flags select.
fn selected<'a>(args: &ExportArgs, run: &Run, rows: &'a [Row]) -> Result<Vec<&'a Row>> {
    let servers = servers(&args.models, run, rows)?;
    let (conns, windows) = (&args.conns, &args.window);
    let rates = args.rate.as_ref().map(|rates| &rates.0);
    each_is_there("--conns", conns, rows, |row, &&count| row.conns == count)?;
    each_is_there(
        "--window",
        windows.iter().map(|window| window.name()),
        rows,
        |row, name| row.window.name() == *name,
    )?;
    // A rate out of a range has a fraction that nobody writes.
    let has_rate = |row: &Row, rate: f64| row.load.rate_per_s.is_some_and(|own| (own - rate).abs() < 1.0);
    each_is_there("--rate", rates.into_iter().flatten(), rows, |row, &&rate| {
        has_rate(row, rate)
    })?;
    let wanted = |row: &&Row| {
        servers.contains(&row.server)
            && (conns.is_empty() || conns.contains(&row.conns))
            && (windows.is_empty() || windows.contains(&row.window))
            && rates.is_none_or(|rates| rates.iter().any(|&rate| has_rate(row, rate)))
    };
    let selected: Vec<&Row> = rows.iter().filter(wanted).collect();
    if selected.is_empty() {
        return Err(Usage(format!("no row of run '{}' is all of what was asked for", run.run_id)).into());
    }
    Ok(selected)
}

/// The names of the servers that the words select among those of the run.
fn servers(words: &[String], run: &Run, rows: &[Row]) -> Result<Vec<String>> {
    let own = Catalog::own()?;
    let mut there = Catalog { entries: Vec::new() };
    for name in &run.servers {
        match own.entries.iter().find(|entry| entry.name == *name) {
            Some(entry) => there.entries.push(entry.clone()),
            // Of one from elsewhere the records tell what there is to select it by.
            None => there.add_server(&format!("{name}={{port}}"))?,
        }
        let family = rows
            .iter()
            .find(|row| row.server == *name)
            .map(|row| row.family.clone());
        if let (Some(family), Some(entry)) = (family, there.entries.last_mut()) {
            entry.family = family;
        }
    }
    let chosen = there
        .select(words)
        .map_err(|error| Usage(format!("{error}; run '{}' has {}", run.run_id, run.servers.join(", "))))?;
    Ok(chosen.into_iter().map(|entry| entry.name).collect())
}

/// That each value that a flag asks for is that of some row.
fn each_is_there<T: std::fmt::Display>(
    flag: &str,
    values: impl IntoIterator<Item = T>,
    rows: &[Row],
    has: impl Fn(&Row, &T) -> bool,
) -> Result<()> {
    for value in values {
        if !rows.iter().any(|row| has(row, &value)) {
            let mut windows: Vec<String> = rows.iter().map(described).collect();
            windows.sort();
            windows.dedup();
            let there = windows.join(", ");
            return Err(Usage(format!("{flag} {value}: no row has that; there are {there}")).into());
        }
    }
    Ok(())
}

/// What a row is chosen by, beside its server.
fn described(row: &Row) -> String {
    let rate = row
        .load
        .rate_per_s
        .map(|rate| format!(" at {rate} req/s"))
        .unwrap_or_default();
    format!("{} connections {}{rate}", row.conns, row.window.name())
}
