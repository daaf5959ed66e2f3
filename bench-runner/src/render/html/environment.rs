//! How it was made: the command, the settings, the machine, the and the programs.

use std::fmt::Display;

use anyhow::{Context, Result};
use loadgen::units::{bytes, counted, grouped};
use maud::{Markup, html};

use super::{Page, sources};
use crate::words::Lang;
use crate::words::subtitles::{machine, mode};

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
        (sources::read(page.rows))
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
                mode(settings, Lang::En),
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
        ("Machine", machine(&run.environment, Lang::En)),
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
