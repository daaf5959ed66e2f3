//! The other end: a client that knows what every one of its bytes must come back as.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{Domain, SockRef, Socket, Type};

use crate::harness::{DEADLINE, eventually};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Echo,
    Reply,
    /// `reply` with requests larger than any buffer.
    LargeRequests,
    /// `reply` with replies larger than any buffer.
    LargeReplies,
    Http,
}

/// The reply to every request of HTTP.
pub(crate) const HTTP_REPLY: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nhello, world\n";

impl Protocol {
    /// Bytes of a request and of its reply. The small sizes are no divisors of a server's buffer, so that long
    /// conversations are cut in the middle of a request.
    fn sizes(self) -> (usize, usize) {
        match self {
            Self::Echo => (50, 50),
            Self::Reply => (50, 22),
            Self::LargeRequests => (6 << 20, 22),
            Self::LargeReplies => (50, 6 << 20),
            Self::Http => (50, HTTP_REPLY.len()),
        }
    }

    /// Where in a request the byte is whose lowest bit asks for work.
    fn mark(self) -> usize {
        if self == Self::Http {
            // A digit behind `X-Work: `, and two ends of lines behind it.
            50 - "0\r\n\r\n".len()
        } else {
            8
        }
    }

    pub(crate) fn flags(self) -> Vec<String> {
        let name = match self {
            Self::Echo => "echo",
            Self::Http => "http",
            _ => "reply",
        };
        let (request, reply) = self.sizes();
        let flags = format!("--protocol {name} --request-bytes {request} --reply-bytes {reply}");
        flags.split(' ').map(String::from).collect()
    }
}

/// The server closed this connection or reset it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// Where a client stands that the server takes nothing from.
#[derive(Default)]
pub(crate) struct Stuck {
    /// What is to come back for the requests that were sent.
    pub(crate) owed: Vec<u8>,
    /// The part that was not sent, from somewhere in a request on.
    pub(crate) unsent: Vec<u8>,
    /// What is to come back for these requests.
    pub(crate) unsent_owed: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    protocol: Protocol,
    /// Who this is, and what it says next: no two requests of a test are the same.
    id: u32,
    requests: u32,
}

