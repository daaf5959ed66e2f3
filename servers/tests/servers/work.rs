//! Work per request: who asks for a wait waits, and nobody else where the model allows it.

use std::time::Duration;

use crate::Model;
use crate::client::Protocol;
use crate::facts::{Holdings, assert_idle};
use crate::harness::{Server, Start};

fn start(model: &Model, protocol: Protocol, work: &str) -> Server {
    Start::new(model).protocol(protocol).flags(work).start()
}

/// Replies come in order, once and whole, whichever requests cost something and however they are cut.
fn every_reply_in_order(model: &Model, protocol: Protocol, work: &str) -> serde_json::Value {
    let server = start(model, protocol, work);
    let mut client = server.connect();
    // A request without work that is split is no less answered than one with it that comes with others.
    for piece in [7, 50, 90, 1000] {
        let (requests, expected) = client.marked_conversation(&[false, true, true, false, true, false]);
        requests.chunks(piece).for_each(|piece| client.send(piece));
        client.expect(&expected);
    }
    let (requests, expected) = client.marked_conversation(&[true, false]);
    client.send(&requests);
    client.shut_sending();
    client.expect_to_the_end(&expected);
    server.stop().line["work"].clone()
}

pub(crate) fn waits_keep_the_order(model: &Model, protocol: Protocol) {
    let work = every_reply_in_order(model, protocol, "--work wait:2ms");
    assert_eq!(work["requests"], 13);
    let number = |name: &str| work[name].as_u64().expect("a number of nanoseconds");
    assert!(number("waited_ns") >= 13 * 2_000_000, "{work}");
    assert!(number("longest_wait_ns") >= 2_000_000, "{work}");
}

pub(crate) fn computing_keeps_the_order(model: &Model, protocol: Protocol) {
    let work = every_reply_in_order(model, protocol, "--work cpu:1000");
    assert_eq!(work, serde_json::json!({ "requests": 13 }));
}

/// One client waits for its slow request, and the others are served meanwhile, where one is not served after the other.
pub(crate) fn a_wait_is_its_own(model: &Model, protocol: Protocol) {
    let server = start(model, protocol, "--work wait:1s");
    let mut slow = server.connect();
    let (request, expected) = slow.marked_conversation(&[true, false]);
    let mut other = server.connect();
    slow.send(&request);
    slow.wait_until_read();
    if !model.one_at_a_time {
        let (requests, replies) = other.marked_conversation(&[false; 5]);
        other.send(&requests);
        other.expect(&replies);
    }
    assert!(!slow.has_heard(), "before its time");
    assert_idle(model, server.pid());
    slow.expect(&expected);
    let longest = server.stop().line["work"]["longest_wait_ns"].as_u64();
    assert!(longest >= Some(Duration::from_secs(1).as_nanos() as u64), "{longest:?}");
}

/// Who leaves while its request waits leaves nothing behind.
pub(crate) fn gone_before_the_wait_is_over(model: &Model) {
    let server = start(model, Protocol::Echo, "--work wait:100ms");
    let alone = Holdings::of(server.pid());
    for _ in 0..3 {
        for leave_by_reset in [true, false] {
            let mut client = server.connect();
            let (requests, _) = client.marked_conversation(&[true, true]);
            client.send(&requests);
            client.wait_until_read();
            if leave_by_reset {
                client.reset();
            }
        }
    }
    let mut last = server.connect();
    let (request, expected) = last.marked_conversation(&[true]);
    last.send(&request);
    last.expect(&expected);
    drop(last);
    alone.wait_for(server.pid());
    assert_idle(model, server.pid());
    server.stop();
}

pub(crate) fn work_that_is_none(model: &Model) {
    for work in ["cpu", "wait:2s", "wait:5", "sleep:1ms"] {
        let mut command = std::process::Command::new(model.binary);
        let (status, out, err) = crate::harness::run_to_end(command.args(["--work", work]));
        assert_eq!((status.code(), out.as_str()), (Some(2), ""), "{err}");
        for word in [work, "--work", "cpu:1000", "wait:5ms"] {
            assert!(err.contains(word), "no {word:?} in: {err}");
        }
    }
}
