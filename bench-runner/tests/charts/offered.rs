//! Chart 6: response time against offered rate.

use bench_runner::charts::{Bound, Ended, Offered, Panel, Point, Series};

use crate::support::{FOOTER, MODELS, SUBTITLE, examine, forty, models, refusal};
use crate::watched::point;

const RATES: [u64; 8] = [10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 150_000, 200_000];

/// The response time of a queue that takes so many requests a second.
fn queue(capacity: f64, rate: u64) -> f64 {
    4.6e9 / (capacity - rate as f64)
}

fn series(name: &str) -> Series {
    let i = MODELS.iter().position(|model| *model == name).unwrap_or(name.len()) as f64;
    let capacity = 230_000.0 - 11_000.0 * i;
    let kept = || RATES.iter().copied().filter(|&rate| (rate as f64) < 0.97 * capacity);
    let bounded = |rate: u64| (name == "tokio" && rate < 20_000).then_some(Bound::AtMost);
    let points = kept().map(|rate| Point {
        bound: bounded(rate),
        ..point(rate, queue(capacity, rate), 0.1)
    });
    let behind = kept().count() < RATES.len();
    Series {
        name: name.to_owned(),
        points: points.collect(),
        ended: behind.then(|| Ended {
            x: kept().next_back().unwrap_or(RATES[0]),
            label: String::new(),
        }),
        label: None,
        ring: kept().rfind(|&rate| rate as f64 <= capacity / 2.0),
    }
}

pub(crate) fn offered(names: &[String]) -> Offered {
    Offered {
        title: "At 40.0k req/s p99 is 21.1 µs with iterative and 2 like it, 91.0 µs with tokio; 2 of 17 keep up with \
                200k req/s"
            .to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        panel: Panel {
            heading: "99th percentile of response time, from when a request was due".to_owned(),
            series: names.iter().map(|name| series(name)).collect(),
        },
    }
}

#[test]
fn all_models() {
    examine("offered-17", true, &offered(&models()));
}

#[test]
fn few_many_and_none() {
    examine("offered-3", true, &offered(&models()[7..10]));
    examine("offered-1", false, &offered(&models()[..1]));
    examine("offered-0", false, &offered(&[]));
    examine("offered-40", false, &offered(&forty()));
}

#[test]
fn one_rate_and_a_server_that_keeps_up_with_none() {
    let mut one = offered(&models()[..3]);
    for series in &mut one.panel.series {
        series.points.truncate(1);
        series.ended = None;
    }
    one.panel.series[1].points.clear();
    one.panel.series[1].ended = Some(Ended {
        x: 10_000,
        label: "answers 9.00".to_owned(),
    });
    examine("offered-one-rate", false, &one);
}

#[test]
fn what_has_no_place_is_refused() {
    let mut data = offered(&models());
    data.panel.series[0].points[0].y = f64::INFINITY;
    assert!(refusal(&data).contains("of 'iterative'"));
}
