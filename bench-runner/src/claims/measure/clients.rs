//! Clients of a server, each of which is watched for the instant of its reply.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use loadgen::clock::{nanoseconds, now_ns};
use loadgen::{Payload, Protocol, interrupt};

use super::epoll::{entry, poll};
use crate::record::Settings;

/// Time that a client that should have its reply at once is given.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a wait goes on before it is looked whether the user wants it to end.
const SLICE: Duration = Duration::from_millis(200);

/// A connected client.
pub(super) struct Client {
    pub(super) id: u32,
    pub(super) stream: TcpStream,
}

/// Requests of which every second one of each client asks for the server's work.
pub(super) fn requests(settings: &Settings) -> Payload {
    Payload::new(
        Protocol::Echo,
        settings.request_bytes as usize,
        settings.reply_bytes as usize,
    )
    .slow_every(2)
}

impl Client {
    /// One that is served: it has had a reply to a request that asked for nothing.
    pub(super) fn served(address: std::net::SocketAddr, id: u32, payload: &mut Payload) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self { id, stream };
        client.ask(payload, false)?;
        client.receive(payload).context("no reply to a hello")?;
        Ok(client)
    }

    /// Sends a request that asks for the server's work, or one that does not.
    pub(super) fn ask(&mut self, payload: &mut Payload, slow: bool) -> Result<()> {
        let sequence = u32::from(payload.is_marked(self.id, 0) != slow);
        self.stream
            .write_all(payload.request(self.id, sequence))
            .context("cannot send")
    }

    /// Reads the reply.
    fn receive(&mut self, payload: &Payload) -> Result<()> {
        let mut reply = vec![0; payload.reply_bytes()];
        self.stream.read_exact(&mut reply).context("cannot read the reply")
    }

    /// Takes the reply that has come.
    pub(super) fn finish(mut self, payload: &Payload) -> Result<()> {
        self.receive(payload)
    }
}

/// The instant at which each client's reply was there (CLOCK_MONOTONIC). All that are seen at once have the same.
pub(super) fn arrivals(clients: &[Client], patience: Duration) -> Result<Vec<u64>> {
    let end = now_ns() + nanoseconds(patience);
    let mut polled: Vec<_> = clients.iter().map(|client| entry(client.stream.as_raw_fd())).collect();
    let mut seen = vec![None; clients.len()];
    while seen.contains(&None) {
        if interrupt::requested() {
            bail!("interrupted");
        }
        if now_ns() > end {
            let waiting = seen.iter().filter(|at| at.is_none()).count();
            bail!("{waiting} clients had no reply within {} s", patience.as_secs());
        }
        poll(&mut polled, SLICE)?;
        let now = now_ns();
        for (entry, seen) in polled.iter_mut().zip(&mut seen) {
            if entry.revents != 0 {
                *seen = Some(now);
                // Passed over from now on.
                (entry.fd, entry.revents) = (-1, 0);
            }
        }
    }
    Ok(seen.into_iter().flatten().collect())
}
