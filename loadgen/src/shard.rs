//! A shard: one process that opens its share of the connections and loads them as it is told.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::prctl::set_timerslack;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::time::TimeValLike;

use crate::attempts::Attempts;
use crate::clock::{Monotonic, nanoseconds, now_ns};
use crate::closed::ClosedLoop;
use crate::config::Config;
use crate::connect::connect;
use crate::dialogue::Dialogue;
use crate::engine::{Clients, Engine};
use crate::epoll::{EpollEngine, Waiting};
use crate::foreign::Foreign;
use crate::lines::{Lines, Read};
use crate::open::OpenLoop;
use crate::outcome::Outcome;
use crate::payload::Payload;
use crate::wire::{Command, Event, Slice, Window};

/// The load has settled when every client was answered, or when for this long no further one was.
const PATIENCE: Duration = Duration::from_millis(250);
/// At the end of a window, how long to wait for a further outstanding reply before giving the rest up.
const DRAIN: Duration = Duration::from_millis(200);

/// Whether connection `id` of `requested` is one of the `active` ones, evenly picked.
fn is_active(id: u64, active: u64, requested: u64) -> bool {
    u128::from(id) * u128::from(active) % u128::from(requested) < u128::from(active)
}

/// Runs a shard: [`Command`]s on standard input, [`Event`]s on standard output.
#[must_use]
pub fn main() -> ExitCode {
    // Ctrl-C at a terminal reaches the whole group; the parent decides what it means and closes our standard input.
    // SAFETY: no handler of ours.
    let _ = unsafe { signal(Signal::SIGINT, SigHandler::SigIgn) };
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = say(&Event::Failed {
                reason: error.to_string(),
            });
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut commands = Commands {
        lines: Lines::new(std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?),
    };
    match commands.wait()? {
        Some(Command::Connect(config)) => match &config.exchange {
            None => drive(&config, Payload::of(&config), commands),
            Some(exchange) => drive(&config, Foreign::new(exchange, &config), commands),
        },
        None | Some(Command::Quit) => Ok(()),
        Some(command) => Err(io::Error::other(format!("{command:?} is out of place"))),
    }
}

fn drive(config: &Config, dialogue: impl Dialogue, commands: Commands) -> io::Result<()> {
    match config.arrivals {
        None => serve(config, ClosedLoop::new(config, dialogue), commands),
        Some(arrivals) => serve(config, OpenLoop::new(config, dialogue, arrivals, Monotonic), commands),
    }
}

/// Opens the connections, and loads them as often as it is told to.
fn serve(config: &Config, mut clients: impl Clients, mut commands: Commands) -> io::Result<()> {
    let waiting = Waiting::of(config);
    if waiting.on_time {
        // By default a timer may be 50 µs late, so that several expire at once.
        set_timerslack(1)?;
    }
    let mut engine = EpollEngine::new(config.conns as usize, waiting)?;
    engine.watch(0)?;
    let mut attempts = Attempts::new(config)?;
    engine.watch(attempts.fd())?;
    let opened = connect(config, &mut attempts, &mut clients, &mut engine)?;
    say(&Event::Connected(Box::new(opened)))?;
    let mut shard = Shard {
        engine,
        clients,
        // Without a use for it, it is closed, and so not watched any more.
        attempts: config.may_reconnect().then_some(attempts),
    };
    while let Some(command) = commands.wait()? {
        match command {
            Command::Start {
                active,
                requested,
                rate_per_s,
            } => {
                let is_active = |id| is_active(id, active, requested);
                shard.load(
                    is_active,
                    own_rate(config, is_active, active, rate_per_s),
                    &mut commands,
                )?;
            }
            Command::Slice {
                active,
                requested,
                rate_per_s,
                length_ns,
            } => {
                let is_active = |id| is_active(id, active, requested);
                let rate_per_s = own_rate(config, is_active, active, rate_per_s);
                shard.slice(is_active, rate_per_s, length_ns, &mut commands)?;
            }
            Command::Quit => return Ok(()),
            command => return Err(io::Error::other(format!("{command:?} is out of place"))),
        }
    }
    Ok(())
}