impl Client {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr, protocol: Protocol) -> Self {
        let stream = TcpStream::connect_timeout(&address, DEADLINE).expect("the kernel completes the handshake");
        Self::over(stream, protocol)
    }

    /// A client with little room for what it has not read or not sent, which makes the server wait for it soon.
    pub(crate) fn connect_with_small_buffers(address: SocketAddr, protocol: Protocol) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(64 << 10).expect("a small receive buffer");
        socket.set_send_buffer_size(64 << 10).expect("a small send buffer");
        socket
            .connect_timeout(&address.into(), DEADLINE)
            .expect("the kernel completes the handshake");
        Self::over(socket.into(), protocol)
    }

    fn over(stream: TcpStream, protocol: Protocol) -> Self {
        static CLIENTS: AtomicU32 = AtomicU32::new(1);
        stream.set_nodelay(true).expect("TCP_NODELAY");
        stream.set_read_timeout(Some(DEADLINE)).expect("a read timeout");
        stream.set_write_timeout(Some(DEADLINE)).expect("a write timeout");
        Self {
            stream,
            protocol,
            id: CLIENTS.fetch_add(1, Relaxed),
            requests: 0,
        }
    }

    /// As [`Client::conversation`], with a mark on those that are to cost the server work.
    pub(crate) fn marked_conversation(&mut self, marks: &[bool]) -> (Vec<u8>, Vec<u8>) {
        let (request_bytes, _) = self.protocol.sizes();
        let (mut sent, mut expected) = self.conversation(marks.len());
        for (n, &marked) in marks.iter().enumerate() {
            let mark = n * request_bytes + self.protocol.mark();
            sent[mark] = sent[mark] & !1 | u8::from(marked);
            if self.protocol == Protocol::Echo {
                expected[mark] = sent[mark];
            }
        }
        (sent, expected)
    }

    /// The next `count` requests of this client, and all that is to come back for them.
    pub(crate) fn conversation(&mut self, count: usize) -> (Vec<u8>, Vec<u8>) {
        let (request_bytes, reply_bytes) = self.protocol.sizes();
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (request, reply) = (sent.len(), expected.len());
            if self.protocol == Protocol::Http {
                let path = format!("{:06}{:06}", self.id, self.requests);
                sent.extend(format!("GET /{path} HTTP/1.1\r\nHost: a\r\nX-Work: 0\r\n\r\n").bytes());
                assert_eq!(sent.len() - request, request_bytes);
            } else {
                sent.extend(self.id.to_be_bytes());
                sent.extend(self.requests.to_be_bytes());
                sent.resize(request + request_bytes, (self.id ^ self.requests) as u8);
            }
            match self.protocol {
                Protocol::Echo => expected.extend_from_slice(&sent[request..]),
                Protocol::Http => expected.extend(HTTP_REPLY.bytes()),
                _ => {
                    expected.extend_from_slice(&sent[request..request + 8]);
                    expected.resize(reply + reply_bytes, 0);
                }
            }
            self.requests += 1;
        }
        (sent, expected)
    }

    /// One request and its reply.
    ///
    /// # Panics
    /// When the reply is a wrong one, or none comes and the connection stays.
    #[track_caller]
    pub(crate) fn ask(&mut self) -> Result<(), Gone> {
        let (request, expected) = self.conversation(1);
        let mut reply = vec![0; expected.len()];
        let exchanged = self
            .stream
            .write_all(&request)
            .and_then(|()| self.stream.read_exact(&mut reply));
        match exchanged {
            Ok(()) => {
                assert_eq!(reply, expected, "the reply of client {}", self.id);
                Ok(())
            }
            Err(error) if is_end(error.kind()) => Err(Gone),
            Err(error) => panic!("client {} got neither a reply nor an end: {error}", self.id),
        }
    }

    #[track_caller]
    pub(crate) fn must_be_served(&mut self) {
        assert_eq!(self.ask(), Ok(()), "client {} was not served", self.id);
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server takes what is sent");
    }

    /// Reads `expected`, in small pieces.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: &[u8]) {
        let mut got = vec![0; expected.len()];
        for piece in got.chunks_mut(3001) {
            self.stream.read_exact(piece).expect("all that is expected");
        }
        assert_same(&got, expected);
    }

    /// Reads to the end of the stream, in small pieces.
    #[track_caller]
    pub(crate) fn expect_to_the_end(&mut self, expected: &[u8]) {
        let mut got = Vec::with_capacity(expected.len());
        let mut piece = [0; 3001];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => got.extend_from_slice(&piece[..read]),
                Err(error) => panic!("{error} after {} of {} bytes", got.len(), expected.len()),
            }
        }
        assert_same(&got, expected);
    }

    /// Waits for the end of the stream or a reset, and discards what comes before.
    #[track_caller]
    pub(crate) fn expect_gone(&mut self) {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if is_end(error.kind()) => return,
                Err(error) => panic!("the connection does not end: {error}"),
            }
        }
    }

    /// Whether anything can be read: a reply, the end of the stream or an error.
    pub(crate) fn has_heard(&self) -> bool {
        self.readiness(PollFlags::POLLIN, Duration::ZERO)
    }

    pub(crate) fn shut_sending(&self) {
        self.stream.shutdown(Shutdown::Write).expect("an open connection");
    }

    /// Leaves by a reset instead of an orderly end.
    pub(crate) fn reset(self) {
        let linger = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        linger.expect("SO_LINGER");
    }

    /// Sends further requests and reads nothing, until the server takes no more of them.
    #[track_caller]
    pub(crate) fn send_until_stuck(&mut self) -> Stuck {
        /// More than all buffers in the kernel hold: whoever takes this much keeps it in memory of its own.
        const TOO_MUCH: usize = 48 << 20;
        /// A server that is only slow would have made room in this time; one that is stuck makes none, ever.
        const QUIET: Duration = Duration::from_millis(100);
        let (request_bytes, reply_bytes) = self.protocol.sizes();
        let mut stuck = Stuck::default();
        let mut sent_bytes = 0;
        self.stream.set_nonblocking(true).expect("a non-blocking socket");
        while stuck.unsent.is_empty() {
            let (requests, mut expected) = self.conversation(1000);
            let sent = self.send_some(&requests, QUIET);
            sent_bytes += sent;
            assert!(
                sent_bytes < TOO_MUCH,
                "the server goes on reading for a client that does not"
            );
            stuck.unsent_owed = expected.split_off(sent / request_bytes * reply_bytes);
            stuck.owed.extend(expected);
            stuck.unsent = requests[sent..].to_vec();
        }
        self.stream.set_nonblocking(false).expect("a blocking socket");
        stuck
    }

    fn send_some(&mut self, bytes: &[u8], patience: Duration) -> usize {
        let mut sent = 0;
        while sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(now) => sent += now,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.readiness(PollFlags::POLLOUT, patience) {
                        break;
                    }
                }
                Err(error) => panic!("the connection broke while it was full: {error}"),
            }
        }
        sent
    }

    /// Sends `unsent` and the end of the stream while it reads `expected` to the end.
    #[track_caller]
    pub(crate) fn catch_up(&mut self, unsent: &[u8], expected: &[u8]) {
        let mut sender = self.stream.try_clone().expect("a second handle");
        std::thread::scope(|scope| {
            scope.spawn(move || {
                sender.write_all(unsent).expect("the server takes the rest");
                sender.shutdown(Shutdown::Write).expect("an open connection");
            });
            self.expect_to_the_end(expected);
        });
    }

    /// Waits until the server has read everything that was sent to it.
    #[track_caller]
    pub(crate) fn wait_until_read(&self) {
        let (own, peer) = (self.port(), self.stream.peer_addr().expect("a connected socket").port());
        // `sl local_address rem_address st tx_queue:rx_queue ...`, everything in hexadecimal.
        let (local, remote) = (format!(":{peer:04X}"), format!(":{own:04X}"));
        eventually("the server reads what was sent", || {
            let table = std::fs::read_to_string("/proc/net/tcp").expect("/proc/net/tcp");
            table.lines().any(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                fields.len() > 4
                    && fields[1].ends_with(&local)
                    && fields[2].ends_with(&remote)
                    && fields[4].ends_with(":00000000")
            })
        });
    }

    pub(crate) fn port(&self) -> u16 {
        self.stream.local_addr().expect("a bound socket").port()
    }

    fn readiness(&self, flags: PollFlags, patience: Duration) -> bool {
        let mut fds = [PollFd::new(self.stream.as_fd(), flags)];
        poll(&mut fds, PollTimeout::try_from(patience).expect("a short time")).expect("poll") > 0
    }
}

fn is_end(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// As `assert_eq!`, but a megabyte that differs is told by its first difference.
#[track_caller]
fn assert_same(got: &[u8], expected: &[u8]) {
    let differs = got.iter().zip(expected).position(|(a, b)| a != b);
    let (got_bytes, expected_bytes) = (got.len(), expected.len());
    assert_eq!(
        differs, None,
        "first wrong byte, of {got_bytes} that came and {expected_bytes} expected"
    );
    assert_eq!(got_bytes, expected_bytes, "bytes that came");
}
