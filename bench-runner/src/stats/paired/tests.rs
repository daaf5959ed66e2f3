//! Runs that are made up.

use jiff::Timestamp;

use super::*;
use crate::environment::{Binary, Environment, Source};
use crate::record::{SCHEMA, Settings};

/// A run of two servers, of which `beside` is the one that others are held against.
fn run() -> Run {
    let binary = |name: &str, digit: &str| Binary {
        name: name.to_owned(),
        sha256: Some(digit.repeat(64)),
        ..Binary::default()
    };
    Run {
        schema: SCHEMA,
        run_id: "a-run".to_owned(),
        version: "0.1.0".to_owned(),
        started_at: Timestamp::from_second(1_700_000_000).unwrap(),
        finished_at: None,
        interrupted: false,
        servers: vec!["poll".to_owned(), "beside".to_owned()],
        faulty: Vec::new(),
        catalog: Vec::new(),
        settings: Settings::default(),
        seed: 1,
        environment: Environment {
            source: Some(Source {
                revision: Some("3ab12cd".to_owned()),
                dirty: Some(true),
                committed_at: None,
            }),
            binaries: vec![binary("beside", "b"), binary("poll", "a")],
            ..Environment::default()
        },
        warnings: Vec::new(),
    }
}

/// A busy window in which a request took `cpu` ns of CPU time.
fn row(server: &str, round: u32, cpu: f64) -> Row {
    let mut row: Row = serde_json::from_str(include_str!("../warnings/quiet-row.json")).unwrap();
    row.server = server.to_owned();
    row.round = round;
    row.cpu_ns_per_request = Some(cpu);
    row
}

/// Three rounds of both; the machine is twice as slow in the second.
fn rows() -> Vec<Row> {
    let rounds = [(1, 1_000.0), (2, 2_000.0), (3, 1_000.0)];
    let both = rounds.map(|(round, cpu)| [row("poll", round, cpu * 1.5), row("beside", round, cpu)]);
    both.concat()
}

fn of(paired: &Paired, metric: Metric) -> Option<&Point> {
    paired.points.iter().find(|point| point.metric == metric)
}

#[test]
fn rounds_are_held_against_each_other_one_by_one() {
    let mut rows = rows();
    rows[0].cpu_ns_per_request = Some(1_400.0);
    let paired = paired(&run(), &rows, "beside");
    let cpu = of(&paired, Metric::CpuNsPerRequest).unwrap();
    assert_eq!(
        (cpu.rounds, cpu.value, cpu.reference_value, cpu.ratio),
        (3, 1_500.0, 1_000.0, 1.5)
    );
    assert_eq!(
        (&*cpu.server, &*cpu.reference, cpu.conns, cpu.active),
        ("poll", "beside", 100, 100)
    );
    assert_eq!((cpu.at, &*cpu.run_id), (run().started_at, "a-run"));
    assert_eq!((cpu.revision.as_deref(), cpu.dirty), (Some("3ab12cd"), Some(true)));
    assert_eq!(cpu.server_sha256, Some("a".repeat(64)));
    assert_eq!(cpu.reference_sha256, Some("b".repeat(64)));
    assert_eq!(cpu.load, "closed loop, echo requests of 64 bytes");
    assert_eq!(cpu.environment_class, run().environment.class());
    assert_eq!(of(&paired, Metric::RatePerS).unwrap().ratio, 1.0);
    assert!(
        paired.points.iter().all(|point| point.server == "poll"),
        "not the reference itself"
    );
}

#[test]
fn windows_are_apart_and_each_metric_is_told_where_it_means_something() {
    let mut rows = rows();
    let idle = rows.iter().cloned().map(|mut row| {
        row.window = Window::Idle;
        row.load.active = 10;
        row
    });
    rows.extend(idle.collect::<Vec<_>>());
    rows.iter_mut()
        .for_each(|row| row.memory_bytes_per_connection = Some(4096.0));
    let both = paired(&run(), &rows, "beside");
    let told: Vec<(Window, Metric)> = both.points.iter().map(|point| (point.window, point.metric)).collect();
    let (cpu, rate, p99) = (Metric::CpuNsPerRequest, Metric::RatePerS, Metric::P99Ns);
    let busy = [cpu, rate, p99, Metric::MemoryBytesPerConnection].map(|metric| (Window::Busy, metric));
    let idle = [cpu, rate, p99].map(|metric| (Window::Idle, metric));
    assert_eq!(told, [&busy[..], &idle].concat());

    for row in &mut rows {
        row.window = Window::Open;
        row.load.rate_per_s = Some(if row.load.active == 10 { 2e4 } else { 1e4 });
        row.response_ns = Some(row.latency_ns);
    }
    let open = paired(&run(), &rows, "beside");
    assert!(
        of(&open, Metric::RatePerS).is_none(),
        "what was offered is no throughput"
    );
    let rates: Vec<Option<f64>> = open.points.iter().map(|point| point.rate_per_s).collect();
    assert!(rates.contains(&Some(1e4)) && rates.contains(&Some(2e4)));
}

