//! Bencher Metric Format, by the JSON schema and the lengths in its reference
//! (<https://bencher.dev/docs/reference/bencher-metric-format/>).

use bench_runner::export::{Format, Unit, export};
use bench_runner::record::{Row, Verdict, Window};
use serde_json::{Value, json};

use crate::support::{all_of, closed, fail, judge, offered, one, rounds, rounds_at, told};

/// What the reference forbids, in words.
fn problems(text: &str) -> Vec<String> {
    let Ok(Value::Object(benchmarks)) = serde_json::from_str(text) else {
        return vec!["it is no JSON object".to_owned()];
    };
    let mut problems = Vec::new();
    for (name, measures) in &benchmarks {
        if name.is_empty() || name.chars().count() > 1024 {
            problems.push(format!("a benchmark's name has 1 to 1024 characters: '{name}'"));
        }
        // A name with this ending loses it, and its alerts.
        if name.ends_with("-bencher-ignore") {
            problems.push(format!("'{name}' is never watched"));
        }
        let Some(measures) = measures.as_object().filter(|measures| !measures.is_empty()) else {
            problems.push(format!("'{name}' has no measures"));
            continue;
        };
        for (measure, metric) in measures {
            let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if measure.is_empty() || measure.len() > 64 || !measure.chars().all(slug) {
                problems.push(format!("'{measure}' is no slug of a measure"));
            }
            let Some(metric) = metric.as_object() else {
                problems.push(format!("{name} {measure} is no metric"));
                continue;
            };
            if !metric.contains_key("value") {
                problems.push(format!("{name} {measure} has no value"));
            }
            for (field, value) in metric {
                if !["value", "lower_value", "upper_value"].contains(&&**field) || !value.is_f64() && !value.is_u64() {
                    problems.push(format!("{name} {measure} has '{field}': {value}"));
                }
            }
        }
    }
    problems
}

