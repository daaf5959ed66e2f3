use std::io;
use std::net::TcpStream;
use std::os::fd::RawFd;
use std::time::Duration;

use super::*;
use crate::attempts::Settled;
use crate::config::Protocol;
use crate::engine::{Clients, Engine};
use crate::payload::Payload;

/// Keeps what is sent.
#[derive(Default)]
struct Wire(Vec<u8>);

impl Engine for Wire {
    fn add(&mut self, _: usize, _: TcpStream) -> io::Result<()> {
        Ok(())
    }

    fn watch(&mut self, _: RawFd) -> io::Result<()> {
        Ok(())
    }

    fn turn(&mut self, _: u64, _: &mut impl Load) -> io::Result<bool> {
        Ok(false)
    }

    fn send(&mut self, _: usize, bytes: &[u8]) -> Result<(), Outcome> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn close(&mut self, _: usize) {}
}

/// As [`silent`], and the first client's hello was answered.
fn talking(pipeline: u64) -> (ClosedLoop<Payload>, Wire) {
    let (mut clients, mut wire) = silent(pipeline);
    let hello = clients.dialogue.request(0, 0).to_vec();
    let next = clients.received(0, &hello).expect("the reply is right").to_vec();
    wire.0.extend_from_slice(&next);
    (clients, wire)
}

/// Two clients that are connected, the first of which talks, `pipeline` requests at once.
fn silent(pipeline: u64) -> (ClosedLoop<Payload>, Wire) {
    let config = config(pipeline);
    let (mut clients, mut wire) = (ClosedLoop::new(&config, Payload::of(&config)), Wire::default());
    for i in 0..2 {
        clients.greet(i, now_ns(), &mut wire);
    }
    wire.0.clear();
    clients.begin(|id| id == 0, None, &mut wire);
    (clients, wire)
}

/// Two clients of 16-byte echo.
fn config(pipeline: u64) -> Config {
    Config {
        target: "127.0.0.1:1".parse().unwrap(),
        conns: 2,
        first_id: 0,
        stride: 1,
        protocol: Protocol::Echo,
        exchange: None,
        request_bytes: 16,
        reply_bytes: 16,
        pipeline,
        ramp_ns: 0,
        connect_timeout_ns: 1,
        timeout_ns: 60_000_000_000,
        spin: false,
        sources: 1,
        requests_per_conn: None,
        think_ns: 0,
        slow_every: 1,
        arrivals: None,
        seed: 0,
    }
}

#[test]
fn sequence_numbers_may_wrap() {
    let (mut clients, mut wire) = talking(4);
    clients.open_window(now_ns(), now_ns() + 1_000_000_000_000);
    // Four billion requests later.
    let client = &mut clients.clients[0];
    (client.due, client.next) = (u32::MAX - 2, 1);
    wire.0 = (u32::MAX - 2..=u32::MAX)
        .chain([0])
        .flat_map(|n| clients.dialogue.request(0, n).to_vec())
        .collect();
    for _ in 0..3 {
        wire.0 = clients.received(0, &wire.0).expect("every reply is right").to_vec();
        assert_eq!((wire.0.len(), clients.clients[0].under_way()), (64, 4));
    }
    assert_eq!((clients.account.latencies.len(), clients.outstanding()), (12, 4));
    clients.close_window();
    let outcomes = clients.take_outcomes();
    assert_eq!(
        (outcomes.count(Outcome::Ok), outcomes.count(Outcome::Unfinished)),
        (12, 4)
    );
}

#[test]
fn the_account_of_a_window_is_closed_whatever_happens_at_its_edges() {
    let (mut clients, wire) = talking(1);
    let start = now_ns();
    let end = start + 200_000_000;
    clients.open_window(start, end);
    let next = clients.received(0, &wire.0).expect("the reply is right").to_vec();
    assert!(clients.account.early_ns > 0, "sent before the window began");
    // It is over before the next reply comes, and that is seen only later.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(clients.account.latencies.len(), 1);
    clients.received(0, &next).expect("the reply is right");
    assert_eq!(clients.account.latencies.len(), 1, "it came after the end");
    clients.close_window();
    assert_eq!(clients.account.talked_ns, end - start);
}

#[test]
fn the_reply_to_a_hello_is_a_first_reply_and_no_service_time() {
    let (mut clients, _) = silent(1);
    let (start, end) = (now_ns(), now_ns() + 200_000_000);
    clients.open_window(start, end);
    let hello = clients.dialogue.request(0, 0).to_vec();
    let next = clients.received(0, &hello).expect("the reply is right").to_vec();
    assert_eq!(next.len(), 16, "it talks from now on");
    assert!(clients.account.latencies.is_empty());
    assert_eq!(clients.first_replies.len(), 1);
    let tally = clients.tally(|id| id == 0);
    assert_eq!((tally.served, tally.greeted, tally.starved, tally.sum), (1, 1, 0, 0));
    clients.received(0, &next).expect("the reply is right");
    let tally = clients.tally(|id| id == 0);
    assert_eq!((tally.served, tally.greeted, tally.sum), (1, 0, 1));
    std::thread::sleep(Duration::from_millis(200));
    clients.close_window();
    // Little's law: the time of the hello, of the reply and of what was cut off is all the time there was.
    let account = &clients.account;
    assert_eq!((account.early_ns, account.talked_ns), (0, end - start));
    let inside = account.latencies.mean() + account.cut_ns as f64;
    assert!((inside / (end - start) as f64 - 1.0).abs() < 0.001, "{account:?}");
}

