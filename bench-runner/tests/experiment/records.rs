//! What a run leaves behind, and that all of it can be drawn again from the records alone.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bench_runner::record::Row;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{Place, output};

const DRAWN: [&str; 8] = [
    "1-served.svg",
    "1-served.png",
    "2-watched.svg",
    "2-watched.png",
    "7-cpu.svg",
    "7-cpu.png",
    "README.md",
    "report.html",
];

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

fn has(object: &Value, promised: &[&str]) {
    let names = names(object);
    for name in promised {
        assert!(names.contains(*name), "'{name}' is not among {names:?}");
    }
}

#[test]
fn a_run_leaves_rows_the_machine_charts_and_a_readme() {
    let place = Place::new();
    let run = place.measure("-m epoll,thread -c 20 --active 5 --seed 7");
    assert_eq!(run.code, Some(0), "{}", run.told);
    assert_eq!(
        (run.rows.len(), run.keys().len()),
        (4, 4),
        "two windows each, and each key once"
    );
    for (json, row) in run.json.iter().zip(&run.rows) {
        has(
            json,
            &[
                "schema",
                "run_id",
                "cell_id",
                "started_at",
                "server",
                "model",
                "conns",
                "round",
                "window",
                "verdict",
                "verdicts",
                "connections",
                "limited_by",
                "rate_per_s",
                "latency_ns",
                "cpu_ns_per_request",
                "memory_bytes_per_connection",
                "server_cpus",
                "generator_cpus",
                "sources",
                "missing",
            ],
        );
        has(&json["connections"], &["requested", "connected", "served", "starved"]);
        has(
            &json["latency_ns"],
            &["mean", "p50", "p90", "p99", "p999", "p9999", "max"],
        );
        assert_eq!((row.schema, row.conns, row.round), (1, 20, 1));
        assert_eq!(
            (&row.run_id, &row.model),
            (&run.run["run_id"].as_str().unwrap().to_owned(), &row.server)
        );
        assert_eq!(row.cell_id, format!("{}/20/1", row.server));
        run.is_measured(&row.server);
        let active = if row.window.name() == "busy" { 20 } else { 5 };
        let c = row.connections.unwrap();
        assert_eq!((c.requested, c.connected, c.active, c.served), (20, 20, active, active));
        assert_eq!(
            (c.starved, c.refused, c.lost, row.outcomes.as_ref().unwrap().failures()),
            (0, 0, 0, vec![])
        );
        assert!(row.littles_law.is_some_and(|law| law.holds), "{:?}", row.littles_law);
        assert!(row.ready.as_ref().is_some_and(|ready| ready.capacity.connections > 20));
        assert_eq!(
            row.stopped.as_ref().map(|stopped| stopped.accepted),
            Some(20),
            "this cell's clients alone"
        );
        let memory = row.memory_bytes_per_connection;
        assert!(memory.is_none_or(|bytes| bytes > 0.0), "{memory:?}");
        assert_eq!(row.histogram.as_ref().map(loadgen::Histogram::len), row.requests);
    }

    run.accounts_for_every_cost();

    has(
        &run.run,
        &[
            "schema",
            "run_id",
            "version",
            "started_at",
            "finished_at",
            "interrupted",
            "servers",
            "settings",
            "seed",
        ],
    );
    assert!(run.run["finished_at"].is_string());
    assert_eq!((&run.run["seed"], &run.run["interrupted"]), (&7.into(), &false.into()));
    assert_eq!(run.run["servers"], serde_json::json!(["thread", "epoll-edge"]));
    let settings = serde_json::to_value(bench_runner::record::Settings::default()).unwrap();
    assert_eq!(
        names(&run.run["settings"]),
        names(&settings),
        "every default is written out"
    );
    assert_eq!(run.run["settings"]["duration_s"], 0.4);
    let environment = &run.run["environment"];
    has(
        environment,
        &[
            "command_line",
            "os",
            "cpu",
            "virtualisation",
            "memory",
            "sysctl",
            "user",
            "rlimits",
            "cgroup",
            "io_uring",
            "load",
            "build",
            "source",
            "binaries",
            "server_cpus",
            "generator_cpus",
        ],
    );
    let binaries = environment["binaries"].as_array().unwrap();
    assert_eq!(binaries.len(), 3, "two servers and the generator: {binaries:?}");
    assert!(
        environment["command_line"]
            .as_array()
            .unwrap()
            .contains(&"--seed".into())
    );

    assert!(
        run.table.contains("epoll-edge") && run.table.contains("req/s"),
        "{}",
        run.table
    );
    let readme = fs::read_to_string(place.path("out/README.md")).unwrap();
    assert!(readme.contains("--seed 7") && readme.contains("1-served.svg") && readme.contains("epoll-edge"));
    for name in DRAWN {
        let file = fs::read(place.path("out").join(name)).unwrap();
        if name.ends_with(".png") {
            assert_eq!((&file[..4], size(&file)), (&b"\x89PNG"[..], (1920, 1080)), "{name}");
        }
    }
    assert!(
        !place.path("latest").exists(),
        "only runs under results/ are found by that name"
    );
}

