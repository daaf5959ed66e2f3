//! The shards of a generator, driven together: launched, connected, started and measured at the same instants.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command as Process, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::child::{die_with_parent, pin};
use crate::clock::{nanoseconds, now_ns};
use crate::config::Config;
use crate::histogram::Histogram;
use crate::interrupt;
use crate::lines::{Lines, Read};
use crate::measurement::Measurement;
use crate::outcome::Outcomes;
use crate::wire::{Command, Event, Opened, Slice, Window};

/// Descriptors that a shard needs beside its connections: three standard ones, two of epoll, and room for what it
/// may have inherited.
const RESERVED: u64 = 16;
/// What a shard may take beyond the time that its task is bounded by.
const GRACE: Duration = Duration::from_secs(10);

/// How many shards `conns` connections need so that none runs out of descriptors, given the hard limit of each.
#[must_use]
pub fn shards_needed(conns: u64, nofile: u64) -> u64 {
    conns.div_ceil(nofile.saturating_sub(RESERVED).max(1)).max(1)
}

/// CPUs that a process may use that is not told otherwise.
fn cpus_allowed() -> u64 {
    std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64)
}

/// How the connections were opened, over all shards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connected {
    /// Handshakes done.
    pub connected: u64,
    /// Connections closed by the server without an answer.
    pub turned_away: u64,
    /// Connections that got a reply to their first request.
    pub greeted: u64,
    /// Failures, each a connection.
    pub outcomes: Outcomes,
    /// Times to connect.
    pub connect: Histogram,
    /// Time that the phase took.
    pub elapsed: Duration,
}

/// Running shards. They end when this is dropped, or when this process ends in any way.
#[derive(Debug)]
pub struct Fleet {
    shards: Vec<Shard>,
    config: Config,
    /// CPUs that the shards have among them.
    cpus: u64,
    opened: Vec<Opened>,
    window: (u64, u64),
}

#[derive(Debug)]
struct Shard {
    process: Child,
    commands: Option<ChildStdin>,
    events: Lines,
}

impl Fleet {
    /// Launches `shards` processes of the `loadgen` binary at `binary`, spread over `cpus` (anywhere if there are none).
    ///
    /// Call it from the main thread: the shards end with the thread that launched them.
    ///
    /// # Errors
    /// When a process cannot be started.
    pub fn launch(binary: &Path, config: Config, shards: u64, cpus: &[usize]) -> Result<Self> {
        let launch = |shard: u64| {
            let own: Vec<usize> = if cpus.is_empty() {
                vec![]
            } else {
                vec![cpus[shard as usize % cpus.len()]]
            };
            Shard::launch(binary, &own)
        };
        let shards = (0..shards.min(config.conns)).map(launch).collect::<Result<_>>()?;
        Ok(Self {
            shards,
            config,
            cpus: if cpus.is_empty() {
                cpus_allowed()
            } else {
                cpus.len() as u64
            },
            opened: Vec::new(),
            window: (0, 0),
        })
    }

    /// The number of processes.
    #[must_use]
    pub fn shards(&self) -> u64 {
        self.shards.len() as u64
    }

    /// Process ids of the shards.
    pub fn pids(&self) -> impl Iterator<Item = u32> {
        self.shards.iter().map(|shard| shard.process.id())
    }

    /// Opens all connections and waits until each has its outcome.
    ///
    /// # Errors
    /// When a shard fails or the user interrupts.
    pub fn connect(&mut self) -> Result<Connected> {
        let (count, conns) = (self.shards(), self.config.conns);
        for (i, shard) in (0..).zip(&mut self.shards) {
            // Each shard takes every count-th connection, so that all shards open at the same pace.
            let own = Config {
                conns: (conns - i).div_ceil(count),
                first_id: i,
                stride: count,
                ..self.config.clone()
            };
            shard.tell(&Command::Connect(Box::new(own)))?;
        }
        let bound = Duration::from_nanos(self.config.ramp_ns + self.config.connect_timeout_ns + self.config.timeout_ns);
        let deadline = now_ns() + nanoseconds(bound + GRACE);
        for shard in &mut self.shards {
            match shard.hear(deadline)? {
                Event::Connected(opened) => self.opened.push(*opened),
                event => bail!("the load generator said {event:?} where it should have connected"),
            }
        }
        let mut all = Connected::default();
        for opened in &self.opened {
            all.connected += opened.connected;
            all.turned_away += opened.turned_away;
            all.greeted += opened.greeted;
            all.outcomes.merge(&opened.outcomes);
            all.connect.merge(&opened.connect);
            all.elapsed = all.elapsed.max(Duration::from_nanos(opened.elapsed_ns));
        }
        Ok(all)
    }

