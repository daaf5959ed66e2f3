//! Connections that end after so many replies, each followed by another one.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use loadgen::clock::now_ns;
use loadgen::{Config, Fleet, Outcome, Protocol};

use crate::run::{Run, loadgen, measure, output, sound};
use crate::stub::{FRAME, Stub, close, echo};

const MS: u64 = 1_000_000;

/// What a stub saw of its connections, each of which has a thread of its own.
#[derive(Default)]
struct Seen {
    /// Requests of each.
    requests: BTreeMap<u64, u64>,
    /// The number of the connection that a thread has.
    threads: Vec<ThreadId>,
    /// Sequence number that is next from each client.
    next: BTreeMap<u32, u32>,
    /// How connections ended after their last reply.
    orderly: u64,
    reset: u64,
}

impl Seen {
    fn connection(&mut self) -> u64 {
        let own = thread::current().id();
        let known = self.threads.iter().rposition(|&thread| thread == own);
        known.unwrap_or_else(|| {
            self.threads.push(own);
            self.threads.len() - 1
        }) as u64
    }
}

/// Measures a server that counts what each connection carries; `quota` requests are right.
fn churn(quota: u64, clients: u64, flags: &str) -> Run {
    let seen = Arc::<Mutex<Seen>>::default();
    let log = Arc::clone(&seen);
    let stub = Stub::new(move |request, mut client| {
        let mut seen = log.lock().unwrap();
        let connection = seen.connection();
        let requests = seen.requests.entry(connection).or_default();
        *requests += 1;
        let last = *requests == quota;
        let expected = seen.next.entry(request.id).or_default();
        assert_eq!(
            *expected, request.sequence,
            "a client's requests go on from connection to connection"
        );
        *expected += 1;
        drop(seen);
        echo(request, client)?;
        if !last {
            return Ok(());
        }
        let end = client.read(&mut [0]);
        let mut seen = log.lock().unwrap();
        match end {
            Ok(0) => seen.orderly += 1,
            Ok(_) => *seen.requests.get_mut(&connection).unwrap() += 1,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => seen.reset += 1,
            Err(_) => {}
        }
        close()
    });
    let run = measure(stub.address, &format!("--requests-per-conn {quota} {flags}"));
    run.failures(&[]);
    let seen = seen.lock().unwrap();
    let carried: Vec<u64> = seen.requests.values().copied().collect();
    assert!(carried.iter().all(|&requests| requests <= quota), "{carried:?}");
    // Each client has one that was under way when the run ended.
    let short = carried.iter().filter(|&&requests| requests < quota).count() as u64;
    assert!(short <= clients, "{short} of {} connections", carried.len());
    assert!(
        seen.orderly > 0 && seen.reset <= clients,
        "{} orderly, {} reset",
        seen.orderly,
        seen.reset
    );
    let m = &run.measured;
    assert_eq!(
        (m.requested, m.connected, m.lost, m.turned_away),
        (clients, clients, 0, 0)
    );
    let reconnects = m.reconnects.unwrap();
    assert!(reconnects > 0 && clients + reconnects <= carried.len() as u64);
    // In the window each connection but the first and the last of a client carries all it may, and no reply comes
    // on none.
    let slack = 2 * clients;
    assert!(
        m.requests <= (reconnects + slack) * quota,
        "{} over {reconnects}",
        m.requests
    );
    assert!(
        m.requests + slack * quota >= reconnects * quota,
        "{} over {reconnects}",
        m.requests
    );
    assert_eq!(run.json["reconnects"], reconnects);
    assert!(m.first_reply_ns.p50.unwrap() > 0);
    run
}

#[test]
fn each_connection_carries_as_many_requests_as_it_may_and_none_fails() {
    let run = churn(5, 4, "--conns 4");
    assert_eq!((run.measured.served, run.measured.starved), (4, 0));
}

#[test]
fn a_connection_may_be_for_one_request() {
    let run = churn(1, 4, "--conns 4 --shards 2");
    assert_eq!((run.measured.served, run.measured.generator.shards), (4, 2));
}

#[test]
fn a_pipeline_is_emptied_before_its_connection_is_closed() {
    let run = churn(7, 3, "--conns 3 --pipeline 4");
    assert!(run.measured.littles_law.unwrap().expected <= 12.0);
    churn(4, 3, "--conns 3 --pipeline 4");
}

#[test]
fn those_that_are_silent_keep_their_connections() {
    let run = churn(3, 12, "--conns 12 --active 3");
    assert_eq!((run.measured.active, run.measured.served), (3, 3));
}

#[test]
fn whoever_thinks_does_so_between_connections_too() {
    for flags in ["--conns 4", "--conns 4 --pipeline 2"] {
        let run = churn(2, 4, &format!("{flags} --think 20ms --duration 1s"));
        let m = &run.measured;
        // After every reply of a client, one pause; a connection more for the edges of the window.
        let most = 4.0 * 2.0 * (m.elapsed_s / 0.02 + 1.0);
        assert!(m.requests as f64 <= most, "{} of {most}", m.requests);
    }
}

