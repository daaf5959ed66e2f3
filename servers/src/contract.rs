//! The server contract: flags in, `ready` and `stopped` out, and the order of things in between.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::{Args, Command, FromArgMatches};
use serde_json::{Map, Value, json};

use crate::counters::counters;
use crate::{Capacity, Counted, Flags, Listener, Reason, Service, Work, limits, stop};

/// Version of the contract that these servers keep.
const CONTRACT: u32 = 1;

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    /// The listening socket.
    pub listener: Listener,
    /// What a client gets.
    pub service: Service,
    model: &'static str,
    backlog: i32,
    workers_asked: Option<usize>,
    /// As many as the model has said that it has, where it has any.
    workers: Option<usize>,
    /// What only this model has to tell when it stops.
    report: Mutex<Map<String, Value>>,
}

impl Server {
    /// Announces that the server listens and what it believes it can hold: call it once all is set up.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn ready(&self, capacity: &Capacity) -> io::Result<()> {
        let somaxconn = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok();
        let somaxconn: Option<i32> = somaxconn.and_then(|text| text.trim().parse().ok());
        say(&json!({
            "event": "ready",
            "contract": CONTRACT,
            "model": self.model,
            "address": self.listener.address()?,
            "pid": std::process::id(),
            "backlog": { "requested": self.backlog, "effective": somaxconn.map(|most| most.min(self.backlog)) },
            "capacity": capacity,
            "workers": self.workers,
        }))
        .map_err(|error| io::Error::new(error.kind(), format!("cannot announce that it is ready: {error}")))
    }

    /// Workers that this model shall have: as many as `--workers` says, else `default`.
    pub fn workers(&mut self, default: usize) -> usize {
        *self.workers.insert(self.workers_asked.unwrap_or(default))
    }

    /// Makes as many further listeners on the server's address, non-blocking like the first one from now on; the
    /// kernel spreads newcomers over all of them by a hash of both ends' addresses (SO_REUSEPORT, socket(7)).
    ///
    /// A stop shuts only the first one down.
    ///
    /// # Errors
    /// Whatever makes a socket that listens impossible.
    pub fn share_address(&mut self, further: usize) -> io::Result<Vec<Listener>> {
        let address = self.listener.address()?;
        // That the first could bind without SO_REUSEPORT has shown that the address is free. With it a second server
        // of the same user would be let in too, and the two would share the clients without a word.
        self.listener.rebind_shared(address, self.backlog)?;
        self.listener.set_nonblocking()?;
        (0..further).map(|_| self.listener.sibling(self.backlog)).collect()
    }

    /// Has the line `stopped` tell something that only this model knows.
    pub fn report(&self, name: &str, value: impl Into<Value>) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.insert(name.to_owned(), value.into());
    }

    /// Counts a connection that will be served, until the returned value is dropped.
    #[must_use]
    pub fn admit(&self) -> Counted {
        Counted::begin()
    }

    /// Connections open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        counters().open()
    }

    /// Closes a newcomer that was not admitted, and counts why.
    pub fn refuse(&self, client: impl AsFd, reason: Reason) {
        drop(client);
        counters().refuse(reason);
    }

    fn stopped(&self) -> io::Result<()> {
        let counters = counters();
        let mut line = json!({
            "event": "stopped",
            "model": self.model,
            "accepted": counters.accepted(),
            "peak_concurrent": counters.peak(),
            "refused": counters.refused(),
        });
        if self.service.work != Work::None {
            let [requests, waited_ns, longest_wait_ns] = counters.work();
            line["work"] = json!({ "requests": requests });
            if self.service.work.waits() {
                line["work"]["waited_ns"] = waited_ns.into();
                line["work"]["longest_wait_ns"] = longest_wait_ns.into();
            }
        }
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in &*report {
            line[name] = value.clone();
        }
        say(&line)
    }

    /// Counts as refused what was admitted in vain: the process or thread that was to serve it could not be made.
    pub fn refuse_admitted(&self, reason: Reason) {
        counters().take_back();
        counters().refuse(reason);
    }
}

/// A server's whole life: parses the flags, binds, runs `serve` until the server is told to stop, says `stopped`.
///
/// `serve` calls [`Server::ready`] when it has what it needs. `A` are flags that only this model has; `()` for none.
pub fn main<A: Args>(model: &'static str, serve: impl FnOnce(&mut Server, &A) -> io::Result<()>) -> ExitCode {
    let name: &'static str = format!("server-{model}").leak();
    let (flags, extra) = match parse::<A>(name) {
        ControlFlow::Continue(parsed) => parsed,
        ControlFlow::Break(code) => return code,
    };
    let run = || {
        limits::raise_descriptors();
        // Before anything is forked: a child must count where its parent looks.
        counters();
        let listener = Listener::bind(flags.listen, flags.backlog).map_err(|e| cannot_listen(flags.listen, &e))?;
        stop::install(listener.as_fd(), flags.control_stdin)
            .map_err(|error| format!("cannot install the signal handlers: {error}"))?;
        let mut server = Server {
            listener,
            service: flags.service(),
            model,
            backlog: flags.backlog,
            workers_asked: flags.workers.map(|workers| workers as usize),
            workers: None,
            report: Mutex::default(),
        };
        serve(&mut server, &extra).map_err(|error| error.to_string())?;
        // Whoever reads the line may have gone, which is no failure of the server's.
        let _ = server.stopped();
        Ok(())
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err::<_, String>(message) => {
            eprintln!("{name}: {message}");
            ExitCode::FAILURE
        }
    }
}

/// CPUs that this process may use: the workers of a model that has one for each.
#[must_use]
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// With how it was built in it: whoever finds these words in a program need not run it to know that it is no measure.
const VERSION: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), " (debug build)")
} else {
    concat!(env!("CARGO_PKG_VERSION"), " (release build)")
};

fn parse<A: Args>(name: &'static str) -> ControlFlow<ExitCode, (Flags, A)> {
    let command = Command::new(name).version(VERSION);
    // The flags' own descriptions would take the place of the program's.
    let about = format!(
        "A TCP server of the model '{}'; docs/SERVER-CONTRACT.md says what it keeps",
        &name["server-".len()..]
    );
    let command = A::augment_args(Flags::augment_args(command)).about(about);
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Ok((Flags::from_arg_matches(&matches)?, A::from_arg_matches(&matches)?)));
    match parsed {
        Ok(both) => ControlFlow::Continue(both),
        Err(error) => {
            let _ = error.print();
            ControlFlow::Break(ExitCode::from(error.exit_code() as u8))
        }
    }
}

fn say(line: &serde_json::Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> String {
    let (why, hint) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            "the address is in use",
            "choose another port, or port 0 for any free one",
        ),
        io::ErrorKind::AddrNotAvailable => ("the address is not this machine's", "127.0.0.1 always is"),
        io::ErrorKind::PermissionDenied => ("permission denied", "ports below 1024 need privilege"),
        _ => return format!("cannot listen on {address}: {error}"),
    };
    format!("cannot listen on {address}: {why}\nhint: {hint}")
}
