//! One server process: started, waited for until it is ready, watched, stopped.

use std::fs::File;
use std::io::{Read as _, Seek, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use loadgen::clock::{nanoseconds, now_ns};
use loadgen::units::parse_duration;
use loadgen::{Lines, Read, interrupt};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use serde::Deserialize;

use super::counters::{self, Counters, Starter};
use super::group::Group;
use super::{Failure, wait};
use crate::record::{NO_WORK, Ready, Settings, Stopped};

/// Time that a server has to listen.
const TO_START: Duration = Duration::from_secs(10);
/// Time that a server has to end after it was told to.
const TO_STOP: Duration = Duration::from_secs(5);
/// Why a server that was only started has no costs.
pub(super) const NOT_COUNTED: &str = "the server was not counted";
/// Replaces both, for tests of servers that need longer.
const PATIENCE: &str = "BENCH_RUNNER_PATIENCE";
/// Lengthens the environment.
const PADDING: &str = "BENCH_RUNNER_PADDING";
/// What comes after an error and is no part of it.
const ADVICE: [&str; 2] = ["hint:", "For more information"];

fn patience(usual: Duration) -> Duration {
    let other = std::env::var(PATIENCE).ok();
    other.and_then(|text| parse_duration(&text).ok()).unwrap_or(usual)
}

/// How a server is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launch {
    /// A program that keeps the server contract.
    Contract(PathBuf),
    /// The words of a foreign server's command line, with `{host}`, `{port}` and `{work}` in them.
    Foreign(Vec<String>),
}

/// A running server. However this is left, the whole process group is ended.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it announced; `None` for a foreign server.
    pub ready: Option<Ready>,
    process: Child,
    counters: Option<(Counters, Starter)>,
    /// Dropped last of all: a group can be removed when nobody is in it any more.
    group: Result<Group, String>,
    stdin: Option<ChildStdin>,
    stdout: Option<Lines>,
    stderr: File,
    reaped: bool,
}

/// In what way a server is started, beside what it is told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How<'a> {
    /// Where it runs.
    pub(super) cpus: &'a [usize],
    /// Whether the kernel counts what it does.
    pub(super) counted: bool,
    /// By how many bytes its environment is longer. The environment lies above the stack, so that its length moves all
    /// that is on the stack, by which alone a program can become faster or slower (T. Mytkowicz et al., "Producing wrong
    /// data without doing anything obviously wrong!", ASPLOS 2009).
    pub(super) padding: usize,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Said {
    Ready(Ready),
    Stopped(Stopped),
}

impl Server {
    /// Starts a server on `cpus` and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started, ends by itself, or does not listen in time.
    pub fn start(launch: &Launch, settings: &Settings, cpus: &[usize]) -> Result<Self> {
        Self::start_as(launch, settings, How { cpus, ..How::default() })
    }

    /// As [`Server::start`], with the kernel counting what it does.
    ///
    /// # Errors
    /// As [`Server::start`]. That the kernel does not count is none.
    pub(super) fn start_counted(launch: &Launch, settings: &Settings, cpus: &[usize]) -> Result<Self> {
        let counted = true;
        Self::start_as(
            launch,
            settings,
            How {
                cpus,
                counted,
                ..How::default()
            },
        )
    }

