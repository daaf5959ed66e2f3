//! `trend`: a history of runs, and where it changed. It advises; what is red is the gate's to say.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use loadgen::units::grouped;

use super::Usage;
use crate::catalog::Catalog;
use crate::charts::{Chart, Theme};
use crate::cli::{TrendArgs, TrendFailOn};
use crate::progress::say;
use crate::record::{Metric, Point, read_history};
use crate::render::{pictures, trend as table};
use crate::stats::{Group, courses};
use crate::words::Lang;

mod append;

/// What `--fail-on worse` ends with.
const WORSE: u8 = 3;

/// Adds a run to a history where that is asked for, and shows the history.
///
/// # Errors
/// For usage errors, and when the history cannot be read, written or drawn.
pub fn trend(args: &TrendArgs) -> Result<ExitCode> {
    if let Some(run) = &args.append {
        append::append(args, run.as_deref())?;
    }
    show(args)
}

fn show(args: &TrendArgs) -> Result<ExitCode> {
    if !args.history.exists() {
        return Err(Usage(format!(
            "there is no history in '{}' yet; `bench-runner trend --append RUN` makes one",
            args.history.display()
        ))
        .into());
    }
    let history = read_history(&args.history)?;
    // Adding a run has told them already.
    if args.append.is_none() {
        for problem in &history.damage {
            say(&format!("bench-runner: {problem}\n"));
        }
    }
    let wanted = wanted(args, &history.points)?;
    let mut worse = Vec::new();
    for (i, &metric) in args.metric.iter().enumerate() {
        let groups = courses(&wanted, metric, args.seed);
        let Some(newest) = groups.first() else {
            return Err(Usage(format!(
                "'{}' has no point of {} that was asked for; it has {}",
                args.history.display(),
                metric.words(),
                holds(&history.points)
            ))
            .into());
        };
        super::print(if i > 0 { "\n" } else { "" })?;
        super::print(&table::trend(&groups, super::width()))?;
        super::print(&draw(args, newest)?)?;
        worse.extend(worsened(args, newest));
    }
    match args.fail_on {
        Some(TrendFailOn::Worse) if !worse.is_empty() => {
            for change in worse {
                say(&format!("bench-runner: worse: {change}\n"));
            }
            Ok(ExitCode::from(WORSE))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The points of the servers, connection counts and pinned server that were asked for.
fn wanted<'a>(args: &TrendArgs, points: &'a [Point]) -> Result<Vec<&'a Point>> {
    let known = |name: &str, of: fn(&Point) -> &String| points.iter().any(|point| of(point) == name);
    let named = |name: &String, of: fn(&Point) -> &String| -> Result<String> {
        let own = own_name(name)?;
        [name, &own]
            .into_iter()
            .find(|name| known(name, of))
            .cloned()
            .ok_or_else(|| {
                let path = args.history.display();
                Usage(format!("'{path}' has no '{name}'; it has {}", holds(points))).into()
            })
    };
    let all = |name: &&String| *name != "all";
    let models: Vec<String> = args
        .models
        .iter()
        .filter(all)
        .map(|name| named(name, |point| &point.server))
        .collect::<Result<_>>()?;
    let reference = args
        .pinned
        .as_ref()
        .map(|name| named(name, |point| &point.reference))
        .transpose()?;
    let is_wanted = |point: &&Point| {
        (models.is_empty() || args.models.iter().any(|name| name == "all") || models.contains(&point.server))
            && (args.conns.is_empty() || args.conns.contains(&point.conns))
            && reference.as_ref().is_none_or(|reference| *reference == point.reference)
    };
    Ok(points.iter().filter(is_wanted).collect())
}

/// What our catalogue calls a server of that name or alias; a name that it does not know is one from elsewhere.
fn own_name(name: &str) -> Result<String> {
    let catalog = Catalog::own()?;
    let entry = catalog
        .entries
        .iter()
        .find(|entry| entry.aliases.iter().any(|alias| alias == name));
    Ok(entry.map_or_else(|| name.to_owned(), |entry| entry.name.clone()))
}

/// What there is to choose from.
fn holds(points: &[Point]) -> String {
    let mut servers: Vec<&str> = points.iter().map(|point| &*point.server).collect();
    let mut conns: Vec<u64> = points.iter().map(|point| point.conns).collect();
    let mut pinned: Vec<&str> = points.iter().map(|point| &*point.reference).collect();
    for names in [&mut servers, &mut pinned] {
        names.sort_unstable();
        names.dedup();
    }
    conns.sort_unstable();
    conns.dedup();
    let metrics = Metric::ALL
        .into_iter()
        .filter(|metric| points.iter().any(|point| point.metric == *metric));
    let metrics: Vec<&str> = metrics.map(Metric::short).collect();
    if points.is_empty() {
        return "no point that can be used".to_owned();
    }
    format!(
        "{} of {} at {} connections, pinned to {}",
        metrics.join(", "),
        servers.join(", "),
        conns
            .iter()
            .map(|&conns| grouped(conns))
            .collect::<Vec<_>>()
            .join(" and "),
        pinned.join(" and ")
    )
}

/// Draws the newest group; says where.
fn draw(args: &TrendArgs, group: &Group) -> Result<String> {
    let beside = args.history.parent().unwrap_or(Path::new(""));
    let directory = args.out.as_deref().unwrap_or(beside);
    let (name, chart) = (format!("trend-{}", group.metric.short()), pictures::courses(group));
    pictures::draw_one(directory, &name, &chart, &[Theme::default()], Lang::En)?;
    let path = directory.join(format!("{name}.svg"));
    Ok(format!("\n{}  {}\n", path.display(), chart.title()))
}

/// The changes for the worse among the newest points of what the newest run has measured.
fn worsened(args: &TrendArgs, group: &Group) -> Vec<String> {
    let newest = group.courses.iter().map(|course| course.last().at).max();
    let current = group.courses.iter().filter(|course| Some(course.last().at) == newest);
    let told = current.filter_map(|course| {
        let change = course.changes.last()?;
        let is_new = course.since(change) as u64 <= args.newest;
        let told = || {
            format!(
                "{}: {}: {}",
                group.name(course),
                group.metric.words(),
                table::told(group, course, change)
            )
        };
        (is_new && group.is_worse(change)).then(told)
    });
    told.collect()
}
