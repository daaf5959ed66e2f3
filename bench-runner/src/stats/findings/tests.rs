//! What is found in runs that are made up.

mod details;

use super::*;
use crate::record::{Verdict, Window};
use crate::stats::{Details, Estimate, RateSummary, Stall, WindowSummary};
use crate::words::Lang;

fn window(rates: [f64; 3]) -> WindowSummary {
    WindowSummary {
        rate_per_s: Estimate::of(rates),
        server_share: Estimate::of([0.99; 3]),
        ..WindowSummary::default()
    }
}

pub(in crate::stats) fn line(server: &str, busy: [f64; 3], idle: [f64; 3]) -> Line {
    Line {
        server: server.to_owned(),
        family: "readiness".to_owned(),
        conns: 10_000,
        rounds: 3,
        busy: window(busy),
        idle: Some(window(idle)),
        held: 10_000,
        served: 10_000,
        starved: 0,
        late: 0,
        refused: 0,
        lost: 0,
        system_calls_per_request: None,
        silent_cpu_share: Estimate::of([0.001; 3]),
        memory_bytes_per_connection: None,
        memory_user_share: None,
        limited_by: None,
        backlog: Some(4096),
        curve: Vec::new(),
        others_p99_ns: None,
        knee_per_s: None,
        verdict: Verdict::Valid,
        failures: Vec::new(),
    }
}

pub(in crate::stats) fn summary(lines: Vec<Line>) -> Summary {
    Summary {
        lines,
        conns: vec![10_000],
        active: 100,
        rates_per_s: Vec::new(),
        stall: None,
        others: Vec::new(),
        details: Details::default(),
        suspect: Vec::new(),
        faulty: Vec::new(),
    }
}

/// What a message says in English; in all other languages it has the same numbers, and is no English.
fn told(message: &Message) -> String {
    let english = message.text(Lang::En);
    for lang in Lang::ALL.into_iter().filter(|lang| *lang != Lang::En) {
        let other = message.text(lang);
        assert_eq!(numbers(&other), numbers(&english), "{other}");
        assert!(
            other.chars().any(|c| c > '\u{2E80}') && !other.contains(" with "),
            "{other}"
        );
    }
    english
}

