//! docs/FORMAT.md holds what is written and nothing else: its tables of fields are held against real records.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;

use bench_runner::environment::{
    Binary, Cache, Cgroup, Cpu, CpuTime, Environment, IoUring, Jitter, Load, Probe, Source,
};
use bench_runner::record::{Row, Stopped, Warning, Worked};
use serde_json::{Value, json};

use crate::support::{Place, bin_dir, output};

const FORMAT: &str = include_str!("../../../docs/FORMAT.md");
/// Objects whose keys are no names of fields. Told here too, so that no entry with a star hides what it should tell.
const FREE_KEYS: [&str; 6] = [
    "environment.cpu.vulnerabilities.*",
    "evidence.*",
    "measured.missing.*",
    "missing.*",
    "sources.*",
    "stopped.refused.*",
];

/// A line of a table of fields.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    path: String,
    unit: String,
}

/// The tables of fields: by the record that a section is about, and by the anchor of a shared table.
#[derive(Default)]
struct Document {
    records: BTreeMap<String, Vec<Entry>>,
    shared: BTreeMap<String, Vec<Entry>>,
}

impl Document {
    fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let (mut record, mut anchor, mut in_fields) = (None, String::new(), false);
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                record = heading.split('`').nth(1).map(str::to_owned);
            }
            if line.starts_with('#') {
                anchor = slug(line);
            }
            in_fields = line == "| field | unit | meaning |" || in_fields && line.starts_with('|');
            if !in_fields || !line.starts_with("| `") {
                continue;
            }
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [path, unit, meaning] = cells[..] else {
                panic!("not three cells: {line}")
            };
            assert!(
                !unit.is_empty() && meaning.ends_with('.'),
                "no unit or no sentence: {line}"
            );
            let path = path.strip_prefix('`').and_then(|path| path.strip_suffix('`'));
            let entry = Entry {
                path: path.unwrap_or_else(|| panic!("more than a path: {line}")).to_owned(),
                unit: unit.to_owned(),
            };
            let table = match (&record, entry.path.starts_with('.')) {
                (Some(record), false) => document.records.entry(record.clone()),
                (None, true) => document.shared.entry(anchor.clone()),
                _ => panic!("in the wrong section: {line}"),
            };
            table.or_default().push(entry);
        }
        document
    }

    /// All entries of a record, those of shared tables with their whole paths.
    fn of(&self, record: &str) -> Vec<Entry> {
        let mut all = Vec::new();
        for entry in &self.records[record] {
            all.push(entry.clone());
            let link = entry.unit.split_once("](#").and_then(|(_, rest)| rest.split_once(')'));
            for shared in link.map_or(&[][..], |(anchor, _)| &self.shared[anchor]) {
                all.push(Entry {
                    path: format!("{}{}", entry.path, shared.path),
                    unit: shared.unit.clone(),
                });
            }
        }
        all
    }
}

/// A heading's anchor.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}

/// The paths that occur in records.
#[derive(Default)]
struct Seen {
    /// With a value of whatever kind.
    full: BTreeSet<String>,
    /// As null.
    null: BTreeSet<String>,
    /// As a list or a free object without any element, which tells nothing of what an element would be.
    empty: BTreeSet<String>,
}

impl Seen {
    fn walk(&mut self, path: &str, value: &Value, free: &BTreeSet<&str>) {
        match value {
            Value::Null => _ = self.null.insert(path.to_owned()),
            Value::Array(elements) if elements.is_empty() => _ = self.empty.insert(path.to_owned()),
            Value::Array(elements) => {
                let path = format!("{path}[]");
                elements.iter().for_each(|element| self.walk(&path, element, free));
            }
            Value::Object(fields) if free.contains(path) => {
                if fields.is_empty() {
                    self.empty.insert(path.to_owned());
                }
                let path = format!("{path}.*");
                fields.values().for_each(|value| self.walk(&path, value, free));
            }
            Value::Object(fields) => {
                if !path.is_empty() {
                    self.full.insert(path.to_owned());
                }
                for (name, value) in fields {
                    self.walk(format!("{path}.{name}").trim_start_matches('.'), value, free);
                }
            }
            _ => _ = self.full.insert(path.to_owned()),
        }
    }
}

