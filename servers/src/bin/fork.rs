//! A process per connection: the kernel does all the waiting, and each client costs a process.
//!
//! The parent only accepts and forks; a child blocks on its one client and ends with it. Memory and the work of the
//! scheduler grow with the connections (page tables, a kernel stack and a few private pages each), and a burst of
//! newcomers waits for one fork after the other. A child has a descriptor table of its own, so RLIMIT_NOFILE does not
//! bound this model; the number of processes does.
//!
//! Left out: exec (a child goes on in the same program) and any limit on the children other than the system's own.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::thread;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};
use servers::{BUFFER_BYTES, Capacity, Counted, Reason, Server, Service, Session, Step};

fn main() -> ExitCode {
    servers::main("fork", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    let reap = SigHandler::Handler(reap);
    // SAFETY: the handler only calls waitpid(2) and counts in an atomic.
    unsafe {
        sigaction(
            Signal::SIGCHLD,
            &SigAction::new(reap, SaFlags::SA_RESTART | SaFlags::SA_NOCLDSTOP, SigSet::empty()),
        )?
    };
    let parent = getpid();
    server.ready(&Capacity::tasks())?;
    while let Some(client) = server.listener.next_client() {
        // Counted before the fork: a child that ends at once is not counted out before it was counted in.
        let open = server.admit();
        // SAFETY: this process has one thread, so the child may go on with everything it inherits.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                close_listener(server);
                child(&client, server.service, parent);
            }
            Ok(ForkResult::Parent { .. }) => std::mem::forget(open), // ends with the child, in `reap`
            Err(_) => server.refuse_admitted(Reason::Processes),     // `client` and `open` end here
        }
    }
    // The children end with this process: each has asked the kernel for it.
    Ok(())
}

/// A child's whole life. It leaves by `_exit`, so that nothing of the parent's is flushed or dropped twice.
fn child(client: &TcpStream, service: Service, parent: Pid) -> ! {
    servers::reset_in_child();
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    if getppid() == parent {
        let _ = converse(client, service);
    }
    // SAFETY: ends the process.
    unsafe { libc::_exit(0) }
}

/// The child's copy of the listening socket would keep the port taken for as long as the child lives.
fn close_listener(server: &Server) {
    let _ = nix::unistd::close(server.listener.as_raw_fd());
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

/// Signals merge, so one SIGCHLD may stand for many children.
extern "C" fn reap(_: libc::c_int) {
    let errno = Errno::last();
    // Not while stopping: the kernel passes on the children of a process that ends, and looking through thousands of
    // them for the next that has ended would only delay that.
    while !servers::stopping()
        && let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG))
    {
        match status {
            WaitStatus::StillAlive => break,
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => Counted::end_elsewhere(),
            _ => {}
        }
    }
    errno.set();
}
