//! The claims for people: a list in the terminal, and claims.md, which a talk can quote.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::notes::broken;
use crate::claims::{Answer, Finding, Record};
use crate::record::write_whole;
use crate::words::{Lang, subtitles::machine};

const FILE: &str = "claims.md";
/// Columns of a verdict in the list.
const VERDICT: usize = 9;

/// A line and its number for each claim, `width` columns wide; verdicts in colour where that is wanted.
#[must_use]
pub fn list(record: &Record, width: usize, color: bool) -> String {
    let mut text = String::new();
    let indent = 4 + VERDICT + 2;
    for answer in &record.claims {
        let judgement = &answer.judgement;
        let (paint, reset) = if color {
            (paint(judgement.verdict), "\x1b[0m")
        } else {
            ("", "")
        };
        // The first line begins where the others do, behind number and verdict.
        let words = indented(&answer.claim, indent, width).join("\n");
        let head = format!(
            "{:>2}  {paint}{:VERDICT$}{reset}  ",
            answer.id,
            judgement.verdict.name()
        );
        let _ = writeln!(text, "{head}{}", words.trim_start());
        let because = match judgement.verdict {
            Finding::Depends | Finding::Untested => Some(judgement.told()),
            Finding::Confirmed | Finding::Refuted => None,
        };
        for told in because.iter().chain(&judgement.number) {
            for line in indented(told, indent, width) {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text + &format!("\n{}.\n", counted(record))
}

/// Text in lines of at most `width` columns, each `indent` columns in.
pub(crate) fn indented(text: &str, indent: usize, width: usize) -> Vec<String> {
    let lines = broken(text, width.saturating_sub(indent).max(20));
    lines.into_iter().map(|line| format!("{:indent$}{line}", "")).collect()
}

/// Writes claims.md into a directory; `chart` is the name of the picture, without its ending, and its title.
///
/// # Errors
/// When it cannot be written.
pub fn write(directory: &Path, record: &Record, chart: Option<(&str, &str)>) -> Result<()> {
    write_whole(&directory.join(FILE), text(record, chart))
}

/// What stands in claims.md.
#[must_use]
pub fn text(record: &Record, chart: Option<(&str, &str)>) -> String {
    let mut out = String::from("# What textbooks say, measured\n\n");
    let _ = writeln!(
        out,
        "{}, on {}.\n",
        counted(record),
        machine(&record.environment, Lang::En)
    );
    if record.interrupted {
        out += "It was interrupted: what was not measured by then has no verdict.\n\n";
    }
    if record.quick {
        out += "Made with `--quick`: fewer connections, one round.\n\n";
    }
    out += "| | claim | verdict |\n| ---: | --- | --- |\n";
    for answer in &record.claims {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            answer.id,
            answer.claim,
            cell(&answer.judgement.told(), answer.judgement.verdict)
        );
    }
    if let Some((name, title)) = chart {
        let _ = write!(out, "\n![{title}]({name}.svg)\n");
    }
    for answer in &record.claims {
        out += &paragraph(answer);
    }
    out += &provenance(record);
    out
}

fn paragraph(answer: &Answer) -> String {
    let judgement = &answer.judgement;
    let mut out = format!(
        "\n## {}. {}\n\n> {}\n\n",
        answer.id,
        capitalised(&answer.title),
        answer.claim
    );
    let _ = writeln!(out, "**{}.**", capitalised(&judgement.told()));
    if let Some(number) = &judgement.number {
        let _ = writeln!(out, "{}.", capitalised(number));
    }
    if let Some(stage) = &judgement.stage {
        let _ = write!(out, "\nOn stage: {stage}\n");
    }
    let _ = write!(out, "\n*Test.* {}\n*Rule.* {}\n", answer.how, answer.rule);
    out
}

/// The verdict first, in bold.
fn cell(told: &str, verdict: Finding) -> String {
    let told = told.replace('|', "\\|");
    match told.split_once(' ') {
        Some((first, rest)) if verdict == Finding::Depends => format!("**{first}** {rest}"),
        _ if verdict == Finding::Untested => format!("*{told}*"),
        _ => format!("**{told}**"),
    }
}

fn provenance(record: &Record) -> String {
    let env = &record.environment;
    let command = shlex::try_join(env.command_line.iter().map(String::as_str)).unwrap_or_default();
    let cpus = |cpus: &[usize]| match cpus {
        [] => "not pinned".to_owned(),
        cpus => format!("CPU {cpus:?}"),
    };
    let mut out = format!(
        "\n## How it was measured\n\n```sh\n{command}\n```\n\n\
         - {}, {}\n- server on {}, generator on {}; work that computes has all of the server's CPUs and two at least\n\
         - every number is in `claims.json`, with how often it was measured\n",
        record.started_at.strftime("%Y-%m-%d %H:%M UTC"),
        machine(env, Lang::En),
        cpus(&env.server_cpus),
        cpus(&env.generator_cpus),
    );
    if !record.warnings.is_empty() {
        out += "\n## Warnings\n\n";
        for warning in &record.warnings {
            let _ = writeln!(out, "- {}: {}", warning.kind, warning.text);
        }
    }
    out
}

/// `15 claims: 7 confirmed, 1 refuted, 6 depend, 1 untested`.
fn counted(record: &Record) -> String {
    let of = |verdict| {
        record
            .claims
            .iter()
            .filter(|answer| answer.judgement.verdict == verdict)
            .count()
    };
    let kinds = [
        (of(Finding::Confirmed), "confirmed"),
        (of(Finding::Refuted), "refuted"),
        (of(Finding::Depends), "depend"),
        (of(Finding::Untested), "untested"),
    ];
    let told: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| match (*count, *kind) {
            (1, "depend") => "1 depends".to_owned(),
            (count, kind) => format!("{count} {kind}"),
        })
        .collect();
    format!(
        "{}: {}",
        loadgen::units::counted(record.claims.len() as u64, "claim"),
        told.join(", ")
    )
}

fn paint(verdict: Finding) -> &'static str {
    match verdict {
        Finding::Confirmed => "\x1b[32m",
        Finding::Refuted => "\x1b[31m",
        Finding::Depends => "\x1b[33m",
        Finding::Untested => "\x1b[2m",
    }
}

