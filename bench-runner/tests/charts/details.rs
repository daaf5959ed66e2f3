//! The charts of details: the far end of latency, fairness, throughput over time, connecting.

use bench_runner::charts::{Ended, Panel, Percentiles, Series, Span, SpanTime, Spans, Timeline};

use crate::support::{FOOTER, MODELS, SUBTITLE, examine, forty, refusal};
use crate::watched::point;

const FAMILIES: [(&str, &[&str]); 4] = [
    ("Blocking", &["iterative", "fork", "prefork", "thread", "thread-pool"]),
    (
        "Readiness",
        &[
            "busy-poll",
            "select",
            "poll",
            "epoll-level",
            "epoll-edge",
            "epoll-percore",
            "mio",
        ],
    ),
    ("Completion", &["io-uring"]),
    ("Coroutine", &["coroutine", "green-thread", "tokio-current", "tokio"]),
];

fn panels(families: &[(&str, &[&str])], series: &dyn Fn(&str) -> Series) -> Vec<Panel> {
    let panel = |(heading, names): &(&str, &[&str])| Panel {
        heading: (*heading).to_owned(),
        series: names.iter().map(|name| series(name)).collect(),
    };
    families.iter().map(panel).collect()
}

/// Some end where they are no longer known, and one has nothing at all.
fn tail(name: &str) -> Series {
    let base = 60e3 * (1.0 + name.len() as f64);
    let known = match name {
        "iterative" => 0,
        "prefork" | "select" => 2,
        _ => 4,
    };
    let points = [10, 100, 1_000, 10_000].into_iter().zip([1.0, 3.0, 9.0, 70.0]);
    let points: Vec<_> = points
        .take(known)
        .map(|(one_in, times)| point(one_in, base * times, 0.2))
        .collect();
    Series {
        name: name.to_owned(),
        ended: (known < 4).then(|| Ended {
            x: points.last().map_or(10, |point| point.x),
            label: String::new(),
        }),
        points,
        ..Series::default()
    }
}

fn percentiles(families: &[(&str, &[&str])]) -> Percentiles {
    Percentiles {
        title: "100 of 10,000 talk: p99.9 is 2.16 ms with mio and 4 like it, 5.40 ms with busy-poll".to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        panels: panels(families, &tail),
    }
}

pub(crate) fn percentiles_of_all() -> Percentiles {
    percentiles(&FAMILIES)
}

#[test]
fn the_far_ends_of_all_of_one_and_of_none() {
    examine("percentiles-4", true, &percentiles_of_all());
    examine("percentiles-1", false, &percentiles(&[("Completion", &["io-uring"])]));
    examine("percentiles-0", false, &percentiles(&[]));
    let names = forty();
    let foreign: Vec<&str> = names[17..29].iter().map(String::as_str).collect();
    let with_foreign: Vec<(&str, &[&str])> = FAMILIES.into_iter().chain([("Foreign", &*foreign)]).collect();
    examine("percentiles-5", false, &percentiles(&with_foreign));
}

/// Rates through four seconds; one stands still for a while.
fn course(name: &str) -> Series {
    let base = 150e3 - 4e3 * name.len() as f64;
    let at = |i: u64| {
        let rate = match name {
            "fork" if (15..22).contains(&i) => 0.0,
            "thread" => base * (1.0 - i as f64 / 80.0),
            _ => base * (1.0 + (i * 7 % 11) as f64 / 100.0),
        };
        point(i * 100, rate, 0.0)
    };
    Series {
        name: name.to_owned(),
        points: (1..=40).map(at).collect(),
        ..Series::default()
    }
}

fn timeline(families: &[(&str, &[&str])]) -> Timeline {
    Timeline {
        title: "1 of 17 rises or falls in throughput through the window: thread falls by 48 %".to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        aside: "not shown, for they do not serve all: iterative, prefork, thread-pool, select".to_owned(),
        panels: panels(families, &course),
    }
}

pub(crate) fn timeline_of_all() -> Timeline {
    timeline(&FAMILIES)
}

#[test]
fn the_courses_of_all_of_one_and_of_none() {
    examine("timeline-4", true, &timeline_of_all());
    examine("timeline-1", false, &timeline(&[("Blocking", &["fork"])]));
    examine("timeline-0", false, &timeline(&[]));
}

/// A time whose rounds lie apart.
fn ranged(ns: f64) -> SpanTime {
    SpanTime {
        ns,
        low: ns * 0.8,
        high: ns * 1.5,
    }
}

