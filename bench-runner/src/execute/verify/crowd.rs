//! What many connections at once are to withstand.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::Result;
use loadgen::Payload;

use super::client::{ENDED, PATIENCE, connect, expect, has_come};
use super::fault::{Cause, Fault};
use super::halt::Halt;
use crate::execute::listen::ListenCounts;
use crate::execute::server::Server;
use crate::execute::wait;
use crate::record::Ready;

/// Connections that are open at once, where the server has room for them.
const MANY: u64 = 32;
/// Connections of the checks before, which it may not have closed yet.
const CLOSING: u64 = 4;
/// A handshake with a server that is held takes the kernel some microseconds, or the second after which it is tried
/// again.
const HANDSHAKE: Duration = Duration::from_millis(500);

/// How many a server must be able to answer at once: fewer where it announced less room. One that is bound by its
/// workers lets the others wait in its accept queue, so there the backlog counts.
pub(super) fn many(ready: Option<&Ready>) -> u64 {
    let Some(ready) = ready else { return MANY };
    let room = match ready.capacity.bound_by.as_str() {
        "workers" => ready.backlog.effective.unwrap_or(ready.backlog.requested) + ready.capacity.connections,
        _ => ready.capacity.connections.saturating_sub(CLOSING),
    };
    room.clamp(1, MANY)
}

/// Whether a server has room for so many that it serves side by side, as far as it has announced.
pub(super) fn serves_at_once(ready: Option<&Ready>, conns: u64) -> bool {
    ready.is_none_or(|ready| ready.capacity.connections >= conns + CLOSING)
}

/// How many can come at once while nobody accepts.
fn burst_of(ready: Option<&Ready>) -> u64 {
    let queue = ready.and_then(|ready| ready.backlog.effective).unwrap_or(MANY);
    many(ready).min(queue).max(1)
}

