//! What clients that stay are to have from a server when others leave.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use loadgen::Payload;

use super::client::{PATIENCE, comes_true, connect, expect, has_come};
use super::crowd::serves_at_once;
use super::fault::{Cause, Fault};
use super::halt::Halt;
use crate::execute::server::Server;

/// Groups in the check: one that leaves, the one behind it, and one or two others.
const GROUPS: u32 = 4;
/// Connections in it at most.
const MOST: u64 = 4 * GROUPS as u64;
/// Time in which clients are accepted and answered one after the other, unless the server takes them by turns.
const GREETED: Duration = Duration::from_secs(1);
/// How often the order of replies has to tell the same, of how many times.
const AGREE: (u32, u32) = (6, 8);

/// Clients leave while others stay and talk.
///
/// A server that takes a client out of the list through which it walks passes over the one behind. That one gets its
/// reply when the list is walked the next time: later than all that have no such neighbour, which in other servers
/// would be chance. So it has to come about almost every time, in lists of different shapes.
pub(super) fn leavers(server: &Server, payload: &mut Payload) -> Result<()> {
    if !serves_at_once(server.ready.as_ref(), MOST) {
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
        "{GROUPS} clients that came next to one that left were answered after all others, {late} times of {}",
        AGREE.1
    );
    Err(Fault::named(seen, Cause::SkipsNeighbours).into())
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
    for group in 0..GROUPS {
        // Other shapes each time: of one and the same, the order in which processors are given away could make the same.
        let after = 1 + (time + group) % 2;
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
    let (mut others_first, patience) = (false, PATIENCE);
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
