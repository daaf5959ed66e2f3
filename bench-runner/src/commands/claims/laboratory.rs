//! The measuring half of `claims`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use jiff::Timestamp;

use super::show;
use crate::claims::measure::{Laboratory, announce};
use crate::claims::{Answer, Claim, Record, SCHEMA};
use crate::cli::{ClaimsArgs, Color};
use crate::commands::RESULTS;
use crate::environment::{Environment, Inputs, affinity, capture};
use crate::execute::adopt_orphans;
use crate::execute::binaries::Binaries;
use crate::execute::cpus::Placement;
use crate::machine::{Advice, Severity, Wish, examine, raise_soft_limits};
use crate::progress::say;
use crate::record::Warning;

/// Tests these claims on this machine, and writes what came of them.
pub(super) fn test(args: &ClaimsArgs, claims: &[&Claim], color: Color) -> Result<ExitCode> {
    let began = Timestamp::now();
    raise_soft_limits();
    adopt_orphans();
    let placement = Placement::choose(None, None);
    let binaries = Binaries::locate(args.bin_dir.as_deref())?;
    let seed = began.as_nanosecond() as u64 % 1_000_000;
    let mut lab = Laboratory::new(binaries, placement, seed, args.quick)?;
    let (environment, warnings) = surroundings(&lab, claims);
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
    affinity::keep_to(&lab.placement.generator);
    announce(&lab, claims, &directory);
    let measured = lab.measure(claims);
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
    show(&record, &directory, args, color)
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

fn by_date(environment: &Environment, began: Timestamp) -> PathBuf {
    let host = environment.os.hostname.as_deref().unwrap_or("host");
    let host: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = format!("claims-{}-{host}", began.strftime("%Y-%m-%d-%H%M%S"));
    PathBuf::from(RESULTS).join(name)
}
