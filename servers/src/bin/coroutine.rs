//! Coroutines switched by hand: each serves one client on a stack of its own, and gives way where it would wait.
//!
//! A switch saves a few registers and changes the stack: nanoseconds, and no kernel. Every one of them stands in the
//! handler (`others.suspend`), and they go round in a ring. What they lack is somebody who knows *who* can go on: each
//! round asks everyone, at a system call each, and an idle server burns a whole core as busy-poll does. It saturates
//! on asking. That is what the hub of green-thread is for.
//!
//! Left out: an event loop, on purpose; reuse of the stacks of those that have ended.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::time::Instant;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use servers::{Accept, BUFFER_BYTES, Capacity, Reason, Server, Service, Session, Step};

/// Of a stack only the pages that were touched cost memory: two or three here.
const STACK_BYTES: usize = 64 * 1024;
/// A stack and its guard page.
const MAPPINGS: u64 = 2;
/// Newcomers accepted in a row before the others have their turn.
const ACCEPTS: usize = 256;

type Others = Yielder<(), ()>;

fn main() -> ExitCode {
    servers::main("coroutine", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let mut ring: Vec<Coroutine<(), (), ()>> = Vec::new();
    server.ready(&Capacity::descriptors().or(Capacity::mappings(MAPPINGS)))?;
    while !servers::stopping() {
        accept(server, &mut ring);
        // Round robin: everyone goes on from where it gave way to where it gives way again, or ends.
        ring.retain_mut(|one| matches!(one.resume(()), CoroutineResult::Yield(())));
    }
    // They end with the process. Dropping one that has not come to its end would have to unwind its stack first.
    std::mem::forget(ring);
    Ok(())
}

fn accept(server: &Server, ring: &mut Vec<Coroutine<(), (), ()>>) {
    for _ in 0..ACCEPTS {
        match server.listener.accept() {
            Accept::Client(client) => {
                let Ok(stack) = DefaultStack::new(STACK_BYTES) else {
                    server.refuse(client, Reason::MaxMapCount);
                    continue;
                };
                let (open, service) = (server.admit(), server.service);
                ring.push(Coroutine::with_stack(stack, move |others: &Others, ()| {
                    let _open = open;
                    let _ = converse(&client, service, others);
                }));
            }
            Accept::Gone => {}
            Accept::Nobody | Accept::Later | Accept::Stopped => return,
        }
    }
}

fn converse(mut client: &TcpStream, service: Service, others: &Others) -> io::Result<()> {
    let mut session = Session::new(service);
    let mut buffer = [0; BUFFER_BYTES];
    loop {
        let received = match client.read(&mut buffer[..service.read_bytes()]) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                others.suspend(());
                continue;
            }
            received => received?,
        };
        let mut input = &buffer[..received];
        while let Some(step) = session.step(&mut input) {
            match step {
                Step::Send(answer) => send(client, answer, others)?,
                Step::Wait(time) => {
                    let due = Instant::now() + time;
                    while Instant::now() < due {
                        others.suspend(());
                    }
                }
                Step::Shut => client.shutdown(Shutdown::Write)?,
            }
        }
        // One exchange a turn: a client that always has more to say must not keep the others waiting.
        others.suspend(());
    }
}

fn send(mut client: &TcpStream, mut answer: &[u8], others: &Others) -> io::Result<()> {
    while !answer.is_empty() {
        match client.write(answer) {
            Ok(sent) => answer = &answer[sent..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => others.suspend(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
