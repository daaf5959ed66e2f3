//! Whether a server rests while nobody talks.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Result;
use loadgen::Payload;
use loadgen::clock::{nanoseconds, now_ns};

use super::client::{connect, expect};
use super::crowd::many;
use super::fault::{Cause, Fault};
use crate::execute::probe::Tree;
use crate::execute::server::Server;
use crate::execute::wait;

/// Connections that are open and silent, where the server has room for them.
const SILENT: u64 = 4;
/// The first look, which most servers pass.
const LOOK: Duration = Duration::from_millis(60);
/// Further looks, in all of which one must be busy: others have something to clear up, or compile what was in use.
const LOOKS: u32 = 10;
const LONGER_LOOK: Duration = Duration::from_millis(200);
/// From this share of one CPU on it is busy. On a machine where others want the CPU too, one that spins gets no more.
const BUSY: f64 = 0.1;

pub(super) fn rests(server: &Server, payload: &mut Payload) -> Result<()> {
    const ID: u32 = 6;
    // One more may still lie in the accept queue of a server of one client at a time: that of the check before.
    let silent = many(server.ready.as_ref()).saturating_sub(1).clamp(1, SILENT);
    let mut clients = (0..silent)
        .map(|_| connect(server))
        .collect::<Result<Vec<TcpStream>>>()?;
    // The others may have to wait for this one to go.
    clients[0].write_all(payload.request(ID, 0))?;
    expect(server, &mut clients[0], payload.reply(ID, 0))?;
    if !Look::take(server, LOOK)?.is_busy() {
        return Ok(());
    }
    let mut total = 0.0;
    for _ in 0..LOOKS {
        let look = Look::take(server, LONGER_LOOK)?;
        if !look.is_busy() {
            return Ok(());
        }
        total += look.share;
    }
    let share = total / f64::from(LOOKS);
    // Whoever wants the CPU and never gets it may have a reason to.
    if share < BUSY {
        return Ok(());
    }
    drop(clients);
    // Time to see them go.
    Look::take(server, LONGER_LOOK)?;
    let alone = !Look::take(server, 2 * LONGER_LOOK)?.is_busy();
    let (cause, without) = if alone {
        (Cause::WaitsForRoom, ", and none without connections")
    } else {
        (Cause::NeverWaits, "")
    };
    let seen = format!(
        "it used {:.0} % of a CPU for {} s in which {silent} connections were open and nobody talked{without}",
        100.0 * share,
        (LOOKS * LONGER_LOOK).as_secs(),
    );
    Err(Fault::named(seen, cause).into())
}

/// What a server did for a while.
struct Look {
    /// Its CPU time ÷ time; 0 where its processes came or went.
    share: f64,
    /// Whether it ran at the end, or would have if others had not.
    wants_cpu: bool,
}

impl Look {
    fn take(server: &Server, over: Duration) -> Result<Self> {
        let tree = Tree::of(server.pid());
        let before = tree.cpu();
        wait::until(now_ns() + nanoseconds(over))?;
        let after = tree.cpu();
        let used = before
            .total_ns
            .zip(after.total_ns)
            .map(|(before, after)| after.saturating_sub(before));
        Ok(Self {
            share: used.unwrap_or(0) as f64 / (after.at_ns - before.at_ns) as f64,
            wants_cpu: tree.wants_cpu(),
        })
    }

    fn is_busy(&self) -> bool {
        self.share >= BUSY || self.wants_cpu
    }
}
