//! The Go benchmark data format, by its design (<https://go.dev/design/14313-benchmark-format>) and by what benchstat makes
//! of it: `parseBenchmarkLine`, `parseKeyValueLine` and `parseUnitLine` in golang.org/x/perf/benchfmt/reader.go, `Parts` in
//! result.go, `Tidy` in benchunit/tidy.go.

use std::collections::BTreeMap;

use bench_runner::export::Format;
use bench_runner::record::{Row, Verdict, Window};

use crate::support::{all_of, closed, fail, judge, offered, one, rounds, rounds_at, told};

/// A result line, with the configuration in force.
#[derive(Clone, Debug, PartialEq)]
struct Record {
    config: BTreeMap<String, String>,
    /// Behind `Benchmark`, up to the first slash.
    base: String,
    /// The parts `/key=value`.
    keys: BTreeMap<String, String>,
    gomaxprocs: Option<u64>,
    iterations: u64,
    /// By tidied unit: `ns` is told as `sec`.
    values: BTreeMap<String, f64>,
}

#[derive(Debug, Default)]
struct Parsed {
    results: Vec<Record>,
    /// Unit, key, value.
    units: Vec<(String, String, String)>,
}

/// Reads a file; the first thing that benchstat would warn of, or that two runs could not be compared for, is an error.
fn parse(text: &str) -> Result<Parsed, String> {
    let (mut parsed, mut config) = (Parsed::default(), BTreeMap::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("Benchmark") {
            parsed
                .results
                .push(result(rest, &config).map_err(|problem| format!("{problem}: {line}"))?);
        } else if let Some(rest) = line.strip_prefix("Unit ") {
            let mut fields = rest.split_whitespace();
            let unit = fields.next().ok_or("missing unit")?;
            for field in fields {
                let (key, value) = field.split_once('=').ok_or("expected key=value")?;
                parsed.units.push((tidy(1.0, unit).1, key.to_owned(), value.to_owned()));
            }
        } else if let Some((key, value)) = key_value(line) {
            config.insert(key, value);
        } else if !line.is_empty() && !line.starts_with('#') {
            return Err(format!("a line that says nothing: {line}"));
        }
    }
    Ok(parsed)
}

fn result(line: &str, config: &BTreeMap<String, String>) -> Result<Record, String> {
    let mut fields = line.split_whitespace();
    let name = fields.next().unwrap_or_default();
    if !name.starts_with(|c: char| c.is_uppercase()) {
        return Err("the name does not go on with a capital letter".to_owned());
    }
    let iterations = fields.next().ok_or("missing iteration count")?;
    let iterations = iterations.parse().map_err(|_| "parsing iteration count".to_owned())?;
    let mut values = BTreeMap::new();
    while let Some(value) = fields.next() {
        let value: f64 = value.parse().map_err(|_| "parsing measurement".to_owned())?;
        let (value, unit) = tidy(value, fields.next().ok_or("missing units")?);
        if values.insert(unit, value).is_some() || !value.is_finite() {
            return Err("a unit is there twice, or a value is no number".to_owned());
        }
    }
    if values.is_empty() {
        return Err("missing measurements".to_owned());
    }
    // The last digits behind a hyphen are GOMAXPROCS, whatever they were meant for.
    let digits = name
        .rsplit_once('-')
        .filter(|(_, end)| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()));
    let (name, gomaxprocs) = digits.map_or((name, None), |(name, end)| (name, end.parse().ok()));
    let mut parts = name.split('/');
    let base = parts.next().unwrap_or_default().to_owned();
    let key = |part: &str| {
        let (key, value) = part.split_once('=').ok_or("a part without a key")?;
        Ok((key.to_owned(), value.to_owned()))
    };
    let keys: Result<_, &str> = parts.map(key).collect();
    Ok(Record {
        config: config.clone(),
        base,
        keys: keys?,
        gomaxprocs,
        iterations,
        values,
    })
}

fn key_value(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once(':')?;
    let plain = !key.chars().any(|c| c.is_whitespace() || c.is_uppercase());
    let separated = value.starts_with([' ', '\t']);
    (key.starts_with(|c: char| c.is_lowercase()) && plain && separated)
        .then(|| (key.to_owned(), value.trim().to_owned()))
}

/// Nanoseconds in a numerator become seconds.
fn tidy(value: f64, unit: &str) -> (f64, String) {
    let (numerator, denominator) = unit.split_once('/').map_or((unit, None), |(n, d)| (n, Some(d)));
    let mut factor = 1.0;
    let words: Vec<&str> = numerator
        .split('-')
        .map(|word| {
            let ns = word == "ns";
            factor *= if ns { 1e-9 } else { 1.0 };
            if ns { "sec" } else { word }
        })
        .collect();
    let denominator = denominator.map(|d| format!("/{d}")).unwrap_or_default();
    (value * factor, words.join("-") + &denominator)
}

#[test]
fn the_reader_refuses_what_benchstat_warns_of() {
    let good = "goos: linux\nUnit req/s better=higher\n# told\n\nBenchmarkServer/server=a-1/conns=2-8\t10\t5 ns/op\t3 p99-ns\n";
    let parsed = parse(good).unwrap();
    assert_eq!(
        parsed.units,
        [("req/s".to_owned(), "better".to_owned(), "higher".to_owned())]
    );
    let record = &parsed.results[0];
    assert_eq!(
        (&*record.base, record.gomaxprocs, record.iterations),
        ("Server", Some(8), 10)
    );
    assert_eq!((&*record.keys["server"], &*record.keys["conns"]), ("a-1", "2"));
    let ns = |unit: &str| (record.values[unit] * 1e9).round();
    assert_eq!((ns("sec/op"), ns("p99-sec")), (5.0, 3.0));
    assert_eq!(record.config["goos"], "linux");
    for (from, to) in [
        ("5 ns/op\t3 p99-ns", ""),
        ("3 p99-ns", "3"),
        ("\t10\t", "\tten\t"),
        ("3 p99-ns", "x p99-ns"),
        ("3 p99-ns", "6 ns/op"),
        ("Server/", "server/"),
        ("server=a", "a"),
        ("better=higher", "higher"),
        ("# told", "Told"),
    ] {
        assert!(parse(&good.replace(from, to)).is_err(), "{from} -> {to}");
    }
}

