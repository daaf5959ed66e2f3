//! Servers that answer rightly, each in its own way.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use loadgen::Outcome;
use nix::sys::resource::{Resource, setrlimit};
use socket2::SockRef;

use crate::run::{DEADLINE, loadgen, measure, output, read};
use crate::stub::{Stub, echo};

#[test]
fn all_are_served_and_the_account_has_every_promised_name() {
    let stub = Stub::echo();
    let run = measure(stub.address, "--conns 10");
    run.failures(&[]);
    let m = &run.measured;
    assert_eq!((m.requested, m.connected, m.active, m.served), (10, 10, 10, 10));
    assert_eq!((m.starved, m.turned_away, m.lost), (0, 0, 0));
    assert!(m.requests > 0 && stub.total() >= m.requests);
    assert!(m.jain_index.unwrap() > 0.5, "{:?}", m.jain_index);
    assert!(m.fewest.unwrap() * 10 <= m.requests && m.most.unwrap() * 10 >= m.requests);
    assert!(run.count(Outcome::Unfinished) <= 10);
    assert_eq!(m.generator.shards, 1);
    assert!(m.generator.cpu_s > 0.0 && !m.generator.spin);

    let names = |object: &serde_json::Value| -> Vec<String> { object.as_object().unwrap().keys().cloned().collect() };
    let all = names(&run.json);
    for name in [
        "requested",
        "connected",
        "served",
        "starved",
        "elapsed_s",
        "requests",
        "rate_per_s",
        "latency_ns",
        "connect_ns",
        "outcomes",
        "jain_index",
        "generator",
        "histogram",
    ] {
        assert!(all.iter().any(|have| have == name), "'{name}' is not among {all:?}");
    }
    for quantiles in ["latency_ns", "connect_ns", "first_reply_ns"] {
        assert_eq!(
            names(&run.json[quantiles]),
            ["max", "mean", "p50", "p90", "p99", "p999", "p9999"],
            "{quantiles}"
        );
        assert!(run.json[quantiles]["p50"].as_u64() <= run.json[quantiles]["max"].as_u64());
    }
    let mut classes = names(&run.json["outcomes"]);
    classes.sort();
    assert_eq!(
        classes,
        [
            "closed_early",
            "connect_timeout",
            "mismatch",
            "no_descriptors",
            "no_ports",
            "ok",
            "other",
            "refused",
            "request_timeout",
            "reset",
            "unfinished"
        ]
    );
    assert_eq!(names(&run.json["generator"]), ["cpu_s", "cpu_share", "shards", "spin"]);
}

#[test]
fn fixed_replies_are_served_too() {
    let stub = Stub::new(|request, mut client| {
        let mut reply = request.bytes[..8].to_vec();
        reply.resize(20, 0);
        client.write_all(&reply)
    });
    let run = measure(stub.address, "--conns 5 --protocol reply --reply-bytes 20");
    run.failures(&[]);
    assert_eq!((run.measured.served, run.measured.starved), (5, 0));
    assert!(stub.total() >= run.measured.requests && run.measured.requests > 0);
}

#[test]
fn a_summary_for_people_tells_the_same() {
    let stub = Stub::echo();
    let mut command = loadgen();
    command.args(["-c", "3", "-d", "200ms", "--target", &stub.address.to_string()]);
    let output = output(command);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    for word in [
        "3 connections, 3 talking",
        "3 connected, 3 served",
        "req/s",
        "p99",
        "Jain",
        "generator",
    ] {
        assert!(text.contains(word), "'{word}' is not in:\n{text}");
    }
    assert!(!text.contains("warning") && !text.contains("failures"), "{text}");
}

#[test]
fn only_the_active_talk_and_they_are_evenly_picked() {
    let stub = Stub::echo();
    let run = measure(stub.address, "--conns 20 --active 3");
    run.failures(&[]);
    let m = &run.measured;
    assert_eq!(
        (m.requested, m.connected, m.active, m.served, m.starved),
        (20, 20, 3, 3, 0)
    );
    let seen = stub.seen();
    assert_eq!(
        seen.keys().copied().collect::<Vec<_>>(),
        (0..20).collect::<Vec<_>>(),
        "each says hello"
    );
    let talking: Vec<u32> = seen.iter().filter(|&(_, &n)| n > 1).map(|(&id, _)| id).collect();
    assert_eq!(talking, [0, 7, 14]);
}

#[test]
fn shards_share_the_connections_and_their_account_is_one() {
    let stub = Stub::echo();
    let run = measure(stub.address, "--conns 20 --shards 3");
    run.failures(&[]);
    let m = &run.measured;
    assert_eq!(
        (m.requested, m.connected, m.active, m.served, m.generator.shards),
        (20, 20, 20, 20, 3)
    );
    // Every number once: a number that two shards used would be missing elsewhere.
    assert_eq!(
        stub.seen().keys().copied().collect::<Vec<_>>(),
        (0..20).collect::<Vec<_>>()
    );
    assert!(stub.total() >= m.requests && run.count(Outcome::Unfinished) <= 20);
}

