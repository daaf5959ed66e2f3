//! Processes made beforehand: each takes a client from the accept queue and serves it to its end.
//!
//! No fork stands between a newcomer and its first reply, and the number of processes is fixed. So is the number of
//! clients: it saturates at one a worker, and everybody else waits in the accept queue as in the iterative server. A
//! worker that dies takes one client with it and is replaced.
//!
//! Left out: a pool that grows and shrinks with the load, and workers retired after so many clients.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use nix::poll::ppoll;
use nix::sys::prctl;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::time::TimeSpec;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};
use servers::{BUFFER_BYTES, Capacity, Counted, Server, Service, Session, Step};

/// Enough that most of them can wait for their clients while a few use the processor.
const WORKERS: usize = 64;
/// Until a worker that could not be made is tried again.
const RETRY: TimeSpec = TimeSpec::new(0, 100_000_000);

fn main() -> ExitCode {
    servers::main("prefork", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    // Taken only while the parent waits (`ppoll`), so that none comes between a look and the wait that follows it.
    let awaited = SigSet::from_iter([Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGIO]);
    awaited.thread_block()?;
    // A handler that does nothing, because a signal without one ends no wait.
    let noticed = SigAction::new(SigHandler::Handler(notice), SaFlags::SA_NOCLDSTOP, SigSet::empty());
    // SAFETY: the handler touches nothing.
    unsafe { sigaction(Signal::SIGCHLD, &noticed)? };

    let count = server.workers(WORKERS);
    let serving = servers::shared_flags(count);
    let mut workers: Vec<Option<Pid>> = vec![None; count];
    for n in 0..count {
        let explain = |error| io::Error::other(format!("cannot make worker {} of {count}: {error}", n + 1));
        workers[n] = Some(start(server, &serving[n], &awaited).map_err(explain)?);
    }
    server.ready(&Capacity::new(count as u64, "workers"))?;

    let mut replaced = 0_u64;
    while !servers::stopping() {
        let retry = workers.contains(&None).then_some(RETRY);
        let _ = ppoll(&mut [], retry, Some(SigSet::empty()));
        while let Some(dead) = dead_child() {
            let n = workers
                .iter()
                .position(|&worker| worker == Some(dead))
                .expect("a worker of ours");
            workers[n] = None;
            if serving[n].swap(false, Relaxed) {
                Counted::end_elsewhere();
            }
        }
        for n in 0..count {
            if workers[n].is_none() && !servers::stopping() {
                workers[n] = start(server, &serving[n], &awaited).ok();
                replaced += u64::from(workers[n].is_some());
            }
        }
    }
    for worker in workers.into_iter().flatten() {
        let _ = kill(worker, Signal::SIGKILL);
        let _ = waitpid(worker, None);
    }
    server.report("workers_replaced", replaced);
    Ok(())
}

fn start(server: &Server, serving: &AtomicBool, awaited: &SigSet) -> nix::Result<Pid> {
    let parent = getpid();
    // SAFETY: this process has one thread, so the child may go on with everything it inherits.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            servers::reset_in_child();
            let _ = awaited.thread_unblock();
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            if getppid() == parent {
                work(server, serving);
            }
            // SAFETY: ends the process, without flushing or dropping anything of the parent's.
            unsafe { libc::_exit(0) }
        }
    }
}

/// All workers block in accept(2) on one socket; the kernel wakes one for each newcomer.
fn work(server: &Server, serving: &AtomicBool) {
    while let Some(client) = server.listener.next_client() {
        let _open = server.admit();
        serving.store(true, Relaxed);
        // An error is the client's own end; the next one is waiting.
        let _ = converse(&client, server.service);
        serving.store(false, Relaxed);
    }
}

fn dead_child() -> Option<Pid> {
    waitpid(None, Some(WaitPidFlag::WNOHANG)).ok()?.pid()
}

extern "C" fn notice(_: libc::c_int) {}

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
