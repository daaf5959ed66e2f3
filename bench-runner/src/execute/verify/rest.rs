//! Whether a server rests while nobody talks.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Result;
use loadgen::Payload;
use loadgen::clock::{nanoseconds, now_ns};

use super::client::{connect, expect};
use super::fault::{Cause, Fault};
use crate::execute::probe::Tree;
use crate::execute::server::Server;
use crate::execute::wait;

/// Connections that are open and silent.
const SILENT: usize = 4;
/// The first look, which most servers pass.
const LOOK: Duration = Duration::from_millis(60);
/// Further looks, in all of which one must be busy: others have something to clear up, or compile what was in use.
const LOOKS: u32 = 10;
const LONGER_LOOK: Duration = Duration::from_millis(200);
/// From this share of one CPU on it is busy. On a machine where others want the CPU too, one that spins gets no more.
const BUSY: f64 = 0.1;

pub(super) fn rests(server: &Server, payload: &mut Payload) -> Result<()> {
    const ID: u32 = 6;
    let mut clients = (0..SILENT)
        .map(|_| connect(server))
        .collect::<Result<Vec<TcpStream>>>()?;
    // The others may have to wait for this one to go.
    clients[0].write_all(payload.request(ID, 0))?;
    expect(server, &mut clients[0], payload.reply(ID, 0))?;
    if cpu_share(server, LOOK)?.is_none_or(|share| share < BUSY) {
        return Ok(());
    }
    let mut most = 0.0_f64;
    for _ in 0..LOOKS {
        match cpu_share(server, LONGER_LOOK)? {
            Some(share) if share >= BUSY => most = most.max(share),
            _ => return Ok(()),
        }
    }
    drop(clients);
    // Time to see them go.
    cpu_share(server, LONGER_LOOK)?;
    let alone = cpu_share(server, 2 * LONGER_LOOK)?;
    let only_with_clients = alone.is_some_and(|share| share < BUSY);
    let seen = format!(
        "it used up to {:.0} % of a CPU for {} s in which {SILENT} connections were open and nobody talked{}",
        100.0 * most,
        (LOOKS * LONGER_LOOK).as_secs(),
        if only_with_clients {
            ", and none without connections"
        } else {
            ""
        },
    );
    let cause = if only_with_clients {
        Cause::WaitsForRoom
    } else {
        Cause::NeverWaits
    };
    Err(Fault::named(seen, cause).into())
}

/// The server's CPU time ÷ time; `None` where its processes came or went.
fn cpu_share(server: &Server, over: Duration) -> Result<Option<f64>> {
    let tree = Tree::of(server.pid());
    let before = tree.cpu();
    wait::until(now_ns() + nanoseconds(over))?;
    let after = tree.cpu();
    let used = before
        .total_ns
        .zip(after.total_ns)
        .map(|(before, after)| after.saturating_sub(before));
    Ok(used.map(|used| used as f64 / (after.at_ns - before.at_ns) as f64))
}