/// The path of the field itself, whatever it holds.
fn field(path: &str) -> &str {
    path.trim_end_matches(".*").trim_end_matches("[]")
}

/// The unit that the last name of a path tells, as in `cpu_ns_per_request` and `rate_per_s`.
fn told_by_name(path: &str) -> Option<&'static str> {
    let name = field(path).rsplit('.').next().unwrap_or_default();
    let units = [
        ("ns", "ns"),
        ("us", "µs"),
        ("ms", "ms"),
        ("s", "s"),
        ("mhz", "MHz"),
        ("bytes", "bytes"),
    ];
    let words: Vec<&str> = name.split('_').collect();
    if words.ends_with(&["per", "s"]) {
        return Some("per s");
    }
    let of = |word: &&str| units.iter().find(|(suffix, _)| suffix == word);
    words[1..].iter().find_map(of).map(|(_, unit)| *unit)
}

/// What is wrong with the entries of records that hold `values`, each thing in words.
fn differences(entries: &[Entry], values: &[Value]) -> Vec<String> {
    let free = entries
        .iter()
        .filter_map(|entry| entry.path.strip_suffix(".*"))
        .collect();
    let mut seen = Seen::default();
    values.iter().for_each(|value| seen.walk("", value, &free));
    let mut wrong = Vec::new();
    let paths: BTreeSet<&str> = entries.iter().map(|entry| &*entry.path).collect();
    if paths.len() < entries.len() {
        wrong.push("an entry is there twice".to_owned());
    }
    for path in seen.full.iter().filter(|path| !paths.contains(&***path)) {
        wrong.push(format!("`{path}` has no entry"));
    }
    let entry_of = |path: &str| entries.iter().find(|entry| field(&entry.path) == path);
    for path in seen
        .null
        .union(&seen.empty)
        .filter(|path| entry_of(field(path)).is_none())
    {
        wrong.push(format!("`{path}` has no entry"));
    }
    for Entry { path, unit } in entries {
        let hollow = |seen: &BTreeSet<String>| seen.contains(field(path));
        if !seen.full.contains(path) && !hollow(&seen.null) && !hollow(&seen.empty) {
            wrong.push(format!("`{path}` is in no record"));
        }
        if hollow(&seen.null) && !unit.contains("null") {
            wrong.push(format!("`{path}` can be null, and its unit is '{unit}'"));
        }
        if told_by_name(path).is_some_and(|told| !unit.starts_with(told)) {
            wrong.push(format!("`{path}` has the unit '{unit}'"));
        }
        // Else an object that is null wherever this test runs would keep its fields to itself.
        if unit.starts_with("object") && !paths.iter().any(|other| other.starts_with(&format!("{path}."))) {
            wrong.push(format!("`{path}` has no entries of its fields"));
        }
    }
    wrong
}

pub(crate) fn documented(record: &str, values: &[Value]) {
    let wrong = differences(&Document::parse(FORMAT).of(record), values);
    assert!(wrong.is_empty(), "{record} and docs/FORMAT.md differ: {wrong:#?}");
}

