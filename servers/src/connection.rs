//! A non-blocking connection, for the models that wait for readiness: one receive, its answer, one send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::{BUFFER_BYTES, Counted, Protocol, Session};

/// What a connection can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A short read: nothing more had come, but perhaps the end of the stream. Wait until it is readable.
    Wait,
    /// Nothing was there to read: wait until it is readable.
    Empty,
    /// The read filled the buffer, so more may have come already.
    More,
    /// The client does not take its replies: wait until it is writable, and read nothing meanwhile.
    Blocked,
    /// The client has gone, or the connection failed.
    Closed,
}

/// A client's socket, where it stands in the protocol, and what it would not take yet.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
    session: Session,
    read_bytes: usize,
    /// Output that the socket had no room for. Nothing is read while there is any: a client that does not read its
    /// replies gets no further ones, and what is kept for it is bounded by the answers to one read.
    unsent: Vec<u8>,
    _counted: Counted,
}

impl Connection {
    /// Takes over a non-blocking socket.
    #[must_use]
    pub fn new(socket: TcpStream, protocol: Protocol, counted: Counted) -> Self {
        let read_bytes = protocol.read_bytes();
        Self {
            socket,
            session: Session::new(protocol),
            read_bytes,
            unsent: Vec::new(),
            _counted: counted,
        }
    }

    /// Receives once into `buffer` and sends the answer: two system calls, or one when there is nothing to read.
    pub fn exchange(&mut self, buffer: &mut [u8; BUFFER_BYTES]) -> Next {
        let received = match self.socket.read(&mut buffer[..self.read_bytes]) {
            Ok(0) => return Next::Closed,
            Ok(received) => received,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Next::Empty,
            Err(_) => return Next::Closed,
        };
        // A short read means that no more data was there (epoll(7), question 9), which saves the read that would say so.
        let after = if received == self.read_bytes {
            Next::More
        } else {
            Next::Wait
        };
        let answer = self.session.answer(&buffer[..received]);
        if answer.is_empty() {
            return after;
        }
        match self.socket.write(answer) {
            Ok(sent) if sent == answer.len() => after,
            Ok(sent) => {
                self.unsent.extend_from_slice(&answer[sent..]);
                Next::Blocked
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.unsent.extend_from_slice(answer);
                Next::Blocked
            }
            Err(_) => Next::Closed,
        }
    }

    /// Whether output waits for the socket to become writable.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Sends what was left over; [`Next::More`] once all is sent, for input may have come meanwhile.
    pub fn flush(&mut self) -> Next {
        match self.socket.write(&self.unsent) {
            Ok(sent) if sent == self.unsent.len() => {
                // Given back, not cleared: a client that was slow once should not cost memory for ever.
                self.unsent = Vec::new();
                Next::More
            }
            Ok(sent) => {
                self.unsent.drain(..sent);
                Next::Blocked
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Next::Blocked,
            Err(_) => Next::Closed,
        }
    }
}

impl AsRawFd for Connection {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
