//! Green threads: blocking code, a coroutine for each client, and a hub that switches when a call would block.
//!
//! The handler is that of the thread server, word for word; what it calls gives way to the hub (servers/src/hub.rs),
//! which waits on epoll for all of them. A connection costs a stack instead of a thread, and a switch some nanoseconds
//! instead of a trip through the kernel's scheduler. It saturates on one core, and a handler that computes holds up
//! everybody, because nobody interrupts it.
//!
//! Left out: more than one core; reuse of the stacks of those that have ended.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;

use servers::hub::{self, Green};
use servers::{Accept, BUFFER_BYTES, Capacity, Reason, Server, Service, Session, Step};

/// Newcomers accepted in a row before the others have their turn.
const ACCEPTS: usize = 256;

fn main() -> ExitCode {
    servers::main("green-thread", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let server = &*server;
    hub::run(|| accept(server))?
}

fn accept(server: &Server) -> io::Result<()> {
    let listener = Green::new(&server.listener)?;
    server.ready(&Capacity::descriptors().or(Capacity::mappings(hub::MAPPINGS)))?;
    loop {
        for _ in 0..ACCEPTS {
            match server.listener.accept() {
                Accept::Client(client) => {
                    let client = match Green::new(client) {
                        Ok(client) => client,
                        Err(unwatched) => {
                            server.refuse(unwatched.source, unwatched.errno.into());
                            continue;
                        }
                    };
                    let (open, service) = (server.admit(), server.service);
                    let handler = move || {
                        let _open = open;
                        let _ = converse(&client, service);
                    };
                    if hub::spawn(handler).is_err() {
                        server.refuse_admitted(Reason::MaxMapCount);
                    }
                }
                Accept::Nobody => listener.wait_until_readable(),
                Accept::Gone => {}
                Accept::Later => break,
                Accept::Stopped => return Ok(()),
            }
        }
        hub::give_way();
    }
}

fn converse(mut client: &Green<TcpStream>, service: Service) -> io::Result<()> {
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
                Step::Wait(time) => hub::sleep(time),
                Step::Shut => client.get_ref().shutdown(Shutdown::Write)?,
            }
        }
    }
}