/// The part of the whole rate that this shard's active connections have; without anybody to ask there is nothing to
/// offer.
fn own_rate(config: &Config, is_active: impl Fn(u64) -> bool, active: u64, rate_per_s: Option<f64>) -> Option<f64> {
    let own = (0..config.conns).filter(|i| is_active(config.first_id + i * config.stride));
    let share = own.count() as f64 / active as f64;
    rate_per_s.map(|rate| rate * share).filter(|&rate| rate > 0.0)
}

struct Shard<E, L> {
    engine: E,
    clients: L,
    /// Where clients connect again and again.
    attempts: Option<Attempts>,
}

impl<E: Engine, L: Clients> Shard<E, L> {
    /// From the first request to the last reply of one window.
    fn load(
        &mut self,
        active: impl Fn(u64) -> bool,
        rate_per_s: Option<f64>,
        commands: &mut Commands,
    ) -> io::Result<()> {
        self.clients.begin(&active, rate_per_s, &mut self.engine);
        if self.settle(commands)? {
            return Ok(());
        }
        say(&Event::Settled)?;
        let (start_ns, end_ns) = loop {
            match self.turn(u64::MAX, commands)? {
                None => {}
                Some(Command::Measure { start_ns, end_ns }) => break (start_ns, end_ns),
                Some(_) => return Ok(()),
            }
        };
        // A command that comes late, or without any warm-up, shortens the window: what was not recorded is not counted.
        let start_ns = start_ns.max(now_ns()).min(end_ns);
        self.clients.open_window(start_ns, end_ns);
        if self.turn_until(start_ns, commands)? {
            return Ok(());
        }
        let before = Usage::now()?;
        if self.turn_until(end_ns, commands)? {
            return Ok(());
        }
        let after = Usage::now()?;
        self.clients.close_window();
        self.clients.rest();
        self.drain(commands)?;
        let mut window = self.window(&active);
        window.outcomes = self.clients.take_outcomes();
        window.elapsed_ns = end_ns - start_ns;
        (window.cpu_ns, window.cpu_over_ns) = (after.cpu_ns - before.cpu_ns, after.at_ns - before.at_ns);
        say(&Event::Measured(Box::new(window)))
    }

    /// A window from its first request on, without a warm-up, and all that comes of it.
    fn slice(
        &mut self,
        active: impl Fn(u64) -> bool,
        rate_per_s: Option<f64>,
        length_ns: u64,
        commands: &mut Commands,
    ) -> io::Result<()> {
        let before = self.replies();
        let start_ns = now_ns();
        let end_ns = start_ns + length_ns;
        self.clients.begin(&active, rate_per_s, &mut self.engine);
        self.clients.open_window(start_ns, end_ns);
        if self.turn_until(end_ns, commands)? {
            return Ok(());
        }
        self.clients.close_window();
        self.clients.rest();
        self.drain(commands)?;
        let elapsed_ns = now_ns() - start_ns;
        let answered: u32 = self
            .replies()
            .zip(before)
            .map(|(after, before)| after.wrapping_sub(before))
            .sum();
        let mut window = Window::default();
        self.clients.report(&mut window);
        let outcomes = self.clients.take_outcomes();
        // What was due at the end and came afterwards is answered; the rest was given up, or failed, which is counted.
        let (latency, lateness) = match window.open {
            Some(open) => (open.response, Some(open.lateness)),
            None => (window.latency, None),
        };
        let came_later = u64::from(answered).saturating_sub(latency.len());
        say(&Event::Sliced(Box::new(Slice {
            answered: answered.into(),
            unanswered: outcomes.count(Outcome::Unfinished).saturating_sub(came_later),
            outcomes,
            latency,
            lateness,
            elapsed_ns,
        })))
    }

    /// How many replies each client has had so far, modulo 2³².
    fn replies(&self) -> std::vec::IntoIter<u32> {
        let all: Vec<u32> = self.clients.all().iter().map(|client| client.due).collect();
        all.into_iter()
    }