fn span(name: &str, times: &[f64], remark: &str) -> Span {
    Span {
        name: name.to_owned(),
        times: times.iter().map(|ns| ranged(*ns)).collect(),
        number: times
            .last()
            .map_or_else(String::new, |last| format!("{:.1}×", last / times[0])),
        remark: remark.to_owned(),
        ..Span::default()
    }
}

fn spans_with(title: &str, marks: &[&str], rows: Vec<Span>) -> Spans {
    Spans {
        title: title.to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
        rows,
    }
}

const FAIRNESS: [&str; 2] = [
    "mean latency of the fastest connection",
    "of the slowest that got replies",
];
const CONNECT: [&str; 3] = ["half of the connections were made in", "99 of 100", "the longest"];

pub(crate) fn fairness_of_all() -> Spans {
    let rows = MODELS.iter().map(|&name| {
        let base = 50e6 + 1e6 * name.len() as f64;
        match name {
            "iterative" => Span {
                aside: true,
                ..span(name, &[20e3, 20e3], "Jain 0.000, 4,097 never served")
            },
            "io-uring" => Span {
                failed: true,
                ..span(name, &[], "cannot start: io_uring_setup: operation not permitted")
            },
            "fork" => span(name, &[base, base * 40.0], "Jain 0.412"),
            _ => span(name, &[base, base * 1.1], "Jain 0.998"),
        }
    });
    spans_with(
        "The slowest connection waits 1.1× as long as the fastest with mio and 13 like it, 40× with fork",
        &FAIRNESS,
        rows.collect(),
    )
}

pub(crate) fn connect_of_all() -> Spans {
    let rows = MODELS.iter().map(|&name| match name {
        "iterative" | "prefork" => span(
            name,
            &[90e3, 1.1e9, 3.2e9],
            "half in 90.0 µs, 99 % in 1.10 s, 5,902 never made",
        ),
        _ => span(name, &[25e3, 40e3, 9e6], "half in 25.0 µs, 99 % in 40.0 µs"),
    });
    spans_with(
        "2 of 17 have connections that took a second or more to make, as when a SYN is lost: iterative, prefork",
        &CONNECT,
        rows.collect(),
    )
}

#[test]
fn spans_of_all() {
    examine("fairness-17", true, &fairness_of_all());
    examine("connect-17", true, &connect_of_all());
}

#[test]
fn spans_of_one_of_none_and_of_forty() {
    examine(
        "spans-1",
        false,
        &spans_with("One", &CONNECT, vec![span("mio", &[1e3, 1e3, 1e3], "a tie")]),
    );
    examine("spans-0", false, &spans_with("None", &CONNECT, Vec::new()));
    let names = forty();
    let rows = names
        .iter()
        .map(|name| span(name, &[1e3, 2e4, 3e9], "half in 1.00 µs, and so on"));
    examine("spans-40", false, &spans_with("Forty", &CONNECT, rows.collect()));
}

#[test]
fn spans_at_the_extremes_and_where_all_failed() {
    let long = "a server from elsewhere with a name that nobody wanted to shorten, version 12.4.1-rc3+deadbeef";
    let rows = vec![
        span("least", &[1.0, 1.0], "one nanosecond"),
        span("from end to end", &[1.0, 1e9], "all there is"),
        span(long, &[1e9, 1e9], &"a remark as long as its name ".repeat(4)),
        span("<b>&\"quoted\"", &[], "nothing"),
    ];
    examine(
        "spans-extreme",
        true,
        &spans_with("From one to a billion", &FAIRNESS, rows),
    );
    let failed = MODELS.iter().map(|name| Span {
        failed: true,
        ..span(name, &[], "died: signal 9 (SIGKILL) after 2.1 s")
    });
    examine(
        "spans-failed",
        true,
        &spans_with("Nothing", &FAIRNESS, failed.collect()),
    );
}

#[test]
fn what_is_no_span_is_refused() {
    let with = |times: &[f64]| refusal(&spans_with("No", &FAIRNESS, vec![span("mio", times, "")]));
    assert!(with(&[0.0, 1.0]).contains("of 'mio' are no times"));
    assert!(with(&[1.0, f64::NAN]).contains("of 'mio' are no times"));
    assert!(with(&[1.0]).contains("'mio' has 1 times, and there are 2 marks"));
}