#[test]
fn every_field_of_a_run_is_documented_and_every_documented_field_is_in_a_run() {
    // Between them they have every part of a row, and the servers that fail show what can be null.
    let mut runs = Vec::new();
    for (arguments, foreign) in [
        (
            "-m epoll-percore,prefork -c 6 --active 2 --workers 2 --duration 200ms --work wait:1ms --slow-every 3 \
             --requests-per-conn 20 --think 1ms",
            "absent=/no/such/program {port} {work}",
        ),
        (
            "-m poll -c 6 --rate 200,400 --arrivals poisson --duration 200ms --work wait:1ms --slow-every 3 --stall 20ms",
            "exits=false {port} {work}",
        ),
        (
            "-m epoll -c 60 --active 60 --server-nofile 40 --duration 100ms --ramp 5ms",
            "exits=false {port}",
        ),
    ] {
        let place = Place::new();
        let run = place.recorded(output(place.short_run(arguments).args(["--server", foreign])));
        assert_eq!(run.code, Some(1), "one server fails: {}", run.told);
        runs.push(run);
    }
    let refused = &runs[2].of("epoll-edge")[0].stopped.as_ref().unwrap().refused;
    assert!(refused.contains_key("RLIMIT_NOFILE"), "{refused:?}");

    let mut rows: Vec<Value> = runs.iter().flat_map(|run| run.json.clone()).collect();
    let stopped = runs[0].rows.iter().filter_map(|row| Some((row, row.stopped.clone()?)));
    rows.extend(stopped.map(|(row, stopped)| {
        let row = Row {
            stopped: Some(all_parts(stopped)),
            warnings: vec![Warning::new("steal", "It was.")],
            ..row.clone()
        };
        serde_json::to_value(row).unwrap()
    }));
    documented("rows.jsonl", &rows);

    let mut records: Vec<Value> = runs.into_iter().map(|run| run.run).collect();
    let mut record = records[0].clone();
    record["environment"] = serde_json::to_value(silent_machine()).unwrap();
    record["warnings"] = json!([Warning::new("steal", "It was.")]);
    records.push(record);
    documented("run.json", &records);
}

/// Fields that are left out where there is nothing to tell. All are named, so that no further one is forgotten here.
fn all_parts(stopped: Stopped) -> Stopped {
    let Stopped {
        accepted,
        peak_concurrent,
        refused,
        work,
        accepted_by_worker,
        workers_replaced,
    } = stopped;
    let work = work.map(|worked| {
        let Worked {
            requests,
            waited_ns,
            longest_wait_ns,
        } = worked;
        Worked {
            requests,
            waited_ns: waited_ns.or(Some(1)),
            longest_wait_ns: longest_wait_ns.or(Some(1)),
        }
    });
    Stopped {
        accepted,
        peak_concurrent,
        refused,
        work,
        accepted_by_worker: accepted_by_worker.or(Some(vec![1])),
        workers_replaced: workers_replaced.or(Some(0)),
    }
}

/// What a machine that has every part tells of itself where it tells nothing of any: what can be null is.
fn silent_machine() -> Environment {
    Environment {
        cpu: Cpu {
            caches: Some(vec![Cache::default()]),
            ..Cpu::default()
        },
        cgroup: Some(Cgroup::default()),
        io_uring: IoUring {
            probe: Some(Probe::Refused("EPERM".to_owned())),
            ..IoUring::default()
        },
        load: Load {
            cpus: Some(vec![CpuTime::default()]),
            ..Load::default()
        },
        jitter: Some(Jitter::default()),
        source: Some(Source::default()),
        binaries: vec![Binary::default()],
        ..Environment::default()
    }
}

#[test]
fn every_field_that_the_load_generator_prints_is_documented() {
    let printed = |target: SocketAddr, flags: &str| -> Value {
        let mut command = Command::new(bin_dir().join("loadgen"));
        command.args([
            "--json",
            "--conns",
            "4",
            "--duration",
            "100ms",
            "--warmup",
            "10ms",
            "--target",
        ]);
        command.arg(target.to_string()).args(flags.split_whitespace());
        serde_json::from_slice(&output(&mut command).stdout).unwrap()
    };
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let echo = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = echo.local_addr().unwrap();
    thread::spawn(move || {
        for client in echo.incoming().flatten() {
            thread::spawn(move || io::copy(&mut &client, &mut &client));
        }
    });
    documented(
        "loadgen --json",
        &[
            printed(target, "--slow-every 2 --requests-per-conn 50"),
            printed(target, ""),
            printed(target, "--rate 1k --slow-every 2"),
            printed(target, "--rate 1k"),
            printed(nowhere, ""),
        ],
    );
    let mut curve = printed(target, "--rate 1k,2k,3k");
    for window in curve["windows"].as_array_mut().unwrap() {
        // Told above; of each only that it is there.
        *window = json!({});
    }
    documented("loadgen --rate A,B --json", &[curve]);
}

#[test]
fn every_field_of_a_history_is_documented() {
    let points = crate::trend::samples();
    let points: Vec<Value> = points
        .iter()
        .map(|point| serde_json::to_value(point).unwrap())
        .collect();
    documented("history.jsonl", &points);
}