/// As a sentence begins, unless it does so with the name of a call.
fn capitalised(text: &str) -> String {
    if ["select", "poll", "epoll"].iter().any(|call| text.starts_with(call)) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{CLAIMS, Measured, SCHEMA};
    use crate::environment::Environment;

    /// Of all claims, of which one has a verdict.
    fn record() -> Record {
        let measured: Measured = serde_json::from_value(serde_json::json!({
            "nofile": 20_000, "readings": [], "descriptors": null, "calls": null, "switches": null, "sharing": null,
            "bursts": null, "leftovers": null, "faulty": null, "stalls": null, "missing": {},
            "edges": {
                "poll_reports": 3, "level_reports": 3, "edge_reports": 1, "edge_reports_after_more": 1, "messages": 1000,
                "whole_level_wakes": 1000, "whole_edge_wakes": 1000, "whole_edge_receives": 2000, "pieces": 16,
                "pieces_level_wakes": 16, "pieces_level_drained_wakes": 1, "pieces_edge_wakes": 1,
            },
        }))
        .unwrap();
        let environment = Environment {
            command_line: vec!["bench-runner".to_owned(), "claims".to_owned()],
            ..Environment::default()
        };
        Record {
            schema: SCHEMA,
            version: "0".to_owned(),
            started_at: environment.started_at,
            finished_at: environment.started_at,
            interrupted: false,
            quick: false,
            claims: CLAIMS.iter().map(|claim| Answer::to(claim, &measured)).collect(),
            measured,
            warnings: Vec::new(),
            environment,
        }
    }

    #[test]
    fn each_claim_has_a_row_and_a_paragraph_and_the_command_stands_at_the_end() {
        let text = text(&record(), Some(("claims-watching", "It grows")));
        assert!(text.contains("15 claims: 1 depends, 14 untested"), "{text}");
        for claim in CLAIMS {
            assert!(
                text.contains(&format!("| {} | {} |", claim.id, claim.words)),
                "{}",
                claim.id
            );
            assert!(
                text.contains(&format!("\n> {}\n", claim.words)) && text.contains(claim.rule),
                "{}",
                claim.id
            );
        }
        assert!(text.contains("| **depends** on the handler"), "{text}");
        assert!(
            text.contains("| *could not be tested here: 'sharing' was not measured* |"),
            "{text}"
        );
        assert!(text.contains("![It grows](claims-watching.svg)"));
        assert!(text.contains("\nOn stage: A level comes again"), "{text}");
        assert!(text.contains("```sh\nbench-runner claims\n```"), "{text}");
    }

    #[test]
    fn the_list_keeps_to_its_width_and_is_coloured_when_asked() {
        let plain = list(&record(), 80, false);
        assert!(
            !plain.contains('\x1b') && plain.ends_with("15 claims: 1 depends, 14 untested.\n"),
            "{plain}"
        );
        for line in plain.lines().filter(|line| line.starts_with("       ")) {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(list(&record(), 80, true).contains("\x1b[33mdepends  \x1b[0m"));
    }
}
