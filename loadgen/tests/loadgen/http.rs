//! HTTP against small servers: replies that are right however they come, and wrong ones that are found, in both loops.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use loadgen::Outcome;

use crate::run::{LOOPS, Run, loadgen, measure, output, stderr};
use crate::stub::{FIRST, Request, Stub, close, reset};

const REPLY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nhello, world\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n8\r\n, world\n\r\n0\r\n\r\n";

/// As among those that echo: one connection meets with hostility at its first request, one as the load settles, one
/// in the middle of it.
const CONNS: u64 = 9;
const HOSTILE: [(u32, u32); 3] = [(1, 0), (4, 1), (7, 5)];

fn right(_: &Request, mut client: &TcpStream) -> io::Result<()> {
    client.write_all(REPLY.as_bytes())
}

fn hostile(flags: &str, wrong: impl Fn(&Request, &TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Run {
    let stub = Stub::plain(move |request, client| {
        if HOSTILE.contains(&(request.id, request.sequence)) {
            wrong(request, client)
        } else {
            right(request, client)
        }
    });
    let run = measure(stub.address, &format!("--path / --conns {CONNS} {flags}"));
    let seen = stub.seen();
    for (id, sequence) in HOSTILE {
        assert_eq!(
            seen[&id],
            u64::from(sequence) + 1,
            "connection {id} is not used any more"
        );
    }
    assert_eq!(seen[&FIRST], 2, "it was asked before the load");
    let m = &run.measured;
    let others = CONNS - HOSTILE.len() as u64;
    assert_eq!((m.requested, m.connected), (CONNS, CONNS));
    assert!((others..=others + 1).contains(&m.served), "{} served", m.served);
    assert!(m.requests > 0 && m.requests <= stub.total());
    run
}

/// Sends `wrong` where a right reply is due, which is found as such in both loops.
#[track_caller]
fn mismatch(wrong: &str) {
    for flags in LOOPS {
        let bytes = wrong.to_owned();
        let run = hostile(flags, move |_, mut client| client.write_all(bytes.as_bytes()));
        run.failures(&[(Outcome::Mismatch, 3)]);
        assert_eq!(run.measured.turned_away, 0, "{wrong}");
    }
}

#[test]
fn a_flipped_bit_in_the_body_is_found() {
    mismatch(&REPLY.replace("world", "wor,d"));
}

#[test]
fn a_lost_byte_is_found() {
    mismatch(&REPLY.replace("hello", "helo"));
}

#[test]
fn a_doubled_byte_is_found() {
    mismatch(&REPLY.replace("hello", "helllo"));
}

#[test]
fn a_byte_too_many_is_found() {
    mismatch(&(REPLY.to_owned() + "\n"));
}

#[test]
fn a_doubled_reply_is_found() {
    mismatch(&REPLY.repeat(2));
}

#[test]
fn another_status_is_found() {
    mismatch(&REPLY.replace("200 OK", "500 Internal Server Error"));
    mismatch(&REPLY.replace("200 OK", "201 Created"));
}

#[test]
fn another_length_is_found() {
    mismatch("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nhello, world\n\n");
    mismatch(&CHUNKED.replace("\r\n0\r\n", "\r\n1\r\n!\r\n0\r\n"));
    mismatch(&CHUNKED.replace("8\r\n, world\n\r\n", ""));
}

#[test]
fn what_is_no_http_is_found() {
    mismatch("hello, world\r\n\r\n");
    mismatch(&REPLY.replace("Content-Length: 13\r\n", ""));
}

#[test]
fn closing_instead_of_replying_is_turning_away_or_loss() {
    for flags in LOOPS {
        for sent in [0, 10, REPLY.len() - 1] {
            let run = hostile(flags, move |_, mut client| {
                client.write_all(&REPLY.as_bytes()[..sent])?;
                close()
            });
            run.failures(&[(Outcome::ClosedEarly, 3)]);
            assert_eq!((run.measured.turned_away, run.measured.lost), (1, 2));
        }
    }
}

#[test]
fn a_reset_in_mid_reply_is_a_reset() {
    for flags in LOOPS {
        let run = hostile(flags, |_, mut client| {
            client.write_all(&REPLY.as_bytes()[..30])?;
            reset(client)
        });
        run.failures(&[(Outcome::Reset, 3)]);
        assert_eq!((run.measured.turned_away, run.measured.lost), (1, 2));
    }
}

#[test]
fn a_reply_that_is_overdue_ends_its_connection() {
    for flags in LOOPS {
        let run = hostile(&format!("--timeout 1s --duration 1500ms {flags}"), |_, mut client| {
            client.write_all(&REPLY.as_bytes()[..REPLY.len() - 1])
        });
        run.failures(&[(Outcome::RequestTimeout, 3)]);
    }
}

#[test]
fn replies_are_held_to_as_much_as_is_asked_for() {
    let other_body = REPLY.replace("hello", "HELLO");
    let other_length = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    for (reply, check, wrong) in [
        (other_body.as_str(), "body", true),
        (&other_body, "length", false),
        (other_length, "length", true),
        (other_length, "status", false),
    ] {
        for flags in LOOPS {
            let reply = reply.to_owned();
            let stub = Stub::plain(move |request, mut client| match request.sequence {
                3 => client.write_all(reply.as_bytes()),
                _ => right(request, client),
            });
            let run = measure(stub.address, &format!("--conns 3 --check {check} {flags}"));
            let expected = [(Outcome::Mismatch, 3)];
            run.failures(if wrong { &expected } else { &[] });
        }
    }
}

/// Replies that all are right, on each connection as `send` sends them; none fails.
fn all_right(flags: &str, send: impl Fn(&Request, &TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Run {
    let stub = Stub::plain(send);
    let run = measure(stub.address, &format!("--path /x?y --conns 5 {flags}"));
    run.failures(&[]);
    let m = &run.measured;
    assert_eq!((m.connected, m.served, m.starved, m.lost), (5, 5, 0, 0));
    assert!(m.requests > 50, "{} requests", m.requests);
    run
}

#[test]
fn a_reply_may_be_cut_anywhere() {
    for (flags, reply) in LOOPS.into_iter().flat_map(|flags| [(flags, REPLY), (flags, CHUNKED)]) {
        // At each place in turn, the head's parts too.
        all_right(flags, move |request, mut client| {
            let (one, other) = reply.as_bytes().split_at(request.sequence as usize % reply.len());
            client.write_all(one)?;
            thread::sleep(Duration::from_micros(500));
            client.write_all(other)
        });
    }
}

#[test]
fn a_reply_may_come_byte_by_byte() {
    for flags in LOOPS {
        all_right(&format!("{flags} --duration 1s"), |request, mut client| {
            // Not always: it takes long.
            if request.sequence % 8 != 1 {
                return right(request, client);
            }
            for byte in REPLY.as_bytes() {
                client.write_all(&[*byte])?;
                thread::sleep(Duration::from_micros(20));
            }
            Ok(())
        });
    }
}

#[test]
fn several_replies_may_come_at_once() {
    for flags in LOOPS {
        let held = Mutex::new(std::collections::BTreeMap::<u32, usize>::new());
        // Replies to a pipeline of four are held back until they are two; the first two requests stand alone.
        let send = move |request: &Request, mut client: &TcpStream| {
            if request.id == FIRST || request.sequence < 1 {
                return right(request, client);
            }
            let mut held = held.lock().unwrap();
            let held = held.entry(request.id).or_default();
            *held += 1;
            if *held < 2 {
                return Ok(());
            }
            client.write_all(REPLY.repeat(std::mem::take(held)).as_bytes())
        };
        let run = {
            let stub = Stub::plain(send);
            measure(stub.address, &format!("--path / --conns 4 --pipeline 4 {flags}"))
        };
        run.failures(&[]);
        assert_eq!((run.measured.served, run.measured.lost), (4, 0));
    }
}

#[test]
fn heads_may_differ_and_chunks_may_be_cut_otherwise() {
    for flags in LOOPS {
        all_right(flags, |request, mut client| {
            let n = request.sequence;
            let reply = match n % 4 {
                0 => REPLY.replace("\r\n\r\n", &format!("\r\nDate: {n}\r\n\r\n")),
                1 => CHUNKED.to_owned(),
                2 => CHUNKED
                    .replace("5\r\nhello\r\n8", "5;a=b\r\nhello\r\n1\r\n,\r\n7")
                    .replace(", world", " world"),
                _ => "HTTP/1.1 103 Early Hints\r\n\r\n".to_owned() + REPLY,
            };
            client.write_all(reply.as_bytes())
        });
    }
}

#[test]
fn a_connection_that_the_server_ends_with_a_reply_is_followed_by_another() {
    let last = REPLY.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    for (flags, pipeline) in LOOPS.into_iter().flat_map(|flags| [(flags, 1), (flags, 4)]) {
        for (every, active) in [(1, 5), (3, 5), (3, 2)] {
            let last = last.clone();
            let run = {
                let stub = Stub::plain(move |request, mut client| {
                    if request.sequence % every < every - 1 {
                        return right(request, client);
                    }
                    client.write_all(last.as_bytes())?;
                    close()
                });
                let flags = format!("--path / --conns 5 --active {active} --pipeline {pipeline} {flags}");
                measure(stub.address, &flags)
            };
            run.failures(&[]);
            let m = &run.measured;
            assert_eq!((m.connected, m.served, m.lost), (5, active, 0), "{flags} {every}");
            let (requests, reconnects) = (m.requests, m.reconnects.unwrap());
            // As many replies a connection, but for those that were cut off at either end.
            let (least, most) = (requests.saturating_sub(20), requests + 20);
            let carried = reconnects * u64::from(every);
            assert!(
                (least..=most).contains(&carried),
                "{reconnects} times {every}, {requests} replies"
            );
            assert!(reconnects > 20, "{reconnects}");
        }
    }
}

#[test]
fn a_server_that_goes_on_after_its_last_reply_is_wrong() {
    let last = REPLY.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    mismatch(&(last + REPLY));
}

#[test]
fn a_client_that_finds_nobody_when_it_comes_back_is_lost() {
    // A connection carries one request, and after a while nobody listens any more.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let last = REPLY.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        for _ in 0..50 {
            let (mut client, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = io::Read::read(&mut client, &mut request);
            let _ = client.write_all(last.as_bytes());
        }
    });
    let run = measure(address, "--path / --conns 3");
    server.join().unwrap();
    let m = &run.measured;
    assert_eq!(m.lost, 3, "{:?}", m.outcomes);
    // Whoever stood in the queue of accept(2) at the time was reset.
    assert_eq!(
        run.count(Outcome::Refused) + run.count(Outcome::Reset),
        3,
        "{:?}",
        m.outcomes
    );
}

#[test]
fn some_requests_may_ask_for_no_work() {
    let (all, without) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (count_all, count_without) = (Arc::clone(&all), Arc::clone(&without));
    let run = all_right("--slow-every 4", move |request, client| {
        count_all.fetch_add(1, SeqCst);
        if String::from_utf8_lossy(&request.bytes).contains("\r\nX-Work: 0\r\n") {
            count_without.fetch_add(1, SeqCst);
        }
        right(request, client)
    });
    let share = without.load(SeqCst) as f64 / all.load(SeqCst) as f64;
    assert!((0.7..=0.8).contains(&share), "{share}");
    let slow = run.measured.slow_requests.unwrap() as f64 / run.measured.requests as f64;
    assert!((0.2..=0.3).contains(&slow), "{slow}");
}

/// What comes of a server whose every reply is `reply`.
fn told(flags: &str, reply: impl Fn(u32) -> String + Send + Sync + 'static) -> (Option<i32>, String, String) {
    let stub = Stub::plain(move |request, mut client| client.write_all(reply(request.sequence).as_bytes()));
    let mut command = loadgen();
    command.args([
        "--target",
        &stub.address.to_string(),
        "--conns",
        "2",
        "--duration",
        "200ms",
    ]);
    command.args(flags.split_whitespace());
    let output = output(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output));
    (output.status.code(), out, err)
}

#[test]
fn a_first_reply_that_cannot_be_expected_is_refused_before_the_load() {
    let status = |status: &'static str| move |_| REPLY.replace("200 OK", status);
    let lengths = |n: u32| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
            n + 1,
            "x".repeat(n as usize + 1)
        )
    };
    for (got, message) in [
        (
            told("--path /nothing", status("404 Not Found")),
            "the first reply has status 404; loading it anyway needs --expect-status 404",
        ),
        (
            told("--path / --expect-status 200", status("301 Moved")),
            "the first reply has status 301, not the 200 of --expect-status",
        ),
        (
            told("--path /", lengths),
            "the first reply has 1 bytes of body, the second 2; where that may differ it needs --check status",
        ),
        (
            told("--path /", |_| "220 mail.example.org ESMTP\r\n".to_owned()),
            "the reply cannot be followed: it is no HTTP/1.1 ('220 mail.example.org ESMTP\\r\\n')",
        ),
        (
            told("--path /", |_| "HTTP/1.1 200 OK\r\n\r\nforever".to_owned()),
            "the reply cannot be followed: it has neither Content-Length nor chunks",
        ),
    ] {
        let (code, out, err) = got;
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains(message), "'{message}' is not in: {err}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = loadgen();
    command.args(["--path", "/", "--target", &nobody.to_string()]);
    let output = output(command);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains(&format!("cannot connect to {nobody}")),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_replies_are_held_to_is_said() {
    let (code, out, _) = told("--expect-status 404", |_| REPLY.replace("200 OK", "404 Not Found"));
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("status 404, 13 bytes of body, byte for byte"), "{out}");
    // Two bodies of one length, in turn.
    let turns = |n: u32| REPLY.replace("world", if n.is_multiple_of(2) { "WORLD" } else { "world" });
    let (code, out, _) = told("--path /", turns);
    assert_eq!(code, Some(0), "{out}");
    assert!(
        out.contains("status 200, 13 bytes of body, as in the first reply"),
        "{out}"
    );
    let (code, out, _) = told("--check body", turns);
    assert_eq!(code, Some(1));
    assert!(out.contains("wrong reply") && out.contains("--check length"), "{out}");
}

#[test]
fn a_request_is_what_the_flags_say() {
    let (seen, body) = (Arc::new(Mutex::new(String::new())), std::env::temp_dir());
    let body = body.join(format!("loadgen-body-{}", std::process::id()));
    // The stub takes an empty line for a request's end.
    std::fs::write(&body, "abc\r\n\r\n").unwrap();
    let log = Arc::clone(&seen);
    let stub = Stub::plain(move |request, client| {
        let text = String::from_utf8_lossy(&request.bytes).into_owned();
        log.lock().unwrap().push_str(&text);
        if text.starts_with("abc") {
            right(request, client)
        } else {
            Ok(())
        }
    });
    let address = stub.address;
    let flags = format!(
        "--header X-A:1 --header accept:*/* --body-file {} --path /form",
        body.display()
    );
    let run = measure(address, &format!("{flags} --conns 1"));
    std::fs::remove_file(&body).unwrap();
    run.failures(&[]);
    let expected = format!(
        "POST /form HTTP/1.1\r\nHost: {address}\r\nX-A: 1\r\naccept: */*\r\nContent-Length: 7\r\n\r\nabc\r\n\r\n"
    );
    assert!(seen.lock().unwrap().starts_with(&expected.repeat(3)), "{expected}");
}
