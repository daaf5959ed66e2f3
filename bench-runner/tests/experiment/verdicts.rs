//! What is said of servers that are right and have a limit. (Verdicts on the load generator need CPUs to themselves;
//! they are tested where they are computed.)

use std::process::Command;

use crate::hostile::foreign;
use bench_runner::record::Verdict;

use crate::support::Place;

#[test]
fn one_client_at_a_time_starves_all_others() {
    let place = Place::new();
    let run = place.measure("-m iterative -c 5");
    assert_eq!(run.code, Some(0), "a limit is a result: {}", run.told);
    let [row] = run.of("iterative")[..] else {
        panic!(
            "one window, as all five would be active in the second too: {:?}",
            run.keys()
        );
    };
    let c = row.connections.unwrap();
    assert_eq!(
        (c.requested, c.connected, c.served, c.starved, c.refused),
        (5, 5, 1, 4, 0)
    );
    assert_eq!(
        (row.verdict.name(), row.limited_by.as_deref()),
        ("starved", Some("workers"))
    );
    assert_eq!(
        (row.latency_ns.p50, row.latency_ns.p99, row.latency_ns.mean),
        (None, None, None)
    );
    assert!(
        row.reply_latency_ns.p50.is_some(),
        "the one that was served has a latency"
    );
    assert!(run.table.contains('✗'), "{}", run.table);
}

#[test]
fn a_descriptor_limit_caps_at_the_number_that_was_announced() {
    let place = Place::new();
    let run = place.measure("-m select -c 60 --active 6 --server-nofile 40");
    assert_eq!(run.code, Some(0), "{}", run.told);
    for row in run.of("select") {
        let ready = row.ready.as_ref().unwrap();
        let room = ready.capacity.connections;
        assert!((20..40).contains(&room), "{room}");
        assert_eq!(ready.capacity.bound_by, "RLIMIT_NOFILE");
        let c = row.connections.unwrap();
        assert_eq!((c.requested, c.connected, c.connected - c.refused), (60, 60, room));
        assert_eq!(
            (row.verdict.name(), row.limited_by.as_deref()),
            ("capped", Some("RLIMIT_NOFILE"))
        );
        // Both sides may have used up their CPUs besides.
        let evidence = &row.evidence[&Verdict::Capped];
        assert!(
            evidence.starts_with(&format!("{room} of 60 connections held")),
            "{evidence}"
        );
        let stopped = row.stopped.as_ref().unwrap();
        assert_eq!((stopped.accepted, stopped.peak_concurrent), (room, room));
        assert_eq!(stopped.refused.get("RLIMIT_NOFILE"), Some(&(60 - room)));
        if row.window.name() == "busy" {
            assert_eq!((c.served, c.starved), (room, 0));
        }
    }
}

#[test]
fn a_server_with_little_room_is_checked_within_it() {
    let place = Place::new();
    let run = place.measure("-m select,poll,thread -c 40 --server-nofile 34 --duration 100ms");
    assert_eq!(run.code, Some(0), "{}", run.told);
    for row in &run.rows {
        let room = row.ready.as_ref().unwrap().capacity.connections;
        assert!(room < 32, "{room}");
        assert_eq!(row.connections.unwrap().served, room, "{}", row.server);
    }
}

#[test]
fn connections_that_are_dropped_while_served_are_not_valid() {
    let place = Place::new();
    let mut command = place.short_run("-c 4 --active 2 -m -all");
    command.arg("--server").arg(format!("dropper={}", foreign("dropper")));
    let run = place.recorded(crate::support::output(&mut command));
    assert_eq!(run.code, Some(0), "{}", run.told);
    for row in run.of("dropper") {
        let c = row.connections.unwrap();
        assert_eq!((c.connected, c.refused, c.lost), (4, 0, 1), "{:?}", row.outcomes);
        assert!(
            row.verdicts.iter().any(|verdict| verdict.name() == "capped"),
            "{:?}",
            row.verdicts
        );
        assert_eq!(row.limited_by.as_deref(), Some("connections lost while served"));
    }
}

#[test]
fn a_server_in_another_language_is_measured_as_ours_are() {
    let there = Command::new("python3").arg("--version").output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3");
        return;
    }
    let place = Place::new();
    let script = "
import socketserver, sys
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    daemon_threads, request_queue_size, allow_reuse_address = True, 128, True
Server((sys.argv[1], int(sys.argv[2])), Echo).serve_forever()
";
    std::fs::write(place.path("echo.py"), script).unwrap();
    let mut command = place.short_run("-m epoll -c 6 --active 2 --server 'mine=python3 echo.py {host} {port}'");
    let run = place.recorded(crate::support::output(&mut command));
    assert_eq!(run.code, Some(0), "{}", run.told);
    run.is_measured("epoll-edge");
    run.is_measured("mine");
    for row in run.of("mine") {
        assert_eq!((&*row.model, &*row.family), ("mine", "foreign"));
        assert_eq!((row.ready.as_ref(), row.stopped.as_ref()), (None, None));
        let c = row.connections.unwrap();
        assert_eq!((c.connected, c.starved), (6, 0));
        assert!(row.server_cost.rss_bytes_loaded.is_some() && row.server_cost.cpu_ns.is_some());
    }
}
