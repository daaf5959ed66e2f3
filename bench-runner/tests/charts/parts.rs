//! Charts 3 and 7: bars of two parts.

use bench_runner::charts::{Parts, PartsBar, PartsValue};

use crate::support::{FOOTER, MODELS, SUBTITLE, examine, forty, refusal};

fn bar(name: &str, whole: f64, first: Option<f64>, remark: &str) -> PartsBar {
    PartsBar {
        name: name.to_owned(),
        value: Some(PartsValue {
            whole,
            low: whole * 0.93,
            high: whole * 1.08,
            first,
        }),
        remark: remark.to_owned(),
        ..PartsBar::default()
    }
}

fn parts_with(title: &str, bars: Vec<PartsBar>) -> Parts {
    Parts {
        title: title.to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        unit: "KiB".to_owned(),
        parts: ["the server's own".to_owned(), "the kernel's".to_owned()],
        bars,
    }
}

fn without(name: &str, remark: &str, failed: bool) -> PartsBar {
    PartsBar {
        value: None,
        failed,
        ..bar(name, 0.0, None, remark)
    }
}

pub(crate) fn memory_of_all() -> Parts {
    let bars = MODELS.iter().map(|&name| match name {
        "fork" => bar(name, 137.7, Some(0.42), "7,620 in 1 GiB"),
        "thread" => bar(name, 47.3, Some(0.3), "22,200 in 1 GiB"),
        "select" => PartsBar {
            aside: true,
            ..bar(name, 9.7, Some(0.04), "108,000 in 1 GiB (of 1,019 that it serves)")
        },
        "iterative" | "prefork" | "thread-pool" => without(name, "serves 64 of the 4,161 that it holds", false),
        "io-uring" => without(name, "cannot start: io_uring_setup: operation not permitted", true),
        "mio" => bar(name, 10.2, None, "103,000 in 1 GiB"),
        name => bar(name, 9.8 + name.len() as f64 / 2.0, Some(0.1), "107,000 in 1 GiB"),
    });
    parts_with(
        "1 GiB holds 107,000 connections of busy-poll, 7,620 of fork",
        bars.collect(),
    )
}

#[test]
fn parts_of_seventeen() {
    examine("parts-17", true, &memory_of_all());
}

#[test]
fn parts_of_one_none_and_forty() {
    let one = parts_with("One", vec![bar("epoll-edge", 10.0, Some(0.04), "105,000 in 1 GiB")]);
    examine("parts-1", true, &one);
    examine("parts-0", false, &parts_with("None", Vec::new()));
    let names = forty();
    let bars = names.iter().enumerate();
    let bars = bars.map(|(i, name)| bar(name, 3.0 + i as f64, Some(i as f64 / 40.0), "so many in 1 GiB"));
    examine("parts-40", false, &parts_with("Forty", bars.collect()));
}

#[test]
fn parts_where_all_failed() {
    let why = "died: signal 9 (SIGKILL) after 2.1 s";
    let bars = MODELS.iter().map(|name| without(name, why, true)).collect();
    examine("parts-failed", true, &parts_with("Nothing could be told", bars));
}

#[test]
fn parts_at_the_extremes() {
    let long = "a server from elsewhere with a name that nobody wanted to shorten, version 12.4.1-rc3+deadbeef";
    let bars = vec![
        bar("nothing", 0.0, Some(0.0), "nothing at all"),
        bar("one", 1.0, Some(1.0), "all of it its own"),
        bar("same", 500_000_000.0, Some(0.5), "half"),
        bar("same again", 500_000_000.0, Some(0.5), "half"),
        bar(long, 1e9, Some(0.999), &"a remark as long as its name ".repeat(4)),
        PartsBar {
            failed: true,
            ..bar("<b>&\"quoted\"", 3e8, None, "and then it died")
        },
    ];
    examine("parts-extreme", true, &parts_with("From nothing to a billion", bars));
}

#[test]
fn what_is_no_amount_is_refused() {
    let with = |value: PartsValue| {
        let bars = vec![PartsBar {
            value: Some(value),
            ..bar("thread", 1.0, None, "")
        }];
        refusal(&parts_with("No", bars))
    };
    let good = PartsValue {
        whole: 1.0,
        low: 1.0,
        high: 1.0,
        first: None,
    };
    assert!(
        with(PartsValue {
            whole: f64::NAN,
            ..good
        })
        .contains("of 'thread' is no amount")
    );
    assert!(with(PartsValue { low: -1.0, ..good }).contains("is no amount"));
    assert!(
        with(PartsValue {
            first: Some(1.2),
            ..good
        })
        .contains("is no share")
    );
}