/// Opened together, answered in the order in which they were opened: so that a server of one client at a time passes.
///
/// A server with little room may turn some away while those of the check before are still leaving: then all come again,
/// until they have left or the patience has.
pub(super) fn many_connections(server: &Server, payload: &mut Payload) -> Result<()> {
    let tight = server
        .ready
        .as_ref()
        .is_some_and(|ready| ready.capacity.connections < 2 * MANY + CLOSING);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match at_once(server, payload) {
            Err(error) if tight && was_turned_away(&error) && Instant::now() < deadline => {
                wait::nap(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// Whether a connection was closed before a byte of its reply had come.
fn was_turned_away(error: &anyhow::Error) -> bool {
    let reset = |error: &io::Error| matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
    let cause = error.root_cause();
    cause.downcast_ref::<io::Error>().is_some_and(reset) || cause.to_string().starts_with(&format!("{ENDED} 0 "))
}

fn at_once(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut clients = (0..many(server.ready.as_ref()))
        .map(|_| connect(server))
        .collect::<Result<Vec<_>>>()?;
    for (id, client) in (100..).zip(&mut clients) {
        client.write_all(payload.request(id, 0))?;
    }
    answered(server, payload, clients, 100)
}

/// Opened and asked while the server is held, so that it hears of all of them by one event.
pub(super) fn burst(server: &Server, payload: &mut Payload) -> Result<()> {
    let Some(halt) = Halt::of(server) else { return Ok(()) };
    let mut clients = come_at_once(server);
    for (id, client) in (200..).zip(&mut clients) {
        client.write_all(payload.request(id, 0))?;
    }
    drop(halt);
    answered(server, payload, clients, 200)
}

/// Those of a burst that get into the accept queue of a server that is held.
fn come_at_once(server: &Server) -> Vec<TcpStream> {
    let come = |_| {
        let client = TcpStream::connect_timeout(&server.address, HANDSHAKE).ok()?;
        client.set_nodelay(true).ok()?;
        client.set_read_timeout(Some(PATIENCE)).ok()?;
        Some(client)
    };
    // Where one does not get in, none does that comes after it.
    (0..burst_of(server.ready.as_ref())).map_while(come).collect()
}

/// Whether the accept queue has room for a burst. One that has not makes clients wait, and answers them rightly.
pub(super) fn accept_queue(server: &Server, _: &mut Payload) -> Result<()> {
    let Some(halt) = Halt::of(server) else { return Ok(()) };
    let before = ListenCounts::read();
    let clients = come_at_once(server);
    let dropped = before
        .zip(ListenCounts::read())
        .map(|(before, after)| (after - before).overflows);
    let came = burst_of(server.ready.as_ref());
    let got_in = clients.len() as u64;
    drop((halt, clients));
    // The kernel has to say so too: whatever else keeps a client out is no full queue.
    if got_in == came || got_in == 0 || dropped == Some(0) {
        return Ok(());
    }
    Err(Fault::limit(format!(
        "of {came} clients that come at once {got_in} get in, and the others have to try again, after a second at the \
         earliest: its backlog is {}; pass more to listen(2), as much as net.core.somaxconn allows",
        got_in - 1
    ))
    .into())
}

/// Each gets its reply, in this order.
fn answered(server: &Server, payload: &mut Payload, clients: Vec<TcpStream>, first_id: u32) -> Result<()> {
    let count = clients.len();
    let mut waiting = (first_id..).zip(clients);
    while let Some((id, mut client)) = waiting.next() {
        let Err(error) = expect(server, &mut client, payload.reply(id, 0)) else {
            continue;
        };
        let Some(Cause::AcceptsOnce) = error.downcast_ref::<Fault>().and_then(|fault| fault.cause) else {
            return Err(error.context(format!("connection {}", id - first_id + 1)));
        };
        // That other one has brought one of them in.
        let silent = 1 + waiting.filter(|(_, client)| !has_come(client)).count();
        let seen = format!("{silent} of {count} connected clients got no reply until another one came");
        return Err(Fault::named(seen, Cause::AcceptsOnce).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_turned_away_is_told_from_who_was_answered_wrongly() {
        let told = |text: String| was_turned_away(&anyhow::anyhow!(text).context("connection 8"));
        assert!(told(format!("{ENDED} 0 of 64 bytes")));
        assert!(!told(format!("{ENDED} 10 of 64 bytes")));
        assert!(!told("the reply is wrong from byte 0 on".to_owned()));
        let of = |kind: ErrorKind| was_turned_away(&anyhow::Error::from(io::Error::from(kind)).context("cannot read"));
        assert!(of(ErrorKind::ConnectionReset) && of(ErrorKind::BrokenPipe));
        assert!(!of(ErrorKind::TimedOut));
    }

    #[test]
    fn no_more_are_opened_than_there_is_room_for() {
        let ready = |connections: u64, bound_by: &str, backlog: u64| -> Ready {
            let ready = serde_json::json!({
                "model": "x", "address": "127.0.0.1:1", "pid": 1,
                "backlog": { "requested": backlog, "effective": backlog },
                "capacity": { "connections": connections, "bound_by": bound_by }, "workers": 1,
            });
            serde_json::from_value(ready).unwrap()
        };
        let of = |ready: Ready| (many(Some(&ready)), burst_of(Some(&ready)));
        assert_eq!(
            (many(None), burst_of(None)),
            (32, 32),
            "a foreign server announces nothing"
        );
        assert_eq!(of(ready(10_000, "RLIMIT_NOFILE", 4096)), (32, 32));
        assert_eq!(of(ready(20, "RLIMIT_NOFILE", 4096)), (16, 16));
        assert_eq!(of(ready(3, "RLIMIT_NOFILE", 4096)), (1, 1));
        assert_eq!(of(ready(1, "workers", 4096)), (32, 32), "the others wait");
        assert_eq!(of(ready(1, "workers", 8)), (9, 8), "nobody is accepted meanwhile");
        assert!(serves_at_once(None, 32) && serves_at_once(Some(&ready(40, "RLIMIT_NOFILE", 1)), 32));
        assert!(!serves_at_once(Some(&ready(20, "RLIMIT_NOFILE", 4096)), 32));
        assert!(!serves_at_once(Some(&ready(1, "workers", 4096)), 32), "the others wait");
    }
}
