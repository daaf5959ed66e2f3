//! `claims`: what textbooks say, tested here, or judged again from a record.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use jiff::Timestamp;

use super::Usage;
use crate::charts::Chart;
use crate::claims::measure::{Laboratory, announce};
use crate::claims::{Answer, Claim, Finding, Record, SCHEMA, chosen};
use crate::cli::{ClaimsArgs, Color};
use crate::environment::{Environment, Inputs, capture};
use crate::execute::adopt_orphans;
use crate::execute::binaries::Binaries;
use crate::execute::cpus::{Placement, pin_self};
use crate::machine::{Advice, Severity, Wish, examine, raise_soft_limits};
use crate::progress::say;
use crate::record::Warning;
use crate::render::pictures;

/// The name of the picture, without its ending.
const CHART: &str = "claims-watching";

/// Tests the claims and writes what came of them.
///
/// # Errors
/// For usage errors, when the programs are not there, or when nothing can be written.
pub fn claims(args: &ClaimsArgs, color: Color) -> Result<ExitCode> {
    let claims = chosen(&args.only).map_err(|why| Usage(format!("--only: {why}")))?;
    if args.list {
        super::print(&told(&claims))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(from) = &args.from {
        return again(from, &claims, args, color);
    }
    let began = Timestamp::now();
    raise_soft_limits();
    adopt_orphans();
    let placement = Placement::choose(None, None);
    let binaries = Binaries::locate(args.bin_dir.as_deref())?;
    let seed = began.as_nanosecond() as u64 % 1_000_000;
    let mut lab = Laboratory::new(binaries, placement, seed, args.quick)?;
    let (environment, warnings) = surroundings(&lab, &claims);
    let directory = args.out.clone().unwrap_or_else(|| by_date(&environment, began));
    if Record::is_in(&directory) {
        bail!(
            "'{}' has claims already; give --out another directory",
            directory.display()
        );
    }
    // Now, because a place that cannot be written to is to be known before minutes are spent.
    std::fs::create_dir_all(&directory)
        .and_then(|()| tempfile::tempfile_in(&directory))
        .map_err(|error| anyhow::anyhow!("cannot write into '{}': {error}", directory.display()))?;
    lab.run_id = format!("claims-{}", began.strftime("%Y-%m-%d-%H%M%S"));
    pin_self(&lab.placement.generator);
    announce(&lab, &claims, &directory);
    let measured = lab.measure(&claims);
    let record = Record {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: began,
        finished_at: Timestamp::now(),
        interrupted: loadgen::interrupt::requested(),
        quick: args.quick,
        claims: claims.iter().map(|claim| Answer::to(claim, &measured)).collect(),
        measured,
        warnings,
        environment,
    };
    record.write(&directory)?;
    show(&record, &directory, color)
}

/// Verdicts once more, from the numbers of a record: where the words or a rule have changed since.
fn again(from: &Path, claims: &[&Claim], args: &ClaimsArgs, color: Color) -> Result<ExitCode> {
    let mut record = Record::read(from)?;
    record
        .claims
        .retain(|answer| args.only.is_empty() || args.only.contains(&answer.id.into()));
    for answer in &mut record.claims {
        if let Some(claim) = claims.iter().find(|claim| claim.id == answer.id) {
            *answer = Answer::to(claim, &record.measured);
        }
    }
    let directory = args.out.as_deref().unwrap_or(from);
    record.write(directory)?;
    show(&record, directory, color)
}

/// The list on standard output, claims.md and the chart into the directory.
fn show(record: &Record, directory: &Path, color: Color) -> Result<ExitCode> {
    super::print(&crate::render::claims::list(
        record,
        usize::from(super::width().max(80)),
        super::colored(color),
    ))?;
    let chart = pictures::watching(record);
    if let Some(chart) = &chart {
        pictures::draw_one(directory, CHART, chart)?;
    }
    let title = chart.as_ref().map(|chart| (CHART, chart.title()));
    crate::render::claims::write(directory, record, title)?;
    for warning in &record.warnings {
        let first = warning.text.split_inclusive(". ").next().unwrap_or_default();
        super::print(&format!("! {}: {}\n", warning.kind, first.trim_end()))?;
    }
    let mut told = format!(
        "\n{}\n{}\n",
        directory.join("claims.md").display(),
        directory.join("claims.json").display()
    );
    if let Some((name, title)) = title {
        told += &format!("{}  {title}\n", directory.join(format!("{name}.svg")).display());
    }
    super::print(&told)?;
    if record.interrupted {
        bail!("interrupted; what there is was kept");
    }
    let untested = record
        .claims
        .iter()
        .any(|answer| answer.judgement.verdict == Finding::Untested);
    Ok(if untested { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The machine, and what it says against its numbers.
fn surroundings(lab: &Laboratory, claims: &[&Claim]) -> (Environment, Vec<Warning>) {
    let entries = lab.entries(claims);
    let own = entries.iter().filter_map(|entry| {
        let path = lab.program(entry.binary.as_deref()?)?;
        Some((entry.name.clone(), path))
    });
    let environment = capture(Inputs {
        command_line: std::env::args().collect(),
        seed: lab.seed,
        binaries: std::iter::once(("loadgen".to_owned(), lab.loadgen.clone()))
            .chain(own)
            .collect(),
        server_cpus: lab.placement.server.clone(),
        generator_cpus: lab.placement.generator.clone(),
    });
    let wish = Wish {
        max_conns: lab.most_conns(claims),
        backlog: crate::record::Settings::default().backlog,
        server_nofile: None,
        models: entries.iter().map(crate::catalog::Entry::demands).collect(),
    };
    let advice = examine(&environment, &wish);
    for advice in advice.iter().filter(|advice| advice.severity != Severity::Info) {
        say(&format!("warning: {}: {}\n", advice.topic, advice.finding));
    }
    let warnings = advice.iter().filter_map(Advice::warning).collect();
    (environment, warnings)
}

/// The claims with their tests and rules, without measuring.
fn told(claims: &[&Claim]) -> String {
    let width = usize::from(super::width().max(80));
    let mut text = String::new();
    for claim in claims {
        text += &format!("{:>2}  {}\n", claim.id, claim.words);
        for (what, words) in [("test", claim.how), ("rule", claim.rule)] {
            for line in crate::render::claims::indented(&format!("{what}: {words}"), 4, width) {
                text += &line;
                text.push('\n');
            }
        }
    }
    text
}

fn by_date(environment: &Environment, began: Timestamp) -> PathBuf {
    let host = environment.os.hostname.as_deref().unwrap_or("host");
    let host: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = format!("claims-{}-{host}", began.strftime("%Y-%m-%d-%H%M%S"));
    PathBuf::from(super::RESULTS).join(name)
}
