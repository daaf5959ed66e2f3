//! Chart 6: response time against offered rate.

use crate::charts::{Bound, Ended, Offered, Panel, Point, Series};
use crate::record::Run;
use crate::stats::{Line, Summary, offered_title};
use crate::words::remarks::{self, Ending};
use crate::words::{Lang, subtitles};

/// The data of the chart "response time against offered rate", at the largest connection count.
#[must_use]
pub fn offered(run: &Run, summary: &Summary, lang: Lang) -> Offered {
    let conns = summary.most_conns();
    let series = summary.at(conns).map(|line| series(line, lang));
    Offered {
        title: offered_title(summary).text(lang),
        subtitle: subtitles::offered(run, conns, lang),
        footer: subtitles::footer(run, lang),
        panel: Panel {
            heading: remarks::response_p99(lang),
            series: series
                .filter(|series| !series.points.is_empty() || series.ended.is_some())
                .collect(),
        },
    }
}

fn series(line: &Line, lang: Lang) -> Series {
    let behind = line.curve.iter().find(|point| point.behind || point.p99_ns.is_none());
    let kept = line
        .curve
        .iter()
        .take_while(|point| behind.is_none_or(|behind| point.rate_per_s < behind.rate_per_s));
    let points: Vec<Point> = kept
        .filter_map(|point| {
            let p99 = point.p99_ns? as f64;
            Some(Point {
                x: point.rate_per_s.round() as u64,
                y: p99,
                low: point.p99_range_ns.map_or(p99, |range| range.low.min(p99)),
                high: point.p99_range_ns.map_or(p99, |range| range.high.max(p99)),
                bound: point.upper_bound.then_some(Bound::AtMost),
            })
        })
        .collect();
    // One that keeps up with none of the rates stands at the foot of the first.
    let ended = behind.map(|behind| match points.last() {
        Some(point) => Ended {
            x: point.x,
            label: String::new(),
        },
        None => Ended {
            x: behind.rate_per_s.round() as u64,
            label: Ending::Answers(behind.achieved_per_s.median).text(lang),
        },
    });
    // A knee on a stretch that is not drawn would be a ring around nothing.
    let knee = line.knee_per_s.map(|knee| knee.round() as u64);
    Series {
        name: line.server.clone(),
        label: None,
        ring: knee.filter(|&knee| points.iter().any(|point| point.x == knee)),
        points,
        ended,
    }
}
