//! What is said around the numbers: which runs, which programs, and what is not compared.

use jiff::Timestamp;
use loadgen::units::{counted, grouped};

use super::Document;
use crate::record::Run;
use crate::stats::compare::{Comparison, Group, Judgement, Key, Programs};

/// Which run a side is.
pub(super) fn side(name: &str, run: &Run) -> String {
    let rounds = counted(u64::from(run.settings.rounds), "round");
    let began = run.started_at.strftime("%Y-%m-%d %H:%M UTC");
    let stopped = if run.interrupted { ", interrupted" } else { "" };
    format!("{name} ({began}, {rounds}{stopped})")
}

/// How far apart the two began.
pub(super) fn apart(base: &Run, current: &Run) -> String {
    if base.run_id == current.run_id {
        return "the same run".to_owned();
    }
    distance(base.started_at, current.started_at)
}

fn distance(base: Timestamp, current: Timestamp) -> String {
    let seconds = current.as_second() - base.as_second();
    let minutes = seconds.unsigned_abs().div_ceil(60);
    let time = match minutes {
        minutes if minutes >= 2 * 24 * 60 => counted(minutes / 60 / 24, "day"),
        minutes if minutes >= 2 * 60 => counted(minutes / 60, "hour"),
        minutes => counted(minutes, "minute"),
    };
    let when = if seconds < 0 { "before" } else { "after" };
    format!("{time} {when} base")
}

/// Whether the machine is the same, which programs are, and what that means.
pub(super) fn same(comparison: &Comparison) -> Vec<String> {
    let Programs { same, changed, unknown } = &comparison.programs;
    let mut told = Vec::new();
    if comparison
        .differences
        .iter()
        .any(|difference| difference.group == Group::Machine)
    {
        told.push("The machine is not the same: a difference below may be its, whatever the programs are.".to_owned());
    }
    if !same.is_empty() {
        let which = if changed.is_empty() && unknown.is_empty() {
            "all servers".to_owned()
        } else {
            same.join(", ")
        };
        told.push(format!(
            "The same program in both runs, by its SHA-256: {which}; a difference below is noise, the machine's, or \
             that of the settings."
        ));
    }
    if !changed.is_empty() {
        told.push(format!("Another program: {}.", changed.join(", ")));
    }
    if !unknown.is_empty() {
        told.push(format!("Unknown whether the same program: {}.", unknown.join(", ")));
    }
    told
}

/// What is not compared, and why.
pub(super) fn missing(document: &Document) -> Vec<String> {
    let comparison = document.comparison;
    let mut told = Vec::new();
    for left_out in &comparison.left_out {
        let windows = counted(left_out.windows as u64, "window");
        told.push(format!(
            "Left out, for the load was another in {windows}: {}.",
            left_out.because
        ));
    }
    for (side, keys) in [
        ("base", &comparison.only_in_base),
        ("current", &comparison.only_in_current),
    ] {
        if !keys.is_empty() {
            told.push(format!("Only in {side}: {}.", places(keys)));
        }
    }
    for absent in &comparison.absent {
        let (has, lacks) = if absent.in_base {
            ("current", "base")
        } else {
            ("base", "current")
        };
        let because = absent
            .because
            .as_ref()
            .map(|why| format!(" ({why})"))
            .unwrap_or_default();
        told.push(format!(
            "Only {has} has {} in {}; {lacks} lacks it{because}.",
            absent.metric.name(),
            counted(absent.windows as u64, "window")
        ));
    }
    told
}

/// `poll with 10, 100 connections; fork with 1 connection`.
fn places(keys: &[Key]) -> String {
    let mut servers: Vec<(&str, Vec<u64>)> = Vec::new();
    for key in keys {
        match servers.iter_mut().find(|(server, _)| *server == key.server) {
            Some((_, conns)) if conns.contains(&key.conns) => {}
            Some((_, conns)) => conns.push(key.conns),
            None => servers.push((&key.server, vec![key.conns])),
        }
    }
    let place = |(server, conns): &(&str, Vec<u64>)| match &**conns {
        [one] => format!("{server} with {}", counted(*one, "connection")),
        several => {
            let several: Vec<String> = several.iter().map(|&count| grouped(count)).collect();
            format!("{server} with {} connections", several.join(", "))
        }
    };
    servers.iter().map(place).collect::<Vec<_>>().join("; ")
}

/// What there is of each, in a sentence.
pub(super) fn headline(document: &Document) -> String {
    let count = |judgement| document.comparison.of(judgement).count() as u64;
    let broke = document
        .comparison
        .changes
        .iter()
        .filter(|change| change.broke())
        .count();
    let broke = match broke {
        0 => String::new(),
        broke => format!(
            "{} where a server failed that did not in base; ",
            counted(broke as u64, "window")
        ),
    };
    format!(
        "{broke}{} worse, {} better, {} no difference, {} cannot be told",
        grouped(count(Judgement::Worse)),
        grouped(count(Judgement::Better)),
        grouped(count(Judgement::NoDifference)),
        grouped(count(Judgement::CannotTell))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Window;

    #[test]
    fn places_are_named_once() {
        let key = |server: &str, conns| Key {
            server: server.to_owned(),
            conns,
            window: Window::Busy,
            rate_per_s: None,
        };
        let keys = [key("poll", 10), key("poll", 10), key("poll", 1000), key("fork", 1)];
        assert_eq!(places(&keys), "poll with 10, 1,000 connections; fork with 1 connection");
    }

    #[test]
    fn the_distance_is_told_in_the_unit_that_fits() {
        let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        assert_eq!(distance(at(0), at(90)), "2 minutes after base");
        assert_eq!(distance(at(0), at(3 * 3600)), "3 hours after base");
        assert_eq!(distance(at(5 * 86_400), at(0)), "5 days before base");
    }
}
