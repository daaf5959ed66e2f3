//! A non-blocking connection, for the models that wait for readiness: one receive, its answer, one send.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use crate::{BUFFER_BYTES, Counted, Service, Session, Step};

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
    /// The request asks for a wait: let this much time pass, then [`Connection::resume`]; read nothing meanwhile.
    Sleep(Duration),
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
    /// Input that was read but must wait its turn, behind a request that waits or output that is blocked.
    unanswered: Vec<u8>,
    _counted: Counted,
}

impl Connection {
    /// Takes over a non-blocking socket.
    #[must_use]
    pub fn new(socket: TcpStream, service: Service, counted: Counted) -> Self {
        let read_bytes = service.read_bytes();
        Self {
            socket,
            session: Session::new(service),
            read_bytes,
            unsent: Vec::new(),
            unanswered: Vec::new(),
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
        self.answer(&buffer[..received], after)
    }

    /// Goes on after a wait: sends the reply that was held back and answers what came behind its request.
    ///
    /// [`Next::More`] when that is done, for input may have come meanwhile.
    pub fn resume(&mut self) -> Next {
        let input = std::mem::take(&mut self.unanswered);
        self.answer(&input, Next::More)
    }

    #[inline]
    fn answer(&mut self, mut input: &[u8], after: Next) -> Next {
        while let Some(step) = self.session.step(&mut input) {
            match step {
                Step::Send(answer) => {
                    let sent = match self.socket.write(answer) {
                        Ok(sent) => sent,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                        Err(_) => return Next::Closed,
                    };
                    if sent < answer.len() {
                        self.unsent.extend_from_slice(&answer[sent..]);
                        self.unanswered.extend_from_slice(input);
                        return Next::Blocked;
                    }
                }
                Step::Wait(time) => {
                    self.unanswered.extend_from_slice(input);
                    return Next::Sleep(time);
                }
                Step::Shut => {
                    if self.socket.shutdown(Shutdown::Write).is_err() {
                        return Next::Closed;
                    }
                }
            }
        }
        after
    }

    /// Whether output waits for the socket to become writable.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Sends what was left over, and goes on as [`Connection::resume`] does once all is sent.
    pub fn flush(&mut self) -> Next {
        match self.socket.write(&self.unsent) {
            Ok(sent) if sent == self.unsent.len() => {
                // Given back, not cleared: a client that was slow once should not cost memory for ever.
                self.unsent = Vec::new();
                self.resume()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Protocol, Work};
    use std::net::TcpListener;

    /// Its last reply goes out behind all that the socket had no room for, and the end of the stream behind that.
    #[test]
    fn an_end_waits_for_what_is_blocked() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (socket, _) = listener.accept().expect("the client");
        socket.set_nonblocking(true).expect("a non-blocking socket");
        let service = Service {
            protocol: Protocol::Http,
            request_bytes: 64,
            work: Work::None,
        };
        let mut connection = Connection::new(socket, service, Counted::begin());
        let many = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
        while connection.answer(many.as_bytes(), Next::Wait) != Next::Blocked {}
        assert_eq!(connection.answer(b"garbage\r\n", Next::Wait), Next::Blocked);
        let reader = std::thread::spawn(move || {
            let mut heard = Vec::new();
            client.read_to_end(&mut heard).map(|_| heard)
        });
        while connection.flush() == Next::Blocked {
            std::thread::sleep(Duration::from_millis(1));
        }
        let heard = reader.join().expect("a reader").expect("no reset");
        assert!(heard.ends_with(b"Connection: close\r\nContent-Length: 0\r\n\r\n"));
    }
}
