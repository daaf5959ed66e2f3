//! `compare`: two recorded runs held against each other.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Usage;
use crate::catalog::Catalog;
use crate::cli::{Color, CompareArgs, CompareFormat, FailOn};
use crate::progress::say;
use crate::record::{self, Recorded};
use crate::render::compare::{Document, json, markdown, text};
use crate::stats::compare::{Comparison, Options, Standing, compare as held_against};

/// Something got worse.
const WORSE: u8 = 3;
/// It cannot be told whether something did.
const INCONCLUSIVE: u8 = 4;
/// A server failed, or answered wrongly.
const BROKEN: u8 = 5;

/// Where GitHub has a job's summary.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Tells what differs between two runs; the exit code says so only when asked.
///
/// # Errors
/// When there are no such runs, or they have nothing in common.
pub fn compare(args: &CompareArgs, color: Color) -> Result<ExitCode> {
    let (base, current) = (read(&args.base)?, read(&args.current)?);
    let options = Options {
        metrics: args.metric.clone(),
        servers: servers(&args.models, &base, &current)?,
        conns: conns(&args.conns, &base, &current)?,
        limits: args.limit.iter().copied().collect::<BTreeMap<_, _>>(),
    };
    let comparison = held_against((&base.run, &base.rows), (&current.run, &current.rows), &options);
    if comparison.changes.is_empty() {
        let loops = [&base, &current].map(|recorded| recorded.run.settings.arrivals.is_some());
        return Err(Usage(nothing(args, &comparison, loops)).into());
    }
    let document = Document {
        base: (&args.base, &base.run),
        current: (&args.current, &current.run),
        comparison: &comparison,
        options: &options,
        all: args.all,
    };
    super::print(&match args.format {
        CompareFormat::Text => text(&document, super::width(), super::colored(color)),
        CompareFormat::Markdown => markdown(&document),
        CompareFormat::Json => json(&document)?,
    })?;
    let Some(fail_on) = args.fail_on else {
        return Ok(ExitCode::SUCCESS);
    };
    // The verdict does not hang on the place where it is shown.
    if let Err(error) = summarise(&document) {
        say(&format!("bench-runner: {error:#}\n"));
    }
    Ok(ExitCode::from(verdict(comparison.standing(), fail_on)))
}

fn verdict(standing: Standing, fail_on: FailOn) -> u8 {
    let (code, text) = match standing {
        Standing::Broken => (BROKEN, "a server failed that did not in base"),
        Standing::Regression => (WORSE, "something got worse"),
        Standing::Inconclusive if fail_on == FailOn::Inconclusive => {
            (INCONCLUSIVE, "it cannot be told of everything whether it got worse")
        }
        Standing::Inconclusive => {
            say("bench-runner: warning: nothing is known to have got worse, but not of everything can it be told\n");
            return 0;
        }
        Standing::Pass => return 0,
    };
    say(&format!("bench-runner: {text}\n"));
    code
}

fn read(name: &str) -> Result<Recorded> {
    let directory = record::find(Some(name), super::results()).map_err(|error| super::usage(&error))?;
    let recorded = record::read(&directory)?;
    for problem in &recorded.damage {
        say(&format!("bench-runner: {problem}\n"));
    }
    Ok(recorded)
}

/// The servers that `words` select among those of the two runs: names, families or `all`, and aliases of our own; a
/// leading `-` takes out. `None` where all are selected.
fn servers(words: &[String], base: &Recorded, current: &Recorded) -> Result<Option<Vec<String>>> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    for row in base.rows.iter().chain(&current.rows) {
        if !all.iter().any(|(server, _)| *server == row.server) {
            all.push((&row.server, &row.family));
        }
    }
    let catalog = Catalog::own()?;
    let alias = |server: &str, name: &str| {
        let own = catalog.entries.iter().filter(|entry| entry.name == server);
        own.flat_map(|entry| &entry.aliases).any(|alias| alias == name)
    };
    let mut chosen = vec![words.iter().all(|word| word.starts_with('-')); all.len()];
    for word in words {
        let (name, wanted) = word
            .strip_prefix('-')
            .map_or((word.as_str(), true), |name| (name, false));
        let mut found = false;
        for (&(server, family), chosen) in all.iter().zip(&mut chosen) {
            if name == "all" || server == name || family == name || alias(server, name) {
                (*chosen, found) = (wanted, true);
            }
        }
        if !found {
            let names: Vec<&str> = all.iter().map(|(server, _)| *server).collect();
            let text = format!("neither run has a server '{name}'; they have {}", names.join(", "));
            return Err(Usage(text).into());
        }
    }
    if chosen.iter().all(|&chosen| chosen) {
        return Ok(None);
    }
    let names = all.iter().zip(chosen).filter(|(_, chosen)| *chosen);
    Ok(Some(names.map(|((server, _), _)| (*server).to_owned()).collect()))
}

/// The connection counts that were asked for, each of which one of the runs has.
fn conns(asked: &[u64], base: &Recorded, current: &Recorded) -> Result<Vec<u64>> {
    let mut known: Vec<u64> = base.rows.iter().chain(&current.rows).map(|row| row.conns).collect();
    known.sort_unstable();
    known.dedup();
    if let Some(unknown) = asked.iter().find(|count| !known.contains(count)) {
        let known: Vec<String> = known.iter().map(u64::to_string).collect();
        let text = format!(
            "--conns {unknown}: neither run has so many; they have {}",
            known.join(", ")
        );
        return Err(Usage(text).into());
    }
    Ok(asked.to_vec())
}

/// Why there is nothing to compare; `open` is whether the runs are of an open loop.
fn nothing(args: &CompareArgs, comparison: &Comparison, open: [bool; 2]) -> String {
    let CompareArgs { base, current, .. } = args;
    let selected = comparison.only_in_base.len() + comparison.only_in_current.len();
    let why = if !comparison.left_out.is_empty() {
        let loads: Vec<&str> = comparison.left_out.iter().map(|left_out| &*left_out.because).collect();
        format!("the load was another: {}", loads.join("; "))
    } else if let Some(absent) = comparison.absent.first() {
        let lacks = if absent.in_base { base } else { current };
        format!("'{lacks}' has no {}", absent.metric.name())
    } else if open[0] != open[1] {
        let [before, after] = open.map(|open| if open { "an open loop" } else { "a closed loop" });
        format!("one is of {before}, the other of {after}")
    } else if selected > 0 {
        "no server has a window in both at the same connection count and rate".to_owned()
    } else {
        "neither has a value of what was asked for".to_owned()
    };
    format!("'{current}' cannot be compared with '{base}': {why}")
}

/// Appends the comparison to the summary of a job on GitHub.
fn summarise(document: &Document) -> Result<()> {
    let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(markdown(document).as_bytes())
    };
    write().with_context(|| format!("cannot append to '{}', which {SUMMARY} names", path.display()))
}
