//! Clients that connect at once behind a small accept backlog: who is answered, when, and who never.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use loadgen::{Payload, Protocol, interrupt};

use super::Laboratory;
use crate::claims::backlog::BACKLOGS;
use crate::claims::measured::Burst;
use crate::execute::verify::halt::Halt;
use crate::execute::{Server, wait};
use crate::record::Settings;

pub(super) const SERVER: &str = "epoll-edge";
const CLIENTS: u32 = 100;
/// Bursts behind each backlog: who is dropped, and how often again, is chance.
const BURSTS: usize = 3;
/// For so long the server does not accept, when it is held: as a slow handler or a collection of garbage would have it.
const HELD: Duration = Duration::from_millis(200);
/// A reply after this time is late. A handshake that was dropped is tried again after one second.
const LATE: Duration = Duration::from_millis(500);
/// How long a client waits: the kernel has tried a handshake again several times by then.
const PATIENCE: Duration = Duration::from_secs(8);

pub(super) fn measure(lab: &mut Laboratory) -> Result<Vec<Burst>, String> {
    let mut bursts = Vec::new();
    let times = if lab.quick { 1 } else { BURSTS };
    for _ in 0..times {
        for backlog in BACKLOGS {
            for held in [false, true] {
                bursts.push(burst(lab, backlog, held).map_err(|error| format!("{error:#}"))?);
            }
        }
    }
    Ok(bursts)
}

fn burst(lab: &mut Laboratory, backlog: u64, held: bool) -> Result<Burst> {
    let launch = lab.launch(SERVER, &Settings::default())?;
    let settings = Settings {
        backlog,
        ..Settings::default()
    };
    let server = Server::start(&launch, &settings, &lab.placement.server)?;
    let waits = come(&server, &settings, held)?;
    server.stop()?;
    if interrupt::requested() {
        bail!("interrupted");
    }
    let answered = || waits.iter().flatten();
    let late = answered().filter(|wait| **wait > LATE).count() as u64;
    let prompt = answered().count() as u64 - late;
    Ok(Burst {
        backlog,
        held_ms: if held { HELD.as_millis() as u64 } else { 0 },
        clients: CLIENTS.into(),
        prompt,
        late,
        lost: u64::from(CLIENTS) - prompt - late,
        patience_ms: PATIENCE.as_millis() as u64,
        slowest_ns: answered().max().map(|wait| wait.as_nanos() as u64),
    })
}

/// How long each client waited for its reply; none for those that had none.
fn come(server: &Server, settings: &Settings, held: bool) -> Result<Vec<Option<Duration>>> {
    let halt = if held { Halt::of(server) } else { None };
    if held && halt.is_none() {
        bail!("the server could not be held");
    }
    let (address, gate) = (server.address, Barrier::new(CLIENTS as usize + 1));
    let sizes = (settings.request_bytes as usize, settings.reply_bytes as usize);
    thread::scope(|scope| {
        let each = |id| {
            let (gate, mut payload) = (&gate, Payload::new(Protocol::Echo, sizes.0, sizes.1));
            scope.spawn(move || {
                let (request, due) = (payload.request(id, 0).to_vec(), payload.reply(id, 0).to_vec());
                gate.wait();
                answered(address, &request, &due)
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(each).collect();
        gate.wait();
        if held {
            wait::nap(HELD);
        }
        drop(halt);
        Ok(clients.into_iter().map(|client| client.join().ok().flatten()).collect())
    })
}

/// Time from connect(2) to the whole reply; none where it did not come, or was another.
fn answered(address: SocketAddr, request: &[u8], due: &[u8]) -> Option<Duration> {
    let start = Instant::now();
    let mut client = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    client.set_nodelay(true).ok()?;
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    client.write_all(request).ok()?;
    let mut reply = vec![0; due.len()];
    client.read_exact(&mut reply).ok()?;
    let took = start.elapsed();
    (reply == due && took <= PATIENCE).then_some(took)
}
