//! `doctor`: what this machine can and cannot do, and what to change.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cli::DoctorArgs;
use crate::environment::{Inputs, capture, sample_jitter};
use crate::execute::binaries::Binaries;
use crate::execute::cpus::Placement;
use crate::machine::{Severity, Wish, examine, raise_soft_limits, render_doctor};

/// How long the CPUs are watched for being stolen.
const WATCH: Duration = Duration::from_millis(500);

/// Examines the machine for a run of all selected models.
///
/// # Errors
/// When the selection is no selection.
pub fn doctor(args: &DoctorArgs) -> Result<ExitCode> {
    let entries = args.selection.entries()?;
    raise_soft_limits();
    let placement = Placement::choose(None, None);
    let binaries = Binaries::locate(args.selection.bin_dir.as_deref())?;
    let names = entries
        .iter()
        .filter_map(|entry| entry.binary.clone())
        .chain(["loadgen".to_owned()]);
    let found = names
        .filter_map(|name| Some((name.clone(), binaries.find(&name).ok()?)))
        .collect();
    let mut environment = capture(Inputs {
        command_line: std::env::args().collect(),
        seed: 0,
        binaries: found,
        server_cpus: placement.server,
        generator_cpus: placement.generator,
    });
    environment.jitter = sample_jitter(WATCH);
    let wish = Wish {
        max_conns: args.conns,
        backlog: args.backlog,
        server_nofile: None,
        models: entries.iter().map(crate::catalog::Entry::demands).collect(),
    };
    let advice = examine(&environment, &wish);
    super::print(&render_doctor(&environment, &wish, &advice))?;
    let blocked = advice.iter().any(|advice| advice.severity == Severity::Blocking);
    Ok(if blocked { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
