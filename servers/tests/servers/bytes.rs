//! What comes in pieces, in heaps, late or half closed comes back complete, in order and once.

use nix::sys::signal::Signal;

use crate::Model;
use crate::client::{Client, Protocol};
use crate::facts::assert_idle;
use crate::harness::{Server, Start};
use crate::http::refusal;

fn start(model: &Model, protocol: Protocol) -> Server {
    Start::new(model).protocol(protocol).start()
}

pub(crate) fn split_requests(model: &Model, protocol: Protocol) {
    let server = start(model, protocol);
    let mut client = server.connect();
    // In a tag, before and behind the mark; in a method, a path, and between the bytes that end a line or the head.
    for cut in [1, 7, 8, 9, 27, 47, 48, 49] {
        let (request, expected) = client.conversation(1);
        let (head, tail) = request.split_at(cut);
        client.send(head);
        client.wait_until_read();
        // An echo owes what it was given; a reply is owed only once its request is complete.
        let owed = if protocol == Protocol::Echo { cut } else { 0 };
        client.expect(&expected[..owed]);
        assert!(!client.has_heard(), "a reply to {cut} bytes of a request");
        client.send(tail);
        client.expect(&expected[owed..]);
    }
    server.stop();
}

pub(crate) fn merged_requests(model: &Model, protocol: Protocol) {
    let server = start(model, protocol);
    let mut client = server.connect();
    for count in [2, 82, 1000] {
        let (requests, expected) = client.conversation(count);
        client.send(&requests);
        client.expect(&expected);
    }
    assert!(!client.has_heard(), "more than was asked for");
    server.stop();
}

pub(crate) fn writes_of_one_byte(model: &Model, protocol: Protocol) {
    let server = start(model, protocol);
    let mut client = server.connect();
    let (requests, expected) = client.conversation(5);
    requests.chunks(1).for_each(|byte| client.send(byte));
    client.expect(&expected);
    server.stop();
}

pub(crate) fn half_close(model: &Model, protocol: Protocol) {
    let server = start(model, protocol);
    for count in [0, 1, 100] {
        let mut client = server.connect();
        let (requests, expected) = client.conversation(count);
        client.send(&requests);
        client.shut_sending();
        client.expect_to_the_end(&expected);
    }
    server.stop();
}

/// Data and the end of the stream arrive while the server is not looking, so that one look must find both. Who is told
/// of an arrival only once, and takes a short read for the last one, waits for ever.
pub(crate) fn half_close_seen_at_once(model: &Model, protocol: Protocol) {
    let server = start(model, protocol);
    // About one read, whole reads, and more than an event loop may grant one connection in a row.
    for bytes in [0, 1, 4000, 4096, 8192, 65_536, 70_000] {
        let mut client = server.served();
        let (mut requests, mut expected) = client.conversation(bytes / 50);
        if protocol == Protocol::Echo {
            requests.resize(bytes, b'x');
            expected.resize(bytes, b'x');
        }
        server.signal(Signal::SIGSTOP);
        client.send(&requests);
        client.shut_sending();
        server.signal(Signal::SIGCONT);
        client.expect_to_the_end(&expected);
    }
    server.stop();
}

pub(crate) fn slow_reader(model: &Model, protocol: Protocol) {
    let server = start(model, protocol);
    let mut other = (!model.one_at_a_time).then(|| server.served());
    let mut slow = Client::connect_with_small_buffers(server.address(), protocol);
    let stuck = slow.send_until_stuck();
    // Whoever waits for the slow one must neither spin nor keep the others waiting.
    if let Some(other) = &mut other {
        (0..20).for_each(|_| other.must_be_served());
        server.served().must_be_served();
    }
    assert_idle(model, server.pid());
    // What was taken comes back, though nothing new arrives that would have the server look.
    slow.expect(&stuck.owed);
    // Another mebibyte, back and forth, and the end of the stream behind it: no byte may be lost or doubled.
    let (further, further_owed) = slow.conversation((1 << 20) / 50);
    slow.catch_up(
        &[stuck.unsent, further].concat(),
        &[stuck.unsent_owed, further_owed].concat(),
    );
    server.stop();
}

/// Bytes that mean nothing: an echo repeats them, `reply` takes them for requests, HTTP refuses them, and none comes to
/// harm.
pub(crate) fn garbage(model: &Model, protocol: Protocol) {
    let server = start(model, protocol);
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for length in [1, 49, 51, 10_000] {
        // No request of HTTP begins like this.
        let noise: Vec<u8> = (0..length).map(|n| if n == 0 { 0xff } else { noise() }).collect();
        let mut client = server.connect();
        client.send(&noise);
        client.shut_sending();
        let replies = noise
            .chunks_exact(50)
            .flat_map(|request| [&request[..8], &[0; 14]].concat());
        let expected = match protocol {
            Protocol::Echo => noise.clone(),
            Protocol::Http => refusal("400 Bad Request"),
            _ => replies.collect(),
        };
        client.expect_to_the_end(&expected);
    }
    server.served().must_be_served();
    server.stop();
}

pub(crate) fn large_requests(model: &Model) {
    let server = start(model, Protocol::LargeRequests);
    let mut client = server.connect();
    let (requests, expected) = client.conversation(2);
    client.catch_up(&requests, &expected);
    server.stop();
}

/// A reply larger than what the kernel holds, for a client that does not read it yet.
pub(crate) fn large_replies(model: &Model) {
    let server = start(model, Protocol::LargeReplies);
    let mut client = Client::connect_with_small_buffers(server.address(), Protocol::LargeReplies);
    let (requests, expected) = client.conversation(2);
    client.send(&requests);
    assert_idle(model, server.pid());
    client.catch_up(&[], &expected);
    server.stop();
}