/// Width and height, from a PNG's header.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn drawn(directory: &Path) -> Vec<(&'static str, Vec<u8>)> {
    DRAWN
        .map(|name| (name, fs::read(directory.join(name)).unwrap_or_default()))
        .to_vec()
}

#[test]
fn everything_is_drawn_again_from_the_records_alone() {
    let place = Place::new();
    let none = output(&mut place.bare("report"));
    assert_eq!(none.status.code(), Some(2));
    let told = String::from_utf8(none.stderr).unwrap();
    assert!(told.contains("no recorded run in 'results'"), "{told}");

    let times = "--duration 200ms --warmup 10ms -r 1";
    let run = output(&mut place.command(&format!("-m epoll,poll -c 5,10 --active 5 {times}")));
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let out = place.path("results/latest");
    let first = drawn(&out);
    assert!(first.iter().all(|(_, bytes)| !bytes.is_empty()));

    DRAWN.iter().for_each(|name| fs::remove_file(out.join(name)).unwrap());
    let again = output(&mut place.bare("report"));
    assert_eq!(String::from_utf8(again.stderr).unwrap(), "");
    assert_eq!(again.status.code(), Some(0));
    for ((name, now), (_, before)) in drawn(&out).iter().zip(&first) {
        let at = now.iter().zip(before).position(|(now, before)| now != before);
        let around = |bytes: &[u8]| {
            let at = at.unwrap_or(now.len().min(before.len()));
            String::from_utf8_lossy(&bytes[at.saturating_sub(80)..(at + 80).min(bytes.len())]).into_owned()
        };
        assert!(now == before, "{name}: '{}' was '{}'", around(now), around(before));
    }
    let table = |output: &[u8]| {
        String::from_utf8_lossy(output)
            .split("report.html")
            .next()
            .unwrap()
            .to_owned()
    };
    assert!(
        table(&again.stdout).starts_with(table(&run.stdout).rsplit_once('\n').unwrap().0),
        "the same table"
    );

    // Killed in the middle of a line; a line that is there twice; and one that no crash can have torn.
    let rows = fs::read_to_string(out.join("rows.jsonl")).unwrap();
    let line = rows.lines().next().unwrap();
    let half = &line[..line.len() / 2];
    fs::write(out.join("rows.jsonl"), format!("{half}\n{rows}{line}\n{half}")).unwrap();
    DRAWN.iter().for_each(|name| fs::remove_file(out.join(name)).unwrap());
    let damaged = output(&mut place.bare("report results/latest"));
    let told = String::from_utf8(damaged.stderr).unwrap();
    for damage in [
        "line 1 cannot be read",
        "line 8 repeats",
        "the first counts",
        "line 9 is the last and torn; its row is lost",
    ] {
        assert!(told.contains(damage), "'{damage}' is not in: {told}");
    }
    assert_eq!((damaged.status.code(), drawn(&out) == first), (Some(0), true));
}