#[test]
fn churn_spins_too_and_the_slow_are_told_apart() {
    let run = churn(3, 4, "--conns 4 --spin --slow-every 5");
    assert!(run.measured.slow_requests.unwrap() > 0);
}

#[test]
fn whoever_is_closed_early_tries_again_and_is_not_lost() {
    let began = Instant::now();
    // Never as many as were announced.
    let stub = Stub::new(|request, client| {
        echo(request, client)?;
        if request.sequence % 2 == 1 { close() } else { Ok(()) }
    });
    let run = measure(stub.address, "--conns 4 --requests-per-conn 1000 --duration 1500ms");
    let m = &run.measured;
    let failed = run.count(Outcome::ClosedEarly) + run.count(Outcome::Reset);
    assert_eq!(m.failures(), failed, "{:?}", m.outcomes);
    assert_eq!((m.connected, m.served, m.lost), (4, 4, 0));
    assert!(m.reconnects.unwrap() >= 4, "{:?}", m.reconnects);
    // Each failure is followed by a quarter of a second.
    let most = 4 * (began.elapsed().as_millis() as u64 / 250 + 1);
    assert!((4..=most).contains(&failed), "{failed}, at most {most}");
}

#[test]
fn a_server_that_is_down_for_a_while_is_not_stormed_and_its_clients_come_back() {
    let began = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let back = Arc::new(AtomicBool::new(false));
    let is_back = Arc::clone(&back);
    thread::spawn(move || {
        let serve = |client: TcpStream| {
            thread::spawn(move || -> std::io::Result<()> {
                let mut bytes = [0; FRAME];
                loop {
                    (&client).read_exact(&mut bytes)?;
                    std::io::Write::write_all(&mut &client, &bytes)?;
                }
            });
        };
        listener.incoming().take(40).flatten().for_each(serve);
        drop(listener);
        // Longer than from a refusal to the next attempt: each is refused once at least.
        thread::sleep(Duration::from_millis(600));
        let listener = TcpListener::bind(address).unwrap();
        is_back.store(true, SeqCst);
        listener.incoming().flatten().for_each(serve);
    });
    let run = measure(address, "--conns 4 --requests-per-conn 1 --duration 2s");
    let m = &run.measured;
    assert!(back.load(SeqCst));
    // Whoever stood in the queue of accept(2) at the time was reset.
    let (refused, reset) = (run.count(Outcome::Refused), run.count(Outcome::Reset));
    assert_eq!(m.failures(), refused + reset, "{:?}", m.outcomes);
    let most = 4 * (began.elapsed().as_millis() as u64 / 250 + 1);
    assert!(
        (4..=most).contains(&(refused + reset)) && refused > 0,
        "{refused} refused, {reset} reset"
    );
    assert_eq!((m.connected, m.served, m.lost), (4, 4, 0));
    assert!(m.requests > 40, "they came back");
}

/// Windows one after the other, of which the second has but few clients that talk.
fn windows(requests_per_conn: Option<u64>, think_ns: u64) {
    let stub = Stub::echo();
    let config = Config {
        target: stub.address,
        conns: 12,
        first_id: 0,
        stride: 1,
        protocol: Protocol::Echo,
        exchange: None,
        request_bytes: FRAME as u64,
        reply_bytes: 16,
        pipeline: 2,
        ramp_ns: 0,
        connect_timeout_ns: 3_000 * MS,
        timeout_ns: 30_000 * MS,
        spin: false,
        sources: 3,
        requests_per_conn,
        think_ns,
        slow_every: 1,
        arrivals: None,
        seed: 0,
    };
    let mut fleet = Fleet::launch(env!("CARGO_BIN_EXE_loadgen").as_ref(), config, 2, &[]).unwrap();
    assert_eq!(fleet.connect().unwrap().connected, 12);
    for active in [12, 2, 12] {
        fleet.start(active, None).unwrap();
        let start = now_ns() + 50 * MS;
        fleet.measure(start, start + 300 * MS).unwrap();
        let measured = fleet.collect().unwrap();
        sound(&measured);
        assert_eq!(
            (measured.active, measured.served, measured.connected),
            (active, active, 12)
        );
        assert_eq!(measured.failures(), 0, "{:?}", measured.outcomes);
        assert_eq!(measured.reconnects.is_some_and(|n| n > 0), requests_per_conn.is_some());
    }
}

#[test]
fn windows_follow_each_other() {
    windows(Some(3), 0);
    windows(None, 10 * MS);
    windows(Some(3), 10 * MS);
}

#[test]
fn the_summary_says_how_many_connections_there_were() {
    let stub = Stub::echo();
    let mut command = loadgen();
    command.args(["-c", "2", "-d", "300ms", "--requests-per-conn", "1", "--target"]);
    command.arg(stub.address.to_string());
    let text = String::from_utf8(output(command).stdout).unwrap();
    assert!(text.contains("  churn  ") && text.contains("1 request each"), "{text}");
    assert!(!text.contains("failures") && !text.contains("warning"), "{text}");
}
