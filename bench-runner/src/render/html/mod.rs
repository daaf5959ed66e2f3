//! `report.html` beside the records: one file that holds everything a run shows, and needs nothing else.
//!
//! It loads nothing: styles, script, font and data are in it, and its own policy forbids the rest. Whatever comes from a
//! catalogue or from a server is text to it (maud escapes what is written, `escape::json` what the script reads). It
//! only shows: what is said is found in [`crate::stats`], charts are drawn by [`crate::charts`].

mod charts;
mod colours;
mod environment;
mod escape;
mod findings;
mod matrix;
mod models;
mod reading;
mod rows;
mod sources;
mod spectrum;
#[cfg(test)]
mod tests_support;
mod trust;
mod value;
mod words;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use loadgen::units::{counted, grouped};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::colours::Colours;
use self::models::Model;
use crate::charts::font;
use crate::record::{Benches, Row, Run, write_whole};
use crate::stats::{Choice, Summary, choices};
use crate::words::{Lang, subtitles::machine};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
/// The file's name in the directory of a run.
const FILE: &str = "report.html";

/// What a page is about.
struct Page<'a> {
    run: &'a Run,
    rows: &'a [Row],
    summary: &'a Summary,
    benches: Option<&'a Benches>,
    models: Vec<Model>,
    choices: Vec<Choice>,
}

/// Writes the report of a run; tells where it is.
///
/// # Errors
/// When a chart cannot be drawn, or the file cannot be written.
pub fn write(
    directory: &Path,
    run: &Run,
    rows: &[Row],
    summary: &Summary,
    benches: Option<&Benches>,
) -> Result<PathBuf> {
    let path = directory.join(FILE);
    write_whole(&path, page(run, rows, summary, benches)?)?;
    Ok(path)
}

/// The report of a run.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn page(run: &Run, rows: &[Row], summary: &Summary, benches: Option<&Benches>) -> Result<String> {
    let page = Page {
        run,
        rows,
        summary,
        benches,
        models: models::models(run, rows)?,
        choices: choices(summary),
    };
    page.document().map(PreEscaped::into_string)
}

/// A part of the page: where links lead, what they say, what it is called, and what is there.
struct Section {
    id: &'static str,
    link: &'static str,
    name: &'static str,
    body: Markup,
}

impl Page<'_> {
    fn document(&self) -> Result<Markup> {
        let mut colours = Colours::new(&self.models);
        let sections = self.sections(&mut colours)?;
        let style = format!("{}{}{STYLE}", font_faces()?, colours.rules());
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; img-src data:; font-src data:; base-uri 'none'; form-action \
             'none'",
            escape::hash(SCRIPT),
            escape::hash(&style)
        );
        let data = escape::json(&spectrum::data(self))?;
        Ok(html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title()) " · " (self.run.run_id) }
                    link rel="icon" href="data:,";
                    style { (PreEscaped(style)) }
                }
                body {
                    a.skip href="#findings" { "Skip to the findings" }
                    header.top {
                        h1 { (self.title()) }
                        p.sub { (self.about()) }
                        @if self.run.interrupted {
                            p.alarm { "The run was interrupted: rows are missing." }
                        }
                    }
                    div.bar {
                        nav aria-label="Parts of the report" {
                            @for section in &sections {
                                a href={ "#" (section.id) } { (section.link) }
                            }
                        }
                        (models::switches(&self.models))
                    }
                    main {
                        @for Section { id, name, body, .. } in &sections {
                            section id=(id) aria-labelledby={ (id) "-name" } {
                                h2 id={ (id) "-name" } { (name) }
                                (body)
                            }
                        }
                    }
                    footer { "bench-runner " (self.run.version) " · run " (self.run.run_id) }
                    div #tip role="tooltip" hidden {}
                    div #live .vh aria-live="polite" {}
                    script #data type="application/json" { (PreEscaped(data)) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        })
    }

    fn sections(&self, colours: &mut Colours) -> Result<Vec<Section>> {
        let section = |id, link, name, body| Section { id, link, name, body };
        let charts = charts::charts(self, colours)?;
        Ok(vec![
            section("findings", "Findings", "Findings", findings::findings(self)),
            section("reading", "How to read", "How to read this", reading::reading(self)),
            section("trust", "Not to trust", "Numbers not to trust", trust::trust(self)),
            section(
                "models",
                "Models",
                "What each model can and cannot do",
                matrix::matrix(self),
            ),
            section("charts", "Charts", "Charts", charts),
            section(
                "spectrum",
                "Latency",
                "Latency, percentile by percentile",
                spectrum::controls(self),
            ),
            section("rows", "Rows", "All rows", rows::rows(self)),
            section("made", "How made", "How it was made", environment::environment(self)?),
        ])
    }

    fn title(&self) -> String {
        let servers = match &*self.run.servers {
            [only] => only.clone(),
            all => format!("{} servers", all.len()),
        };
        match &*self.summary.conns {
            [] => servers,
            [one] => format!("{servers} with {}", counted(*one, "connection")),
            [.., most] => format!("{servers} with up to {}", counted(*most, "connection")),
        }
    }

    fn about(&self) -> String {
        let date = self.run.started_at.strftime("%Y-%m-%d %H:%M UTC");
        let rows = counted(self.rows.len() as u64, "row");
        format!("{date} · {} · {rows}", machine(&self.run.environment, Lang::En))
    }

    /// The model of that name; every row's server is one.
    fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// What happens in the window in which few talk.
    fn few_talk(&self) -> String {
        format!("{} talk", grouped(self.summary.active))
    }
}

/// The rules of the embedded font, once for the page and all of its charts.
fn font_faces() -> Result<&'static str> {
    let element = font::style_element(false).trim();
    let rules = element
        .strip_prefix("<style>")
        .and_then(|rest| rest.strip_suffix("</style>"));
    rules.context("the font is no style element")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_font_are_no_element_any_more() {
        let rules = font_faces().unwrap();
        assert!(rules.trim_start().starts_with("@font-face") && !rules.contains('<'));
    }

    #[test]
    fn style_and_script_do_not_end_their_elements_and_load_nothing() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--"));
            let without_names = text.replace("http://www.w3.org/2000/svg", "");
            for load in [
                "http:",
                "https:",
                "url(",
                "@import",
                "fetch(",
                "XMLHttpRequest",
                "import(",
            ] {
                assert!(!without_names.contains(load), "{load}");
            }
        }
    }
}
