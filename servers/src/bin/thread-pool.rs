//! Threads made beforehand, and a hand-over: the main thread accepts for whoever is free.
//!
//! A thread costs nothing per connection here, and their number bounds memory and scheduling. It also bounds the
//! clients: it saturates at one a thread, and since nobody is accepted before a thread is free, client N + 1 waits in
//! the kernel's queue. A pool suits requests that come and go, not connections that stay.
//!
//! Left out: a pool that grows with the load.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

use servers::{BUFFER_BYTES, Capacity, Counted, Server, Service, Session, Step};

/// Enough that most of them can wait for their clients while a few use the processor.
const WORKERS: usize = 64;
const STACK_BYTES: usize = 128 * 1024;

/// A client on its way to a thread, counted as open from its accept on.
type Clients = Receiver<(TcpStream, Counted)>;

fn main() -> ExitCode {
    servers::main("thread-pool", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    let (count, service) = (server.workers(WORKERS), server.service);
    // One byte for each thread that is free. A socket and no channel, because a stop can shut it down: whoever waits
    // for a free thread must not sleep through it.
    let (free, somebody_free) = UnixStream::pair()?;
    let _woken = servers::shut_on_stop(&somebody_free);
    // Never holds more than there are free threads, so a send never waits.
    let (hand_over, clients) = mpsc::sync_channel(count);
    let clients = Arc::new(Mutex::new(clients));
    for n in 0..count {
        let (free, clients) = (free.try_clone()?, Arc::clone(&clients));
        let explain = |error| io::Error::other(format!("cannot make thread {} of {count}: {error}", n + 1));
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(move || work(&free, &clients, service))
            .map_err(explain)?;
    }
    server.ready(&Capacity::new(count as u64, "workers"))?;

    while (&somebody_free).read_exact(&mut [0]).is_ok()
        && let Some(client) = server.listener.next_client()
    {
        let open = server.admit();
        hand_over.send((client, open)).map_err(io::Error::other)?;
    }
    Ok(())
}

fn work(mut free: &UnixStream, clients: &Mutex<Clients>, service: Service) {
    while free.write_all(&[1]).is_ok() {
        // The lock is held while waiting: one free thread waits for a client, the others for the lock.
        let next = clients.lock().expect("nobody panics with it").recv();
        let Ok((client, _open)) = next else {
            return;
        };
        // An error is the client's own end.
        let _ = converse(&client, service);
    }
}

fn converse(mut client: &TcpStream, service: Service) -> io::Result<()> {
    let mut session = Session::new(service);
    let mut buffer = [0; BUFFER_BYTES];
    loop {
        let received = client.read(&mut buffer[..service.read_bytes()])?;
        if received == 0 {
            return Ok(());
        }
        let mut input = &buffer[..received];
        while let Some(step) = session.step(&mut input) {
            match step {
                Step::Send(answer) => client.write_all(answer)?,
                Step::Wait(time) => thread::sleep(time),
                Step::Shut => client.shutdown(Shutdown::Write)?,
            }
        }
    }
}