#[test]
fn only_those_that_are_to_send_are_recorded() {
    let (mut clients, _) = talking(1);
    clients.open_window(now_ns(), now_ns() + 1_000_000_000_000);
    let late = clients.dialogue.request(1, 0).to_vec();
    assert!(clients.received(1, &late).expect("the reply is right").is_empty());
    assert!(clients.account.latencies.is_empty());
    assert_eq!(
        (clients.answered, clients.tally(|_| true).served),
        (1, 0),
        "client 0, before it"
    );
    assert_eq!(clients.first_replies.len(), 2, "it was served all the same");
}

#[test]
fn a_failure_is_told_once_whenever_it_comes() {
    let (mut clients, mut wire) = talking(2);
    clients.lost(1, Outcome::Reset);
    clients.open_window(now_ns(), now_ns() + 1_000_000_000_000);
    assert!(clients.received(0, b"?").is_err());
    clients.close_window();
    let outcomes = clients.take_outcomes();
    let failed = [Outcome::Reset, Outcome::Mismatch, Outcome::Unfinished].map(|how| outcomes.count(how));
    assert_eq!(failed, [1, 2, 0]);
    assert_eq!(clients.take_outcomes(), Outcomes::default());
    let tally = clients.tally(|_| true);
    assert_eq!(
        (tally.connected, tally.turned_away, tally.lost),
        (2, 1, 1),
        "one was never served"
    );
    clients.begin(|_| true, None, &mut wire);
    assert_eq!(clients.talking(), 0);
}

/// One client talks, two requests at once, with an hour between a reply and the next request.
fn thinking() -> (ClosedLoop<Payload>, Wire) {
    let think_ns = 3600 * 1_000_000_000;
    let config = Config { think_ns, ..config(2) };
    let (mut clients, mut wire) = (ClosedLoop::new(&config, Payload::of(&config)), Wire::default());
    clients.greet(0, now_ns(), &mut wire);
    let hello = std::mem::take(&mut wire.0);
    clients.begin(|id| id == 0, None, &mut wire);
    assert!(wire.0.is_empty(), "the load begins with a pause");
    clients.received(0, &hello).expect("the reply is right");
    (clients, wire)
}

#[test]
fn a_request_is_sent_when_its_pause_is_over_and_not_before() {
    const HOUR: u64 = 3600 * 1_000_000_000;
    let (mut clients, mut wire) = thinking();
    clients.open_window(now_ns(), now_ns() + HOUR);
    // One place of the pipeline was empty as the load began, and the spread begins with it.
    clients.tick(now_ns(), &mut wire);
    let first = std::mem::take(&mut wire.0);
    assert_eq!(first, clients.dialogue.request(0, 1));
    assert!(clients.received(0, &first).expect("the reply is right").is_empty());
    clients.tick(now_ns(), &mut wire);
    assert!(wire.0.is_empty());
    assert_eq!((clients.outstanding(), clients.account.latencies.len()), (0, 1));
    // Both places have paused since.
    clients.resume(now_ns() + HOUR, &mut wire);
    assert_eq!((wire.0.len(), clients.outstanding()), (32, 2));
}

#[test]
fn a_pause_ends_with_its_connection() {
    let (mut clients, mut wire) = thinking();
    clients.lost(0, Outcome::ClosedEarly);
    clients.tick(now_ns() + 2 * 3600 * 1_000_000_000, &mut wire);
    assert!(wire.0.is_empty());
    assert_eq!(clients.next_tick_ns(), clients.next_sweep_ns, "no pause is left");
}

#[test]
fn time_to_think_is_no_time_under_way() {
    let (mut clients, mut wire) = thinking();
    let (start, end) = (now_ns(), now_ns() + 200_000_000);
    clients.open_window(start, end);
    clients.tick(now_ns(), &mut wire);
    let first = std::mem::take(&mut wire.0);
    std::thread::sleep(Duration::from_millis(20));
    clients.received(0, &first).expect("the reply is right");
    std::thread::sleep(Duration::from_millis(200));
    clients.close_window();
    let account = &clients.account;
    assert_eq!((account.talked_ns, account.latencies.len()), (end - start, 1));
    // Two places, of which one was empty for all of the time and the other but for that one request.
    let busy = (2 * account.talked_ns - account.idle_ns) as f64;
    assert!((account.latencies.mean() / busy - 1.0).abs() < 0.001, "{account:?}");
}

