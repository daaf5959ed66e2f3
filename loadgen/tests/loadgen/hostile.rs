//! Servers that do wrong on some connections: these are told by class and number, and the others go on.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use loadgen::Outcome;
use socket2::{Domain, Socket, Type};

use crate::run::{DEADLINE, LOOPS, Run, loadgen, measure, output, stderr};
use crate::stub::{FRAME, Request, Stub, close, echo, reset};

/// Connections of each test, of which three meet with hostility: one at its first request, one as the load settles,
/// one in the middle of it.
const CONNS: u64 = 9;
const HOSTILE: [(u32, u32); 3] = [(1, 0), (4, 1), (7, 5)];

fn is_hostile(request: &Request) -> bool {
    HOSTILE.contains(&(request.id, request.sequence))
}

/// Measures a server that does wrong where [`HOSTILE`] says so, and checks that nobody else suffers.
fn hostile(flags: &str, wrong: impl Fn(&Request, &TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Run {
    let stub = Stub::new(move |request, client| {
        if is_hostile(request) {
            wrong(request, client)
        } else {
            echo(request, client)
        }
    });
    let run = measure(stub.address, &format!("--conns {CONNS} {flags}"));
    let seen = stub.seen();
    for (id, sequence) in HOSTILE {
        assert_eq!(
            seen[&id],
            u64::from(sequence) + 1,
            "connection {id} is not used any more"
        );
    }
    let m = &run.measured;
    assert_eq!((m.requested, m.connected), (CONNS, CONNS));
    // The one that was hit in the middle may have been served before.
    let others = CONNS - HOSTILE.len() as u64;
    assert!((others..=others + 1).contains(&m.served), "{} served", m.served);
    assert!(m.requests > 0 && m.requests <= stub.total());
    run
}

/// Answers with `wrong`'s bytes instead of the request's.
fn mismatch(wrong: fn(Vec<u8>) -> Vec<u8>) {
    for flags in LOOPS {
        let run = hostile(flags, move |request, mut client| {
            client.write_all(&wrong(request.bytes.clone()))
        });
        run.failures(&[(Outcome::Mismatch, 3)]);
        assert_eq!(run.measured.turned_away, 0, "a wrong answer is not the same as none");
    }
}

#[test]
fn a_flipped_bit_is_found() {
    mismatch(|mut bytes| {
        bytes[40] ^= 4;
        bytes
    });
}

#[test]
fn a_flipped_bit_in_the_tag_is_found() {
    mismatch(|mut bytes| {
        bytes[3] ^= 0x80;
        bytes
    });
}

#[test]
fn a_lost_byte_is_found() {
    mismatch(|mut bytes| {
        bytes.remove(20);
        bytes
    });
}

#[test]
fn a_doubled_byte_is_found() {
    mismatch(|mut bytes| {
        bytes.insert(20, bytes[20]);
        bytes
    });
}

#[test]
fn a_byte_too_many_is_found() {
    mismatch(|mut bytes| {
        bytes.push(bytes[FRAME - 1]);
        bytes
    });
}

#[test]
fn a_doubled_reply_is_found() {
    mismatch(|bytes| bytes.repeat(2));
}

#[test]
fn wrong_bytes_in_a_fixed_reply_are_found() {
    // Both the tag and what follows it.
    for (at, flags) in [0, 12].into_iter().flat_map(|at| LOOPS.map(|flags| (at, flags))) {
        let stub = Stub::new(move |request, mut client| {
            let mut reply = request.bytes[..8].to_vec();
            reply.resize(16, 0);
            if is_hostile(request) {
                reply[at] ^= 1;
            }
            client.write_all(&reply)
        });
        let run = measure(stub.address, &format!("--conns 9 --protocol reply {flags}"));
        run.failures(&[(Outcome::Mismatch, 3)]);
    }
}

#[test]
fn the_reply_to_the_request_before_is_found() {
    for flags in LOOPS {
        let lasts = Mutex::new(BTreeMap::<u32, Vec<u8>>::new());
        let stub = Stub::new(move |request, mut client| {
            let last = lasts.lock().unwrap().insert(request.id, request.bytes.clone());
            match last.filter(|_| request.id % 4 == 1 && request.sequence == 3) {
                Some(last) => client.write_all(&last),
                None => echo(request, client),
            }
        });
        // Connections 1 and 5.
        let run = measure(stub.address, &format!("--conns 6 {flags}"));
        run.failures(&[(Outcome::Mismatch, 2)]);
    }
}

#[test]
fn the_reply_to_another_connection_is_found_at_both() {
    for flags in LOOPS {
        let both = (Mutex::new(BTreeMap::<u32, Vec<u8>>::new()), Condvar::new());
        let stub = Stub::new(move |request, mut client| {
            if request.sequence != 1 || ![2, 5].contains(&request.id) {
                return echo(request, client);
            }
            let (met, changed) = &both;
            let mut met = met.lock().unwrap();
            met.insert(request.id, request.bytes.clone());
            changed.notify_all();
            let (met, _) = changed.wait_timeout_while(met, DEADLINE, |met| met.len() < 2).unwrap();
            client.write_all(&met[&(7 - request.id)])
        });
        let run = measure(stub.address, &format!("--conns 8 {flags}"));
        run.failures(&[(Outcome::Mismatch, 2)]);
        assert_eq!(
            (run.measured.served, run.measured.starved, run.measured.lost),
            (6, 2, 2)
        );
    }
}

#[test]
fn bytes_that_nobody_asked_for_are_found() {
    let welcome = |number: usize, mut client: &TcpStream| {
        if number % 3 == 1 {
            client.write_all(b"?")?;
        }
        Ok(())
    };
    let stub = Stub::with(FRAME, welcome, echo);
    let run = measure(stub.address, "--conns 9");
    run.failures(&[(Outcome::Mismatch, 3)]);
    assert_eq!(
        (run.measured.connected, run.measured.served, run.measured.starved),
        (9, 6, 3)
    );
}

#[test]
fn bytes_between_the_requests_are_found_too() {
    // Sent long after the hello was answered, on connections that do not talk.
    let stub = Stub::new(|request, mut client| {
        echo(request, client)?;
        if [3, 6].contains(&request.id) {
            client.write_all(b"?")?;
        }
        Ok(())
    });
    let run = measure(stub.address, "--conns 9 --active 1");
    run.failures(&[(Outcome::Mismatch, 2)]);
    assert_eq!((run.measured.active, run.measured.served), (1, 1));
}

#[test]
fn closing_instead_of_replying_is_turning_away_or_loss() {
    for flags in LOOPS {
        let run = hostile(flags, |_, _| close());
        run.failures(&[(Outcome::ClosedEarly, 3)]);
        let m = &run.measured;
        assert_eq!((m.turned_away, m.lost), (1, 2), "one before it was ever served");
    }
}

#[test]
fn a_reset_in_mid_reply_is_a_reset() {
    for flags in LOOPS {
        let run = hostile(flags, |request, mut client| {
            client.write_all(&request.bytes[..30])?;
            reset(client)
        });
        run.failures(&[(Outcome::Reset, 3)]);
        assert_eq!((run.measured.turned_away, run.measured.lost), (1, 2));
    }
}

#[test]
fn a_pipeline_that_breaks_fails_with_all_that_was_under_way() {
    let stub = Stub::new(|request, client| {
        if (request.id, request.sequence) == (2, 20) {
            return close();
        }
        echo(request, client)
    });
    let run = measure(stub.address, "--conns 5 --pipeline 4");
    // Closed with requests unread, which the kernel answers with a reset, sooner or later.
    let (closed, reset) = (run.count(Outcome::ClosedEarly), run.count(Outcome::Reset));
    assert!((1..=4).contains(&(closed + reset)), "{closed} {reset}");
    assert_eq!((run.measured.lost, run.count(Outcome::Mismatch)), (1, 0));
    assert_eq!(run.count(Outcome::Unfinished), 16);
}

#[test]
fn closing_at_once_is_turning_away() {
    let welcome = |number: usize, _: &TcpStream| if number % 3 == 1 { close() } else { Ok(()) };
    let stub = Stub::with(FRAME, welcome, echo);
    let run = measure(stub.address, "--conns 9");
    // A request that was not read makes the close a reset.
    assert_eq!(run.count(Outcome::ClosedEarly) + run.count(Outcome::Reset), 3);
    assert!(run.success);
    let m = &run.measured;
    assert_eq!(
        (m.connected, m.turned_away, m.served, m.starved, m.lost),
        (9, 3, 6, 0, 0)
    );
}

#[test]
fn clients_that_never_get_a_reply_are_starved() {
    let stub = Stub::new(|request, client| {
        if request.id % 3 == 1 {
            Ok(())
        } else {
            echo(request, client)
        }
    });
    let run = measure(stub.address, "--conns 9");
    run.failures(&[]);
    assert_eq!(
        (run.measured.connected, run.measured.served, run.measured.starved),
        (9, 6, 3)
    );
    assert!(run.count(Outcome::Unfinished) >= 3);
    assert!(
        run.measured.unfinished_histogram.len() <= 6,
        "those of the starved have no age"
    );
}

#[test]
fn a_hello_that_is_answered_inside_the_window_is_no_latency() {
    // Connection 1 waits for its first reply through the connect phase, and is then answered at once each time.
    let stub = Stub::new(|request, client| {
        if (request.id, request.sequence) == (1, 0) {
            std::thread::sleep(Duration::from_millis(1500));
        }
        echo(request, client)
    });
    let run = measure(stub.address, "--conns 3 --duration 2s");
    run.failures(&[]);
    let m = &run.measured;
    assert_eq!((m.served, m.greeted, m.late, m.starved), (3, 0, 0, 0));
    assert!(m.first_reply_ns.max.unwrap() >= 1_490_000_000, "{:?}", m.first_reply_ns);
    assert!(m.latency_ns.max.unwrap() < 1_000_000_000, "{:?}", m.latency_ns);
}

#[test]
fn a_reply_that_is_overdue_ends_its_connection() {
    let stub = Stub::new(|request, mut client| match (request.id % 3, request.sequence) {
        // One byte short of a reply is no reply.
        (1, 2) => client.write_all(&request.bytes[1..]),
        (2, 2) => client.write_all(&request.bytes[..FRAME - 1]),
        _ => echo(request, client),
    });
    let run = measure(stub.address, "--conns 9 --timeout 1s --duration 1500ms");
    run.failures(&[(Outcome::Mismatch, 3), (Outcome::RequestTimeout, 3)]);
    assert_eq!((run.measured.served, run.measured.lost), (3, 6));
}

#[test]
fn whoever_the_backlog_keeps_out_times_out_and_whoever_it_holds_starves() {
    let listener = backlog_of_one();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let run = measure(address, "--conns 6 --connect-timeout 500ms");
    run.failures(&[(Outcome::ConnectTimeout, 4)]);
    let m = &run.measured;
    // Linux completes one handshake more than the backlog says.
    assert_eq!((m.requested, m.connected, m.served, m.starved), (6, 2, 0, 2));
    assert_eq!((m.requests, m.rate_per_s, m.jain_index), (0, 0.0, None));
    assert_eq!(m.latency_ns, loadgen::Quantiles::default());
    assert_eq!(run.count(Outcome::Unfinished), 2);
}

/// Listens, and never accepts.
pub(crate) fn backlog_of_one() -> Socket {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(1).unwrap();
    listener
}

#[test]
fn nobody_listening_is_one_clear_message() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = loadgen();
    command.args(["--conns", "7", "--target", &address.to_string()]);
    let output = output(command);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        format!("loadgen: no connection to {address} came about: 7 refused\n")
    );
    assert!(output.stdout.is_empty());

    // The object that was asked for is printed all the same.
    let run = measure(address, "--conns 7");
    run.failures(&[(Outcome::Refused, 7)]);
    assert_eq!((run.measured.connected, run.measured.served), (0, 0));
}
