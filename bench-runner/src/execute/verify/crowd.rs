//! What many connections at once are to withstand.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use loadgen::Payload;

use super::client::{comes_true, connect, expect, has_come};
use super::fault::{Cause, Fault};
use super::halt::Halt;
use crate::execute::listen::ListenCounts;
use crate::execute::server::Server;
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
fn many(ready: Option<&Ready>) -> u64 {
    let Some(ready) = ready else { return MANY };
    let room = match ready.capacity.bound_by.as_str() {
        "workers" => ready.backlog.effective.unwrap_or(ready.backlog.requested) + ready.capacity.connections,
        _ => ready.capacity.connections.saturating_sub(CLOSING),
    };
    room.clamp(1, MANY)
}

/// How many can come at once while nobody accepts.
fn burst_of(ready: Option<&Ready>) -> u64 {
    let queue = ready.and_then(|ready| ready.backlog.effective).unwrap_or(MANY);
    many(ready).min(queue).max(1)
}

/// Opened together, answered in the order in which they were opened: so that a server of one client at a time passes.
pub(super) fn many_connections(server: &Server, payload: &mut Payload) -> Result<()> {
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
        client.set_read_timeout(Some(super::client::PATIENCE)).ok()?;
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

/// Trios of connections in the check of leavers.
const TRIOS: u32 = 4;
/// Time in which clients are accepted and answered one after the other, unless the server takes them by turns.
const GREETED: Duration = Duration::from_secs(1);
/// How often the order of replies has to tell the same, of how many times.
const AGREE: (u32, u32) = (5, 6);

/// Clients leave while others stay and talk.
///
/// A server that takes a client out of the list through which it walks passes over the one behind. That one gets its
/// reply when the list is walked the next time: later than all that have no such neighbour, which in other servers
/// would be chance. So it has to come about almost every time, in lists of different shapes.
pub(super) fn leavers(server: &Server, payload: &mut Payload) -> Result<()> {
    if many(server.ready.as_ref()) < MANY || bound_below(server.ready.as_ref(), MANY) {
        return Ok(());
    }
    let mut late = 0;
    for time in 0..AGREE.1 {
        match neighbours_are_last(server, payload, time)? {
            Some(true) => late += 1,
            Some(false) => {}
            None => return Ok(()),
        }
        if time + 1 - late > AGREE.1 - AGREE.0 {
            return Ok(());
        }
    }
    let seen = format!(
        "{TRIOS} clients that came next to one that left were answered after all others, {late} times of {}",
        AGREE.1
    );
    Err(Fault::named(seen, Cause::SkipsNeighbours).into())
}

/// Whether workers serve fewer than `conns` at once.
fn bound_below(ready: Option<&Ready>, conns: u64) -> bool {
    ready.is_some_and(|ready| ready.capacity.bound_by == "workers" && ready.capacity.connections < conns)
}

/// Whether all that came next to a leaver were answered after all others; `None` where the server does not hold so many
/// at once, or cannot be held.
fn neighbours_are_last(server: &Server, payload: &mut Payload, time: u32) -> Result<Option<bool>> {
    let (mut leaving, mut neighbours, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut ids = 300 + 100 * time..;
    let mut greet = |payload: &mut Payload| -> Result<Option<(u32, TcpStream)>> {
        let (mut client, id) = (connect(server)?, ids.next().unwrap_or_default());
        client.write_all(payload.request(id, 0))?;
        if !comes_true(GREETED, || has_come(&client)) {
            return Ok(None);
        }
        expect(server, &mut client, payload.reply(id, 0))?;
        Ok(Some((id, client)))
    };
    for trio in 0..TRIOS {
        // Other shapes each time: of one and the same, the order in which processors are given away could make the same.
        let after = 1 + (time + trio) % 2;
        for (clients, count) in [(&mut leaving, 1), (&mut neighbours, 1), (&mut others, after)] {
            for _ in 0..count {
                let Some(client) = greet(payload)? else { return Ok(None) };
                clients.push(client);
            }
        }
    }
    let Some(halt) = Halt::of(server) else { return Ok(None) };
    drop(leaving);
    for (id, client) in neighbours.iter_mut().chain(&mut others) {
        client.write_all(payload.request(*id, 1))?;
    }
    drop(halt);
    let (mut others_first, patience) = (false, super::client::PATIENCE);
    comes_true(patience, || {
        let others_done = others.iter().all(|(_, client)| has_come(client));
        // Looked at after the others: whoever has nothing now had nothing then.
        let answered = neighbours.iter().filter(|(_, client)| has_come(client)).count();
        others_first |= others_done && answered == 0;
        answered > 0
    });
    for (id, mut client) in neighbours.into_iter().chain(others) {
        expect(server, &mut client, payload.reply(id, 1)).context("a client that stayed when others left")?;
    }
    Ok(Some(others_first))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(bound_below(Some(&ready(1, "workers", 4096)), 2));
    }
}
