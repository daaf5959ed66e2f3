//! Chart 2: throughput against connections watched.

use crate::charts::{Bound, Ended, Panel, Point, Series, Watched};
use crate::record::Run;
use crate::stats::{Line, Summary, WindowSummary, watched_title};
use crate::words::Lang;
use crate::words::remarks::{self, Ending};
use crate::words::subtitles::{self, Shown};

/// The data of the chart "throughput against connections watched".
#[must_use]
pub fn watched(run: &Run, summary: &Summary, lang: Lang) -> Watched {
    // With no more connections than are to talk, all of them do: the right panel begins where the left one does.
    let some = summary.lines.iter().any(|line| line.idle.is_some());
    let few = |line: &Line| {
        let all = some && line.conns <= summary.active;
        line.idle.clone().or_else(|| all.then(|| line.busy.clone()))
    };
    let at_most = summary.conns.first().is_some_and(|&conns| conns < summary.active);
    let heading = remarks::few_talk(summary.active, at_most, lang);
    let panel = |heading: String, window: &dyn Fn(&Line) -> Option<WindowSummary>| Panel {
        heading,
        series: series(&summary.lines, window, lang),
    };
    Watched {
        title: watched_title(summary).text(lang),
        subtitle: subtitles::load(run, Shown::MedianAndRange, lang),
        footer: subtitles::footer(run, lang),
        panels: [
            panel(remarks::all_talk(lang), &|line| Some(line.busy.clone())),
            panel(heading, &few),
        ],
    }
}

/// A series for each server of `lines`, in their order.
pub(super) fn series(lines: &[Line], window: &dyn Fn(&Line) -> Option<WindowSummary>, lang: Lang) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::new();
    for line in lines {
        if series.last().is_none_or(|series| series.name != line.server) {
            series.push(Series {
                name: line.server.clone(),
                label: None,
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
                label: ended(line, lang),
            });
        }
    }
    series.retain(|series| !series.points.is_empty() || series.ended.is_some());
    series
}

fn ended(line: &Line, lang: Lang) -> String {
    let ending = match line.rounds {
        0 => Ending::Failed,
        _ if line.served == line.conns => Ending::NotAlways,
        _ => Ending::Served(line.served, line.limited_by.as_deref()),
    };
    ending.text(lang)
}
