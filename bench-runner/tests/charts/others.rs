//! Chart 4: one slow handler.

use bench_runner::charts::{Others, Panel, Series};

use crate::support::{FOOTER, SUBTITLE, examine};
use crate::watched::point;

/// Forty tenths of a second, with a peak after each second where everybody waits.
fn series(name: &str, base: f64, peak: f64) -> Series {
    let at = |i: u64| {
        let ns = if i % 10 == 3 {
            peak
        } else {
            base * (1.0 + (i % 7) as f64 / 20.0)
        };
        point(i * 100, ns, 0.0)
    };
    Series {
        name: name.to_owned(),
        points: (1..=40).map(at).collect(),
        ended: None,
        ring: None,
        label: None,
    }
}

fn others(families: &[(&str, &[&str], f64)]) -> Others {
    let panel = |(family, names, peak): &(&str, &[&str], f64)| Panel {
        heading: (*family).to_owned(),
        series: (0..)
            .zip(*names)
            .map(|(i, name)| series(name, 80e3 + 20e3 * f64::from(i), *peak))
            .collect(),
    };
    Others {
        title:
            "For those who asked for nothing slow, p99 is 1.20 ms with thread and 2 like it, 98.0 ms with poll and 9 \
                like it"
                .to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        aside: String::new(),
        panels: families.iter().map(panel).collect(),
    }
}

const ALL: [(&str, &[&str], f64); 4] = [
    ("Blocking", &["fork", "prefork", "thread", "thread-pool"], 1.2e6),
    (
        "Readiness",
        &["busy-poll", "select", "poll", "epoll-level", "epoll-edge", "mio"],
        98e6,
    ),
    ("Completion", &["io-uring"], 98e6),
    (
        "Coroutine",
        &["coroutine", "green-thread", "tokio-current", "tokio"],
        98e6,
    ),
];

pub(crate) fn others_of_all() -> Others {
    others(&ALL)
}

#[test]
fn all_families_one_and_none() {
    examine("others-4", true, &others_of_all());
    examine("others-1", false, &others(&ALL[..1]));
    examine("others-0", false, &others(&[]));
}
