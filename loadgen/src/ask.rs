//! Asked once before the load: what every reply must be is what the first one was.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::exchange::{Bytes, ExpectedHttp};
use crate::http::{Fault, Head, Piece, Reader, Request};
use crate::payload::LARGEST_MESSAGE;

/// How much of a reply is held against the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Check {
    /// Its status
    Status,
    /// Its status and the length of its body
    Length,
    /// Its status and its body, byte for byte
    Body,
}

/// Where a reply ends that is none of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// After so many bytes.
    After(u64),
    /// With these bytes, where they come for the first time.
    With(Vec<u8>),
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For a reply.
    pub reply: Duration,
}

/// A reply of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What its head says.
    pub head: Head,
    /// The length of its body.
    pub length: u64,
    /// The body, or the first 16 MiB of it.
    pub body: Vec<u8>,
}

impl Reply {
    /// What it has that `expected` has not, in words, if it has anything.
    #[must_use]
    pub fn difference(&self, expected: &ExpectedHttp) -> Option<String> {
        if self.head.status != expected.status {
            return Some(format!("status {} where {} is due", self.head.status, expected.status));
        }
        if let Some(length) = expected.length.filter(|&length| length != self.length) {
            return Some(format!("{} bytes of body where {length} are due", self.length));
        }
        let body = &expected.body.as_ref()?.0;
        let at = body.iter().zip(&self.body).position(|(due, came)| due != came)?;
        Some(format!("another body from byte {at} on"))
    }
}

/// A connection on which one reply after the other is read, for as long as that takes.
#[derive(Debug)]
pub struct Conversation {
    /// The connection, to send on.
    pub socket: TcpStream,
    reader: Reader,
    came: Vec<u8>,
    patience: Duration,
}

impl Conversation {
    /// Takes over a connection.
    ///
    /// # Errors
    /// Whatever setsockopt(2) reports.
    pub fn new(socket: TcpStream, patience: Duration) -> Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(patience))?;
        Ok(Self {
            socket,
            reader: Reader::default(),
            came: Vec::new(),
            patience,
        })
    }

    /// Reads the next reply, which is `bare` if it answers a HEAD.
    ///
    /// # Errors
    /// When none comes, or what comes is none.
    pub fn reply(&mut self, bare: bool) -> Result<Reply> {
        let deadline = Instant::now() + self.patience;
        let mut reply = None::<Reply>;
        loop {
            let mut bytes = self.came.as_slice();
            let ended = loop {
                match (self.reader.next(&mut bytes, bare), &mut reply) {
                    (Ok(Piece::Head(head)), _) => {
                        reply = Some(Reply {
                            head,
                            length: 0,
                            body: Vec::new(),
                        });
                    }
                    (Ok(Piece::Body(part)), Some(reply)) => {
                        reply.length += part.len() as u64;
                        let room = LARGEST_MESSAGE as usize - reply.body.len();
                        reply.body.extend_from_slice(&part[..part.len().min(room)]);
                    }
                    (Ok(Piece::End), _) => break true,
                    (Ok(_), _) => break false,
                    (Err(fault), _) => bail!("the reply cannot be followed: {}", describe(fault, &self.came)),
                }
            };
            let taken = self.came.len() - bytes.len();
            self.came.drain(..taken);
            if let (true, Some(reply)) = (ended, reply.take_if(|_| ended)) {
                return Ok(reply);
            }
            if receive(&mut self.socket, &mut self.came, deadline)? == 0 {
                bail!(
                    "the connection ended {}",
                    if reply.is_some() {
                        "within the reply"
                    } else {
                        "without a reply"
                    }
                );
            }
        }
    }

    /// Whether the server ends the connection now, without another byte.
    ///
    /// # Errors
    /// When it does neither in time.
    pub fn ends(&mut self) -> Result<bool> {
        let deadline = Instant::now() + self.patience;
        Ok(self.came.is_empty() && receive(&mut self.socket, &mut self.came, deadline)? == 0)
    }
}

/// Why it is none, with how it begins where it is something else altogether.
fn describe(fault: Fault, came: &[u8]) -> String {
    match fault {
        Fault::Malformed => {
            let begins = came[..came.len().min(40)].escape_ascii();
            format!("{} ('{begins}')", fault.words())
        }
        _ => fault.words().to_owned(),
    }
}

