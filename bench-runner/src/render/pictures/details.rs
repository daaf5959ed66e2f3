//! The charts of a report: the far end of latency, fairness, throughput through a window, connecting.

use loadgen::units::grouped;

use super::{failure, left_out};
use crate::charts::{Bound, Ended, Panel, Percentiles, Point, Series, Span, SpanTime, Spans, Timeline};
use crate::record::{Run, Window};
use crate::stats::{Estimate, Line, Pace, Summary, Tail, connect_title, fairness_title, pace_title, tails_title};
use crate::words::subtitles::{self, Shown};
use crate::words::{self, Lang, remarks};

/// The data of the chart "the far end of latency"; none where no window was measured.
#[must_use]
pub fn percentiles(run: &Run, summary: &Summary, lang: Lang) -> Option<Percentiles> {
    let tails = summary.details.tails.as_ref()?;
    let service = tails.window != Window::Open;
    Some(Percentiles {
        title: tails_title(summary).text(lang),
        subtitle: subtitles::tails(run, service, lang),
        footer: subtitles::footer(run, lang),
        panels: by_family(&tails.servers, |tail| &tail.family, far_end, lang),
    })
}

fn far_end(tail: &Tail) -> Series {
    let point = |(one_in, ns): &(u64, Estimate)| Point {
        x: *one_in,
        y: ns.median,
        low: ns.low,
        high: ns.high,
        bound: tail.at_most.then_some(Bound::AtMost),
    };
    Series {
        name: tail.server.clone(),
        points: tail.points.iter().map(point).collect(),
        // At its last point, for beyond it there is no height.
        ended: tail.unknown_from.map(|from| Ended {
            x: tail.points.last().map_or(from, |(one_in, _)| *one_in),
            label: String::new(),
        }),
        ..Series::default()
    }
}

/// The data of the chart "throughput through a window"; none where no course was recorded.
#[must_use]
pub fn timeline(run: &Run, summary: &Summary, lang: Lang) -> Option<Timeline> {
    let paces = &summary.details.paces;
    (!paces.is_empty()).then(|| Timeline {
        title: pace_title(summary).text(lang),
        subtitle: subtitles::first_round(run, summary.details.pace_rate_per_s, lang),
        footer: subtitles::footer(run, lang),
        aside: left_out(
            summary,
            |line| paces.iter().any(|pace| pace.server == line.server),
            lang,
        ),
        panels: by_family(paces, |pace| &pace.family, course, lang),
    })
}

fn course(pace: &Pace) -> Series {
    let point = |&(at_s, rate): &(f64, f64)| Point {
        x: (at_s * 1e3).round() as u64,
        y: rate,
        low: rate,
        high: rate,
        bound: None,
    };
    Series {
        name: pace.server.clone(),
        points: pace.rates.iter().map(point).collect(),
        ..Series::default()
    }
}

/// A panel a family, in the order of the servers.
fn by_family<T>(all: &[T], family: impl Fn(&T) -> &String, series: impl Fn(&T) -> Series, lang: Lang) -> Vec<Panel> {
    let mut families: Vec<&str> = Vec::new();
    for one in all {
        if !families.contains(&&**family(one)) {
            families.push(family(one));
        }
    }
    let panel = |name: &str| Panel {
        heading: words::family(name, lang),
        series: all.iter().filter(|one| *family(one) == name).map(&series).collect(),
    };
    families.into_iter().map(panel).collect()
}

/// The data of the chart "fairness"; none where no connection was answered, or where how long it waits is not for the server
/// to say.
#[must_use]
pub fn fairness(run: &Run, summary: &Summary, lang: Lang) -> Option<Spans> {
    let told = &summary.details.fairness;
    let row = |line: &Line| {
        let Some(one) = told.iter().find(|one| one.server == line.server) else {
            return without(line, lang);
        };
        let never = line.conns.saturating_sub(line.served);
        Span {
            name: line.server.clone(),
            times: vec![time(&one.fastest), time(&one.slowest)],
            number: format!("{:.1}×", one.ratio.median),
            remark: remarks::jain(one.jain, never, lang),
            aside: !line.serves_all(),
            failed: false,
        }
    };
    // Who asks for slow work waits for it, and under an offered rate the schedule is fair and not the server.
    let of_the_server = run.settings.slow_every <= 1 && summary.rates_per_s.is_empty();
    (of_the_server && !told.is_empty()).then(|| Spans {
        title: fairness_title(summary).text(lang),
        subtitle: subtitles::fairness(run, lang),
        footer: subtitles::footer(run, lang),
        marks: remarks::fairness_marks(lang).into(),
        rows: summary.at(summary.most_conns()).map(row).collect(),
    })
}

/// The data of the chart "connecting"; none where no connection was made.
#[must_use]
pub fn connecting(run: &Run, summary: &Summary, lang: Lang) -> Option<Spans> {
    let told = &summary.details.connects;
    let row = |line: &Line| {
        let Some(one) = told.iter().find(|one| one.server == line.server) else {
            return without(line, lang);
        };
        Span {
            name: line.server.clone(),
            times: vec![time(&one.p50), time(&one.p99), (one.max_ns as f64).max(1.0).into()],
            number: loadgen::units::time(one.max_ns as f64),
            remark: remarks::connected(one.p50.median, one.p99.median, one.never, lang),
            aside: one.never > 0,
            failed: false,
        }
    };
    (!told.is_empty()).then(|| Spans {
        title: connect_title(summary).text(lang),
        subtitle: subtitles::connecting(run, &grouped(summary.most_conns()), Shown::MedianAndRange, lang),
        footer: subtitles::footer(run, lang),
        marks: remarks::connect_marks(lang).into(),
        rows: summary.at(summary.most_conns()).map(row).collect(),
    })
}

/// A logarithmic axis has no place for a time of less than the clock tells.
fn time(over_rounds: &Estimate) -> SpanTime {
    SpanTime {
        ns: over_rounds.median.max(1.0),
        low: over_rounds.low.max(1.0),
        high: over_rounds.high.max(1.0),
    }
}

/// A server of which nothing is known here.
fn without(line: &Line, lang: Lang) -> Span {
    let why = failure(line, lang);
    Span {
        name: line.server.clone(),
        failed: why.is_some(),
        remark: why.unwrap_or_else(|| remarks::not_told(lang)),
        ..Span::default()
    }
}
