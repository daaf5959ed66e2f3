//! Whether a server answers rightly at all: asked once, before anything is measured.
//!
//! No right server may fail a check, however slow the machine. What depends on the order of events is brought about by
//! stopping the server (`halt.rs`), and what depends on time has to fail twice, the second time in a fresh process.

mod client;
mod crowd;
mod fault;
mod frames;
pub(crate) mod halt;
mod http;
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

/// Time in which a process that has closed its connections is gone.
const TO_DIE: Duration = Duration::from_millis(100);

/// Time in which a server has taken the connection by which it was found to listen. One that has not would fail the first
/// check for what another one is there to tell.
const TO_TAKE_PROBE: Duration = Duration::from_millis(15);

/// A check: its name in messages and what it does, with what the server is asked.
type Check<A> = (&'static str, fn(&Server, &mut A) -> Result<()>);

/// Those that tell what a fault comes from stand before those that only suffer from it.
const CHECKS: [Check<Payload>; 10] = [
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
/// its model may use CPU time while nobody talks. Under HTTP the report has what replies must be: as the first one.
///
/// # Errors
/// When it cannot be started, or the user interrupts.
pub fn verify(launch: &Launch, settings: &Settings, cpus: &[usize], spins: bool) -> Result<Report> {
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
        report: Report::default(),
    };
    if settings.protocol == Protocol::Http {
        subject.speaks_http(settings)?;
    } else {
        let sizes = (settings.request_bytes as usize, settings.reply_bytes as usize);
        // Hardly ever a request that asks for work: thousands of waits in a row would test nothing but patience.
        let mut payload = Payload::new(settings.protocol, sizes.0, sizes.1).slow_every(u32::MAX);
        let checks = CHECKS.iter().filter(|(name, _)| !(spins && *name == REST));
        subject.put_through_all(checks, &mut payload)?;
    }
    let mut report = subject.report;
    if let Some(Err(error)) = subject.server.take().map(Server::stop) {
        report.add_end(&error);
    }
    Ok(report)
}

/// A server that is checked, as long as it is worth it.
struct Subject<S> {
    start: S,
    server: Option<Server>,
    report: Report,
}

impl<S: Fn() -> Result<Server>> Subject<S> {
    /// All of `checks`. What fails is in the report.
    fn put_through_all<'a, A: 'a>(
        &mut self,
        checks: impl IntoIterator<Item = &'a Check<A>>,
        asked: &mut A,
    ) -> Result<()> {
        let deadline = now_ns() + nanoseconds(ENOUGH);
        for &(name, check) in checks {
            if self.report.has_faults() && now_ns() > deadline {
                self.report.leave_out(name);
                continue;
            }
            let mut found = self.put_through(check, asked);
            let again = |error: &anyhow::Error| error.downcast_ref::<Fault>().is_some_and(|fault| fault.timed);
            if found.as_ref().is_err_and(again) && found.as_ref().is_err_and(|error| !self.report.explains(error)) {
                found = self.put_through(check, asked);
            }
            if let Err(error) = found {
                self.report.add(name, &error);
            }
            if interrupt::requested() {
                bail!("interrupted");
            }
        }
        Ok(())
    }

    /// The checks of HTTP, which hold all replies against the first one.
    fn speaks_http(&mut self, settings: &Settings) -> Result<()> {
        let mut first = None;
        let ask = |server: &Server, first: &mut Option<http::Asked>| {
            *first = Some(http::first_reply(server, settings)?);
            Ok(())
        };
        if let Err(error) = self.put_through(ask, &mut first) {
            self.report.add(http::FIRST, &error);
        }
        if let Some(mut asked) = first {
            self.put_through_all(&http::CHECKS, &mut asked)?;
            self.report.expected = Some(asked.expected);
        }
        Ok(())
    }

    /// One check. A server that fails it is ended, for the next check is not to suffer from it.
    fn put_through<A>(&mut self, check: impl Fn(&Server, &mut A) -> Result<()>, asked: &mut A) -> Result<()> {
        let mut server = match self.server.take() {
            Some(server) => server,
            None => (self.start)()?,
        };
        let checked = check(&server, asked);
        // A connection that broke may be the first sign of a process that ends.
        if checked.as_ref().is_err_and(|error| !error.is::<Fault>()) {
            let end = now_ns() + nanoseconds(TO_DIE);
            while server.check_alive().is_ok() && now_ns() < end {
                wait::nap(Duration::from_millis(2));
            }
        }
        match (checked, server.check_alive()) {
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
