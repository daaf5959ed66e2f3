//! Requests of any bytes: every reply must be the first one, byte for byte, in both loops.

use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use loadgen::Outcome;

use crate::run::{LOOPS, Run, loadgen, measure, output, stderr};
use crate::stub::{Request, Stub, close};

const REPLY: &[u8] = b"+PONG\0pong\r\n";
const HOSTILE: [(u32, u32); 3] = [(1, 0), (4, 1), (7, 5)];
const ENDS: [&str; 2] = ["--reply-bytes 12", "--reply-until \\r\\n"];

/// A file with a request, removed when this is dropped.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("loadgen-request-{}-{}", std::process::id(), NUMBER.fetch_add(1, SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "PING\r\n\r\n").unwrap();
        Self(path)
    }

    fn flag(&self) -> String {
        format!("--request-file {}", self.0.display())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn hostile(flags: &str, wrong: impl Fn(&Request, &TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Run {
    let file = File::new();
    let stub = Stub::plain(move |request, mut client| {
        if HOSTILE.contains(&(request.id, request.sequence)) {
            wrong(request, client)
        } else {
            client.write_all(REPLY)
        }
    });
    let run = measure(stub.address, &format!("{} --conns 9 {flags}", file.flag()));
    let m = &run.measured;
    assert_eq!((m.requested, m.connected), (9, 9));
    assert!((6..=7).contains(&m.served), "{} served", m.served);
    for (id, sequence) in HOSTILE {
        assert_eq!(
            stub.seen()[&id],
            u64::from(sequence) + 1,
            "connection {id} is not used any more"
        );
    }
    run
}

#[track_caller]
fn mismatch(wrong: &[u8]) {
    for (flags, end) in LOOPS.into_iter().flat_map(|flags| ENDS.map(|end| (flags, end))) {
        let bytes = wrong.to_vec();
        let run = hostile(&format!("{end} {flags}"), move |_, mut client| client.write_all(&bytes));
        run.failures(&[(Outcome::Mismatch, 3)]);
    }
}

#[test]
fn a_flipped_bit_is_found() {
    mismatch(b"+PONG\0qong\r\n");
}

#[test]
fn a_lost_byte_is_found() {
    mismatch(b"+PONGpong\r\n");
}

#[test]
fn a_doubled_byte_is_found() {
    mismatch(b"+PPONG\0pong\r\n");
    mismatch(b"+PONG\0pong\r\n\n");
}

#[test]
fn a_reply_that_is_another_ones_is_found() {
    mismatch(b"-NO SUCH KEY\r\n");
    mismatch(&REPLY.repeat(2));
}

#[test]
fn closing_instead_of_replying_is_turning_away_or_loss() {
    for (flags, sent) in LOOPS.into_iter().flat_map(|flags| [(flags, 0), (flags, 5)]) {
        let run = hostile(&format!("{} {flags}", ENDS[0]), move |_, mut client| {
            client.write_all(&REPLY[..sent])?;
            close()
        });
        run.failures(&[(Outcome::ClosedEarly, 3)]);
        assert_eq!((run.measured.turned_away, run.measured.lost), (1, 2));
    }
}

#[test]
fn replies_that_were_swapped_are_found_at_whoever_got_anothers() {
    // Connections 2 and 3 have one reply each that belongs to the other question, in the middle of a pipeline of two.
    for flags in LOOPS {
        let file = File::new();
        let stub = Stub::plain(move |request, mut client| match (request.id, request.sequence) {
            (2 | 3, 6) => client.write_all(b"+PONG\0gnop\r\n"),
            _ => client.write_all(REPLY),
        });
        let flags = format!("{} {} --conns 5 --pipeline 2 {flags}", file.flag(), ENDS[1]);
        let run = measure(stub.address, &flags);
        let m = &run.measured;
        let failures: Vec<Outcome> = m.outcomes.failures().into_iter().map(|(how, _)| how).collect();
        assert_eq!((failures, m.lost), (vec![Outcome::Mismatch], 2), "{:?}", m.outcomes);
        assert!((3..=5).contains(&m.served), "{} served", m.served);
    }
}

#[test]
fn a_reply_may_come_in_pieces_and_several_at_once() {
    for flags in LOOPS {
        let file = File::new();
        let stub = Stub::plain(|request, mut client| {
            let (one, other) = REPLY.split_at(request.sequence as usize % REPLY.len());
            client.write_all(one)?;
            thread::sleep(Duration::from_micros(300));
            client.write_all(other)
        });
        let run = measure(
            stub.address,
            &format!("{} {} --conns 4 --pipeline 3 {flags}", file.flag(), ENDS[0]),
        );
        run.failures(&[]);
        assert_eq!((run.measured.served, run.measured.lost), (4, 0));
    }
}

#[test]
fn a_first_reply_without_its_end_is_refused_before_the_load() {
    let file = File::new();
    for (end, reply, message) in [
        (
            "--reply-bytes 20",
            &b"short"[..],
            "the connection ended after 5 bytes, before the reply did",
        ),
        (
            "--reply-until END",
            b"no",
            "the connection ended after 2 bytes, before the reply did",
        ),
        (
            "--reply-bytes 3",
            b"four",
            "the reply goes on behind its end: 4 bytes came, of which it has 3",
        ),
        (
            "--reply-until ur",
            b"four+",
            "the reply goes on behind its end: 5 bytes came, of which it has 4",
        ),
    ] {
        let stub = Stub::plain(move |_, mut client| {
            client.write_all(reply)?;
            close()
        });
        let mut command = loadgen();
        command
            .args(["--target", &stub.address.to_string(), "--request-file"])
            .arg(&file.0);
        command.args(end.split(' '));
        let output = output(command);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(message), "{end}: {}", stderr(&output));
    }
}