/// An established socket.
fn socket() -> TcpStream {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    TcpStream::connect(listener.local_addr().unwrap()).unwrap()
}

fn attempt(result: Result<TcpStream, Outcome>) -> Settled {
    Settled {
        client: 0,
        began_ns: now_ns(),
        at_ns: now_ns(),
        result,
    }
}

/// Client 0 talks, on connections of three requests, two at once; its hello was answered.
fn churning() -> (ClosedLoop<Payload>, Wire) {
    let config = Config {
        requests_per_conn: Some(3),
        ..config(2)
    };
    let (mut clients, mut wire) = (ClosedLoop::new(&config, Payload::of(&config)), Wire::default());
    clients.greet(0, now_ns(), &mut wire);
    let hello = std::mem::take(&mut wire.0);
    clients.received(0, &hello).expect("the reply is right");
    clients.begin(|id| id == 0, None, &mut wire);
    (clients, wire)
}

#[test]
fn a_connection_is_closed_after_its_last_reply_and_the_next_one_goes_on() {
    let (mut clients, mut wire) = churning();
    let requests = |range: std::ops::Range<u32>| -> Vec<u8> {
        let mut payload = Payload::new(Protocol::Echo, 16, 16);
        range.flat_map(|n| payload.request(0, n).to_vec()).collect()
    };
    let (start, end) = (now_ns(), now_ns() + 200_000_000);
    clients.open_window(start, end);
    assert_eq!(
        std::mem::take(&mut wire.0),
        requests(1..3),
        "the hello was the first of three"
    );
    assert!(
        clients
            .received(0, &requests(1..2))
            .expect("the reply is right")
            .is_empty()
    );
    assert!(clients.received(0, &requests(2..3)).is_err(), "that was the last");
    assert_eq!((clients.tally(|id| id == 0).lost, clients.talking()), (0, 1));
    let wants = |clients: &mut ClosedLoop<Payload>| clients.next_to_connect(now_ns());
    assert_eq!((wants(&mut clients), wants(&mut clients)), (Some(0), None));
    std::thread::sleep(Duration::from_millis(20));
    clients.connected(attempt(Ok(socket())), &mut wire).unwrap();
    assert_eq!(std::mem::take(&mut wire.0), requests(3..5));
    assert_eq!(
        clients.received(0, &requests(3..5)).expect("they are right"),
        requests(5..6)
    );
    assert!(clients.received(0, &requests(5..6)).is_err());
    std::thread::sleep(Duration::from_millis(200));
    clients.close_window();
    let account = &clients.account;
    assert_eq!((account.latencies.len(), clients.connects().unwrap().len()), (5, 1));
    // The hello's was before the window.
    assert_eq!(clients.first_replies.len(), 2);
    assert!(account.talked_ns < 180_000_000, "on its way it does not talk");
    let busy = 2 * account.talked_ns - account.idle_ns;
    let replied = account.latencies.mean() * 5.0 - account.early_ns as f64;
    assert!((replied / busy as f64 - 1.0).abs() < 0.01, "{replied} {busy}");
    assert!(clients.take_outcomes().failures().is_empty());
}

#[test]
fn a_client_that_fails_tries_again_a_little_later() {
    let (mut clients, mut wire) = churning();
    let second = 1_000_000_000;
    clients.lost(0, Outcome::Reset);
    assert_eq!(clients.next_to_connect(now_ns()), None);
    assert_eq!(clients.next_to_connect(now_ns() + second), Some(0));
    clients.connected(attempt(Err(Outcome::Refused)), &mut wire).unwrap();
    assert_eq!(clients.next_to_connect(now_ns()), None);
    assert_eq!(clients.next_to_connect(now_ns() + second), Some(0));
    wire.0.clear();
    clients.connected(attempt(Ok(socket())), &mut wire).unwrap();
    // After those that were under way when the connection was reset.
    assert_eq!(wire.0[..16], *clients.dialogue.request(0, 3));
    assert_eq!((wire.0.len(), clients.outstanding()), (32, 2));
    let outcomes = clients.take_outcomes();
    assert_eq!(
        [Outcome::Reset, Outcome::Refused].map(|how| outcomes.count(how)),
        [2, 1]
    );
    assert_eq!(clients.tally(|_| true).lost, 0);
}

#[test]
fn one_that_was_never_served_is_left_alone_once_it_is_not_to_send() {
    let config = Config {
        requests_per_conn: Some(3),
        ..config(1)
    };
    let (mut clients, mut wire) = (ClosedLoop::new(&config, Payload::of(&config)), Wire::default());
    clients.greet(0, now_ns(), &mut wire);
    clients.lost(0, Outcome::ClosedEarly);
    let later = now_ns() + 1_000_000_000;
    assert_eq!(clients.next_to_connect(later), None);
    // Client 1 has never been connected; both try when they are asked to send.
    clients.begin(|_| true, None, &mut wire);
    assert_eq!(
        (clients.next_to_connect(later), clients.next_to_connect(later)),
        (Some(0), Some(1))
    );
}
