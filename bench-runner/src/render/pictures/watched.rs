//! Chart 2: throughput against connections watched.

use loadgen::units::grouped;

use super::{footer, load};
use crate::charts::{Bound, Ended, Panel, Point, Series, Watched};
use crate::record::Run;
use crate::stats::{Line, Summary, WindowSummary, watched_title};

/// The data of the chart "throughput against connections watched".
#[must_use]
pub fn watched(run: &Run, summary: &Summary) -> Watched {
    // With no more connections than are to talk, all of them do: the right panel begins where the left one does.
    let some = summary.lines.iter().any(|line| line.idle.is_some());
    let few = |line: &Line| {
        let all = some && line.conns <= summary.active;
        line.idle.clone().or_else(|| all.then(|| line.busy.clone()))
    };
    let most = if summary.conns.first().is_some_and(|&conns| conns < summary.active) {
        "At most "
    } else {
        ""
    };
    let heading = format!("{most}{} talk, the others are silent", grouped(summary.active));
    let panel = |heading: String, window: &dyn Fn(&Line) -> Option<WindowSummary>| Panel {
        heading,
        series: series(&summary.lines, window),
    };
    Watched {
        title: watched_title(summary),
        subtitle: load(run),
        footer: footer(run),
        panels: [
            panel("All connections talk".to_owned(), &|line| Some(line.busy.clone())),
            panel(heading, &few),
        ],
    }
}

/// A series for each server of `lines`, in their order.
pub(super) fn series(lines: &[Line], window: &dyn Fn(&Line) -> Option<WindowSummary>) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::new();
    for line in lines {
        if series.last().is_none_or(|series| series.name != line.server) {
            series.push(Series {
                name: line.server.clone(),
                points: Vec::new(),
                ended: None,
                ring: None,
            });
        }
        let Some(current) = series.last_mut() else { continue };
        let Some(window) = window(line) else { continue };
        // What may not be held against others has no place beside them.
        let incomparable = window.unsound || line.serves_all() && window.over_fewer();
        let rate = window.rate_per_s.filter(|rate| rate.median > 0.0 && !incomparable);
        if line.serves_all() {
            current.points.extend(rate.map(|rate| Point {
                x: line.conns,
                y: rate.median,
                low: rate.low,
                high: rate.high,
                bound: window.lower_bound.then_some(Bound::AtLeast),
            }));
        } else if current.ended.is_none() {
            // A rate over fewer connections than the axis says would be a point in the wrong place.
            current.ended = Some(Ended {
                x: line.conns,
                label: ended(line),
            });
        }
    }
    series.retain(|series| !series.points.is_empty() || series.ended.is_some());
    series
}

fn ended(line: &Line) -> String {
    match (line.rounds, line.limited_by.as_deref()) {
        (0, _) => "failed".to_owned(),
        _ if line.served == line.conns => "not all in every round".to_owned(),
        (_, Some(limit)) => format!("{} served: {limit}", grouped(line.served)),
        (_, None) => format!("{} served", grouped(line.served)),
    }
}