/// The numbers in a text, in ascending order.
fn numbers(text: &str) -> Vec<&str> {
    let part = |c: char| !c.is_ascii_digit() && c != '.' && c != ',';
    let mut numbers: Vec<&str> = text
        .split(part)
        .map(|number| number.trim_matches(['.', ',']))
        .filter(|number| !number.is_empty())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// A title in English.
fn title<T: ?Sized>(of: impl Fn(&T) -> Message, data: &T) -> String {
    told(&of(data))
}

fn texts(lines: Vec<Line>) -> Vec<String> {
    findings(&summary(lines))
        .into_iter()
        .map(|finding| {
            told(&finding.message);
            finding.text(Lang::En)
        })
        .collect()
}

#[test]
fn who_burns_its_cpu_for_nothing_is_named() {
    let burning = |share| Line {
        silent_cpu_share: Estimate::of([share, 0.99, 1.0]),
        ..line("busy-poll", [80e3, 81e3, 83e3], [9e3, 10e3, 11e3])
    };
    let said = texts(vec![burning(0.98)]);
    let expected = "While nobody talks, busy-poll uses 99 % of its CPU.";
    assert!(said.contains(&expected.to_owned()), "{said:?}");
    assert!(
        !texts(vec![burning(0.3)]).contains(&expected.to_owned()),
        "not in every round"
    );
}

#[test]
fn clear_differences_are_named_and_others_are_not() {
    let poll = || line("poll", [79e3, 80e3, 81e3], [9e3, 10e3, 11e3]);
    let epoll = || line("epoll-edge", [80e3, 81e3, 83e3], [110e3, 120e3, 130e3]);
    let said = texts(vec![poll(), epoll()]);
    assert_eq!(said[0], "All 2 serve 10,000 connections.");
    assert_eq!(
        said[1],
        "All talk: no clear difference; 100 of 10,000 talk: epoll-edge is 12× as fast as poll."
    );
    assert_eq!(
        said[2],
        "With 100 of 10,000 talking, poll falls from 80.0k to 10.0k requests a second with its CPU used up: it pays for the connections it watches."
    );
    let tie = texts(vec![epoll(), line("mio", [80e3, 81e3, 83e3], [110e3, 121e3, 130e3])]);
    assert_eq!(
        tie[1],
        "All talk: no clear difference; 100 of 10,000 talk: no clear difference."
    );
    assert_eq!(tie.len(), 2);
}

#[test]
fn a_rate_that_the_generator_bounded_is_not_ranked() {
    let slow = || line("slow", [10e3, 11e3, 12e3], [10e3, 11e3, 12e3]);
    let fast = || line("fast", [80e3, 81e3, 82e3], [80e3, 81e3, 82e3]);
    let bounded = |mut line: Line| {
        line.busy.lower_bound = true;
        line
    };
    assert!(texts(vec![slow(), fast()])[1].starts_with("All talk: 7.4× apart; "));
    let said = texts(vec![bounded(slow()), fast()]);
    assert_eq!(said[1], "100 of 10,000 talk: fast is 7.4× as fast as slow.");
    assert_eq!(said[2], "Not ranked where the load generator gave out first (≥): slow.");
    let mut unsound = slow();
    (unsound.busy.unsound, unsound.idle.as_mut().unwrap().unsound) = (true, true);
    assert_eq!(texts(vec![unsound, fast()]).len(), 1, "one alone is not ranked");
    let failed = Line {
        failures: vec!["it died".to_owned()],
        ..slow()
    };
    assert_eq!(
        texts(vec![failed, fast()]),
        ["slow failed: it died.", "1 of 2 serves all 10,000 connections."]
    );
}

#[test]
fn a_rate_over_fewer_clients_is_not_ranked() {
    let slow = line("slow", [10e3, 11e3, 12e3], [10e3, 11e3, 12e3]);
    let mut fast = line("fast", [80e3, 81e3, 82e3], [80e3, 81e3, 82e3]);
    let idle = fast.idle.as_mut().unwrap();
    (idle.active, idle.served) = (100, Estimate::of([90.0; 3]));
    assert_eq!(texts(vec![slow, fast])[1], "All 10,000 talk: 7.4× apart.");
}

#[test]
fn who_pays_for_what_it_watches_is_told_by_its_cpu() {
    let fallen = |share: [f64; 3], idle: [f64; 3]| {
        let mut line = line("x", [80e3, 80e3, 81e3], idle);
        line.idle.as_mut().unwrap().server_share = Estimate::of(share);
        let said = texts(vec![line]);
        said.iter().any(|text| text.contains("it pays"))
    };
    assert!(fallen([0.97, 0.98, 0.99], [9e3, 10e3, 11e3]));
    assert!(!fallen([0.5, 0.98, 0.99], [9e3, 10e3, 11e3]), "it had time to spare");
    assert!(!fallen([0.97, 0.98, 0.99], [58e3, 60e3, 61e3]), "a little slower");
}

#[test]
fn who_is_stopped_is_told_with_the_limit() {
    let select = Line {
        held: 1019,
        served: 1019,
        refused: 8981,
        limited_by: Some("FD_SETSIZE".to_owned()),
        ..line("select", [1.0; 3], [1.0; 3])
    };
    let iterative = Line {
        held: 4098,
        served: 1,
        starved: 4097,
        limited_by: Some("accept backlog".to_owned()),
        ..line("iterative", [1.0; 3], [1.0; 3])
    };
    let poll = line("poll", [1.0; 3], [1.0; 3]);
    let all = summary(vec![iterative, select, poll]);
    let said: Vec<String> = findings(&all)
        .into_iter()
        .map(|finding| finding.text(Lang::En))
        .collect();
    assert_eq!(said[0], "1 of 3 serves all 10,000 connections.");
    assert_eq!(
        said[1],
        "iterative serves 1 of 10,000, 4,097 are connected and starve, 5,902 never connect (backlog 4096)."
    );
    assert_eq!(said[2], "select serves 1,019 of 10,000, refuses 8,981 (FD_SETSIZE).");
    assert_eq!(
        title(served_title, &all),
        "select stops at 1,019; 1 of 3 serves all 10,000 connections"
    );
}

#[test]
fn titles_are_true_for_one_server_for_none_and_for_failures() {
    let one = summary(vec![line("poll", [1.0; 3], [1.0; 3])]);
    assert_eq!(title(served_title, &one), "poll serves all 10,000 connections");
    assert_eq!(title(watched_title, &one), "poll serves 10,000 connections");
    let failed = Line {
        rounds: 0,
        served: 0,
        held: 0,
        failures: vec!["it died".to_owned()],
        ..line("poll", [1.0; 3], [1.0; 3])
    };
    let failed = summary(vec![failed]);
    assert_eq!(title(served_title, &failed), "No server could be measured");
    assert_eq!(title(watched_title, &failed), "No server serves all connections");
    assert_eq!(findings(&failed)[0].text(Lang::En), "poll failed: it died.");
}

/// A run of several connection counts, with the rates of each server at each of them.
fn sweep(servers: &[(&str, &[[f64; 3]])], conns: &[u64]) -> Summary {
    let one = |server: &str, rates: &[[f64; 3]]| -> Vec<Line> {
        let at = |(&conns, &rates): (&u64, &[f64; 3])| Line {
            conns,
            held: conns,
            served: conns,
            ..line(server, rates, rates)
        };
        conns.iter().zip(rates).map(at).collect()
    };
    Summary {
        conns: conns.to_vec(),
        ..summary(servers.iter().flat_map(|(server, rates)| one(server, rates)).collect())
    }
}

#[test]
fn who_loses_throughput_with_more_connections_is_named() {
    let flat: [[f64; 3]; 2] = [[99e3, 100e3, 101e3], [95e3, 98e3, 99e3]];
    let falls: [[f64; 3]; 2] = [[99e3, 100e3, 101e3], [39e3, 40e3, 41e3]];
    let told = |servers: &[(&str, &[[f64; 3]])]| title(scaling_title, &sweep(servers, &[10, 1000]));
    assert_eq!(
        told(&[("epoll", &flat), ("thread", &falls)]),
        "With 1,000 connections that all talk, 1 of 2 have clearly less than their best rate, down to 40 % in thread"
    );
    assert_eq!(
        told(&[("epoll", &flat), ("mio", &flat)]),
        "No model has a clear loss of throughput up to 1,000 connections"
    );
    assert_eq!(
        told(&[("epoll", &flat)]),
        "epoll has no clear loss of throughput up to 1,000 connections"
    );
    assert_eq!(
        told(&[("thread", &falls)]),
        "With 1,000 connections that all talk, thread has 40 % of its best rate"
    );
    let nothing = "No server's throughput can be followed up to the largest number of connections";
    assert_eq!(told(&[]), nothing);
    // What the generator bounded at the end may not have fallen at all.
    let mut bounded = sweep(&[("thread", &falls)], &[10, 1000]);
    bounded.lines[1].busy.lower_bound = true;
    assert_eq!(title(scaling_title, &bounded), nothing);
    let one = summary(vec![line("poll", [1.0; 3], [1.0; 3])]);
    assert!(
        !findings(&one)
            .iter()
            .any(|finding| finding.text(Lang::En).contains("best rate")),
        "one count is no curve"
    );
}

#[test]
fn titles_of_costs_are_true_for_few_for_ties_and_for_failures() {
    let costs = |server: &str, cpu: f64, memory: f64| {
        let mut line = line(server, [1.0; 3], [1.0; 3]);
        line.busy.cpu_ns_per_request = Estimate::of([cpu * 0.99, cpu, cpu * 1.01]);
        line.memory_bytes_per_connection = Estimate::of([memory * 0.99, memory, memory * 1.01]);
        line
    };
    let titles = |lines: Vec<Line>| {
        (
            title(cpu_title, &summary(lines.clone())),
            title(memory_title, &summary(lines)),
        )
    };
    let (cpu, memory) = titles(vec![
        costs("epoll", 5e3, 10.0 * 1024.0),
        costs("fork", 15e3, 138.0 * 1024.0),
    ]);
    assert_eq!(cpu, "CPU per request while all talk: 5.0 µs in epoll, 15.0 µs in fork");
    assert_eq!(
        memory,
        "1 GiB holds both ends of 105,000 connections of epoll, 7,600 of fork"
    );
    let (cpu, memory) = titles(vec![
        costs("epoll", 5e3, 10.0 * 1024.0),
        costs("mio", 5.5e3, 10.5 * 1024.0),
    ]);
    assert_eq!(
        cpu,
        "CPU per request while all talk: no clear difference, 5.0 µs to 5.5 µs"
    );
    assert_eq!(
        memory,
        "1 GiB holds both ends of 99,900 to 105,000 connections: no clear difference"
    );
    let (cpu, memory) = titles(vec![costs("epoll", 5e3, 10.0 * 1024.0)]);
    assert_eq!(cpu, "CPU per request while all talk: 5.0 µs in epoll");
    assert_eq!(memory, "1 GiB holds both ends of 105,000 connections of epoll");
    let like = vec![
        costs("epoll", 5e3, 10.0 * 1024.0),
        costs("mio", 5.5e3, 10.5 * 1024.0),
        costs("poll", 5.2e3, 10.1 * 1024.0),
        costs("fork", 15e3, 138.0 * 1024.0),
    ];
    let (cpu, memory) = titles(like);
    assert_eq!(
        cpu,
        "CPU per request while all talk: 5.0 µs in epoll and 2 like it, 15.0 µs in fork"
    );
    assert_eq!(
        memory,
        "1 GiB holds both ends of 105,000 connections of epoll and 2 like it, 7,600 of fork"
    );
    let few = Line {
        served: 64,
        ..costs("pool", 5e3, 1024.0)
    };
    let (cpu, memory) = titles(vec![few]);
    assert_eq!(
        cpu,
        "None serves all 10,000 connections, so that CPU per request is not compared"
    );
    assert_eq!(
        memory,
        "None serves all 10,000 connections, so that memory per connection is not compared"
    );
    let (cpu, memory) = titles(vec![line("epoll", [1.0; 3], [1.0; 3])]);
    assert_eq!(cpu, "No server's CPU per request could be told");
    assert_eq!(memory, "No server's memory per connection could be told");
}

#[test]
fn one_that_scatters_does_not_hide_a_difference_between_others() {
    let cpu = |server: &str, ns: [f64; 3]| {
        let mut line = line(server, [1.0; 3], [1.0; 3]);
        line.busy.cpu_ns_per_request = Estimate::of(ns);
        line
    };
    let lines = vec![
        cpu("epoll", [5.0e3, 5.0e3, 5.1e3]),
        cpu("fork", [5.0e3, 15.0e3, 16.0e3]),
        cpu("thread", [14.0e3, 14.0e3, 14.1e3]),
    ];
    assert_eq!(
        title(cpu_title, &summary(lines)),
        "CPU per request while all talk: 5.0 µs in epoll, 14.0 µs in thread",
        "fork can be told from neither, and is like neither"
    );
}

#[test]
fn one_that_missed_a_connection_in_one_round_is_no_limit_to_quote() {
    let mut nearly = line("mio", [1.0; 3], [1.0; 3]);
    nearly.busy.served = Estimate::of([9_999.0, 10_000.0, 10_000.0]);
    let all = summary(vec![nearly, line("poll", [1.0; 3], [1.0; 3])]);
    assert_eq!(title(served_title, &all), "1 of 2 serves all 10,000 connections");
}

/// A point of a curve: offered, achieved, 99th percentile in µs.
fn at_rate(rate_per_s: f64, achieved: f64, p99_us: f64) -> RateSummary {
    let rounds = |value: f64| Estimate::of([value * 0.99, value, value * 1.01]).unwrap();
    RateSummary {
        rate_per_s,
        offered_per_s: rounds(rate_per_s),
        achieved_per_s: rounds(achieved),
        behind: achieved < 0.97 * rate_per_s,
        upper_bound: false,
        p50_ns: Some(50_000),
        p99_ns: Some((p99_us * 1e3) as u64),
        p99_range_ns: Some(rounds(p99_us * 1e3)),
        mean_ns: Some(p99_us * 500.0),
        service_p99_ns: Some(60_000),
        lateness_p999_ns: Some(2_000),
        cpu_ns_per_request: None,
        system_calls_per_request: None,
    }
}

/// A server under three rates.
fn offered(server: &str, curve: [(f64, f64); 3], knee_per_s: Option<f64>) -> Line {
    let rates = [10e3, 50e3, 100e3];
    Line {
        busy: WindowSummary::default(),
        idle: None,
        curve: rates
            .into_iter()
            .zip(curve)
            .map(|(rate, (achieved, p99))| at_rate(rate, achieved, p99))
            .collect(),
        knee_per_s,
        ..line(server, [0.0; 3], [0.0; 3])
    }
}

fn offered_run(lines: Vec<Line>) -> Summary {
    Summary {
        rates_per_s: vec![10e3, 50e3, 100e3],
        ..summary(lines)
    }
}

#[test]
fn who_keeps_up_who_waits_and_where_the_knees_are() {
    let quick = || offered("epoll-edge", [(10e3, 90.0), (50e3, 110.0), (100e3, 900.0)], Some(50e3));
    let slow = || offered("thread", [(10e3, 95.0), (50e3, 4_000.0), (61e3, 9e5)], Some(10e3));
    let slowest = || offered("poll", [(10e3, 96.0), (21e3, 8e5), (20e3, 9e5)], None);
    let told = |lines: Vec<Line>| -> Vec<String> {
        let found = findings(&offered_run(lines)).into_iter();
        found
            .filter(|found| found.topic == Topic::Response)
            .map(|found| found.text(Lang::En))
            .collect()
    };
    assert_eq!(
        told(vec![quick(), slow(), slowest()]),
        [
            "1 of 3 keeps up with 100k req/s; the first to fall behind is poll, which answers 21.0k of 50.0k req/s.",
            "The knees lie between 10.0k req/s (thread) and 50.0k req/s (epoll-edge).",
        ],
        "where most keep up they are alike"
    );
    assert_eq!(
        told(vec![quick(), slow()])[1],
        "At 50.0k req/s one request in 100 takes more than 110 µs with epoll-edge and more than 4.00 ms with thread."
    );
    assert_eq!(
        told(vec![quick()]),
        [
            "epoll-edge keeps up with 100k req/s.",
            "The knee of epoll-edge is at 50.0k req/s."
        ]
    );
    assert_eq!(
        told(vec![slowest()]),
        ["poll falls behind at 50.0k req/s and answers 21.0k of them."]
    );
    assert_eq!(
        title(offered_title, &offered_run(vec![quick(), slow()])),
        "At 50.0k req/s p99 is 110 µs with epoll-edge, 4.00 ms with thread; 1 of 2 keeps up with 100k req/s"
    );
    // What the generator made late is no difference between servers.
    let mut late = slow();
    late.curve.iter_mut().for_each(|point| point.upper_bound = true);
    assert!(
        told(vec![quick(), late])
            .iter()
            .all(|text| !text.contains("one request in 100"))
    );
}

#[test]
fn what_a_slow_handler_does_to_the_others_is_told_where_it_is_clear() {
    let with = |server: &str, p99_ms: f64| Line {
        others_p99_ns: Estimate::of([p99_ms * 0.98e6, p99_ms * 1e6, p99_ms * 1.02e6]),
        ..line(server, [1e5; 3], [1e5; 3])
    };
    let told = |lines: Vec<Line>| texts(lines).into_iter().find(|text| text.contains("nothing slow"));
    assert_eq!(
        told(vec![with("thread", 1.2), with("poll", 98.0)]).unwrap(),
        "For those who asked for nothing slow, p99 is 1.20 ms with thread, 98.0 ms with poll."
    );
    assert_eq!(
        told(vec![with("mio", 97.5), with("poll", 98.0)]).unwrap(),
        "For those who asked for nothing slow, no clear difference in p99."
    );
    assert_eq!(told(vec![line("poll", [1.0; 3], [1.0; 3])]), None);
}

#[test]
fn a_stop_is_told_by_both_clocks() {
    let stall = Stall {
        server: "poll".to_owned(),
        stall_s: 1.4,
        offered_per_s: 20e3,
        response: vec![(2, 60_000), (100, 1_100_000_000)],
        service: vec![(2, 58_000), (100, 120_000)],
    };
    assert_eq!(
        title(clocks_title, &stall),
        "poll was stopped for 1.40 s: from when requests were due p99 is 1.10 s, from when they were sent 120 µs"
    );
    let stopped = Summary {
        stall: Some(stall),
        ..offered_run(vec![])
    };
    assert!(
        findings(&stopped)
            .iter()
            .any(|found| found.text(Lang::En).contains("stopped for 1.40 s"))
    );
}
