//! Adding a run to a history, and what is to be said of it.

use anyhow::{Result, bail};
use loadgen::units::{counted, grouped};

use super::own_name;
use crate::cli::TrendArgs;
use crate::commands::{Usage, results, usage};
use crate::progress::say;
use crate::record::{self, Appended, Point, Recorded, append_history};
use crate::stats::paired;

/// The server that a run's others are held against where nobody names one: a build that was put aside, by the name that
/// says so, else one of ours.
const PINNED: [&str; 2] = ["pinned", "epoll-edge"];
/// Adds a run's points.
pub(super) fn append(args: &TrendArgs, run: Option<&str>) -> Result<()> {
    let directory = record::find(run, results()).map_err(|error| usage(&error))?;
    let recorded = record::read(&directory)?;
    for problem in &recorded.damage {
        say(&format!("bench-runner: {problem}\n"));
    }
    let id = &recorded.run.run_id;
    if recorded.run.finished_at.is_none() {
        return Err(Usage(format!("run {id} is not over, or was killed; add it when it has ended")).into());
    }
    if recorded.run.interrupted {
        say(&format!("bench-runner: run {id} was interrupted: rounds are missing\n"));
    }
    let reference = reference(args, &recorded)?;
    let paired = paired(&recorded.run, &recorded.rows, &reference);
    for gap in &paired.left_out {
        say(&format!("bench-runner: left out: {gap}\n"));
    }
    if paired.points.is_empty() {
        bail!("run {id} has nothing to follow: no server beside '{reference}' has a value that both of them have");
    }
    let appended = append_history(&args.history, &paired.points)?;
    tell(args, id, &paired.points, &appended);
    Ok(())
}

/// The server that all others are held against.
fn reference(args: &TrendArgs, recorded: &Recorded) -> Result<String> {
    let run = &recorded.run;
    let is_there = |name: &str| run.servers.iter().any(|server| server == name);
    let name = match &args.pinned {
        Some(name) if is_there(name) => name.clone(),
        Some(name) => own_name(name)?,
        None => PINNED
            .into_iter()
            .find(|name| is_there(name))
            .unwrap_or(PINNED[1])
            .to_owned(),
    };
    let problem = if !is_there(&name) {
        format!("is not in run {}, which has {}", run.run_id, run.servers.join(", "))
    } else if run.faulty.contains(&name) {
        "is wrong on purpose".to_owned()
    } else {
        return Ok(name);
    };
    Err(Usage(format!(
        "'{name}' {problem}; --pinned NAME says which server of the run all others are held against"
    ))
    .into())
}

/// What became of a run's points, and whether they begin something new.
fn tell(args: &TrendArgs, id: &str, points: &[Point], appended: &Appended) {
    for problem in &appended.before.damage {
        say(&format!("bench-runner: {problem}\n"));
    }
    let path = args.history.display();
    let added = counted(appended.added as u64, "point");
    match (appended.added, appended.present) {
        (0, _) => say(&format!("run {id} is in '{path}' already; nothing was added\n")),
        (_, 0) => say(&format!("{added} of run {id} added to '{path}'\n")),
        (_, there) => say(&format!(
            "{added} of run {id} added to '{path}', which had {} of it already\n",
            grouped(there as u64)
        )),
    }
    let new = &points[0];
    let name = &new.reference;
    let before = &appended.before.points;
    let like = |point: &&Point| point.reference == *name && point.environment_class == new.environment_class;
    let newest = before.iter().filter(like).max_by_key(|point| point.at);
    if new.reference_sha256.is_none() {
        say(&format!(
            "warning: pinned: the run has no hash of '{name}', so that nobody can tell whether it stays the same; give it \
             as a catalogue entry with a binary\n"
        ));
    } else if newest.is_some_and(|newest| newest.reference_sha256 != new.reference_sha256) {
        say(&format!(
            "warning: pinned: '{name}' is another build than in the run before on such a machine: what is held against it \
             begins anew; keep one build of it aside\n"
        ));
    }
    let is_known = before
        .iter()
        .any(|point| point.environment_class == new.environment_class);
    if !before.is_empty() && !is_known {
        say(&format!(
            "the first run on such a machine, of which the history begins: {}\n",
            new.environment_class
        ));
    }
}
