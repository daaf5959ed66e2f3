//! A thread per connection: code as simple as for one client, paid for in stacks and scheduling.
//!
//! Each thread blocks on its own client. It saturates on the scheduler (a wake-up and a switch for every request) and
//! on memory: a kernel stack, the touched part of a user stack, and four memory mappings a thread, of which the
//! system allows `vm.max_map_count` to a process.
//!
//! Left out: joining. A thread ends with its client, and all end with the process.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::thread;

use clap::Args;
use servers::{BUFFER_BYTES, Capacity, Counted, Reason, Server, Service, Session, Step};

/// A stack and its guard page, a signal stack and its guard page. Where std cannot map the signal stack it aborts the
/// whole process, so the threads must end before the mappings do.
const MAPPINGS_PER_THREAD: u64 = 4;

thread_local! {
    /// Ends after the thread's signal stack was unmapped, as a variable of the handler would not: a thread that is
    /// counted out but still mapped is one too many when its place is taken.
    static OPEN: Cell<Option<Counted>> = const { Cell::new(None) };
}

#[derive(Args)]
struct ThreadFlags {
    /// Size of a thread's stack in bytes; only what is touched costs memory
    #[arg(long, value_name = "BYTES", default_value_t = 128 * 1024, value_parser = clap::value_parser!(u64).range(64 << 10..=1 << 30))]
    stack_bytes: u64,
}

fn main() -> ExitCode {
    servers::main("thread", serve)
}

fn serve(server: &mut Server, flags: &ThreadFlags) -> io::Result<()> {
    let mappings = Capacity::mappings(MAPPINGS_PER_THREAD);
    server.ready(&Capacity::descriptors().or(Capacity::tasks()).or(mappings.clone()))?;
    let service = server.service;
    while let Some(client) = server.listener.next_client() {
        if server.open() >= mappings.connections {
            server.refuse(client, Reason::MaxMapCount);
            continue;
        }
        let open = server.admit();
        let handler = move || {
            OPEN.set(Some(open));
            let _ = converse(&client, service);
        };
        // A thread that cannot be created drops its closure, and with it the client's socket.
        if thread::Builder::new()
            .stack_size(flags.stack_bytes as usize)
            .spawn(handler)
            .is_err()
        {
            server.refuse_admitted(Reason::Threads);
        }
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
