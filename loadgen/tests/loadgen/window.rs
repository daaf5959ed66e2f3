//! The library's fleet: windows one after the other, and what happens at their edges.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use loadgen::clock::now_ns;
use loadgen::{Config, Fleet, Measurement, Outcome, Protocol};

use crate::run::sound;
use crate::stub::{FRAME, Stub, echo};

const MS: u64 = 1_000_000;

/// A closed loop of small echoes.
pub(crate) fn config(stub: &Stub, conns: u64, pipeline: u64) -> Config {
    Config {
        target: stub.address,
        conns,
        first_id: 0,
        stride: 1,
        protocol: Protocol::Echo,
        exchange: None,
        request_bytes: FRAME as u64,
        reply_bytes: 16,
        pipeline,
        ramp_ns: 0,
        connect_timeout_ns: 3_000 * MS,
        timeout_ns: 30_000 * MS,
        spin: false,
        sources: 1,
        requests_per_conn: None,
        think_ns: 0,
        slow_every: 1,
        arrivals: None,
        seed: 0,
    }
}

/// `shards` processes that are to load a stub as `config` says.
pub(crate) fn launch(config: Config, shards: u64) -> Fleet {
    Fleet::launch(Path::new(env!("CARGO_BIN_EXE_loadgen")), config, shards, &[]).unwrap()
}

fn fleet(stub: &Stub, conns: u64, shards: u64, pipeline: u64) -> Fleet {
    launch(config(stub, conns, pipeline), shards)
}

/// Measures from `lead_ms` from now on.
fn window(fleet: &mut Fleet, active: u64, lead_ms: u64, length_ms: u64) -> (u64, u64, Measurement) {
    fleet.start(active, None).unwrap();
    let start = now_ns() + lead_ms * MS;
    let end = start + length_ms * MS;
    fleet.measure(start, end).unwrap();
    let measured = fleet.collect().unwrap();
    sound(&measured);
    (start, end, measured)
}

#[test]
fn a_window_counts_what_the_server_answered_in_it() {
    let answers = Arc::new(Mutex::new(Vec::<u64>::new()));
    let log = Arc::clone(&answers);
    let stub = Stub::new(move |request, client| {
        log.lock().unwrap().push(now_ns());
        echo(request, client)
    });
    let (conns, pipeline) = (6, 2);
    let mut fleet = fleet(&stub, conns, 2, pipeline);
    fleet.connect().unwrap();
    let (start, end, measured) = window(&mut fleet, conns, 200, 500);
    let answered = answers
        .lock()
        .unwrap()
        .iter()
        .filter(|&&at| (start..end).contains(&at))
        .count() as u64;
    // An answer may cross each edge on its way: as many as can be under way.
    let slack = conns * pipeline;
    assert!(
        measured.requests.abs_diff(answered) <= slack,
        "{} counted, {answered} answered",
        measured.requests
    );
}

#[test]
fn windows_follow_each_other_on_the_same_connections() {
    let stub = Stub::echo();
    let mut fleet = fleet(&stub, 12, 2, 1);
    let connected = fleet.connect().unwrap();
    assert_eq!(
        (connected.connected, connected.greeted, connected.turned_away),
        (12, 12, 0)
    );
    assert_eq!(fleet.shards(), 2);
    assert_eq!(stub.total(), 12, "one hello each");
    let (_, _, busy) = window(&mut fleet, 12, 50, 400);
    let before = stub.seen();
    let (_, _, idle) = window(&mut fleet, 2, 50, 400);
    assert_eq!((busy.active, busy.served, idle.active, idle.served), (12, 12, 2, 2));
    assert_eq!((busy.connected, idle.connected), (12, 12));
    assert_eq!((busy.failures(), idle.failures()), (0, 0));
    let talked: Vec<u32> = stub
        .seen()
        .into_iter()
        .filter(|(id, n)| before[id] < *n)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(talked, [0, 6], "the others are silent in the second window");
}

#[test]
fn a_window_that_is_announced_late_is_shorter_and_its_rate_is_right() {
    let stub = Stub::echo();
    let mut fleet = fleet(&stub, 3, 1, 1);
    fleet.connect().unwrap();
    fleet.start(3, None).unwrap();
    let start = now_ns() - 300 * MS;
    let end = start + 900 * MS;
    fleet.measure(start, end).unwrap();
    let measured = fleet.collect().unwrap();
    sound(&measured);
    assert!(
        measured.elapsed_s > 0.0 && measured.elapsed_s <= 0.6,
        "{}",
        measured.elapsed_s
    );
}

#[test]
fn a_wrong_reply_between_two_windows_is_not_forgotten() {
    let end = Arc::new(AtomicU64::new(u64::MAX));
    let told = Arc::clone(&end);
    let stub = Stub::new(move |request, client| {
        if request.id == 1 && request.sequence > 1 {
            // Held until the window is over, and then wrong.
            while now_ns() < told.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            let mut wrong = request.clone();
            wrong.bytes[30] ^= 1;
            return echo(&wrong, client);
        }
        echo(request, client)
    });
    let mut fleet = fleet(&stub, 3, 1, 1);
    fleet.connect().unwrap();
    fleet.start(3, None).unwrap();
    let start = now_ns() + 20 * MS;
    end.store(start + 200 * MS, SeqCst);
    fleet.measure(start, start + 200 * MS).unwrap();
    let first = fleet.collect().unwrap();
    let (_, _, second) = window(&mut fleet, 3, 20, 200);
    assert_eq!(first.mismatches() + second.mismatches(), 1);
    assert_eq!((first.served, second.served, second.lost), (2, 2, 1));
}

#[test]
fn an_answer_to_an_earlier_window_counts_in_none() {
    // Connection 1 is answered late, when it is not among those that are asked any more.
    let late = Arc::new(AtomicU64::new(u64::MAX));
    let told = Arc::clone(&late);
    let stub = Stub::new(move |request, client| {
        if request.id == 1 && request.sequence > 0 {
            while now_ns() < told.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
        }
        echo(request, client)
    });
    let mut fleet = fleet(&stub, 2, 1, 1);
    fleet.connect().unwrap();
    let (_, _, busy) = window(&mut fleet, 2, 20, 200);
    assert_eq!(
        (busy.served, busy.starved, busy.outcomes.count(Outcome::Unfinished)),
        (1, 1, 2)
    );
    fleet.start(1, None).unwrap();
    let start = now_ns() + 100 * MS;
    late.store(start + 200 * MS, SeqCst);
    fleet.measure(start, start + 800 * MS).unwrap();
    let idle = fleet.collect().unwrap();
    sound(&idle);
    assert_eq!((idle.active, idle.served, idle.failures()), (1, 1, 0));
    assert_eq!(Some(idle.requests), idle.most, "all of them connection 0's");
    // The account of the one that was not to send: more than 300 ms.
    assert_eq!(idle.jain_index, Some(1.0));
}
