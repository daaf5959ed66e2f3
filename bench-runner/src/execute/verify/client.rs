//! A client of a server that is checked.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use loadgen::clock::{nanoseconds, now_ns};

use super::fault::{Cause, Fault};
use crate::execute::server::Server;
use crate::execute::wait;

/// Time that any single read or write may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Time in which what was stuck moves again, once something has set it going.
const STIR: Duration = Duration::from_secs(1);

pub(super) fn connect(server: &Server) -> Result<TcpStream> {
    let client = TcpStream::connect_timeout(&server.address, PATIENCE).context("cannot connect")?;
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    Ok(client)
}

/// Sends all of `requests` while it waits for all of `replies`.
pub(super) fn exchange(server: &Server, client: &mut TcpStream, requests: Vec<u8>, replies: &[u8]) -> Result<()> {
    let mut sender = client.try_clone()?;
    let sending = thread::spawn(move || sender.write_all(&requests));
    let received = expect(server, client, replies);
    if !sending.is_finished() {
        // Else it may wait for as long again.
        let _ = client.shutdown(Shutdown::Both);
    }
    let sent = sending.join().expect("the sender does not panic");
    received?;
    sent.context("cannot send")
}

/// How it is told that a server has closed a connection.
pub(super) const ENDED: &str = "the connection ended after";

/// Reads what is due and compares it.
pub(super) fn expect(server: &Server, client: &mut TcpStream, expected: &[u8]) -> Result<()> {
    let mut got = vec![0; expected.len()];
    let mut filled = 0;
    while filled < got.len() {
        match client.read(&mut got[filled..]) {
            Ok(0) => bail!("{ENDED} {filled} of {} bytes", expected.len()),
            Ok(read) => filled += read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(silence(server, client, filled, expected.len()).into());
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

/// What it means that no more came than `filled` bytes.
fn silence(server: &Server, client: &TcpStream, filled: usize, due: usize) -> Fault {
    if filled == 0 && knock(server, || has_come(client)) {
        let seen = "a connected client got no reply until another one came";
        return Fault::named(seen.to_owned(), Cause::AcceptsOnce);
    }
    Fault::timed(format!(
        "no reply within {} s ({filled} of {due} bytes came)",
        PATIENCE.as_secs()
    ))
}

/// Whether it helps that another client comes.
fn knock(server: &Server, helps: impl Fn() -> bool) -> bool {
    // Kept until the end: it is to be accepted, not to have gone.
    let another = connect(server);
    another.is_ok() && comes_true(STIR, helps)
}

/// Whether more replies come once the client has sent another request.
pub(super) fn nudge(client: &mut TcpStream, request: &[u8]) -> bool {
    client.write_all(request).is_ok() && comes_true(STIR, || has_come(client))
}

/// Whether `holds` comes true in time.
pub(super) fn comes_true(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = now_ns() + nanoseconds(within);
    while !holds() {
        if now_ns() > deadline || loadgen::interrupt::requested() {
            return false;
        }
        wait::nap(Duration::from_micros(200));
    }
    true
}

/// Whether something has come that was not read yet.
pub(super) fn has_come(client: &TcpStream) -> bool {
    let peek = || {
        client.set_nonblocking(true)?;
        let peeked = client.peek(&mut [0]);
        client.set_nonblocking(false)?;
        peeked
    };
    peek().is_ok_and(|peeked| peeked > 0)
}