#[test]
fn the_reader_refuses_what_the_schema_does() {
    assert_eq!(
        problems(r#"{"a/1": {"latency": {"value": 1.5, "lower_value": 1.0}}}"#),
        Vec::<String>::new()
    );
    for wrong in [
        "[]",
        r#"{"a": {}}"#,
        r#"{"a": {"latency": {"lower_value": 1.0}}}"#,
        r#"{"a": {"latency": {"value": null}}}"#,
        r#"{"a": {"p99 latency": {"value": 1}}}"#,
        r#"{"a": {"latency": {"value": 1, "unit": "ns"}}}"#,
        r#"{"a-bencher-ignore": {"latency": {"value": 1}}}"#,
    ] {
        assert_eq!(problems(wrong).len(), 1, "{wrong}");
    }
}

fn results(rows: &[Row]) -> (Value, Vec<String>) {
    let (text, notes) = one(Format::Bmf, closed(), rows);
    assert_eq!(problems(&text), Vec::<String>::new());
    (serde_json::from_str(&text).unwrap(), notes)
}

#[test]
fn the_reference_runs_keep_the_schema() {
    for recorded in [closed(), offered()] {
        let text = all_of(Format::Bmf, recorded).files.remove(0).text;
        assert_eq!(problems(&text), Vec::<String>::new());
        let results: Value = serde_json::from_str(&text).unwrap();
        for (name, measures) in results.as_object().unwrap() {
            let (server, _) = name.split_once('/').unwrap();
            assert!(recorded.run.servers.iter().any(|own| own == server), "{name}");
            for (measure, metric) in measures.as_object().unwrap() {
                let of = |field: &str| metric[field].as_f64().unwrap();
                let (low, value, high) = (of("lower_value"), of("value"), of("upper_value"));
                assert!(
                    low <= value && value <= high && value > 0.0,
                    "{name} {measure}: {metric}"
                );
            }
        }
    }
}

#[test]
fn a_value_is_the_median_of_the_rounds_between_their_ends() {
    let mut rows = rounds("epoll-edge", 10_000, Window::Busy);
    for (row, (rate, p50, p99, cpu, memory)) in rows.iter_mut().zip([
        (140e3, 70, 95, 6.5, 10_500.0),
        (150e3, 60, 99, 6.0, 10_700.0),
        (130e3, 80, 90, 7.0, 10_600.0),
    ]) {
        (row.rate_per_s, row.cpu_ns_per_request) = (Some(rate), Some(cpu * 1e3));
        (row.latency_ns.p50, row.latency_ns.p99) = (Some(p50 * 1_000_000), Some(p99 * 1_000_000));
        row.memory_bytes_per_connection = Some(memory);
        row.server_cost.system_calls_per_request = Some(2.0);
        judge(row, Verdict::SaturatedPair);
    }
    let metric = |value: f64, low: f64, high: f64| json!({"value": value, "lower_value": low, "upper_value": high});
    let (results, notes) = results(&rows);
    assert_eq!(
        results,
        json!({
            "epoll-edge/10000": {
                "memory-per-connection": metric(10_600.0, 10_500.0, 10_700.0),
                "system-calls-per-request": metric(2.0, 2.0, 2.0),
            },
            "epoll-edge/10000/busy": {
                "throughput": metric(140e3, 130e3, 150e3),
                "served": metric(10_000.0, 10_000.0, 10_000.0),
                "latency": metric(70e6, 60e6, 80e6),
                "latency-p99": metric(95e6, 90e6, 99e6),
                "cpu-per-request": metric(6_500.0, 6_000.0, 7_000.0),
            },
        })
    );
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn percentiles_are_not_averaged_and_one_round_has_no_range() {
    let mut rows = rounds("epoll-edge", 10_000, Window::Busy);
    rows.truncate(2);
    (rows[0].latency_ns.p99, rows[1].latency_ns.p99) = (Some(10), Some(20));
    (rows[0].rate_per_s, rows[1].rate_per_s) = (Some(100.0), Some(200.0));
    let (two, _) = results(&rows);
    let busy = &two["epoll-edge/10000/busy"];
    assert_eq!(
        (&busy["latency-p99"]["value"], &busy["throughput"]["value"]),
        (&json!(20.0), &json!(150.0))
    );
    let (one, _) = results(&rows[..1]);
    assert_eq!(one["epoll-edge/10000/busy"]["latency-p99"], json!({"value": 10.0}));
}

#[test]
fn what_is_over_fewer_clients_is_left_out_and_told() {
    let (results, notes) = results(&rounds("select", 10_000, Window::Busy));
    assert_eq!(
        results["select/10000/busy"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["served"]
    );
    assert_eq!(results["select/10000/busy"]["served"]["value"], json!(1019.0));
    // It is per connection held, and all of those were served.
    assert!(results["select/10000"]["memory-per-connection"]["value"].as_f64() > Some(1000.0));
    let words = [
        "throughput, latency, latency-p99, cpu-per-request of select/10000/busy",
        "fewer clients",
    ];
    assert!(told(&notes, &words), "{notes:?}");
    // Those that wait in the accept queue cost nothing.
    let (_, notes) = self::results(&rounds("iterative", 10_000, Window::Busy));
    assert!(
        told(&notes, &["memory-per-connection of iterative/10000", "accept queue"]),
        "{notes:?}"
    );
}

#[test]
fn one_round_that_failed_leaves_no_median_of_the_others() {
    let mut rows = rounds("poll", 10_000, Window::Busy);
    rows.extend(rounds("poll", 10_000, Window::Idle));
    fail(&mut rows[1], "the server died");
    let (results, notes) = results(&rows);
    assert_eq!(
        results.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["poll/10000/idle"]
    );
    assert!(
        told(&notes, &["served", "of poll/10000/busy: failed: the server died"]),
        "{notes:?}"
    );
    rows.iter_mut().for_each(|row| fail(row, "the server died"));
    let rows: Vec<&Row> = rows.iter().collect();
    let nothing = export(Format::Bmf, Unit::Ms, &closed().run, &rows).unwrap();
    assert_eq!(nothing.files, []);
    assert!(told(&nothing.notes, &["poll/10000/idle", "failed"]));
}

#[test]
fn bounds_are_no_values() {
    let with = |verdict, rows: &mut [Row]| {
        judge(&mut rows[2], verdict);
        let (results, notes) = results(rows);
        let name = format!(
            "{}/{}",
            rows[0].cell_id.rsplit_once('/').unwrap().0,
            rows[0].window.name()
        );
        let name = rows[0]
            .load
            .rate_per_s
            .map_or(name.clone(), |rate| format!("{name}/{rate}"));
        let measures = results[&name].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        (measures, notes)
    };
    let all = ["cpu-per-request", "latency", "latency-p99", "served", "throughput"];
    let mut closed_loop = rounds("poll", 100, Window::Busy);
    assert_eq!(with(Verdict::SaturatedPair, &mut closed_loop).0, all);
    assert_eq!(with(Verdict::Unsteady, &mut closed_loop).0, all);
    let (measures, notes) = with(Verdict::ClientBound, &mut closed_loop);
    assert_eq!(measures, ["cpu-per-request", "served"]);
    assert!(
        told(&notes, &["throughput, latency, latency-p99", "client-bound"]),
        "{notes:?}"
    );
    assert_eq!(with(Verdict::Unsound, &mut closed_loop).0, ["served"]);
    // In an open loop the rate is that of the schedule, whoever was late.
    let mut open_loop = rounds_at("tokio", 10e3);
    open_loop.iter_mut().for_each(|row| judge(row, Verdict::Valid));
    assert_eq!(with(Verdict::Valid, &mut open_loop).0, all);
    assert_eq!(
        with(Verdict::ClientBound, &mut open_loop).0,
        ["cpu-per-request", "served", "throughput"]
    );
    let (measures, notes) = with(Verdict::Behind, &mut open_loop);
    assert_eq!(measures, ["cpu-per-request", "served", "throughput"]);
    assert!(told(&notes, &["latency, latency-p99", "behind"]), "{notes:?}");
}

#[test]
fn a_percentile_among_the_unserved_and_a_cost_that_was_not_read_are_told() {
    let mut rows = rounds("poll", 10_000, Window::Idle);
    rows[0].latency_ns.p99 = None;
    rows[1].cpu_ns_per_request = None;
    rows[1]
        .missing
        .insert("cpu_ns_per_request".to_owned(), "no source here".to_owned());
    let (results, notes) = results(&rows);
    let measures = results["poll/10000/idle"].as_object().unwrap();
    assert_eq!(measures.keys().collect::<Vec<_>>(), ["latency", "served", "throughput"]);
    assert!(
        told(&notes, &["latency-p99 of poll/10000/idle", "without a reply"]),
        "{notes:?}"
    );
    assert!(
        told(&notes, &["cpu-per-request of poll/10000/idle", "no source here"]),
        "{notes:?}"
    );
}

#[test]
fn an_open_loop_tells_response_times_and_names_the_rate() {
    let mut rows = rounds_at("tokio", 20e3);
    rows.iter_mut().for_each(|row| judge(row, Verdict::Valid));
    let (text, _) = one(Format::Bmf, offered(), &rows);
    let results: Value = serde_json::from_str(&text).unwrap();
    let mut p99: Vec<u64> = rows.iter().map(|row| row.response_ns.unwrap().p99.unwrap()).collect();
    p99.sort_unstable();
    let metric = &results["tokio/1000/open/20000"]["latency-p99"];
    assert_eq!(metric["value"].as_f64(), Some(p99[1] as f64));
}
