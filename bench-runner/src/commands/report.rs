//! `report`: table, charts, README and report.html of a recorded run, made again from its records alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use loadgen::units::counted;

use crate::catalog::Catalog;
use crate::charts::font::REPLACEMENT;
use crate::cli::{Color, ReportArgs};
use crate::progress::say;
use crate::record::{Benches, Row, Run};
use crate::render::pictures::{self, Drawn, Wanted};
use crate::render::{html, readme, table, warnings};
use crate::stats::{findings, summarise};
use crate::words::Lang;
use crate::words::breaks::{columns, parts};

/// Draws again what a run's records show.
///
/// # Errors
/// When there is no such run, or it cannot be read or drawn.
pub fn report(args: &ReportArgs, color: Color) -> Result<ExitCode> {
    let (directory, recorded) = super::recorded(args.run.as_deref())?;
    super::print(&text(&recorded.run, &recorded.rows, color, args.lang))?;
    let charts = Charts::of(args, &recorded.run)?;
    super::print(&charts.draw(&directory, &recorded.run, &recorded.rows, recorded.benches.as_ref())?)?;
    Ok(ExitCode::SUCCESS)
}

/// Findings, tables and warnings, for the terminal.
pub(super) fn text(run: &Run, rows: &[Row], color: Color, lang: Lang) -> String {
    let summary = &summarise(run, rows);
    let mut text = String::new();
    for finding in findings(summary) {
        text += &wrap(&finding.text(lang), usize::from(super::width().max(80)));
    }
    for &conns in &summary.conns {
        text += &format!("\n{}\n\n", counted(conns, "connection"));
        text += &table::table(summary, conns, super::width(), super::colored(color));
    }
    text + &warnings::below_the_table(run, rows, usize::from(super::width().max(80)))
}

/// Which charts are drawn, and how.
#[derive(Default)]
pub(super) struct Charts {
    /// One of them, by number or name; all where there is none.
    only: Option<String>,
    /// Where to; the run's own directory where there is none.
    out: Option<PathBuf>,
    wanted: Wanted,
}

impl Charts {
    fn of(args: &ReportArgs, run: &Run) -> Result<Self> {
        Ok(Self {
            only: args.only.clone(),
            out: args.out.clone(),
            wanted: Wanted {
                themes: args.theme.themes(),
                size: args.size,
                lang: args.lang,
                letters: args.text,
                highlight: highlight(&args.highlight, run)?,
                build_up: args.build_up,
            },
        })
    }

    /// Whether what is drawn is what the README shows: all charts, whole, where they belong.
    fn for_readme(&self) -> bool {
        self.only.is_none() && self.out.is_none() && !self.wanted.build_up
    }

    /// Draws them into the run's directory, where all of them are drawn with a README and a report that show them; says
    /// where they are.
    pub(super) fn draw(&self, directory: &Path, run: &Run, rows: &[Row], benches: Option<&Benches>) -> Result<String> {
        let summary = summarise(run, rows);
        let mut charts = pictures::charts(run, &summary, benches, self.wanted.lang);
        if let Some(only) = &self.only {
            charts = pictures::only(charts, only).map_err(|error| super::usage(&error))?;
        }
        let directory = self.out.as_deref().unwrap_or(directory);
        let drawn = pictures::draw(directory, &charts, &self.wanted).context("cannot draw the charts")?;
        for (c, text) in drawn
            .iter()
            .flat_map(|drawn| &drawn.missing)
            .collect::<BTreeMap<_, _>>()
        {
            say(&format!(
                "bench-runner: warning: the charts' fonts have no '{}' (U+{:04X}), as in '{}': {REPLACEMENT} is drawn for it\n",
                c.escape_debug(),
                u32::from(*c),
                text.escape_debug()
            ));
        }
        let mut told = String::from("\n");
        if self.for_readme() {
            // Each chart once, in the first of the themes.
            let shown: Vec<&Drawn> = drawn
                .iter()
                .filter(|drawn| drawn.dark == self.wanted.themes[0].dark)
                .collect();
            let lang = self.wanted.lang;
            readme::write(directory, run, rows, &summary, &shown, lang)?;
            let page = html::write(directory, run, rows, &summary, benches).context("cannot write the report")?;
            told += &format!("{}\n{}\n", page.display(), directory.join(readme::name(lang)).display());
        }
        for Drawn { name, title, .. } in &drawn {
            told += &format!("{}  {title}\n", directory.join(format!("{name}.svg")).display());
        }
        Ok(told)
    }
}

/// The servers of the run that `names` mean: names, aliases or families.
fn highlight(names: &[String], run: &Run) -> Result<BTreeSet<String>> {
    let catalog = Catalog::own()?;
    let mut chosen = BTreeSet::new();
    for name in names {
        let entries = catalog.select(std::slice::from_ref(name)).unwrap_or_default();
        let meant = |server: &&String| *server == name || entries.iter().any(|entry| entry.name == **server);
        let found: Vec<String> = run.servers.iter().filter(meant).cloned().collect();
        if found.is_empty() {
            return Err(super::Usage(format!(
                "--highlight {name}: no such server took part in this run; it had {}",
                run.servers.join(", ")
            ))
            .into());
        }
        chosen.extend(found);
    }
    Ok(chosen)
}

/// A finding as a list item, broken where its language lets it be.
fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec!["-".to_owned()];
    let mut taken = 1;
    for (space, part) in parts(text) {
        let wide = columns(part);
        let line = lines.last_mut().expect("there is a first line");
        let first = line == "-";
        let gap = usize::from(space || first);
        if taken + gap + wide > width && !first {
            lines.push(format!("  {part}"));
            taken = 2 + wide;
        } else {
            *line += &" ".repeat(gap);
            *line += part;
            taken += gap + wide;
        }
    }
    lines.join("\n") + "\n"
}
