//! Throughput against connections, a panel a family.

use bench_runner::charts::{Families, Panel};

use crate::support::{FOOTER, SUBTITLE, examine, forty};
use crate::watched::{COUNTS, series};

pub(crate) fn families_with(panels: Vec<Panel>) -> Families {
    Families {
        title: "With 10,000 connections that all talk, 3 of 13 have clearly less than their best rate: thread falls \
                furthest, to 55 %"
            .to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        panels,
    }
}

fn panel(heading: &str, names: &[&str]) -> Panel {
    Panel {
        heading: heading.to_owned(),
        series: names.iter().map(|name| series(name, &COUNTS, false)).collect(),
    }
}

const BLOCKING: [&str; 5] = ["iterative", "fork", "prefork", "thread", "thread-pool"];
const READINESS: [&str; 7] = [
    "busy-poll",
    "select",
    "poll",
    "epoll-level",
    "epoll-edge",
    "epoll-percore",
    "mio",
];
const COROUTINE: [&str; 4] = ["coroutine", "green-thread", "tokio-current", "tokio"];

pub(crate) fn four() -> Vec<Panel> {
    vec![
        panel("Blocking", &BLOCKING),
        panel("Readiness", &READINESS),
        panel("Completion", &["io-uring"]),
        panel("Coroutine", &COROUTINE),
    ]
}

#[test]
fn four_families() {
    examine("families-4", true, &families_with(four()));
}

#[test]
fn other_numbers_of_families() {
    examine("families-0", false, &families_with(Vec::new()));
    examine("families-1", true, &families_with(vec![panel("Blocking", &BLOCKING)]));
    let two = vec![panel("Readiness", &READINESS), panel("Coroutine", &COROUTINE)];
    examine("families-2", false, &families_with(two));
    let names = forty();
    let foreign: Vec<&str> = names[17..].iter().map(String::as_str).collect();
    let five = vec![
        panel("Blocking", &BLOCKING),
        panel("Readiness", &READINESS),
        panel("Completion", &["io-uring"]),
        panel("Coroutine", &COROUTINE),
        panel("Foreign", &foreign[..8]),
    ];
    examine("families-5", true, &families_with(five));
}

#[test]
fn families_where_all_failed() {
    let mut panels = vec![panel("Blocking", &BLOCKING), panel("Coroutine", &COROUTINE)];
    for series in panels.iter_mut().flat_map(|panel| &mut panel.series) {
        series.points.clear();
        series.ended = None;
    }
    examine("families-failed", true, &families_with(panels));
}