#[test]
fn exported_benchmarks_are_documented() {
    let (_, example) = FORMAT.split_once("```json").unwrap();
    let example = example.split("```").next().unwrap();
    documented("benches.json", &[serde_json::from_str(example).unwrap()]);
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    for run in std::fs::read_dir(results).unwrap().flatten() {
        if let Ok(text) = std::fs::read_to_string(run.path().join("benches.json")) {
            documented("benches.json", &[serde_json::from_str(&text).unwrap()]);
        }
    }
}

#[test]
fn only_maps_have_free_keys() {
    let document = Document::parse(FORMAT);
    let all = document.records.keys().flat_map(|record| document.of(record));
    let starred: BTreeSet<String> = all.map(|entry| entry.path).filter(|path| path.contains('*')).collect();
    assert_eq!(starred, FREE_KEYS.map(str::to_owned).into());
}

#[test]
fn what_is_not_documented_and_what_is_not_there_any_more_are_found() {
    let text = "\
## The record: `a`

| field | unit | meaning |
| --- | --- | --- |
| `n` | number | A number. |
| `x_ns` | ns, [parts](#its-parts) | Two numbers. |
| `list[]` | object, or null | A list. |
| `list[].name` | text | Its name. |
| `free.*` | text | Any. |

## Shared

### Its parts

| field | unit | meaning |
| --- | --- | --- |
| `.mean` | ns | The mean. |
| `.max` | ns or null | The maximum. |
";
    let whole =
        json!({ "n": 1, "x_ns": { "mean": 1.5, "max": null }, "list": [{ "name": "a" }], "free": { "b": "c" } });
    let found = |text: &str, value: &Value| differences(&Document::parse(text).of("a"), std::slice::from_ref(value));
    let with = |change: fn(&mut Value)| {
        let mut value = whole.clone();
        change(&mut value);
        found(text, &value)
    };
    assert_eq!(found(text, &whole), Vec::<String>::new());

    // In the records and not in the document.
    assert_eq!(with(|value| value["new"] = 1.into()), ["`new` has no entry"]);
    assert_eq!(with(|value| value["new"] = Value::Null), ["`new` has no entry"]);
    assert_eq!(with(|value| value["new"] = json!([])), ["`new` has no entry"]);
    assert_eq!(
        with(|value| value["list"][0]["new"] = 1.into()),
        ["`list[].new` has no entry"]
    );
    assert_eq!(
        with(|value| value["x_ns"]["p50"] = 1.into()),
        ["`x_ns.p50` has no entry"]
    );
    assert_eq!(
        with(|value| value["free"]["d"] = json!({ "new": 1 })),
        ["`free.*.new` has no entry"; 1]
    );
    assert_eq!(
        with(|value| value["n"] = json!([1])),
        ["`n[]` has no entry", "`n` is in no record"]
    );

    // In the document and not in the records.
    let stale = |entry: &str| found(&text.replace("\n| `n` |", &format!("\n{entry}\n| `n` |")), &whole);
    assert_eq!(stale("| `old` | number | It was. |"), ["`old` is in no record"]);
    assert_eq!(
        stale("| `list[].old` | text | It was. |"),
        ["`list[].old` is in no record"]
    );
    assert_eq!(stale("| `n` | number | Again. |"), ["an entry is there twice"]);
    let hollow = json!({ "n": 1, "x_ns": { "mean": 1.5, "max": 2 }, "list": null, "free": {} });
    assert_eq!(found(text, &hollow), ["`list[].name` is in no record"]);

    // An entry that says something else than what is there.
    let null = with(|value| value["n"] = Value::Null);
    assert_eq!(null, ["`n` can be null, and its unit is 'number'"]);
    let seconds = text.replace("| ns, [parts]", "| s, [parts]");
    assert_eq!(
        found(&seconds, &whole),
        ["`x_ns` has the unit 's, [parts](#its-parts)'"]
    );
    let closed = text.replace("| `n` | number |", "| `n` | object or null |");
    assert_eq!(found(&closed, &whole), ["`n` has no entries of its fields"]);
}
