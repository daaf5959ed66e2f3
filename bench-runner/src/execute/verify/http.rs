//! The same for a server of HTTP: what its first reply was all others must be, however they were asked for.

use std::io::Write;
use std::net::Shutdown;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use loadgen::ask::{self, Conversation, Patience};
use loadgen::http::Request;
use loadgen::{Exchange, ExpectedHttp};

use super::Check;
use super::client::{PATIENCE, connect};
use super::crowd::many;
use super::frames::{LARGE_BYTES, PAUSE};
use crate::execute::server::Server;
use crate::execute::wait;
use crate::record::Settings;

/// What no server may take for a request.
const GARBAGE: &[u8] = b"this is no request\r\n\r\n";

/// What is sent, and what must come.
pub(super) struct Asked {
    /// Asks for no work: thousands of waits in a row would test nothing but patience.
    request: Vec<u8>,
    pub(super) expected: ExpectedHttp,
}

pub(super) const CHECKS: [Check<Asked>; 6] = [
    ("a request in pieces", in_pieces),
    ("requests in one piece", in_one_piece),
    ("more than all buffers hold", large_batch),
    ("half-closed connection", half_close),
    ("what is no request", garbage),
    ("many connections", many_connections),
];
/// The check that comes before them.
pub(super) const FIRST: &str = "a first reply";

/// Asks for what all other replies must be.
pub(super) fn first_reply(server: &Server, settings: &Settings) -> Result<Asked> {
    let request = settings.request();
    let patience = Patience {
        connect: PATIENCE,
        reply: PATIENCE,
    };
    let expected = ask::http(server.address, &request, None, None, patience)?;
    Ok(Asked {
        request: request.without_work().bytes(server.address),
        expected,
    })
}

impl Settings {
    /// What is asked for under HTTP.
    #[must_use]
    pub fn request(&self) -> Request {
        Request {
            path: self.path.clone().unwrap_or_else(|| "/".to_owned()),
            ..Request::default()
        }
    }

    /// What clients of a server at `target` say, where that is HTTP and it was `expected`.
    #[must_use]
    pub fn exchange(&self, target: std::net::SocketAddr, expected: &ExpectedHttp) -> Exchange {
        Exchange::http(&self.request(), target, expected.clone())
    }
}

fn converse(server: &Server) -> Result<Conversation> {
    Conversation::new(connect(server)?, PATIENCE)
}

/// Reads `count` replies, or fewer where the server says that one is the connection's last, which it may.
fn expect(client: &mut Conversation, asked: &Asked, count: usize) -> Result<()> {
    for n in 1..=count {
        let reply = client.reply(asked.expected.bare);
        let reply = reply.with_context(|| format!("reply {n} of {count}"))?;
        if let Some(difference) = reply.difference(&asked.expected) {
            bail!("reply {n} of {count} is not as the first one was: {difference}");
        }
        if reply.head.last {
            break;
        }
    }
    Ok(())
}

fn in_pieces(server: &Server, asked: &mut Asked) -> Result<()> {
    let mut client = converse(server)?;
    // Within the first line, at the end of the head, and all that is left.
    let (line, end) = (5, asked.request.len() - 3);
    for piece in [&asked.request[..line], &asked.request[line..end], &asked.request[end..]] {
        client.socket.write_all(piece)?;
        wait::nap(PAUSE);
    }
    expect(&mut client, asked, 1)
}

fn in_one_piece(server: &Server, asked: &mut Asked) -> Result<()> {
    let mut client = converse(server)?;
    client.socket.write_all(&asked.request.repeat(7))?;
    expect(&mut client, asked, 7)
}

fn large_batch(server: &Server, asked: &mut Asked) -> Result<()> {
    let mut client = converse(server)?;
    let count = LARGE_BYTES / asked.request.len();
    let (mut sender, requests) = (client.socket.try_clone()?, asked.request.repeat(count));
    // What it cannot send any more shows in the replies.
    let sending = thread::spawn(move || _ = sender.write_all(&requests));
    let received = expect(&mut client, asked, count);
    let _ = client.socket.shutdown(Shutdown::Both);
    sending.join().expect("the sender does not panic");
    received
}

fn half_close(server: &Server, asked: &mut Asked) -> Result<()> {
    let mut client = converse(server)?;
    client.socket.write_all(&asked.request)?;
    client.socket.shutdown(Shutdown::Write)?;
    expect(&mut client, asked, 1)?;
    match client.ends() {
        Ok(true) => Ok(()),
        Ok(false) => bail!("bytes come after the last reply"),
        Err(_) => bail!("the server does not close a connection that the client has half closed"),
    }
}

/// Refused, by a status or by an end. The contract wants `400 Bad Request`, and the end behind it.
fn garbage(server: &Server, _: &mut Asked) -> Result<()> {
    let mut client = converse(server)?;
    client.socket.write_all(GARBAGE)?;
    match client.reply(false) {
        Ok(reply) => {
            let status = reply.head.status;
            let refused = if server.ready.is_some() {
                status == 400
            } else {
                (400..500).contains(&status)
            };
            ensure!(refused, "it is answered with status {status} where 400 is due");
            let ends = reply.head.last && client.ends().unwrap_or(false);
            ensure!(ends || server.ready.is_none(), "the connection goes on after that");
            Ok(())
        }
        Err(error) if server.ready.is_some() => Err(error),
        // Closed without a word.
        Err(error) => match client.ends() {
            Ok(true) => Ok(()),
            _ => Err(error),
        },
    }
}

/// Opened together, answered in the order in which they were opened: so that a server of one client at a time passes.
fn many_connections(server: &Server, asked: &mut Asked) -> Result<()> {
    let mut clients = (0..many(server.ready.as_ref()))
        .map(|_| converse(server))
        .collect::<Result<Vec<_>>>()?;
    for client in &mut clients {
        client.socket.write_all(&asked.request)?;
    }
    for (number, mut client) in (1..).zip(clients) {
        expect(&mut client, asked, 1).with_context(|| format!("connection {number}"))?;
    }
    Ok(())
}