    /// Starts the load on `active` connections, in an open loop at `rate_per_s`, and waits until it is steady.
    ///
    /// # Errors
    /// When a shard fails or the user interrupts.
    pub fn start(&mut self, active: u64, rate_per_s: Option<f64>) -> Result<()> {
        self.tell_all(&Command::Start {
            active,
            requested: self.config.conns,
            rate_per_s,
        })?;
        // A request that is overdue ends its connection, so that nobody waits longer for the load to be steady.
        let deadline = now_ns() + self.config.think_ns + self.config.timeout_ns + nanoseconds(GRACE);
        for shard in &mut self.shards {
            match shard.hear(deadline)? {
                Event::Settled => {}
                event => bail!("the load generator said {event:?} where it should have settled"),
            }
        }
        Ok(())
    }

    /// Has all shards record from `start_ns` to `end_ns` (CLOCK_MONOTONIC), and returns at once.
    ///
    /// # Errors
    /// When a shard is gone.
    pub fn measure(&mut self, start_ns: u64, end_ns: u64) -> Result<()> {
        self.window = (start_ns, end_ns);
        self.tell_all(&Command::Measure { start_ns, end_ns })
    }

    /// What the window that [`Fleet::measure`] began has brought; waits for its end, and until the load has stopped.
    ///
    /// # Errors
    /// When a shard fails or the user interrupts.
    pub fn collect(&mut self) -> Result<Measurement> {
        let (start_ns, end_ns) = self.window;
        let mut windows: Vec<Window> = Vec::new();
        for shard in &mut self.shards {
            match shard.hear(end_ns + nanoseconds(GRACE) + self.config.timeout_ns)? {
                Event::Measured(window) => windows.push(*window),
                event => bail!("the load generator said {event:?} where it should have measured"),
            }
        }
        let Config {
            conns, pipeline, spin, ..
        } = self.config;
        Ok(Measurement::merge(
            conns,
            pipeline,
            spin,
            self.cpus,
            end_ns - start_ns,
            &self.opened,
            &windows,
        ))
    }

    /// Loads `active` connections for `length` from now on, in an open loop at `rate_per_s`, and waits until all that was
    /// asked is answered or given up.
    ///
    /// # Errors
    /// When a shard fails or the user interrupts.
    pub fn slice(&mut self, active: u64, rate_per_s: Option<f64>, length: Duration) -> Result<Slice> {
        self.tell_all(&Command::Slice {
            active,
            requested: self.config.conns,
            rate_per_s,
            length_ns: nanoseconds(length),
        })?;
        let deadline = now_ns() + nanoseconds(length + GRACE) + self.config.timeout_ns;
        let mut all = Slice::default();
        for shard in &mut self.shards {
            match shard.hear(deadline)? {
                Event::Sliced(slice) => all.merge(&slice),
                event => bail!("the load generator said {event:?} where it should have sent a slice"),
            }
        }
        Ok(all)
    }

    fn tell_all(&mut self, command: &Command) -> Result<()> {
        self.shards.iter_mut().try_for_each(|shard| shard.tell(command))
    }
}

impl Shard {
    fn launch(binary: &Path, cpus: &[usize]) -> Result<Self> {
        let mut command = Process::new(binary);
        command.arg("--shard").stdin(Stdio::piped()).stdout(Stdio::piped());
        die_with_parent(&mut command);
        pin(&mut command, cpus);
        let name = || PathBuf::from(binary).display().to_string();
        let mut process = command
            .spawn()
            .with_context(|| format!("cannot start the load generator '{}'", name()))?;
        let events = Lines::new(process.stdout.take().expect("stdout is piped"));
        Ok(Self {
            commands: process.stdin.take(),
            events,
            process,
        })
    }

    fn tell(&mut self, command: &Command) -> Result<()> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        let commands = self.commands.as_mut().expect("open until dropped");
        // Its end shows here or when it is next heard, whichever comes first; what is said of it is the same.
        if commands.write_all(&line).is_err() {
            bail!("the load generator ended by itself ({})", self.process.wait()?);
        }
        Ok(())
    }

    fn hear(&mut self, deadline: u64) -> Result<Event> {
        loop {
            match self.events.next(deadline)? {
                Read::Line(line) => {
                    let event =
                        serde_json::from_str(&line).with_context(|| format!("the load generator said '{line}'"))?;
                    if let Event::Failed { reason } = event {
                        bail!("the load generator failed: {reason}");
                    }
                    return Ok(event);
                }
                Read::End => bail!("the load generator ended by itself ({})", self.process.wait()?),
                Read::TimedOut => bail!("the load generator does not answer"),
                Read::Interrupted if interrupt::requested() => bail!("interrupted"),
                Read::Interrupted => {}
            }
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        // The end of its standard input ends a shard; killing it closes its connections just as well, at once.
        drop(self.commands.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