#[test]
fn a_low_limit_of_descriptors_takes_more_shards_and_stops_nothing() {
    let stub = Stub::echo();
    let mut command = loadgen();
    command.args([
        "--json",
        "--conns",
        "200",
        "--duration",
        "500ms",
        "--target",
        &stub.address.to_string(),
    ]);
    // SAFETY: setrlimit is a plain system call.
    unsafe { command.pre_exec(|| Ok(setrlimit(Resource::RLIMIT_NOFILE, 64, 64)?)) };
    let run = read(&output(command));
    run.failures(&[]);
    assert_eq!((run.measured.connected, run.measured.served), (200, 200));
    assert!(
        (4..=10).contains(&run.measured.generator.shards),
        "{:?}",
        run.measured.generator
    );
    assert_eq!(stub.seen().len(), 200);
}

#[test]
fn spinning_gives_the_same_account_and_says_so() {
    let stub = Stub::echo();
    let run = measure(stub.address, "--conns 4 --spin");
    run.failures(&[]);
    assert_eq!((run.measured.served, run.measured.generator.spin), (4, true));
}

#[test]
fn a_reply_that_comes_byte_by_byte_is_one_reply() {
    let stub = Stub::new(|request, mut client| request.bytes.iter().try_for_each(|byte| client.write_all(&[*byte])));
    let run = measure(stub.address, "--conns 2");
    run.failures(&[]);
    assert_eq!(run.measured.served, 2);
}

#[test]
fn replies_to_a_pipeline_may_come_all_at_once() {
    /// Requests that wait for their reply, on each connection.
    static WAITING: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
    let stub = Stub::new(|request, mut client| {
        let mut waiting = WAITING.lock().unwrap();
        let id = request.id as usize;
        let connections = waiting.len().max(id + 1);
        waiting.resize(connections, Vec::new());
        waiting[id].extend_from_slice(&request.bytes);
        // The first one comes alone; from then on eight are under way.
        if request.sequence == 0 || waiting[id].len() == 8 * request.bytes.len() {
            let replies = std::mem::take(&mut waiting[id]);
            drop(waiting);
            client.write_all(&replies)?;
        }
        Ok(())
    });
    let run = measure(stub.address, "--conns 3 --pipeline 8");
    run.failures(&[]);
    assert_eq!(run.measured.served, 3);
    assert_eq!(
        run.count(Outcome::Unfinished),
        24,
        "all eight of each are always under way"
    );
    assert!(
        run.measured
            .littles_law
            .is_some_and(|law| (law.expected - 24.0).abs() < 0.5)
    );
}

#[test]
fn a_pipeline_is_as_deep_as_was_asked_for_and_no_deeper() {
    let stub = Stub::echo();
    let run = measure(stub.address, "--conns 3 --pipeline 8");
    run.failures(&[]);
    assert_eq!((run.measured.served, run.count(Outcome::Unfinished)), (3, 24));
    assert!(stub.total() >= run.measured.requests);
}

#[test]
fn large_requests_reach_a_server_that_reads_slowly() {
    // Far less than a request: the generator has to keep what the socket does not take.
    let welcome = |_, client: &std::net::TcpStream| SockRef::from(client).set_recv_buffer_size(64 * 1024);
    let stub = Stub::with(
        16,
        welcome,
        // Passes on what comes, a little at a time, until the client is gone.
        |request, mut client| {
            echo(request, client)?;
            let mut buffer = [0; 3000];
            loop {
                let read = client.read(&mut buffer)?;
                if read == 0 {
                    return crate::stub::close();
                }
                client.write_all(&buffer[..read])?;
            }
        },
    );
    let run = measure(stub.address, "--conns 2 --request-bytes 1M --duration 2s");
    run.failures(&[]);
    assert_eq!(run.measured.served, 2);
}

#[test]
fn a_server_that_hangs_to_the_end_shows_in_the_ages_of_what_it_left_unfinished() {
    // Hangs half a second after its first request beyond the hello, until long after the window.
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let (conns, hang) = (4, Duration::from_millis(500));
    let stub = Stub::new(move |request, client| {
        if request.sequence > 0 && BEGAN.get_or_init(Instant::now).elapsed() >= hang {
            thread::sleep(DEADLINE);
        }
        echo(request, client)
    });
    let run = measure(stub.address, &format!("--conns {conns} --duration 1500ms"));
    run.failures(&[]);
    let m = &run.measured;
    assert_eq!((m.served, run.count(Outcome::Unfinished)), (conns, conns));
    assert_eq!(m.unfinished_histogram.len(), conns);
    // The window ends 1.55 s after the first request at the earliest; 50 ms for whoever was asked late.
    let stall = m.unfinished_ns.p50.unwrap();
    assert!(stall >= 900_000_000, "{stall}");
    assert!(m.latency_ns.p50.unwrap() < stall / 10, "{:?}", m.latency_ns);
    assert!(run.json["unfinished_ns"]["p50"].is_u64() && run.json["unfinished_histogram"].is_string());
}

#[test]
fn a_stall_shows_in_the_latency_of_whoever_it_met() {
    let stall = Duration::from_millis(200);
    let stub = Stub::new(move |request, client| {
        if request.id == 0 && request.sequence % 5 == 4 {
            thread::sleep(stall);
        }
        echo(request, client)
    });
    let run = measure(stub.address, "--conns 4 --duration 1s");
    run.failures(&[]);
    assert_eq!(run.measured.served, 4);
    // To three digits.
    assert!(run.measured.latency_ns.max.unwrap() as f64 >= 0.999 * stall.as_nanos() as f64);
    assert!(run.measured.jain_index.unwrap() < 1.0);
}
