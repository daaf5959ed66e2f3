//! What the charts of a report state.

use super::*;
use crate::stats::{Connect, Details, Fairness, Pace, Tail, Tails, Trend};

/// 99.9th percentiles of one server's rounds, in milliseconds.
fn tail(server: &str, ms: [f64; 3]) -> Tail {
    Tail {
        server: server.to_owned(),
        family: "readiness".to_owned(),
        points: vec![(1_000, Estimate::of(ms.map(|ms| ms * 1e6)).unwrap())],
        at_most: false,
        unknown_from: None,
    }
}

fn with_tails(servers: Vec<Tail>) -> Summary {
    let lines = servers
        .iter()
        .map(|tail| line(&tail.server, [1e5; 3], [1e5; 3]))
        .collect();
    Summary {
        details: Details {
            tails: Some(Tails {
                window: Window::Idle,
                conns: 10_000,
                active: 100,
                rate_per_s: None,
                servers,
            }),
            ..Details::default()
        },
        ..summary(lines)
    }
}

#[test]
fn the_far_end_of_latency_is_told_where_it_is_clear() {
    let quick = || tail("mio", [0.9, 1.0, 1.1]);
    let slow = || tail("fork", [5.0, 5.4, 6.0]);
    assert_eq!(
        title(tails_title, &with_tails(vec![slow(), quick()])),
        "100 of 10,000 talk: p99.9 is 1.00 ms with mio, 5.40 ms with fork"
    );
    let alike = || tail("poll", [1.0, 1.0, 1.2]);
    assert_eq!(
        title(tails_title, &with_tails(vec![alike(), quick()])),
        "100 of 10,000 talk: no clear difference in p99.9"
    );
    assert_eq!(
        title(tails_title, &with_tails(vec![quick()])),
        "100 of 10,000 talk: p99.9 is 1.00 ms with mio"
    );
    // Known in two rounds of three is not known.
    let mut twice = slow();
    twice.points[0].1 = Estimate::of([5e6, 6e6]).unwrap();
    assert_eq!(
        title(tails_title, &with_tails(vec![twice])),
        "100 of 10,000 talk: no server's p99.9 could be told"
    );
    let mut bounded = with_tails(vec![slow(), quick()]);
    bounded.lines[0].idle.as_mut().unwrap().lower_bound = true;
    assert_eq!(
        title(tails_title, &bounded),
        "100 of 10,000 talk: p99.9 is 1.00 ms with mio",
        "what the generator made late is no server's latency"
    );
    let mut rate = with_tails(vec![quick()]);
    let tails = rate.details.tails.as_mut().unwrap();
    (tails.window, tails.rate_per_s) = (Window::Open, Some(2e4));
    assert_eq!(
        title(tails_title, &rate),
        "20.0k req/s are offered: p99.9 is 1.00 ms with mio"
    );
    let none = summary(vec![line("poll", [1.0; 3], [1.0; 3])]);
    assert_eq!(
        title(tails_title, &none),
        "All 10,000 talk: no server's p99.9 could be told"
    );
}

#[test]
fn who_lets_some_connections_wait_longer_is_told_where_it_is_clear() {
    let fair = |server: &str, ratios: [f64; 3]| Fairness {
        server: server.to_owned(),
        jain: Some(0.99),
        fastest: Estimate::of([1e6]).unwrap(),
        slowest: Estimate::of(ratios.map(|ratio| 1e6 * ratio)).unwrap(),
        ratio: Estimate::of(ratios).unwrap(),
    };
    let told = |all: Vec<Fairness>| {
        let lines = all.iter().map(|fair| line(&fair.server, [1e5; 3], [1e5; 3])).collect();
        let details = Details {
            fairness: all,
            ..Details::default()
        };
        title(
            fairness_title,
            &Summary {
                details,
                ..summary(lines)
            },
        )
    };
    let (mio, poll) = (|| fair("mio", [1.1, 1.19, 1.3]), || fair("poll", [1.2, 1.2, 1.4]));
    assert_eq!(
        told(vec![mio(), poll(), fair("fork", [30.0, 45.0, 60.0])]),
        "The slowest connection waits 1.2× as long as the fastest with mio and 1 like it, 45.0× with fork"
    );
    assert_eq!(
        told(vec![mio(), poll()]),
        "The slowest connection waits 1.2× to 1.2× as long as the fastest: no clear difference"
    );
    assert_eq!(
        told(vec![mio()]),
        "With mio the slowest connection waits 1.2× as long as the fastest"
    );
    assert_eq!(
        told(vec![]),
        "No server serves all connections, so that their fairness is not compared"
    );
}