    /// What the window brought. Taken after the drain, which tells who is late from who is starved.
    fn window(&self, active: impl Fn(u64) -> bool) -> Window {
        let (all, asked) = (self.clients.tally(|_| true), self.clients.tally(active));
        let mut window = Window {
            connected: all.connected,
            turned_away: all.turned_away,
            lost: all.lost,
            asked: asked.asked,
            served: asked.served,
            greeted: asked.greeted,
            late: asked.late,
            starved: asked.starved,
            replies: asked.sum,
            sum_of_squares: asked.sum_of_squares,
            fewest: asked.fewest,
            most: asked.most,
            unasked: asked.unasked,
            slowest: asked.slowest,
            fastest: asked.fastest,
            first_reply: self.clients.first_replies().clone(),
            ..Window::default()
        };
        self.clients.report(&mut window);
        window
    }

    /// Runs until the load is steady; true when the parent wants to end.
    fn settle(&mut self, commands: &mut Commands) -> io::Result<bool> {
        while !self.clients.is_steady() {
            let patience_ends = self.clients.progress_ns() + nanoseconds(PATIENCE);
            if now_ns() >= patience_ends {
                break;
            }
            if self.turn(patience_ends, commands)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits for what is still under way, as long as something comes.
    fn drain(&mut self, commands: &mut Commands) -> io::Result<()> {
        let mut left = self.clients.outstanding();
        let mut patience_ends = now_ns() + nanoseconds(DRAIN);
        while left > 0 && now_ns() < patience_ends {
            if self.turn(patience_ends, commands)?.is_some() {
                break;
            }
            let now_left = self.clients.outstanding();
            if now_left < left {
                patience_ends = now_ns() + nanoseconds(DRAIN);
            }
            left = now_left;
        }
        Ok(())
    }

    fn turn_until(&mut self, instant: u64, commands: &mut Commands) -> io::Result<bool> {
        while now_ns() < instant {
            if self.turn(instant, commands)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One turn of the engine, and a command if one has come.
    fn turn(&mut self, until: u64, commands: &mut Commands) -> io::Result<Option<Command>> {
        let mut until = until.min(self.clients.next_tick_ns());
        if let Some(attempts) = &self.attempts {
            until = until
                .min(attempts.next_deadline_ns())
                .min(self.clients.next_connect_ns());
        }
        let commanded = self.engine.turn(until, &mut self.clients)?;
        self.clients.tick(now_ns(), &mut self.engine);
        if let Some(attempts) = &mut self.attempts {
            self.clients.reconnect(attempts, &mut self.engine)?;
        }
        if commanded { commands.come() } else { Ok(None) }
    }
}

struct Commands {
    lines: Lines,
}

impl Commands {
    /// The next command; `None` at the end of standard input.
    fn wait(&mut self) -> io::Result<Option<Command>> {
        loop {
            match self.lines.next(u64::MAX)? {
                Read::Line(line) => return Ok(Some(parse(&line)?)),
                Read::End => return Ok(None),
                Read::TimedOut | Read::Interrupted => {}
            }
        }
    }

    /// A command if one has come; the end of standard input is one to quit.
    fn come(&mut self) -> io::Result<Option<Command>> {
        match self.lines.next(0)? {
            Read::Line(line) => Ok(Some(parse(&line)?)),
            Read::End => Ok(Some(Command::Quit)),
            Read::TimedOut | Read::Interrupted => Ok(None),
        }
    }
}

fn parse(line: &str) -> io::Result<Command> {
    serde_json::from_str(line).map_err(|error| io::Error::other(format!("cannot read the command '{line}': {error}")))
}

fn say(event: &Event) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, event)?;
    out.write_all(b"\n")?;
    out.flush()
}

struct Usage {
    at_ns: u64,
    cpu_ns: u64,
}

impl Usage {
    fn now() -> io::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        Ok(Self {
            at_ns: now_ns(),
            cpu_ns: cpu as u64 * 1000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_connections_are_as_many_as_asked_for_and_evenly_spread() {
        for (active, requested) in [(1, 1), (1, 10_000), (100, 10_000), (7, 100), (99, 100), (100, 100)] {
            let ids: Vec<u64> = (0..requested).filter(|&id| is_active(id, active, requested)).collect();
            assert_eq!(ids.len() as u64, active);
            assert_eq!(ids[0], 0);
            let gaps: Vec<u64> = ids.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (least, most) = (requested / active, requested.div_ceil(active));
            assert!(
                gaps.iter().all(|&gap| gap == least || gap == most),
                "{active} of {requested}: {gaps:?}"
            );
        }
    }
}
