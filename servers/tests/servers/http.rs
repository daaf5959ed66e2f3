//! HTTP as other people's clients speak it: what they may ask, and that a refusal reaches them.

use crate::Model;
use crate::client::{Client, HTTP_REPLY, Protocol};
use crate::facts::assert_idle;
use crate::harness::{Server, Start};

fn start(model: &Model, flags: &str) -> Server {
    Start::new(model).protocol(Protocol::Http).flags(flags).start()
}

/// What a client is told whose connection ends by its own fault.
pub(crate) fn refusal(status: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

fn reply_with(header: &str) -> String {
    HTTP_REPLY.replace("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"))
}

fn get_with(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

/// What is no request that can be served, and what its client is told.
fn bad_requests() -> [(&'static str, String); 5] {
    [
        ("400 Bad Request", "what is this\r\n\r\n".into()),
        ("413 Content Too Large", get_with("Content-Length: 16777217\r\n")),
        (
            "431 Request Header Fields Too Large",
            get_with(&format!("Cookie: {}\r\n", "x".repeat(5000))),
        ),
        (
            "431 Request Header Fields Too Large",
            get_with(&"Accept: anything\r\n".repeat(64)),
        ),
        ("501 Not Implemented", get_with("Transfer-Encoding: chunked\r\n")),
    ]
}

pub(crate) fn every_kind_of_request(model: &Model) {
    let server = start(model, "");
    let mut client = server.connect();
    let head_only = HTTP_REPLY.strip_suffix("hello, world\n").expect("a body");
    let body = "x".repeat(10_000);
    for (request, reply) in [
        ("HEAD /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n", head_only),
        (&get_with("Accept: */*\r\nUser-Agent: wrk\r\n"), HTTP_REPLY),
        (
            &format!("POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n{body}"),
            HTTP_REPLY,
        ),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            &reply_with("Connection: keep-alive"),
        ),
    ] {
        client.send(request.as_bytes());
        client.expect(reply.as_bytes());
        client.must_be_served();
    }
    // Who waits to be asked for a body is asked.
    client.send(get_with("Expect: 100-continue\r\nContent-Length: 4\r\n").as_bytes());
    client.expect(b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send(b"body");
    client.expect(HTTP_REPLY.as_bytes());
    assert!(!client.has_heard(), "more than was asked for");
    drop(client);
    for last in [&get_with("Connection: close\r\n"), "GET / HTTP/1.0\r\n\r\n"] {
        let mut client = server.served();
        client.send((last.to_owned() + &get_with("")).as_bytes());
        client.expect_to_the_end(reply_with("Connection: close").as_bytes());
    }
    server.stop();
}

/// Behind the replies that are owed, and though the client goes on sending: not lost to a reset.
pub(crate) fn refusals_arrive(model: &Model) {
    let server = start(model, "");
    let more = vec![b'x'; 1 << 20];
    for (status, bad) in bad_requests() {
        for piece in [usize::MAX, 1000, 7] {
            let mut client = server.connect();
            let (requests, mut expected) = client.conversation(3);
            expected.extend(refusal(status));
            let all = [requests, bad.clone().into_bytes()].concat();
            all.chunks(piece).for_each(|piece| client.send(piece));
            client.send(&more);
            client.expect_to_the_end(&expected);
            client.send(&more);
        }
    }
    server.served().must_be_served();
    server.stop();
}

/// More replies than all buffers hold, for a client that does not read them yet, and a refusal behind them.
pub(crate) fn a_refusal_behind_all_that_is_owed(model: &Model) {
    let server = start(model, "");
    let mut slow = Client::connect_with_small_buffers(server.address(), Protocol::Http);
    let stuck = slow.send_until_stuck();
    slow.expect(&stuck.owed);
    let [(status, bad), ..] = bad_requests();
    let (further, further_owed) = slow.conversation(1000);
    slow.catch_up(
        &[stuck.unsent, further, bad.into_bytes(), vec![b'x'; 1 << 20]].concat(),
        &[stuck.unsent_owed, further_owed, refusal(status)].concat(),
    );
    server.stop();
}

/// A connection ends behind the wait of its last request and not before; what is not to be looked at is not.
pub(crate) fn the_last_request_waits(model: &Model) {
    let server = start(model, "--work wait:2ms");
    let mut client = server.connect();
    let (requests, mut expected) = client.marked_conversation(&[true, false, true]);
    expected.extend(reply_with("Connection: close").bytes());
    client.send(&[requests, (get_with("Connection: close\r\n") + "garbage").into_bytes()].concat());
    client.expect_to_the_end(&expected);
    drop(client);
    let mut client = server.connect();
    let (requests, mut expected) = client.marked_conversation(&[true]);
    expected.extend(refusal("400 Bad Request"));
    client.send(&[requests, b"what is this".to_vec()].concat());
    client.expect_to_the_end(&expected);
    drop(client);
    assert_eq!(server.stop().line["work"]["requests"], 4);
}

/// It costs no more than one that is silent, and keeps nobody from being served or the server from stopping.
pub(crate) fn a_client_that_never_closes(model: &Model) {
    let server = start(model, "");
    let mut client = server.connect();
    client.send(b"what is this\r\n\r\n");
    client.expect_to_the_end(&refusal("400 Bad Request"));
    assert_idle(model, server.pid());
    if !model.one_at_a_time {
        server.served().must_be_served();
    }
    server.stop();
}