#[test]
fn a_trend_through_the_window_is_told_with_its_size() {
    let course = |server: &str, change: Option<f64>, told| Pace {
        server: server.to_owned(),
        family: "readiness".to_owned(),
        rates: vec![(0.1, 1e5), (0.2, 1e5)],
        silent_s: 0.0,
        told,
        trend: change.map(|change| Trend { z: 5.0, change }),
    };
    let said = |courses: Vec<Pace>| {
        let details = Details {
            paces: courses,
            ..Details::default()
        };
        title(
            pace_title,
            &Summary {
                details,
                ..summary(vec![])
            },
        )
    };
    let steady = |server| course(server, None, true);
    assert_eq!(
        said(vec![steady("mio"), steady("poll")]),
        "The throughput of none of 2 rises or falls all through the window"
    );
    assert_eq!(
        said(vec![steady("mio")]),
        "The throughput of mio neither rises nor falls all through the window"
    );
    assert_eq!(
        said(vec![
            steady("mio"),
            course("fork", Some(-0.34), true),
            course("poll", Some(0.21), true)
        ]),
        "2 of 3 rise or fall in throughput through the window, fork most: it falls by 34 %"
    );
    assert_eq!(
        said(vec![course("poll", Some(0.5), true), steady("mio")]),
        "1 of 2 rises or falls in throughput through the window: poll rises by 50 %"
    );
    assert_eq!(
        said(vec![course("mio", None, false), steady("poll")]),
        "Throughput through windows too short for a trend to be told"
    );
    assert_eq!(said(vec![]), "No server serves all connections");
    let silent = |server, silent_s| Pace {
        silent_s,
        ..steady(server)
    };
    assert_eq!(
        said(vec![steady("mio"), silent("poll", 1.0)]),
        "poll answers nobody for 1.0 s of the window"
    );
    assert_eq!(
        said(vec![silent("mio", 0.2), silent("poll", 0.7), steady("fork")]),
        "2 of 3 answer nobody for a while, poll for 0.7 s"
    );
}

#[test]
fn who_has_handshakes_that_were_sent_again_is_named() {
    let connect = |server: &str, max_ns: u64, sent_again| Connect {
        server: server.to_owned(),
        p50: Estimate::of([20e3]).unwrap(),
        p99: Estimate::of([90e3]).unwrap(),
        max_ns,
        never: 0,
        sent_again,
    };
    let told = |connects: Vec<Connect>| {
        let details = Details {
            connects,
            ..Details::default()
        };
        title(
            connect_title,
            &Summary {
                details,
                ..summary(vec![])
            },
        )
    };
    let quick = || connect("mio", 8_000_000, false);
    let lost = |server| connect(server, 1_004_000_000, true);
    assert_eq!(
        told(vec![quick(), connect("poll", 9_000_000, false)]),
        "Every connection that was made was made within 9.00 ms"
    );
    assert_eq!(
        told(vec![quick(), lost("fork")]),
        "1 of 2 has connections that took a second or more to make, as when a SYN is lost: fork"
    );
    assert_eq!(
        told(["a", "b", "c", "d"].map(lost).into()),
        "4 of 4 have connections that took a second or more to make, as when a SYN is lost: a, b, c and others"
    );
    assert_eq!(told(vec![]), "No connection was made");
    let never = |server, never| Connect {
        never,
        ..connect(server, 9_000_000, false)
    };
    assert_eq!(
        told(vec![quick(), never("iterative", 5_902), never("prefork", 64)]),
        "2 of 3 never make up to 5,902 connections; every connection that was made was made within 9.00 ms"
    );
    assert_eq!(
        told(vec![lost("fork"), never("iterative", 5_902)]),
        "1 of 2 never makes up to 5,902 connections; 1 of 2 has connections that took a second or more to make, as when a SYN \
         is lost: fork"
    );
}