#[test]
fn a_stored_run_is_read_with_its_benchmarks_and_whatever_damage_it_has() {
    let place = Place::new();
    let times = "--duration 200ms --warmup 10ms -r 1";
    let run = output(&mut place.command(&format!("-m epoll,poll -c 5 --active 5 {times} --out stored")));
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let out = place.path("stored");
    let first = drawn(&out);
    let report = || {
        let report = output(&mut place.bare("report stored"));
        assert_eq!(report.status.code(), Some(0));
        String::from_utf8(report.stderr).unwrap()
    };

    let rows = fs::read(out.join("rows.jsonl")).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&rows).unwrap();
    let packed = packed.finish().unwrap();
    fs::remove_file(out.join("rows.jsonl")).unwrap();
    fs::write(out.join("rows.jsonl.gz"), &packed).unwrap();
    assert_eq!((report(), drawn(&out) == first), (String::new(), true));
    let again = output(&mut place.command(&format!("-m epoll -c 5 {times} --out stored")));
    assert!(String::from_utf8_lossy(&again.stderr).contains("holds a run already"));

    // The chart of single steps is there as soon as they are.
    assert!(!out.join("8-steps.svg").exists());
    let bench = |function: &str, ns: f64| {
        serde_json::json!({ "group": "spawn", "function": function, "parameter": null, "time_ns": ns, "low_ns": ns,
            "high_ns": ns, "confidence": 0.95, "samples": 100 })
    };
    let benches = serde_json::json!({ "schema": 1, "measured_at": "2026-03-14T10:15:00Z", "revision": null,
        "dirty": null, "rustc": null, "kernel_release": null, "cpu_model": null, "cpus": null, "command": "cargo bench",
        "benches": [bench("thread", 23e3), bench("fork", 111e3)] });
    fs::write(out.join("benches.json"), benches.to_string()).unwrap();
    assert_eq!(report(), "");
    let chart = fs::read_to_string(out.join("8-steps.svg")).unwrap();
    assert!(
        chart.contains("A fork: 111 µs") && chart.contains("spawn: thread"),
        "{chart}"
    );

    fs::write(out.join("benches.json"), "{").unwrap();
    assert!(report().contains("benches.json' is damaged"));
    fs::write(out.join("rows.jsonl.gz"), &packed[..packed.len() - 20]).unwrap();
    assert!(report().contains("rows.jsonl.gz' is damaged"));
}

#[test]
fn the_work_reaches_the_servers_and_their_rows() {
    let place = Place::new();
    let script = place.path("teller");
    fs::write(&script, "#!/bin/sh\necho \"told: $*\" >&2\nexit 3\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let catalog = format!("[[model]]\nname = \"teller\"\nbinary = '{}'\n", script.display());
    fs::write(place.path("catalog.toml"), catalog).unwrap();
    let told = |out: &str, flag: &str| {
        let mut command = place.command(&format!("-c 3 -r 1 --duration 100ms --out {out} {flag}"));
        command.args(["--catalog", "catalog.toml", "-m", "teller,mine"]);
        command.args(["--server", &format!("mine={} {{port}} {{work}}", script.display())]);
        assert_eq!(output(&mut command).status.code(), Some(1));
        let rows = fs::read_to_string(place.path(out).join("rows.jsonl")).unwrap();
        let rows = rows.lines().map(|row| serde_json::from_str(row).unwrap());
        rows.collect::<Vec<Row>>()
    };
    for (flag, work) in [("", "none"), ("--work cpu:7", "cpu:7"), ("--work wait:2ms", "wait:2ms")] {
        let rows = told(&work.replace(':', "-"), flag);
        assert_eq!(rows.len(), 2);
        for row in rows {
            assert_eq!(row.load.work, work);
            let line = row.last_stderr.unwrap();
            let expected = match &*row.server {
                "mine" => line.ends_with(work),
                _ => line.contains(&format!("--work {work}")) == (work != "none"),
            };
            assert!(expected, "{}: {line}", row.server);
        }
    }
}
