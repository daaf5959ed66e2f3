//! The two files of github-action-benchmark, by its README (custom benchmarks) and its sources:
//! `BenchmarkResult` and `extractCustomBenchmarkResult` in src/extract.ts, `findAlerts` in src/write/findAlerts.ts,
//! `extractRangeInfo` in src/extractRangeInfo.ts (<https://github.com/benchmark-action/github-action-benchmark>).

use bench_runner::export::{Format, Unit, export};
use bench_runner::record::{Row, Window};
use serde_json::Value;

use crate::support::{all_of, closed, fail, offered, one, rounds, told};

/// What the action would make of a file that is not what it takes, in words.
fn problems(text: &str) -> Vec<String> {
    let Ok(Value::Array(benches)) = serde_json::from_str(text) else {
        return vec!["it is no JSON array".to_owned()];
    };
    let mut problems = Vec::new();
    if benches.is_empty() {
        problems.push("No benchmark result was found".to_owned());
    }
    let mut names = Vec::new();
    for bench in &benches {
        let text = |field: &str| bench[field].as_str();
        let name = text("name").unwrap_or_default().to_owned();
        // Earlier values are found by the name alone, and the first of that name is taken.
        if name.is_empty() || names.contains(&name) {
            problems.push(format!("'{name}' tells nothing from others"));
        }
        if text("unit").is_none_or(str::is_empty) {
            problems.push(format!("'{name}' has no unit"));
        }
        // It divides one value by the other.
        if bench["value"].as_f64().is_none_or(|value| value <= 0.0) {
            problems.push(format!("'{name}' has the value {}", bench["value"]));
        }
        for optional in ["range", "extra"] {
            if !bench[optional].is_null() && text(optional).is_none() {
                problems.push(format!("'{name}' has a {optional} that is no text"));
            }
        }
        if text("range").is_some_and(|range| spread(range).is_none()) {
            problems.push(format!("'{name}' has a range that is not read: {}", bench["range"]));
        }
        let known = ["name", "unit", "value", "range", "extra"];
        let fields = bench.as_object().into_iter().flat_map(|fields| fields.keys());
        problems.extend(
            fields
                .filter(|field| !known.contains(&&***field))
                .map(|field| format!("{name}: {field}?")),
        );
        names.push(name);
    }
    problems
}

/// As `/(?<prefix>(\+-|±)\s*)(?<value>\d.+)/` and `Number()` have it.
fn spread(range: &str) -> Option<f64> {
    let (_, rest) = range.split_once('±').or_else(|| range.split_once("+-"))?;
    let value = rest.trim_start();
    let long_enough = value.starts_with(|c: char| c.is_ascii_digit()) && value.chars().count() > 1;
    value.parse().ok().filter(|_| long_enough)
}

#[test]
fn the_reader_refuses_what_the_action_cannot_use() {
    let good = r#"[{"name": "a x", "unit": "ns", "value": 1.5, "range": "± 0.5", "extra": "y"}]"#;
    assert_eq!(problems(good), Vec::<String>::new());
    assert_eq!(spread("± 12.5"), Some(12.5));
    for (from, to) in [
        ("\"name\": \"a x\", ", ""),
        ("\"unit\": \"ns\", ", ""),
        ("1.5", "0"),
        ("1.5", "null"),
        ("± 0.5", "0.5 to 2"),
        ("± 0.5", "± 5"),
        ("\"y\"", "3"),
        ("extra", "more"),
    ] {
        assert_eq!(problems(&good.replace(from, to)).len(), 1, "{from} -> {to}");
    }
    assert_eq!(problems("[]").len(), 1);
    let twice = good.replace("}]", "}, {\"name\": \"a x\", \"unit\": \"ns\", \"value\": 2}]");
    assert_eq!(problems(&twice).len(), 1);
}

#[test]
fn the_reference_runs_can_be_watched() {
    for recorded in [closed(), offered()] {
        for (format, measures) in [
            (Format::GhaBigger, &["throughput", "served"][..]),
            (
                Format::GhaSmaller,
                &[
                    "latency",
                    "latency-p99",
                    "cpu-per-request",
                    "memory-per-connection",
                    "system-calls-per-request",
                ],
            ),
        ] {
            let text = all_of(format, recorded).files.remove(0).text;
            assert_eq!(problems(&text), Vec::<String>::new());
            let benches: Vec<Value> = serde_json::from_str(&text).unwrap();
            for bench in &benches {
                let (_, measure) = bench["name"].as_str().unwrap().split_once(' ').unwrap();
                assert!(measures.contains(&measure), "{bench}");
            }
        }
    }
}

fn find(text: &str, name: &str) -> Option<Value> {
    let benches: Vec<Value> = serde_json::from_str(text).unwrap();
    benches.into_iter().find(|bench| bench["name"] == name)
}

#[test]
fn a_value_comes_with_its_spread_its_verdict_and_its_run() {
    let mut rows = rounds("poll", 100, Window::Busy);
    for (row, rate) in rows.iter_mut().zip([100.0, 104.0, 90.0]) {
        row.rate_per_s = Some(rate);
    }
    let (text, notes) = one(Format::GhaBigger, closed(), &rows);
    let throughput = find(&text, "poll/100/busy throughput").unwrap();
    assert_eq!(
        (&throughput["value"], &throughput["unit"]),
        (&100.0.into(), &"req/s".into())
    );
    assert_eq!(throughput["range"], "± 10.000");
    let extra = throughput["extra"].as_str().unwrap();
    for words in [
        "median of 3 rounds, 90.000 to 104.000",
        "verdict: ",
        &closed().run.run_id,
    ] {
        assert!(extra.contains(words), "'{words}' is not in {extra}");
    }
    assert_eq!(notes, Vec::<String>::new());
    let (text, _) = one(Format::GhaBigger, closed(), &rows[..1]);
    let throughput = find(&text, "poll/100/busy throughput").unwrap();
    assert!(throughput["range"].is_null() && throughput["extra"].as_str().unwrap().starts_with("one round"));
}

#[test]
fn what_failed_or_starved_is_no_zero() {
    let mut rows = rounds("poll", 100, Window::Busy);
    rows.extend(rounds("iterative", 10_000, Window::Busy));
    fail(&mut rows[0], "connection refused");
    let (text, notes) = one(Format::GhaBigger, closed(), &rows);
    assert_eq!(problems(&text), Vec::<String>::new());
    let benches: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(benches.len(), 1, "{text}");
    // One client was served, which is the truth and no rate.
    let served = find(&text, "iterative/10000/busy served").unwrap();
    assert_eq!(served["value"], 1.0);
    assert!(served["extra"].as_str().unwrap().contains("verdict: starved"));
    assert!(
        told(
            &notes,
            &["throughput, served of poll/100/busy: failed: connection refused"]
        ),
        "{notes:?}"
    );
    assert!(
        told(&notes, &["throughput of iterative/10000/busy", "fewer clients"]),
        "{notes:?}"
    );
    // Nor is one that served nobody.
    for row in &mut rows[3..] {
        row.connections.as_mut().unwrap().served = 0;
    }
    let rows: Vec<&Row> = rows.iter().collect();
    let nothing = export(Format::GhaBigger, Unit::Ms, &closed().run, &rows).unwrap();
    assert_eq!(nothing.files, []);
    assert!(
        told(&nothing.notes, &["served of iterative/10000/busy", "nobody was served"]),
        "{nothing:?}"
    );
}
