//! Small servers that do just what a test wants of them, one thread a connection.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// Size of a request where a test does not choose its own.
pub(crate) const FRAME: usize = 64;

/// A request as it came, with what its tag says.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: u32,
    pub(crate) sequence: u32,
    pub(crate) bytes: Vec<u8>,
}

/// A listening stub; it stops when it is dropped.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    /// Requests that came, by connection.
    seen: Arc<Mutex<BTreeMap<u32, u64>>>,
    stop: Arc<AtomicBool>,
}

impl Stub {
    /// Calls `behave` for each request; an error ends the connection.
    pub(crate) fn new(behave: impl Fn(&Request, &TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::with(FRAME, |_, _| Ok(()), behave)
    }

    /// Takes requests of `frame` bytes, and calls `welcome` with the number of each newcomer.
    pub(crate) fn with(
        frame: usize,
        welcome: impl Fn(usize, &TcpStream) -> io::Result<()> + Send + Sync + 'static,
        behave: impl Fn(&Request, &TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let receive = move |client: &TcpStream, _, _| receive(client, frame);
        Self::listen(receive, welcome, behave)
    }

    /// Takes requests that end with an empty line, and know nothing of connections and numbers: the first connection,
    /// on which the server is asked before the load, has [`FIRST`] for its id, and those of the load count from 0.
    pub(crate) fn plain(behave: impl Fn(&Request, &TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let receive = |client: &TcpStream, number: usize, sequence| {
            let bytes = receive_lines(client)?;
            Ok(Request {
                id: (number as u32).wrapping_sub(1),
                sequence,
                bytes,
            })
        };
        Self::listen(receive, |_, _| Ok(()), behave)
    }

    fn listen(
        receive: impl Fn(&TcpStream, usize, u32) -> io::Result<Request> + Send + Sync + 'static,
        welcome: impl Fn(usize, &TcpStream) -> io::Result<()> + Send + Sync + 'static,
        behave: impl Fn(&Request, &TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stop) = (
            Arc::<Mutex<BTreeMap<u32, u64>>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let (log, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let (receive, welcome, behave) = (Arc::new(receive), Arc::new(welcome), Arc::new(behave));
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                if stopped.load(SeqCst) {
                    break;
                }
                let (log, welcome) = (Arc::clone(&log), Arc::clone(&welcome));
                let (receive, behave) = (Arc::clone(&receive), Arc::clone(&behave));
                let Ok(client) = client else { continue };
                thread::spawn(move || -> io::Result<()> {
                    client.set_nodelay(true)?;
                    welcome(number, &client)?;
                    for sequence in 0.. {
                        let request = receive(&client, number, sequence)?;
                        *log.lock().unwrap().entry(request.id).or_default() += 1;
                        behave(&request, &client)?;
                    }
                    Ok(())
                });
            }
        });
        Self { address, seen, stop }
    }

    /// Answers each request rightly.
    pub(crate) fn echo() -> Self {
        Self::new(echo)
    }

    /// Requests that came, by connection.
    pub(crate) fn seen(&self) -> BTreeMap<u32, u64> {
        self.seen.lock().unwrap().clone()
    }

    /// Requests that came.
    pub(crate) fn total(&self) -> u64 {
        self.seen().values().sum()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// The connection on which a server is asked before the load.
pub(crate) const FIRST: u32 = u32::MAX;

/// Byte by byte, so that it never reads into the next request.
fn receive_lines(mut client: &TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        bytes.extend_from_slice(&byte);
    }
    Ok(bytes)
}

fn receive(mut client: &TcpStream, frame: usize) -> io::Result<Request> {
    let mut bytes = vec![0; frame];
    client.read_exact(&mut bytes)?;
    let tag = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    Ok(Request {
        id: (tag >> 32) as u32,
        sequence: tag as u32,
        bytes,
    })
}

/// The right answer.
pub(crate) fn echo(request: &Request, mut client: &TcpStream) -> io::Result<()> {
    client.write_all(&request.bytes)
}

/// Ends the connection in the ordinary way.
pub(crate) fn close() -> io::Result<()> {
    Err(ErrorKind::Other.into())
}

/// Ends the connection with a reset.
pub(crate) fn reset(client: &TcpStream) -> io::Result<()> {
    SockRef::from(client).set_linger(Some(Duration::ZERO))?;
    close()
}
