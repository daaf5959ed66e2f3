//! What a single connection is to withstand.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail};
use loadgen::Payload;
use loadgen::units::grouped;

use super::client::{connect, exchange, expect, nudge};
use super::fault::{Cause, Fault};
use super::halt::Halt;
use crate::execute::server::Server;
use crate::execute::wait;

/// Time in which a server that waits for a piece of a request has read it.
pub(super) const PAUSE: Duration = Duration::from_millis(15);
/// Requests in the check of large payloads: more than any server's buffers and socket hold.
pub(super) const LARGE_BYTES: usize = 1 << 20;
/// Requests that lie ready in one piece: more than most servers read at once, less than a socket holds.
const PILE_BYTES: usize = 48 << 10;

pub(super) fn split_frames(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    let request = payload.request(1, 0).to_vec();
    // Within the tag and after it. The server must have seen a piece before the next one comes, or it sees but one.
    for piece in [&request[..1], &request[1..9], &request[9..]] {
        client.write_all(piece)?;
        wait::nap(PAUSE);
    }
    expect(server, &mut client, payload.reply(1, 0))
}

pub(super) fn merged_frames(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    let (requests, replies) = conversation(payload, 2, 7);
    client.write_all(&requests)?;
    expect(server, &mut client, &replies)
}

/// Requests that come while the server is held, so that it hears of all of them by one event.
pub(super) fn piled_up(server: &Server, payload: &mut Payload) -> Result<()> {
    const ID: u32 = 5;
    let mut client = connect(server)?;
    client.write_all(payload.request(ID, 0))?;
    expect(server, &mut client, payload.reply(ID, 0))?;
    let largest = payload.request(ID, 0).len().max(payload.reply_bytes());
    let count = (PILE_BYTES / largest).max(1) as u32;
    let (mut requests, replies) = conversation(payload, ID, count);
    let Some(halt) = Halt::of(server) else { return Ok(()) };
    let sent = send_what_fits(&mut client, &requests)?;
    drop(halt);
    let rest = requests.split_off(sent);
    let exchanged = exchange(server, &mut client, rest, &replies);
    let Err(error) = exchanged else { return Ok(()) };
    let silent = error.downcast_ref::<Fault>().is_some_and(|fault| fault.cause.is_none());
    if silent && nudge(&mut client, payload.request(ID, count)) {
        let seen = format!(
            "the replies to {} bytes that came at once stopped until more came",
            grouped(requests.len() as u64)
        );
        return Err(Fault::named(seen, Cause::ReadsOnce).into());
    }
    Err(error)
}

pub(super) fn large_payload(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    let largest = payload.request(3, 0).len().max(payload.reply(3, 0).len());
    let count = (LARGE_BYTES / largest).max(1) as u32;
    let (requests, replies) = conversation(payload, 3, count);
    exchange(server, &mut client, requests, &replies)
}

pub(super) fn half_close(server: &Server, payload: &mut Payload) -> Result<()> {
    let mut client = connect(server)?;
    client.write_all(payload.request(4, 0))?;
    client.shutdown(Shutdown::Write)?;
    expect(server, &mut client, payload.reply(4, 0))?;
    match client.read(&mut [0; 16]) {
        Ok(0) => Ok(()),
        Ok(_) => bail!("bytes come after the last reply"),
        Err(_) => Err(Fault::timed(
            "the server does not close a connection that the client has half closed".to_owned(),
        )
        .into()),
    }
}

/// So many requests of a connection, and their replies.
fn conversation(payload: &mut Payload, id: u32, count: u32) -> (Vec<u8>, Vec<u8>) {
    (
        (0..count).flat_map(|n| payload.request(id, n).to_vec()).collect(),
        (0..count).flat_map(|n| payload.reply(id, n).to_vec()).collect(),
    )
}

/// Sends as much as the sockets take while nobody reads.
fn send_what_fits(client: &mut TcpStream, bytes: &[u8]) -> Result<usize> {
    client.set_nonblocking(true)?;
    let mut sent = 0;
    while sent < bytes.len() {
        match client.write(&bytes[sent..]) {
            Ok(written) => sent += written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error.into()),
        }
    }
    client.set_nonblocking(false)?;
    Ok(sent)
}
