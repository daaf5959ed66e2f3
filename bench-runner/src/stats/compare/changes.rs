//! The metrics of one window, before and after.

use super::judge::{Judged, Judgement, Rule, judge};
use super::metric::Metric;
use super::rounds::{Key, Rounds};
use super::{Absent, Change, Comparison, Options, Why};
use crate::record::Verdict;

/// Of clients served, a change from this ratio on is one, with several rounds and with one: they are counted, and do not
/// scatter as times do.
const CLIENTS: (f64, f64) = (1.01, 1.2);

/// Appends what can be said of one window. `first` is whether it is the first of its cell.
pub(super) fn changes(
    comparison: &mut Comparison,
    key: &Key,
    base: &Rounds,
    current: &Rounds,
    first: bool,
    options: &Options,
) {
    let clients = judge(
        &base.values(Metric::Served),
        &current.values(Metric::Served),
        &served_rule(base, current, options.limit(Metric::Served)),
    );
    let same_clients = clients.is_some_and(|judged| !matches!(judged.judgement, Judgement::Worse | Judgement::Better));
    for metric in options.metrics() {
        let told_here = match metric {
            Metric::Memory => first,
            // In a closed loop they are counted once a cell, in an open one for each rate.
            Metric::Calls => first || key.rate_per_s.is_some(),
            _ => true,
        };
        if !told_here {
            continue;
        }
        if metric == Metric::Served {
            comparison.changes.extend(served(key, base, current, options));
            continue;
        }
        let rule = Rule {
            base_bounded: bounded(metric, key, base),
            current_bounded: bounded(metric, key, current),
            ..rule(metric, options.limit(metric))
        };
        let (before, after) = (base.values(metric), current.values(metric));
        let Some(judged) = judge(&before, &after, &rule) else {
            absent(&mut comparison.absent, metric, (&before, base), (&after, current));
            continue;
        };
        let why = no_comparison(metric, base, current, same_clients);
        comparison.changes.push(change(key, metric, &judged, why));
    }
}

fn rule(metric: Metric, limit: f64) -> Rule {
    Rule {
        more_is_better: metric.more_is_better(),
        limit,
        reported: 1.0 + limit / 2.0,
        factors: None,
        least: metric.least(),
        base_bounded: false,
        current_bounded: false,
    }
}

fn served_rule(base: &Rounds, current: &Rounds, limit: f64) -> Rule {
    let rule = rule(Metric::Served, limit);
    // Whoever serves all has no limit there, and whoever misses a few has met one.
    if base.serves_all() != current.serves_all() {
        return Rule {
            limit: 0.0,
            reported: 1.0,
            factors: Some((1.0, CLIENTS.1)),
            ..rule
        };
    }
    Rule {
        factors: Some(CLIENTS),
        ..rule
    }
}

/// Clients served, a failed round having served none.
fn served(key: &Key, base: &Rounds, current: &Rounds, options: &Options) -> Option<Change> {
    let rule = served_rule(base, current, options.limit(Metric::Served));
    let judged = judge(&base.served(), &current.served(), &rule)?;
    let reason = |rounds: &Rounds| {
        let reason = rounds.reason().unwrap_or("it failed");
        match (rounds.failed(), rounds.count()) {
            (failed, all) if failed == all => reason.to_owned(),
            (failed, all) => format!("{reason} (in {failed} of {all} rounds)"),
        }
    };
    let (judgement, why) = match (base.failed(), current.failed()) {
        (0, 0) => {
            let limit = current.limit().or(base.limit());
            let differs = judged.judgement != Judgement::NoDifference;
            let why = limit.filter(|_| differs).map(|limit| Why::Limit(limit.to_owned()));
            (judged.judgement, why)
        }
        // A failure is no scatter: one round in many is enough.
        (0, _) => (Judgement::Worse, Some(Why::Failed(reason(current)))),
        (_, 0) => (Judgement::Better, Some(Why::Mended(reason(base)))),
        _ => (judged.judgement, None),
    };
    let change = change(key, Metric::Served, &judged, why);
    // What a round that failed has served is no measure.
    let ratio = change.ratio.filter(|_| base.failed() + current.failed() == 0);
    Some(Change {
        judgement,
        ratio,
        ..change
    })
}

fn bounded(metric: Metric, key: &Key, rounds: &Rounds) -> bool {
    metric.is_bounded_by_the_generator(key.window) && rounds.has(Verdict::ClientBound)
}

/// Why two values are no comparison, whatever they are.
fn no_comparison(metric: Metric, base: &Rounds, current: &Rounds, same_clients: bool) -> Option<Why> {
    if metric.takes_a_sound_generator() && (base.has(Verdict::Unsound) || current.has(Verdict::Unsound)) {
        return Some(Why::Unsound);
    }
    if metric.depends_on_clients() && !same_clients {
        return Some(Why::OtherClients);
    }
    // The clocks of perf and of the scheduler are a tenth apart where tasks switch all the time.
    let (before, after) = (base.sources(metric), current.sources(metric));
    let other = metric == Metric::Cpu && !before.is_empty() && !after.is_empty() && before != after;
    other.then(|| Why::OtherSource(format!("{}, then {}", before.join(" and "), after.join(" and "))))
}

fn change(key: &Key, metric: Metric, judged: &Judged, why: Option<Why>) -> Change {
    let no_comparison = match &why {
        Some(Why::OtherClients | Why::OtherSource(_)) => true,
        // The same record is the same, whatever is wrong with it.
        Some(Why::Unsound) => !judged.identical,
        _ => false,
    };
    let judgement = if no_comparison {
        Judgement::CannotTell
    } else {
        judged.judgement
    };
    let told = judgement == Judgement::CannotTell || metric == Metric::Served;
    Change {
        key: key.clone(),
        metric,
        judgement,
        base: Some(judged.base),
        current: Some(judged.current),
        ratio: Some(judged.ratio).filter(|_| !no_comparison),
        visible: judged.visible.filter(|_| !no_comparison && !judged.for_the_bound),
        why: why
            .filter(|_| told)
            .or_else(|| judged.for_the_bound.then_some(Why::Bounded)),
    }
}

/// Notes a metric that one side has and the other lacks.
fn absent(list: &mut Vec<Absent>, metric: Metric, base: (&[f64], &Rounds), current: (&[f64], &Rounds)) {
    let (in_base, lacks, rounds) = match (base.0.is_empty(), current.0.is_empty()) {
        (true, false) => (true, true, base.1),
        (false, true) => (false, true, current.1),
        _ => (false, false, base.1),
    };
    // A window that was not measured lacks everything, and is told as a failure.
    if !lacks || rounds.measured().count() == 0 {
        return;
    }
    match list
        .iter_mut()
        .find(|known| known.metric == metric && known.in_base == in_base)
    {
        Some(known) => known.windows += 1,
        None => list.push(Absent {
            metric,
            in_base,
            windows: 1,
            because: rounds.missing(metric).map(str::to_owned),
        }),
    }
}