#[test]
fn what_would_mislead_is_left_out_and_said() {
    let after = |server: &str, change: &dyn Fn(&mut Row)| {
        let mut rows = rows();
        rows.iter_mut().filter(|row| row.server == server).for_each(change);
        let paired = paired(&run(), &rows, "beside");
        let told: Vec<Metric> = paired.points.iter().map(|point| point.metric).collect();
        (told, paired.left_out)
    };
    let (cpu, rate, p99) = (Metric::CpuNsPerRequest, Metric::RatePerS, Metric::P99Ns);
    assert_eq!(after("poll", &|_| ()), (vec![cpu, rate, p99], vec![]));
    for verdict in [Verdict::Failed, Verdict::Unsound, Verdict::Starved, Verdict::Capped] {
        let (told, why) = after("poll", &|row| row.verdicts.push(verdict));
        let said = format!(
            "poll at 100 connections: no CPU per request, throughput, p99: {}",
            verdict.name()
        );
        assert_eq!((told, why), (vec![], vec![said]));
    }
    let bound = after("poll", &|row| row.verdicts.push(Verdict::ClientBound));
    assert_eq!(bound.0, [cpu], "CPU per request holds whichever side gave out");
    let behind = after("poll", &|row| row.verdicts.push(Verdict::Behind));
    assert_eq!(behind.0, [cpu, rate]);
    let lost = after("poll", &|row| row.latency_ns.p99 = None);
    let said = "poll at 100 connections: no p99: it falls among requests without a reply";
    assert_eq!(lost, (vec![cpu, rate], vec![said.to_owned()]));
    let blind = after("beside", &|row| row.cpu_ns_per_request = None);
    let said = "poll at 100 connections: no CPU per request: 'beside', which it is held against: it is missing";
    assert_eq!(blind, (vec![rate, p99], vec![said.to_owned()]));
    let memory = after("poll", &|row| row.memory_bytes_per_connection = Some(4096.0));
    assert!(memory.1[0].contains("no memory per connection: 'beside'"), "{memory:?}");
}

#[test]
fn a_round_that_one_of_them_lacks_is_in_no_point() {
    let mut rows = rows();
    rows[1].verdicts = vec![Verdict::Failed];
    rows[2].cpu_ns_per_request = None;
    let paired = paired(&run(), &rows, "beside");
    let rounds = |metric| of(&paired, metric).unwrap().rounds;
    assert_eq!((rounds(Metric::CpuNsPerRequest), rounds(Metric::RatePerS)), (1, 2));
    assert_eq!(paired.left_out, Vec::<String>::new());
}

#[test]
fn servers_that_are_wrong_on_purpose_are_not_followed() {
    let run = Run {
        faulty: vec!["poll".to_owned()],
        ..run()
    };
    assert_eq!(paired(&run, &rows(), "beside").points, []);
}

#[test]
fn another_load_has_other_words() {
    let words = |change: fn(&mut Run, &mut Row)| {
        let (mut run, mut row) = (run(), row("poll", 1, 1.0));
        change(&mut run, &mut row);
        load(&run, &row)
    };
    let usual = "closed loop, echo requests of 64 bytes";
    assert_eq!(
        words(|_, row| row.load.duration_s = 9.0),
        usual,
        "a longer look at the same"
    );
    assert_eq!(
        words(|_, row| row.load.pipeline = 8),
        format!("{usual}, 8 under way on each connection")
    );
    assert_eq!(
        words(|run, row| {
            (row.load.work, row.load.slow_every) = ("wait:5ms".to_owned(), 10);
            (row.load.think_s, row.load.requests_per_conn) = (0.1, Some(7));
            (run.settings.workers, run.settings.spin) = (Some(2), true);
            row.load.stall_s = 0.5;
        }),
        format!(
            "{usual}, work wait:5ms for one in 10, pauses of 0.1 s, a connection for each 7, the server stopped for 0.5 s, \
             2 workers, a generator that polls"
        )
    );
    let open = words(|_, row| row.load.arrivals = Some(loadgen::Arrivals::Poisson));
    assert_eq!(open, "open loop, poisson arrivals, echo requests of 64 bytes");
    let reply = words(|run, row| {
        run.settings.protocol = loadgen::Protocol::Reply;
        row.load.protocol = "reply".to_owned();
    });
    assert_eq!(reply, "closed loop, reply requests of 64 bytes and replies of 16 bytes");
}
