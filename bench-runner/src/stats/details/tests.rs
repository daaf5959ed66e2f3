//! Details of rows that are made up.

use loadgen::Series;
use loadgen::wire::Extreme;

use super::*;

fn row(server: &str, round: u32, change: impl FnOnce(&mut Row)) -> Row {
    let mut row: Row = serde_json::from_str(include_str!("../warnings/quiet-row.json")).unwrap();
    server.clone_into(&mut row.server);
    row.round = round;
    change(&mut row);
    row
}

/// The details of these rows, of servers `a` and `b`, at their 100 connections.
fn told(rows: &[Row]) -> Details {
    details(&["a".to_owned(), "b".to_owned()], rows, 100)
}

fn extreme(mean_ns: f64) -> Option<Extreme> {
    Some(Extreme {
        connection: 1,
        replies: 1,
        mean_ns,
        max_ns: 1,
    })
}

#[test]
fn the_far_end_is_that_of_the_window_in_which_few_talk_and_ends_where_it_is_not_known() {
    let p999 = |round, ns: Option<u64>| {
        row("a", round, |row| {
            row.window = Window::Idle;
            row.load.active = 10;
            row.latency_ns.p999 = ns;
        })
    };
    let rows = [
        row("a", 1, |_| {}),
        p999(1, Some(9)),
        p999(2, Some(4)),
        p999(3, Some(5)),
    ];
    let tails = told(&rows).tails.unwrap();
    assert_eq!((tails.window, tails.active, tails.conns), (Window::Idle, 10, 100));
    let tail = &tails.servers[0];
    assert_eq!(tails.servers.len(), 1, "b was not there");
    let told_of: Vec<u64> = tail.points.iter().map(|(n, _)| *n).collect();
    assert_eq!(told_of, [10, 100, 1_000, 10_000]);
    let at = tail.at(1_000).unwrap();
    assert_eq!((at.median, at.low, at.high, at.rounds), (5.0, 4.0, 9.0, 3));

    let unanswered = [p999(1, None), p999(2, None), p999(3, Some(5))];
    let tail = &told(&unanswered).tails.unwrap().servers[0];
    assert_eq!((tail.points.len(), tail.unknown_from), (2, Some(1_000)));

    let few = [row("a", 1, |row| row.requests = Some(5_000))];
    let tails = told(&few).tails.unwrap();
    assert_eq!((tails.window, tails.servers[0].unknown_from), (Window::Busy, None));
    assert_eq!(tails.servers[0].points.len(), 3, "of 5,000 there is no 10,000th");
}

#[test]
fn under_offered_rates_it_is_the_highest_with_which_most_keep_up() {
    let open = |server: &str, rate: f64, verdict| {
        row(server, 1, |row| {
            row.window = Window::Open;
            row.load.rate_per_s = Some(rate);
            row.response_ns = Some(row.latency_ns);
            row.verdict = verdict;
        })
    };
    let rows = [
        open("a", 1e3, Verdict::Valid),
        open("a", 2e3, Verdict::Valid),
        open("a", 3e3, Verdict::Valid),
        open("b", 1e3, Verdict::Valid),
        open("b", 2e3, Verdict::Valid),
        open("b", 3e3, Verdict::Behind),
    ];
    let tails = told(&rows).tails.unwrap();
    assert_eq!((tails.window, tails.rate_per_s), (Window::Open, Some(2e3)));
    assert_eq!(tails.servers.len(), 2);
}

#[test]
fn fairness_is_the_slowest_connection_over_the_fastest() {
    let ends = |round, fastest, slowest| {
        row("b", round, |row| {
            (row.fastest, row.slowest) = (extreme(fastest), extreme(slowest));
            row.jain_index = Some(0.9);
        })
    };
    let found = &told(&[ends(1, 10.0, 20.0), ends(2, 10.0, 30.0), ends(3, 20.0, 40.0)]).fairness[0];
    assert_eq!(
        (found.fastest.median, found.slowest.median, found.jain),
        (10.0, 30.0, Some(0.9))
    );
    assert_eq!((found.slowest.low, found.slowest.high), (20.0, 40.0));
    assert_eq!((found.ratio.median, found.ratio.low, found.ratio.high), (2.0, 2.0, 3.0));
    let unserved = row("b", 1, |row| (row.fastest, row.slowest) = (None, None));
    assert!(told(&[unserved]).fairness.is_empty());
}

#[test]
fn a_course_is_that_of_the_first_round_of_one_that_serves_all() {
    let course = |server: &str, round, requests: Vec<u64>, verdict| {
        row(server, round, |row| {
            row.verdict = verdict;
            row.series = Some(Series {
                interval_s: 0.1,
                requests,
                ..Series::default()
            });
        })
    };
    let falling: Vec<u64> = (0..40).map(|i| 1_000 - 15 * i).collect();
    let rows = [
        course("a", 2, vec![9; 40], Verdict::Valid),
        course("a", 1, falling, Verdict::Valid),
        course("b", 1, vec![7; 10], Verdict::Capped),
    ];
    let paces = told(&rows).paces;
    assert_eq!(paces.len(), 1, "b serves fewer");
    assert_eq!((paces[0].rates[0], paces[0].rates.len()), ((0.1, 10_000.0), 40));
    assert!(paces[0].told && paces[0].trend.unwrap().change < -0.5);
    let short = told(&[course("a", 1, vec![9; 10], Verdict::Valid)]).paces;
    assert!(!short[0].told && short[0].trend.is_none());
}

#[test]
fn a_handshake_of_a_second_is_one_that_was_sent_again() {
    let connecting = |round, max: u64, connected| {
        row("a", round, |row| {
            row.connect_ns.max = Some(max);
            row.connections.as_mut().unwrap().connected = connected;
        })
    };
    let quick = &told(&[connecting(1, 5_000_000, 100), connecting(2, 7_000_000, 100)]).connects[0];
    assert_eq!((quick.max_ns, quick.never, quick.sent_again), (7_000_000, 0, false));
    let lost = &told(&[connecting(1, 5_000_000, 90), connecting(2, 1_004_000_000, 90)]).connects[0];
    assert_eq!((lost.never, lost.sent_again), (10, true));
}

#[test]
fn what_failed_and_who_is_wrong_on_purpose_is_left_out() {
    let failed = row("a", 1, |row| row.verdict = Verdict::Failed);
    let details = told(&[failed, row("b", 1, |_| {})]);
    assert_eq!(details.connects.len(), 1);
    let without = details.without(&["b".to_owned()]);
    assert!(without.connects.is_empty() && without.tails.unwrap().servers.is_empty());
}

#[test]
fn an_interval_without_replies_counts_where_there_are_many_in_most() {
    assert_eq!(silence(&[100, 90, 0, 0, 80, 0, 90]), 2);
    assert_eq!(silence(&[100, 90, 80]), 0);
    assert_eq!(silence(&[3, 0, 2, 0, 1]), 0, "of few it is chance");
    assert_eq!(silence(&[]), 0);
}
