//! The table of a run that is made up.

use super::*;
use crate::stats::Details;

fn window(active: u64, served: f64, rate: f64) -> WindowSummary {
    WindowSummary {
        active,
        rate_per_s: Estimate::of([rate * 0.95, rate, rate * 1.05]),
        p99: Estimate::of((served >= active as f64).then_some(150e6)),
        served: Estimate::of([served; 3]),
        cpu_ns_per_request: Estimate::of([26_900.0]),
        ..WindowSummary::default()
    }
}

fn line(server: &str, served: u64, few: f64, limit: Option<&str>, verdict: Verdict) -> Line {
    Line {
        server: server.to_owned(),
        family: String::new(),
        conns: 10_000,
        rounds: 3,
        busy: window(10_000, served as f64, 93_400.0),
        idle: Some(window(100, few, 168_000.0)),
        held: served,
        served,
        starved: 0,
        late: 0,
        refused: 0,
        lost: 0,
        system_calls_per_request: None,
        silent_cpu_share: None,
        memory_bytes_per_connection: Estimate::of([133.4 * 1024.0]),
        memory_user_share: None,
        limited_by: limit.map(str::to_owned),
        backlog: Some(4096),
        curve: Vec::new(),
        others_p99_ns: None,
        knee_per_s: None,
        verdict,
        failures: Vec::new(),
    }
}

fn told(width: u16) -> String {
    let lines = vec![
        line("iterative", 1, 1.0, Some("accept backlog"), Verdict::Starved),
        line("select", 1_019, 11.0, Some("FD_SETSIZE"), Verdict::Capped),
        line("tokio-current", 10_000, 100.0, None, Verdict::SaturatedPair),
    ];
    let summary = Summary {
        lines,
        conns: vec![10_000],
        active: 100,
        rates_per_s: Vec::new(),
        stall: None,
        others: Vec::new(),
        details: Details::default(),
        suspect: Vec::new(),
        faulty: Vec::new(),
    };
    table(&summary, 10_000, width, false)
}

#[test]
fn a_rate_over_fewer_clients_is_marked_and_named() {
    let text = told(80);
    assert_eq!(text.matches("93.4k*").count(), 2, "{text}");
    assert_eq!(text.matches("168k*").count(), 2, "{text}");
    let note = text
        .lines()
        .skip_while(|line| !line.starts_with('*'))
        .take(2)
        .collect::<Vec<_>>();
    assert_eq!(
        note,
        [
            "* rate over fewer clients than were to talk: iterative 1 of 10,000 and 1 of",
            "  100; select 1,019 of 10,000 and 11 of 100"
        ]
    );
}

#[test]
fn nothing_is_wider_than_it_may_be_and_no_limit_is_broken() {
    for width in [80, 100, 120, 132, 200] {
        let text = told(width);
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= usize::from(width), "{widest} of {width}:\n{text}");
        assert!(text.contains("backlog 4096\n"), "{width}:\n{text}");
    }
    assert!(told(132).contains("168k (160k–176k)*"), "{}", told(132));
    assert!(told(120).contains("saturated-pair"), "{}", told(120));
    assert!(!told(80).contains("saturated-pair"));
}

#[test]
fn what_stands_over_a_column_has_room() {
    let slow = Line {
        others_p99_ns: Estimate::of([1.0e6]),
        ..line("poll", 10_000, 100.0, None, Verdict::Valid)
    };
    let summary = Summary {
        lines: vec![slow],
        conns: vec![10_000],
        active: 100,
        rates_per_s: vec![2e3],
        stall: None,
        others: Vec::new(),
        details: Details::default(),
        faulty: Vec::new(),
        suspect: Vec::new(),
    };
    for rates in [vec![2e3], vec![]] {
        let text = table(
            &Summary {
                rates_per_s: rates,
                ..summary.clone()
            },
            10_000,
            80,
            false,
        );
        let words: Vec<&str> = text.lines().next().unwrap_or_default().split_whitespace().collect();
        assert!(words.contains(&"others"), "{text}");
    }
}