    /// As [`Server::start`], in the way that `how` says.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub(super) fn start_as(launch: &Launch, settings: &Settings, how: How<'_>) -> Result<Self> {
        match launch {
            Launch::Contract(path) => Self::start_ours(path, settings, how),
            Launch::Foreign(words) => Self::start_foreign(words, settings, how),
        }
    }

    /// What the kernel counts of it, where it was started counted.
    pub(super) fn counters(&mut self) -> Option<&mut Counters> {
        self.counters.as_mut().map(|(counters, _)| counters)
    }

    /// The control group that it was started in, or why it is in none of its own.
    pub(super) fn control_group(&self) -> Result<&Group, String> {
        self.group.as_ref().map_err(Clone::clone)
    }

    fn start_ours(path: &PathBuf, settings: &Settings, how: How<'_>) -> Result<Self> {
        let mut command = Command::new(path);
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--control-stdin",
            "--protocol",
            settings.protocol.name(),
        ]);
        command.args(["--request-bytes", &settings.request_bytes.to_string()]);
        command.args(["--reply-bytes", &settings.reply_bytes.to_string()]);
        command.args(["--backlog", &settings.backlog.to_string()]);
        if settings.work != NO_WORK {
            command.args(["--work", &settings.work]);
        }
        if let Some(workers) = settings.workers {
            command.args(["--workers", &workers.to_string()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self::spawn(command, nowhere, settings, how)?;
        let ready = server.announced()?;
        server.address = ready.address;
        server.ready = Some(ready);
        Ok(server)
    }

    fn start_foreign(words: &[String], settings: &Settings, how: How<'_>) -> Result<Self> {
        let address = free_address()?;
        let filled = |word: &String| {
            word.replace("{host}", &address.ip().to_string())
                .replace("{port}", &address.port().to_string())
                .replace("{work}", &settings.work)
        };
        let mut words = words.iter().map(filled);
        let program = words.next().context("an empty command line")?;
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
        let mut server = Self::spawn(command, address, settings, how)?;
        server.wait_listening()?;
        Ok(server)
    }

    fn spawn(mut command: Command, address: SocketAddr, settings: &Settings, how: How<'_>) -> Result<Self> {
        let How { cpus, counted, padding } = how;
        // A file, not a pipe: a server that writes much to stderr must not block on us, and we want its last line.
        let stderr = tempfile::tempfile().context("cannot keep the server's standard error")?;
        command.stderr(stderr.try_clone()?);
        // A group of its own: Ctrl-C at the terminal reaches us alone, and all its processes can be ended at once.
        command.process_group(0);
        loadgen::die_with_parent(&mut command);
        loadgen::pin(&mut command, cpus);
        start_clean(&mut command);
        if padding > 0 {
            command.env(PADDING, "x".repeat(padding));
        }
        if let Some(nofile) = settings.server_nofile {
            // SAFETY: setrlimit is a plain system call.
            unsafe { command.pre_exec(move || Ok(setrlimit(Resource::RLIMIT_NOFILE, nofile, nofile)?)) };
        }
        let name = command.get_program().to_string_lossy().into_owned();
        let group = if counted {
            Group::make()
        } else {
            Err(NOT_COUNTED.to_owned())
        };
        if let Ok(group) = &group {
            group.admit(&mut command);
        }
        let started = if counted {
            counters::spawn(command).map(|(process, counters, starter)| (process, Some((counters, starter))))
        } else {
            command.spawn().map(|process| (process, None))
        };
        let (mut process, counters) = started.with_context(|| format!("cannot start '{name}'"))?;
        let stdout = process.stdout.take().map(Lines::new);
        let group = group.and_then(|group| {
            let refused = "the kernel did not let the server into a control group of its own (cgroup.procs)";
            if group.holds(process.id()) {
                Ok(group)
            } else {
                Err(refused.to_owned())
            }
        });
        Ok(Self {
            address,
            ready: None,
            stdin: process.stdin.take(),
            stdout,
            stderr,
            process,
            counters,
            group,
            reaped: false,
        })
    }

    fn announced(&mut self) -> Result<Ready> {
        let deadline = now_ns() + nanoseconds(patience(TO_START));
        match self.hear(deadline)? {
            Some(Said::Ready(ready)) => Ok(ready),
            Some(Said::Stopped(_)) => bail!("it stopped before it was ready"),
            None => Err(self.ended_early("before it was ready")),
        }
    }

    /// The next line of the contract; `None` when the server has closed its standard output.
    fn hear(&mut self, deadline: u64) -> Result<Option<Said>> {
        let lines = self.stdout.as_mut().context("a foreign server says nothing")?;
        loop {
            match lines.next(deadline)? {
                Read::Line(line) => {
                    let said = serde_json::from_str(&line);
                    return Ok(Some(said.with_context(|| {
                        format!("it said '{line}', which is no line of the contract")
                    })?));
                }
                Read::End => return Ok(None),
                Read::TimedOut => {
                    return Err(self.failure(format!("it was not ready within {} s", patience(TO_START).as_secs())));
                }
                Read::Interrupted if interrupt::requested() => bail!("interrupted"),
                Read::Interrupted => {}
            }
        }
    }

    fn wait_listening(&mut self) -> Result<()> {
        let deadline = now_ns() + nanoseconds(patience(TO_START));
        while !listens(&self.address) {
            self.check_alive()?;
            if now_ns() > deadline {
                let reason = format!(
                    "it did not listen on {} within {} s",
                    self.address,
                    patience(TO_START).as_secs()
                );
                return Err(self.failure(reason));
            }
            wait::until(now_ns() + 10_000_000)?;
        }
        Ok(())
    }

    /// Process id of the server's first process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// # Errors
    /// When the server has ended by itself.
    pub fn check_alive(&mut self) -> Result<()> {
        if self.has_ended()? {
            Err(self.ended_early("while it was measured"))
        } else {
            Ok(())
        }
    }

    /// Looks without reaping: until that is done the process id, and with it the group's, cannot go to another.
    fn has_ended(&self) -> Result<bool> {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        Ok(self.reaped || waitid(Id::Pid(self.group()), look)? != WaitStatus::StillAlive)
    }

    /// Ends whatever is left of the group, then reaps its first process.
    fn reap(&mut self) -> Result<ExitStatus> {
        if !self.reaped {
            let _ = killpg(self.group(), Signal::SIGKILL);
            self.reaped = true;
        }
        let status = self.process.wait()?;
        // Its descendants have become our children (see `adopt_orphans`). The next server must not start while
        // thousands of processes of this one are still being taken apart.
        while let Ok(_reaped) = waitpid(Pid::from_raw(-self.group().as_raw()), None) {}
        Ok(status)
    }

    fn ended_early(&mut self, when: &str) -> anyhow::Error {
        let how = self
            .reap()
            .map_or_else(|error| error.to_string(), |status| describe(&status));
        let told = self.last_stderr().map(|line| format!(": {line}")).unwrap_or_default();
        self.failure(format!("it {how} {when}{told}"))
    }

    /// An error that also knows what the server wrote last.
    pub fn failure(&mut self, reason: String) -> anyhow::Error {
        let last_stderr = self.last_stderr();
        Failure { reason, last_stderr }.into()
    }

    /// The last line that the server wrote to standard error.
    pub fn last_stderr(&mut self) -> Option<String> {
        let mut text = Vec::new();
        self.stderr.rewind().ok()?;
        (&self.stderr).take(1 << 20).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        let message = text
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty() && !ADVICE.iter().any(|advice| line.starts_with(advice)))?;
        Some(message.trim().chars().take(300).collect())
    }

    /// Tells the server to stop and hears what it has to say.
    ///
    /// # Errors
    /// When it has to be killed, or ends otherwise than it should.
    pub fn stop(mut self) -> Result<Option<Stopped>> {
        if let Some(mut stdin) = self.stdin.take() {
            // The end of the pipe says the same as the line, should the server have gone.
            let _ = stdin.write_all(b"quit\n");
        } else {
            let _ = killpg(self.group(), Signal::SIGTERM);
        }
        let deadline = now_ns() + nanoseconds(patience(TO_STOP));
        let mut stopped = None;
        if self.stdout.is_some() {
            match self.hear(deadline) {
                Ok(Some(Said::Stopped(said))) => stopped = Some(said),
                Ok(_) => {}
                Err(error) if interrupt::requested() || now_ns() < deadline => return Err(error),
                Err(_) => {
                    return Err(self.failure(format!(
                        "it did not stop within {} s and was killed",
                        patience(TO_STOP).as_secs()
                    )));
                }
            }
        }
        loop {
            if self.has_ended()? {
                let status = self.reap()?;
                if self.ready.is_some() && !status.success() {
                    return Err(self.ended_early("when it was stopped"));
                }
                if self.ready.is_some() && stopped.is_none() {
                    return Err(self.failure("it ended without its `stopped` line".to_owned()));
                }
                return Ok(stopped);
            }
            if now_ns() > deadline {
                return Err(self.failure(format!(
                    "it did not end within {} s and was killed",
                    patience(TO_STOP).as_secs()
                )));
            }
            wait::nap(Duration::from_millis(1));
        }
    }

    /// The process group of all that it has started, unless one has left it.
    pub(super) fn group(&self) -> Pid {
        Pid::from_raw(self.process.id() as i32)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.reap();
    }
}

/// Has orphaned descendants of ours become our children, so that they can be waited for.
pub(crate) fn adopt_orphans() {
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Keeps descriptors that this process has inherited from reaching the server: they would take numbers below
/// FD_SETSIZE and count against its limits.
fn start_clean(command: &mut Command) {
    // SAFETY: close_range(2) only marks descriptors, ours among them; nothing is closed before exec.
    unsafe {
        command.pre_exec(|| {
            libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
            Ok(())
        });
    }
}

/// A loopback address with a port that was free just now.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?)
}

fn listens(address: &SocketAddr) -> bool {
    let connected = TcpStream::connect_timeout(address, Duration::from_secs(1));
    // Where nobody listens, a client may be given that very port as its own, and TCP then connects it to itself.
    connected.is_ok_and(|client| client.local_addr().is_ok_and(|own| own != *address))
}

fn describe(status: &ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(0), _) => "ended by itself".to_owned(),
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(name) => format!("was killed by {name}"),
            Err(_) => format!("was killed by signal {signal}"),
        },
        (None, None) => "ended".to_owned(),
    }
}