#[test]
fn every_row_of_the_reference_runs_is_a_line_with_its_values() {
    for recorded in [closed(), offered()] {
        let text = all_of(Format::Benchstat, recorded).files.remove(0).text;
        let parsed = parse(&text).unwrap();
        assert_eq!(parsed.results.len(), recorded.rows.len());
        let mut left: Vec<&Row> = recorded.rows.iter().collect();
        for record in &parsed.results {
            let key = |name: &str| record.keys.get(name).cloned().unwrap_or_default();
            let of = |row: &&Row| {
                let rate = row.load.rate_per_s.map(|rate| rate.to_string()).unwrap_or_default();
                (key("server"), key("conns"), key("window"), key("rate"))
                    == (
                        row.server.clone(),
                        row.conns.to_string(),
                        row.window.name().to_owned(),
                        rate,
                    )
                    && row.requests == Some(record.iterations)
            };
            // Rounds that answered as many requests are told apart by their order.
            let found = left.iter().position(of);
            let row = left.remove(found.unwrap_or_else(|| panic!("no such row: {record:?}")));
            assert_eq!(record.gomaxprocs, Some(row.server_cpus.len() as u64));
            assert_eq!(record.config["goos"], "linux");
            assert_eq!(record.config["goarch"], "amd64");
            let value = |unit: &str| record.values.get(unit).copied();
            if let Some(rate) = value("req/s") {
                assert_eq!(Some(rate), row.rate_per_s);
                assert!((value("sec/op").unwrap() * rate - 1.0).abs() < 1e-9);
            }
            let latency = row.response_ns.unwrap_or(row.latency_ns);
            for (unit, ns) in [("p50-sec", latency.p50), ("p99-sec", latency.p99)] {
                let close = |told: f64| (told - ns.unwrap() as f64 / 1e9).abs() < 1e-15;
                assert!(value(unit).is_none_or(close), "{unit} of {record:?}");
            }
            if let Some(bytes) = value("B/conn") {
                assert_eq!(Some(bytes), row.memory_bytes_per_connection);
            }
        }
        // Without it benchstat cannot say which way is better.
        let better: BTreeMap<_, _> = parsed
            .units
            .iter()
            .map(|(unit, _, value)| (unit.clone(), value.clone()))
            .collect();
        for unit in parsed.results.iter().flat_map(|record| record.values.keys()) {
            let expected = if ["req/s", "served-conns"].contains(&&**unit) {
                "higher"
            } else {
                "lower"
            };
            // It knows this one by itself.
            assert!(unit == "sec/op" || better[unit] == expected, "{unit}");
        }
    }
}

#[test]
fn two_runs_of_one_load_on_one_machine_can_be_compared() {
    let rows = rounds("poll", 100, Window::Busy);
    let mut later = closed().clone();
    later.run.run_id = "2030-01-01-000000-vm".to_owned();
    let config = |recorded: &bench_runner::record::Recorded| {
        parse(&one(Format::Benchstat, recorded, &rows).0).unwrap().results[0]
            .config
            .clone()
    };
    assert_eq!(config(closed()), config(&later));
    // It puts runs into one table only where they agree in all of it.
    later.run.settings.request_bytes = 1024;
    assert_ne!(config(closed()), config(&later));
    later = closed().clone();
    later.run.settings.spin = true;
    assert_ne!(config(closed()), config(&later));
}

#[test]
fn a_row_that_failed_is_no_line_and_a_bound_is_no_value() {
    let mut rows = rounds("poll", 100, Window::Busy);
    fail(&mut rows[0], "it died");
    judge(&mut rows[1], Verdict::ClientBound);
    judge(&mut rows[2], Verdict::Valid);
    rows[2].server_cpus.clear();
    // Counted only where the reference run's machine has tracefs.
    for row in &mut rows {
        row.server_cost.system_calls_per_request = None;
    }
    let (text, notes) = one(Format::Benchstat, closed(), &rows);
    let records = parse(&text).unwrap().results;
    let units = |record: &Record| record.values.keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(records.len(), 2);
    assert_eq!(units(&records[0]), "cpu-sec/op served-conns");
    assert!(units(&records[1]).contains("req/s") && units(&records[1]).contains("sec/op"));
    assert_eq!(records[1].gomaxprocs, None, "not pinned");
    assert!(
        told(&notes, &["of poll/100/busy round 1", "failed: it died"]),
        "{notes:?}"
    );
    assert!(
        told(
            &notes,
            &[
                "throughput, latency, latency-p99 of poll/100/busy round 2",
                "client-bound"
            ]
        ),
        "{notes:?}"
    );
}

#[test]
fn a_rate_is_part_of_the_name_and_never_taken_for_processors() {
    let mut rows = rounds_at("tokio", 10e3);
    for row in &mut rows {
        row.load.rate_per_s = Some(27_142.857_142_857_145);
        row.server_cpus.clear();
    }
    let (text, _) = one(Format::Benchstat, offered(), &rows);
    let record = &parse(&text).unwrap().results[0];
    assert_eq!((&*record.keys["rate"], record.gomaxprocs), ("27142.857", None));
}
