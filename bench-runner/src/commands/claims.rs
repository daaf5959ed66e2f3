//! `claims`: what textbooks say, tested here, or judged again from a record.

#[cfg(target_os = "linux")]
mod laboratory;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use super::Usage;
use crate::charts::Chart;
use crate::claims::{Answer, Claim, Finding, Record, chosen};
use crate::cli::{ClaimsArgs, Color};
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
    #[cfg(target_os = "linux")]
    return laboratory::test(args, &claims, color);
    #[cfg(not(target_os = "linux"))]
    super::elsewhere()
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
    show(&record, directory, args, color)
}

/// The list on standard output, claims.md and the chart into the directory.
fn show(record: &Record, directory: &Path, args: &ClaimsArgs, color: Color) -> Result<ExitCode> {
    super::print(&crate::render::claims::list(
        record,
        usize::from(super::width().max(80)),
        super::colored(color),
    ))?;
    let chart = pictures::watching(record, args.lang);
    let draw = |chart| pictures::draw_one(directory, CHART, chart, &args.theme.themes(), args.lang);
    let name = chart.as_ref().map(|chart| draw(chart)).transpose()?;
    let title = name.as_deref().zip(chart.as_ref().map(Chart::title));
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
