//! Whether a server answers rightly at all: asked once, before anything is measured.
//!
//! No right server may fail a check, however slow the machine. What depends on the order of events is brought about by
//! stopping the server ([`halt`]), and what depends on time has to fail twice, the second time in a fresh process.

mod client;
mod crowd;
mod fault;
mod frames;
mod halt;
mod leavers;
mod report;
mod rest;

use std::time::Duration;

use anyhow::{Result, bail};
use loadgen::clock::{nanoseconds, now_ns};
use loadgen::{Payload, Protocol, interrupt};

use self::fault::Fault;
pub use self::report::Report;
use super::Failure;
use super::server::{Launch, Server};
use super::wait;
use crate::record::Settings;

/// Time after which a server that has failed is not checked further.
const ENOUGH: Duration = Duration::from_secs(60);

/// Time in which a server has taken the connection by which it was found to listen. One that has not would fail the first
/// check for what another one is there to tell.
const TO_TAKE_PROBE: Duration = Duration::from_millis(15);

/// A check: its name in messages and what it does.
type Check = (&'static str, fn(&Server, &mut Payload) -> Result<()>);

/// Those that tell what a fault comes from stand before those that only suffer from it.
const CHECKS: [Check; 10] = [
    ("a request in pieces", frames::split_frames),
    ("requests in one piece", frames::merged_frames),
    (PILE, frames::piled_up),
    ("more than all buffers hold", frames::large_payload),
    ("half-closed connection", frames::half_close),
    (BURST, crowd::burst),
    ("many connections", crowd::many_connections),
    (LEAVERS, leavers::leavers),
    (REST, rest::rests),
    ("room for a burst", crowd::accept_queue),
];
const PILE: &str = "requests that pile up";
const BURST: &str = "a burst of connections";
const LEAVERS: &str = "clients that leave";
/// The check that models which never wait are not put through.
const REST: &str = "silent connections";

/// Starts the server and puts it through all checks; after one that it fails, it is started anew. One that `spins` by
/// its model may use CPU time while nobody talks.
///
/// # Errors
/// When it cannot be started, or the user interrupts.
pub fn verify(launch: &Launch, settings: &Settings, cpus: &[usize], spins: bool) -> Result<Report> {
    let protocol = if settings.protocol == "reply" {
        Protocol::Reply
    } else {
        Protocol::Echo
    };
    // Hardly ever a request that asks for work: thousands of waits in a row would test nothing but patience.
    let payload =
        Payload::new(protocol, settings.request_bytes as usize, settings.reply_bytes as usize).slow_every(u32::MAX);
    let start = || -> Result<Server> {
        let server = Server::start(launch, settings, cpus)?;
        if server.ready.is_none() {
            wait::nap(TO_TAKE_PROBE);
        }
        Ok(server)
    };
    let mut subject = Subject {
        server: Some(start()?),
        start,
        payload,
    };
    let mut report = Report::default();
    let deadline = now_ns() + nanoseconds(ENOUGH);
    for (name, check) in CHECKS.into_iter().filter(|(name, _)| !(spins && *name == REST)) {
        if report.has_faults() && now_ns() > deadline {
            report.leave_out(name);
            continue;
        }
        let mut found = subject.put_through(check);
        let again = |error: &anyhow::Error| error.downcast_ref::<Fault>().is_some_and(|fault| fault.timed);
        if found.as_ref().is_err_and(again) && found.as_ref().is_err_and(|error| !report.explains(error)) {
            found = subject.put_through(check);
        }
        if let Err(error) = found {
            report.add(name, &error);
        }
        if interrupt::requested() {
            bail!("interrupted");
        }
    }
    if let Some(Err(error)) = subject.server.take().map(Server::stop) {
        report.add_end(&error);
    }
    Ok(report)
}

/// A server that is checked, as long as it is worth it.
struct Subject<S> {
    start: S,
    server: Option<Server>,
    payload: Payload,
}

impl<S: Fn() -> Result<Server>> Subject<S> {
    /// One check. A server that fails it is ended, for the next check is not to suffer from it.
    fn put_through(&mut self, check: fn(&Server, &mut Payload) -> Result<()>) -> Result<()> {
        let mut server = match self.server.take() {
            Some(server) => server,
            None => (self.start)()?,
        };
        match (check(&server, &mut self.payload), server.check_alive()) {
            (Ok(()), Ok(())) => {
                self.server = Some(server);
                Ok(())
            }
            // A server that died says more than the connection that broke.
            (_, Err(death)) => Err(interrupted_wait(death)),
            (Err(error), Ok(())) => Err(match error.downcast_ref::<Fault>() {
                Some(_) => error,
                None => server.failure(format!("{error:#}")),
            }),
        }
    }
}

/// Adds why a server that was stopped and continued found its waiting interrupted, where that is what it died of.
fn interrupted_wait(death: anyhow::Error) -> anyhow::Error {
    match death.downcast::<Failure>() {
        Ok(failure)
            if failure
                .last_stderr
                .as_ref()
                .is_some_and(|line| line.contains("Interrupted system call")) =>
        {
            let why = "it had been stopped and continued, after which a wait may end with EINTR: wait again";
            let reason = format!("{}; {why}", failure.reason);
            Failure { reason, ..failure }.into()
        }
        Ok(failure) => failure.into(),
        Err(other) => other,
    }
}
