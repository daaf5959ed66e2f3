//! Exports: rows of a run as other programs read them. Each format is a file, and a pure function from rows to text.
//!
//! docs/EXPORT.md says for each who reads it, what is in it and what is left out. A tracker of numbers cannot tell a
//! bound or a failure from a number, so what `measures.rs` does not vouch for is not written, and told in words instead.

mod benchstat;
mod bmf;
mod csv;
mod gha;
mod groups;
mod hgrm;
mod hlog;
mod measures;
mod notes;
mod times;

use anyhow::Result;
use clap::ValueEnum;

use crate::record::{Row, Run};
use groups::groups;

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Every number of every row, a line for each (RFC 4180)
    Csv,
    /// Bencher Metric Format
    Bmf,
    /// github-action-benchmark, customBiggerIsBetter
    GhaBigger,
    /// github-action-benchmark, customSmallerIsBetter
    GhaSmaller,
    /// Percentile distribution, for HdrHistogram's plotter
    Hgrm,
    /// HdrHistogram log
    Hlog,
    /// Go benchmark format, for benchstat
    Benchstat,
}

/// Units of the values in a percentile distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// Nanoseconds
    Ns,
    /// Microseconds
    Us,
    /// Milliseconds
    #[default]
    Ms,
    /// Seconds
    S,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is called in a directory, without a slash.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// What came of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// One file, but for `hgrm`, which has one for each histogram; none where nothing could be exported.
    pub files: Vec<File>,
    /// What was left out and what is to be read with care, in words, a line each.
    pub notes: Vec<String>,
}

/// Writes `rows` of `run` in a format; `unit` is that of the values of `hgrm`.
///
/// # Errors
/// When a value cannot be encoded, which no record of ours gives cause to.
pub fn export(format: Format, unit: Unit, run: &Run, rows: &[&Row]) -> Result<Exported> {
    let groups = groups(run, rows);
    let one = |extension: &str, text: Option<String>| {
        let name = format!("{}.{extension}", groups::plain(&run.run_id));
        text.map(|text| File { name, text }).into_iter().collect()
    };
    let (files, notes): (Vec<File>, _) = match format {
        Format::Csv => (one("csv", Some(csv::table(rows)?)), notes::Notes::default()),
        Format::Bmf => {
            let (text, notes) = bmf::results(&groups)?;
            (one("bmf.json", text), notes)
        }
        Format::GhaBigger | Format::GhaSmaller => {
            let bigger = format == Format::GhaBigger;
            let (text, notes) = gha::benchmarks(&groups, &run.run_id, bigger)?;
            (one(if bigger { "bigger.json" } else { "smaller.json" }, text), notes)
        }
        Format::Hgrm => hgrm::files(&groups, &run.run_id, unit),
        Format::Hlog => {
            let (text, notes) = hlog::log(run, &groups)?;
            (one("hlog", text), notes)
        }
        Format::Benchstat => {
            let (text, notes) = benchstat::lines(run, &groups);
            (one("bench.txt", text), notes)
        }
    };
    Ok(Exported {
        files,
        notes: notes.lines(),
    })
}
