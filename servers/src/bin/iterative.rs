//! One process, one client at a time; everybody else waits in the accept queue, unserved.
//!
//! The simplest server there is, and the reason for all the others. It saturates at one connection: its rate is that
//! of a single client, whose waits nobody else can use. The kernel goes on completing handshakes for the others until
//! the backlog is full (backlog + 1 of them), so that they look connected and are not served; later ones time out.
//!
//! Left out: nothing. That it neither reads ahead nor looks who else is waiting *is* the model.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::thread;

use servers::{BUFFER_BYTES, Capacity, Server, Service, Session, Step};

fn main() -> ExitCode {
    servers::main("iterative", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.ready(&Capacity::new(1, "workers"))?;
    while let Some(client) = server.listener.next_client() {
        let _open = server.admit();
        let _woken = servers::shut_on_stop(&client);
        // An error is the client's own end; the next one is waiting.
        let _ = converse(&client, server.service);
    }
    Ok(())
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
