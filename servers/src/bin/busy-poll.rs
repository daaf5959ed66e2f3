//! Non-blocking sockets, asked one after the other without end: no call ever waits, so the processor never rests.
//!
//! What there was before select(2). Nobody holds up anybody, in one thread and without help from the kernel, but each
//! round asks every connection whether it has something (a system call each, nearly all in vain when few talk), and an
//! idle server burns a whole core. It saturates on asking: a request waits until the scan comes round.
//!
//! Left out: sleeping between the rounds, which trades the burning for latency.

use std::io;
use std::process::ExitCode;

use servers::{Accept, BUFFER_BYTES, Capacity, Connection, Next, Server, Timers};

/// Newcomers accepted in a row before the connections have their turn.
const ACCEPTS: usize = 256;

fn main() -> ExitCode {
    servers::main("busy-poll", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let mut buffer = [0; BUFFER_BYTES];
    let mut connections: Vec<Connection> = Vec::new();
    let mut asleep = Timers::new();
    server.ready(&Capacity::descriptors())?;

    while !servers::stopping() {
        accept(server, &mut connections);
        let mut i = 0;
        while i < connections.len() {
            let connection = &mut connections[i];
            match if connection.is_blocked() {
                connection.flush()
            } else {
                connection.exchange(&mut buffer)
            } {
                Next::Wait | Next::Empty | Next::More | Next::Blocked => i += 1,
                // The last one moves here and is asked next.
                Next::Sleep(time) => asleep.sleep(connections.swap_remove(i), time),
                Next::Closed => drop(connections.swap_remove(i)),
            }
        }
        while let Some(mut connection) = asleep.due() {
            match connection.resume() {
                Next::Sleep(time) => asleep.sleep(connection, time),
                Next::Closed => {}
                _ => connections.push(connection),
            }
        }
    }
    Ok(())
}

fn accept(server: &Server, connections: &mut Vec<Connection>) {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) => connections.push(Connection::new(client, server.service, server.admit())),
            Accept::Gone => {}
            Accept::Nobody | Accept::Later | Accept::Stopped => return,
        }
    }
}
