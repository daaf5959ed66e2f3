//! Chart 2.

use bench_runner::charts::{Bound, Ended, Panel, Point, Series, Watched};

use crate::support::{FOOTER, MODELS, SUBTITLE, examine, forty, models, refusal};

pub(crate) fn point(conns: u64, rate_per_s: f64, spread: f64) -> Point {
    let (low, high) = (rate_per_s * (1.0 - spread), rate_per_s * (1.0 + spread));
    Point {
        x: conns,
        y: rate_per_s,
        low,
        high,
        bound: None,
    }
}

/// A plausible rate: readiness by scanning pays for every connection watched, the others hardly.
pub(crate) fn plausible(model: &str, conns: u64, idle: bool) -> f64 {
    let n = conns as f64;
    let i = MODELS.iter().position(|m| *m == model).unwrap_or(model.len()) as f64;
    let base = 118_000.0 * (1.0 - 0.012 * i) / (1.0 + n / 60_000.0);
    match model {
        "select" | "poll" | "busy-poll" if idle => base / (1.0 + n / 700.0),
        "iterative" => 21_000.0,
        "fork" | "thread" => base * 0.7 / (1.0 + n / 30_000.0),
        _ => base,
    }
}

pub(crate) fn series(name: &str, counts: &[u64], idle: bool) -> Series {
    let limit = match name {
        "select" => Some((1_019, "FD_SETSIZE")),
        "thread" => Some((8_160, "max_map_count")),
        "iterative" | "prefork" | "thread-pool" => Some((4_098, "accept backlog")),
        _ => None,
    };
    let within = |conns: u64| limit.is_none_or(|(most, _)| conns <= most);
    let points = counts
        .iter()
        .filter(|&&c| within(c) || counts.len() == 1)
        .map(|&conns| Point {
            bound: (name == "io-uring" && !idle).then_some(Bound::AtLeast),
            ..point(
                limit.map_or(conns, |(most, _)| conns.min(most)),
                plausible(name, conns, idle),
                0.03,
            )
        });
    let reached = counts.iter().max().is_some_and(|&most| !within(most));
    let ended = limit.filter(|_| reached).map(|(conns, label)| Ended {
        x: conns,
        label: label.to_string(),
    });
    Series {
        ring: None,
        label: None,
        name: name.to_string(),
        points: points.collect(),
        ended,
    }
}

pub(crate) fn watched_with(names: &[String], counts: &[u64]) -> Watched {
    let panel = |heading: &str, idle| Panel {
        heading: heading.to_string(),
        series: names.iter().map(|name| series(name, counts, idle)).collect(),
    };
    Watched {
        title: "All talk: 8 % apart; 1 % talks: 12 ×".to_string(),
        subtitle: SUBTITLE.to_string(),
        footer: FOOTER.to_string(),
        panels: [
            panel("all connections talk", false),
            panel("100 talk, the others are idle", true),
        ],
    }
}

pub(crate) const COUNTS: [u64; 5] = [100, 500, 1_000, 4_000, 10_000];

#[test]
fn watched_at_one_count() {
    let mut data = watched_with(&models(), &[10_000]);
    data.panels[1].series[1] = Series {
        ring: None,
        label: None,
        name: "fork".to_string(),
        points: Vec::new(),
        ended: Some(Ended {
            x: 10_000,
            label: "pids.max".to_string(),
        }),
    };
    data.panels[0].series.retain(|s| s.name != "mio");
    examine("watched-dots-17", true, &data);
}

#[test]
fn watched_at_five_counts() {
    let seven = [
        "thread",
        "select",
        "poll",
        "epoll-edge",
        "io-uring",
        "green-thread",
        "tokio",
    ]
    .map(String::from);
    examine("watched-lines-7", true, &watched_with(&seven, &COUNTS));
    examine("watched-lines-17", true, &watched_with(&models(), &COUNTS));
}

#[test]
fn watched_by_one() {
    let one = ["epoll-edge".to_string()];
    examine("watched-lines-1", true, &watched_with(&one, &COUNTS));
    examine("watched-dots-1", false, &watched_with(&one, &[1_000]));
}

#[test]
fn watched_by_forty() {
    examine("watched-dots-40", false, &watched_with(&forty(), &[10_000]));
    examine("watched-lines-40", false, &watched_with(&forty(), &COUNTS));
}

#[test]
fn watched_where_all_failed() {
    let mut data = watched_with(&models(), &[10_000]);
    for series in data.panels.iter_mut().flat_map(|panel| &mut panel.series) {
        series.points.clear();
        series.ended = Some(Ended {
            x: 10_000,
            label: "cannot start: no such file or directory".to_string(),
        });
    }
    data.title = "Nothing could be measured".to_string();
    examine("watched-failed", true, &data);
    data.panels[0].series.truncate(1);
    data.panels[1].series.truncate(1);
    examine("watched-failed-1", false, &data);
    data.panels[0].series.clear();
    data.panels[1].series.clear();
    examine("watched-none", false, &data);
}

#[test]
fn watched_at_the_extremes() {
    let long = "a server from elsewhere with a name that nobody wanted to shorten, version 12.4.1-rc3+deadbeef";
    let names = ["one", "a billion", "nothing", "same", "same again", "poll", long].map(String::from);
    let extreme = |name: &str, conns: u64| match name {
        "one" => point(conns, 1.0, 0.0),
        "a billion" => point(conns, 1e9, 0.0),
        "nothing" => point(conns, 0.0, 0.0),
        "same" | "same again" => Point {
            bound: Some(Bound::AtLeast),
            ..point(conns, 50_000.0, 0.4)
        },
        _ => Point {
            low: 0.0,
            ..point(conns, 1_000.0, 0.9)
        },
    };
    for (counts, name) in [
        (&[10_000][..], "watched-dots-extreme"),
        (&[1, 1_000_000][..], "watched-lines-extreme"),
    ] {
        let mut data = watched_with(&names, counts);
        for series in data.panels.iter_mut().flat_map(|panel| &mut panel.series) {
            let points: Vec<Point> = counts.iter().map(|&conns| extreme(&series.name, conns)).collect();
            series.points = points;
            let broke = series.name.len() > 40;
            series.ended = broke.then(|| Ended {
                x: counts[0] * 30,
                label: "a reason as long as its name".repeat(3),
            });
        }
        // The left panel has nothing to draw at all.
        if counts.len() > 1 {
            data.panels[0]
                .series
                .iter_mut()
                .for_each(|series| series.points.clear());
        }
        examine(name, true, &data);
    }
}

#[test]
fn what_has_no_place_on_an_axis_is_refused() {
    let refusal = |change: &dyn Fn(&mut Watched)| {
        let mut data = watched_with(&models(), &[10_000]);
        change(&mut data);
        refusal(&data)
    };
    assert!(refusal(&|d| d.panels[0].series[3].points[0].y = f64::NAN).contains("of 'thread'"));
    assert!(refusal(&|d| d.panels[1].series[0].points[0].low = -1.0).contains("has no place on an axis"));
    assert!(refusal(&|d| d.panels[1].series[0].points[0].x = 0).contains("at 0,"));
    assert!(refusal(&|d| d.panels[0].series[1].name = "iterative".into()).contains("two series named 'iterative'"));
    let twice = |d: &mut Watched| {
        let point = d.panels[0].series[5].points[0];
        d.panels[0].series[5].points.push(point);
    };
    assert!(refusal(&twice).contains("'busy-poll' has two points at 10000"));
}
