//! Whether a server answers rightly at all: asked once, before anything is measured.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use loadgen::{ExpectedHttp, Payload, Protocol};

use super::server::{Launch, Server};
use super::wait;
use crate::record::{Ready, Settings};

mod http;

/// Time that any single read or write may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time in which a server that waits for a piece of a request has read it.
const PAUSE: Duration = Duration::from_millis(15);
/// Connections that are open at once in the last check, where the server has room for them.
const MANY: u64 = 32;
/// Connections of the checks before, which it may not have closed yet.
const CLOSING: u64 = 4;
/// Requests in the check of large payloads: more than any server's buffers and socket hold.
const LARGE_BYTES: usize = 1 << 20;

/// A check: its name in messages and what it does.
type Check = (&'static str, fn(&Server, &mut Payload) -> Result<()>);

const CHECKS: [Check; 5] = [
    ("a request in pieces", split_frames),
    ("requests in one piece", merged_frames),
    ("more than all buffers hold", large_payload),
    ("half-closed connection", half_close),
    ("many connections", many_connections),
];

/// Starts the server and puts it through all checks. Under HTTP it tells what replies must be: as the first one.
///
/// # Errors
/// Names the check that failed and how.
pub fn verify(launch: &Launch, settings: &Settings, cpus: &[usize]) -> Result<Option<ExpectedHttp>> {
    let mut server = Server::start(launch, settings, cpus)?;
    let checked = match settings.protocol {
        Protocol::Http => http::check(&server, settings).map(Some),
        protocol => check(&server, protocol, settings).map(|()| None),
    };
    let expected = checked.map_err(|(name, error)| match server.check_alive() {
        // A server that died says more than the connection that broke.
        Err(death) => death.context(format!("check '{name}'")),
        Ok(()) => server.failure(format!("{:#}", error.context(format!("check '{name}'")))),
    })?;
    server.stop()?;
    Ok(expected)
}

/// Puts the server through all checks, or tells which has failed and why.
fn check(server: &Server, protocol: Protocol, settings: &Settings) -> Result<(), (&'static str, anyhow::Error)> {
    // Hardly ever a request that asks for work: thousands of waits in a row would test nothing but patience.
    let mut payload =
        Payload::new(protocol, settings.request_bytes as usize, settings.reply_bytes as usize).slow_every(u32::MAX);
    for (name, check) in CHECKS {
        check(server, &mut payload).map_err(|error| (name, error))?;
    }
    Ok(())
}

fn connect(server: &Server) -> Result<TcpStream> {
    let client = TcpStream::connect_timeout(&server.address, PATIENCE).context("cannot connect")?;
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    Ok(client)
}

fn expect(client: &mut TcpStream, expected: &[u8]) -> Result<()> {
    let mut got = vec![0; expected.len()];
    let mut filled = 0;
    while filled < got.len() {
        match client.read(&mut got[filled..]) {
            Ok(0) => bail!("the connection ended after {filled} of {} bytes", expected.len()),
            Ok(read) => filled += read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                bail!(
                    "no reply within {} s ({filled} of {} bytes came)",
                    PATIENCE.as_secs(),
                    expected.len()
                )
            }
            Err(error) => return Err(error).context("cannot read the reply"),
        }
    }
    match got.iter().zip(expected).position(|(got, expected)| got != expected) {
        Some(at) => bail!(
            "the reply is wrong from byte {at} on: {:#04x} where {:#04x} is due",
            got[at],
            expected[at]
        ),
        None => Ok(()),
    }
}

fn split_frames(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    let request = payload.request(1, 0).to_vec();
    // Within the tag and after it. The server must have seen a piece before the next one comes, or it sees but one.
    for piece in [&request[..1], &request[1..9], &request[9..]] {
        client.write_all(piece)?;
        wait::nap(PAUSE);
    }
    expect(&mut client, payload.reply(1, 0))
}

fn merged_frames(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    let requests: Vec<u8> = (0..7).flat_map(|n| payload.request(2, n).to_vec()).collect();
    let replies: Vec<u8> = (0..7).flat_map(|n| payload.reply(2, n).to_vec()).collect();
    client.write_all(&requests)?;
    expect(&mut client, &replies)
}

fn large_payload(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    let count = (LARGE_BYTES / payload.request(3, 0).len()).max(1) as u32;
    let requests: Vec<u8> = (0..count).flat_map(|n| payload.request(3, n).to_vec()).collect();
    let replies: Vec<u8> = (0..count).flat_map(|n| payload.reply(3, n).to_vec()).collect();
    let mut sender = client.try_clone()?;
    let sending = thread::spawn(move || sender.write_all(&requests));
    let received = expect(&mut client, &replies);
    let _ = client.shutdown(Shutdown::Both);
    let sent = sending.join().expect("the sender does not panic");
    received?;
    sent.context("cannot send")
}

fn half_close(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    client.write_all(payload.request(4, 0))?;
    client.shutdown(Shutdown::Write)?;
    expect(&mut client, payload.reply(4, 0))?;
    match client.read(&mut [0; 16]) {
        Ok(0) => Ok(()),
        Ok(_) => bail!("bytes come after the last reply"),
        Err(_) => bail!("the server does not close a connection that the client has half closed"),
    }
}

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

/// Opened together, answered in the order in which they were opened: so that a server of one client at a time passes.
fn many_connections(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut clients = (0..many(server.ready.as_ref()))
        .map(|_| connect(server))
        .collect::<Result<Vec<_>>>()?;
    for (id, client) in (100..).zip(&mut clients) {
        client.write_all(payload.request(id, 0))?;
    }
    for (id, mut client) in (100..).zip(clients) {
        expect(&mut client, payload.reply(id, 0)).with_context(|| format!("connection {}", id - 99))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_opened_than_there_is_room_for() {
        let ready = |connections: u64, bound_by: &str, backlog: u64| {
            let ready = serde_json::json!({
                "model": "x", "address": "127.0.0.1:1", "pid": 1,
                "backlog": { "requested": backlog, "effective": backlog },
                "capacity": { "connections": connections, "bound_by": bound_by }, "workers": 1,
            });
            many(Some(&serde_json::from_value(ready).unwrap()))
        };
        assert_eq!(many(None), 32, "a foreign server announces nothing");
        assert_eq!(ready(10_000, "RLIMIT_NOFILE", 4096), 32);
        assert_eq!(ready(20, "RLIMIT_NOFILE", 4096), 16);
        assert_eq!(ready(3, "RLIMIT_NOFILE", 4096), 1);
        assert_eq!(ready(1, "workers", 4096), 32, "the others wait");
        assert_eq!(ready(1, "workers", 8), 9);
    }
}