/// Reads what there is, and tells how much that was; 0 at the end of the stream.
fn receive(socket: &mut TcpStream, came: &mut Vec<u8>, deadline: Instant) -> Result<usize> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // A timeout of zero would be none.
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match socket.read(&mut buffer) {
            Ok(read) => {
                came.extend_from_slice(&buffer[..read]);
                return Ok(read);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                if crate::interrupt::requested() {
                    bail!("interrupted");
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                bail!("no reply came in time ({} bytes of one)", came.len());
            }
            Err(error) => return Err(error).context("cannot read the reply"),
        }
    }
}

fn connect(target: SocketAddr, patience: Patience) -> Result<TcpStream> {
    TcpStream::connect_timeout(&target, patience.connect).with_context(|| format!("cannot connect to {target}"))
}

/// Asks for `request` twice, and tells what every reply must be: as the first, as far as `check` says. Without that it
/// is the body too where the second one was like the first, and else its length.
///
/// # Errors
/// When no reply comes, or none that can be held against the next. A status of 400 or more is none that is expected,
/// unless `status` says so.
pub fn http(
    target: SocketAddr,
    request: &Request,
    status: Option<u16>,
    check: Option<Check>,
    patience: Patience,
) -> Result<ExpectedHttp> {
    let bare = request.is_head();
    let bytes = request.bytes(target);
    let ask = |conversation: Option<Conversation>| -> Result<(Reply, Option<Conversation>)> {
        let mut conversation = match conversation {
            Some(conversation) => conversation,
            None => Conversation::new(connect(target, patience)?, patience.reply)?,
        };
        // A server that answers before it has read all says more by its reply than by the error.
        let sent = conversation.socket.write_all(&bytes);
        let reply = conversation.reply(bare);
        let reply = if reply.is_err() {
            sent.map_err(anyhow::Error::from).and(reply)
        } else {
            reply
        }?;
        let goes_on = (!reply.head.last).then_some(conversation);
        Ok((reply, goes_on))
    };
    let (first, conversation) = ask(None)?;
    let seen = first.head.status;
    match status {
        Some(status) if status != seen => {
            bail!("the first reply has status {seen}, not the {status} of --expect-status")
        }
        None if seen >= 400 => {
            bail!("the first reply has status {seen}; loading it anyway needs --expect-status {seen}")
        }
        _ => {}
    }
    let (second, _) = ask(conversation)?;
    if second.head.status != seen {
        bail!(
            "the first reply has status {seen}, the second {}: neither can be expected",
            second.head.status
        );
    }
    let check = match check {
        Some(check) => check,
        None if first.length != second.length => bail!(
            "the first reply has {} bytes of body, the second {}; where that may differ it needs --check status",
            first.length,
            second.length
        ),
        None if first.body == second.body && first.length <= LARGEST_MESSAGE => Check::Body,
        None => Check::Length,
    };
    Ok(ExpectedHttp {
        status: seen,
        length: (check != Check::Status).then_some(first.length),
        body: (check == Check::Body && first.length <= LARGEST_MESSAGE).then_some(Bytes(first.body)),
        bare,
    })
}

/// Sends `request` once, and tells what every reply must be: the one that came, up to its end.
///
/// # Errors
/// When no such reply comes.
pub fn raw(target: SocketAddr, request: &[u8], end: &End, patience: Patience) -> Result<Bytes> {
    let mut socket = connect(target, patience)?;
    socket.set_write_timeout(Some(patience.reply))?;
    socket.write_all(request).context("cannot send the request")?;
    let deadline = Instant::now() + patience.reply;
    let mut came = Vec::new();
    loop {
        let length = match end {
            End::After(length) => Some(*length as usize),
            End::With(bytes) => came
                .windows(bytes.len())
                .position(|window| window == bytes)
                .map(|at| at + bytes.len()),
        };
        if let Some(length) = length.filter(|&length| length <= came.len()) {
            if length < came.len() {
                bail!(
                    "the reply goes on behind its end: {} bytes came, of which it has {length}",
                    came.len()
                );
            }
            return Ok(Bytes(came));
        }
        if came.len() as u64 > LARGEST_MESSAGE {
            bail!("the reply has no end within 16 MiB");
        }
        if receive(&mut socket, &mut came, deadline)? == 0 {
            bail!("the connection ended after {} bytes, before the reply did", came.len());
        }
    }
}
