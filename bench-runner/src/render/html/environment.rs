//! How it was made: the command, the settings, the machine, the programs, and where each number was read.

use std::collections::BTreeMap;
use std::fmt::Display;

use anyhow::{Context, Result};
use loadgen::units::{bytes, counted, grouped};
use maud::{Markup, html};

use super::Page;
use crate::record::Row;
use crate::render::readme::{machine, mode};

/// As much of a hash as tells one program from another at a glance.
const SHORT_HASH: usize = 16;

pub(super) fn environment(page: &Page) -> Result<Markup> {
    let run = page.run;
    let env = &run.environment;
    let whole = serde_json::to_string_pretty(&run).context("cannot write the run's record")?;
    Ok(html! {
        pre.command tabindex="0" aria-label="The command" { code { (command(&env.command_line)) } }
        dl.facts { @for (name, fact) in facts(page) { div { dt { (name) } dd { (fact) } } } }
        @if !env.binaries.is_empty() {
            details {
                summary { "Programs that took part" }
                div.scroll role="region" aria-label="Programs that took part" tabindex="0" { table {
                    thead { tr {
                        th scope="col" { "Name" } th scope="col" { "Path" } th scope="col" { "Size" } th scope="col" { "SHA-256" }
                    } }
                    tbody { @for binary in &env.binaries { tr {
                        th scope="row" { (binary.name) }
                        td { (binary.path.display()) }
                        td.n { (binary.size_bytes.map_or_else(|| "–".to_owned(), |size| bytes(size as f64))) }
                        td { code title=[binary.sha256.as_deref()] {
                            (binary.sha256.as_deref().and_then(|hash| hash.get(..SHORT_HASH)).unwrap_or("could not be read"))
                        } }
                    } } }
                } }
            }
        }
        (read(page.rows))
        details {
            summary { "The whole record of the run (run.json)" }
            pre tabindex="0" { code { (whole) } }
        }
    })
}

fn command(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// What one looks for first.
fn facts(page: &Page) -> Vec<(&'static str, String)> {
    let (run, settings) = (page.run, &page.run.settings);
    let env = &run.environment;
    let listed = |numbers: &[u64]| -> String {
        let numbers: Vec<String> = numbers.iter().copied().map(grouped).collect();
        numbers.join(", ")
    };
    let some = |value: Option<&dyn Display>| value.map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let source = env.source.as_ref().map_or_else(
        || "unknown".to_owned(),
        |source| {
            let dirty = if source.dirty == Some(true) { ", changed" } else { "" };
            let revision = source.revision.as_deref().unwrap_or("unknown");
            format!("{revision}{dirty}")
        },
    );
    let build = &env.build;
    vec![
        (
            "Run",
            format!("{}, {}", run.run_id, run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ),
        (
            "Load",
            format!(
                "{}, {}, pipeline {}, work {}",
                mode(settings),
                settings.requests(),
                settings.pipeline,
                settings.work
            ),
        ),
        (
            "Connections",
            format!(
                "{}; {} talk in the mostly-idle window",
                listed(&settings.conns),
                grouped(settings.active)
            ),
        ),
        (
            "Windows",
            format!(
                "{} of {} s after {} s of warm-up, order shuffled with seed {}",
                counted(u64::from(settings.rounds), "round"),
                settings.duration_s,
                settings.warmup_s,
                run.seed
            ),
        ),
        (
            "Server",
            format!("on {}, backlog {}", cpus(&env.server_cpus), grouped(settings.backlog)),
        ),
        (
            "Generator",
            format!(
                "on {}, {}{}",
                cpus(&env.generator_cpus),
                match settings.shards {
                    1 => "one process".to_owned(),
                    shards => format!("{} processes", grouped(shards)),
                },
                if settings.spin { ", polling without sleep" } else { "" }
            ),
        ),
        ("Machine", machine(run)),
        (
            "Limits",
            format!(
                "somaxconn {}, nr_open {}, threads-max {}, pid_max {}, max_map_count {}",
                some(env.sysctl.somaxconn.as_ref().map(|v| v as &dyn Display)),
                some(env.sysctl.nr_open.as_ref().map(|v| v as &dyn Display)),
                some(env.sysctl.threads_max.as_ref().map(|v| v as &dyn Display)),
                some(env.sysctl.pid_max.as_ref().map(|v| v as &dyn Display)),
                some(env.sysctl.max_map_count.as_ref().map(|v| v as &dyn Display)),
            ),
        ),
        (
            "Build",
            format!(
                "{}, {}",
                some(build.rustc.as_ref().map(|v| v as &dyn Display)),
                some(build.profile.as_ref().map(|v| v as &dyn Display))
            ),
        ),
        ("Source", source),
        (
            "Records",
            "run.json and rows.jsonl beside this file, or rows.jsonl.gz where they are stored compressed".to_owned(),
        ),
    ]
}

fn cpus(cpus: &[usize]) -> String {
    match cpus {
        [] => "any CPU".to_owned(),
        all => format!(
            "CPU {}",
            all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Where the numbers of a row were read, and why others are not there, as one text by which rows are alike.
fn key(row: &Row) -> String {
    let lines = |map: &BTreeMap<String, String>, sign: &str| -> String {
        let line = |(name, text): (&String, &String)| format!("{sign}{name}\t{}\n", text.replace('\n', " "));
        map.iter().map(line).collect()
    };
    lines(&row.sources, "+") + &lines(&row.missing, "-")
}

/// The different ways in which the numbers of rows were read, the usual one first.
pub(super) fn sources(rows: &[Row]) -> Vec<String> {
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        *keys.entry(key(row)).or_default() += 1;
    }
    let mut keys: Vec<(String, usize)> = keys.into_iter().filter(|(key, _)| !key.is_empty()).collect();
    keys.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    keys.into_iter().map(|(key, _)| key).collect()
}

/// The number of the way in which those of a row were.
pub(super) fn set_of(row: &Row, sources: &[String]) -> Option<usize> {
    let key = key(row);
    sources.iter().position(|other| *other == key).map(|place| place + 1)
}

/// Where each number was read, told once for all rows that are alike.
fn read(rows: &[Row]) -> Markup {
    let sources = sources(rows);
    let count = |key: &str| rows.iter().filter(|row| self::key(row) == key).count();
    html! {
        @for (i, set) in sources.iter().enumerate() {
            details id={ "sources-" (i + 1) } {
                summary { "Sources " (i + 1) ": where the numbers of " (counted(count(set) as u64, "row")) " were read" }
                dl.facts {
                    @for line in set.lines() {
                        @let (name, text) = line[1..].split_once('\t').unwrap_or((line, ""));
                        div {
                            dt { code { (name) } }
                            dd { @if line.starts_with('-') { "missing: " } (text) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_read_alike_share_a_number() {
        let mut row: Row = serde_json::from_str(include_str!("../../stats/warnings/quiet-row.json")).unwrap();
        row.sources.insert("rate".to_owned(), "its own clock".to_owned());
        let mut other = row.clone();
        other.missing.insert("memory".to_owned(), "two\nlines".to_owned());
        let rows = [other.clone(), row.clone(), row.clone()];
        let sources = sources(&rows);
        assert_eq!(sources.len(), 2);
        assert_eq!((set_of(&row, &sources), set_of(&other, &sources)), (Some(1), Some(2)));
        let mut bare = row.clone();
        (bare.sources, bare.missing) = Default::default();
        assert_eq!(set_of(&bare, &sources), None);
    }
}
