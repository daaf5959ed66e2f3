//! `README.md` (`README-zh.md` in Chinese) beside the records: the findings, the table, the charts, and the command that made them.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use crate::record::{Row, Run, write_whole};
use crate::render::pictures::Drawn;
use crate::render::{table, warnings};
use crate::stats::{Summary, findings};
use crate::words::{Lang, readme as words};

/// Columns of its tables: enough for the ranges of the rounds beside everything else.
const WIDTH: u16 = 140;

/// Writes the README of a run in a language; `charts` are the pictures that it shows.
///
/// # Errors
/// When the file cannot be written.
pub fn write(
    directory: &Path,
    run: &Run,
    rows: &[Row],
    summary: &Summary,
    charts: &[&Drawn],
    lang: Lang,
) -> Result<()> {
    write_whole(&directory.join(name(lang)), text(run, rows, summary, charts, lang))
}

/// The name of the file.
#[must_use]
pub fn name(lang: Lang) -> String {
    format!("README{}.md", lang.suffix())
}

fn text(run: &Run, rows: &[Row], summary: &Summary, charts: &[&Drawn], lang: Lang) -> String {
    let mut out = format!("# {}\n\n", words::title(run, lang));
    for finding in findings(summary) {
        let _ = writeln!(out, "- {}", finding.text(lang));
    }
    if run.interrupted {
        let _ = write!(out, "\n{}\n", words::interrupted(lang));
    }
    for Drawn { name, title, .. } in charts {
        let _ = write!(out, "\n![{title}]({name}.svg)\n");
    }
    for &conns in summary.conns.iter().rev() {
        let _ = write!(
            out,
            "\n## {}\n\n```text\n{}```\n",
            words::connections(conns, lang),
            table::table(summary, conns, WIDTH, false)
        );
    }
    if summary.rates_per_s.is_empty() {
        let _ = write!(out, "\n{}", words::closed_loop(lang));
        out += &warnings::section(run, rows);
    } else {
        let _ = write!(out, "\n{}", words::open_loop(lang));
    }
    let command = shlex::try_join(run.environment.command_line.iter().map(String::as_str)).unwrap_or_default();
    let (how, provenance) = (words::how(lang), words::provenance(run, lang));
    let _ = write!(out, "\n## {how}\n\n```sh\n{command}\n```\n\n{provenance}\n");
    out
}
