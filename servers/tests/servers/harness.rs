//! Starting a server, talking to it through the contract, and seeing to it that it never outlives its test.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Once;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::Value;

use crate::Model;
use crate::client::{Client, Protocol};
use crate::sandbox::Sandbox;

/// How long anything may take that must happen at all. It bounds a failure, not a speed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until `condition` holds; `what` says in a failure what never came about.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < end, "not within {DEADLINE:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How a server is to be started.
#[derive(Clone)]
pub(crate) struct Start<'a> {
    pub(crate) model: &'a Model,
    pub(crate) protocol: Protocol,
    pub(crate) control_stdin: bool,
    pub(crate) sandbox: Sandbox,
    /// Further flags, separated by blanks.
    flags: &'a str,
}

impl<'a> Start<'a> {
    pub(crate) fn new(model: &'a Model) -> Self {
        Self {
            model,
            protocol: Protocol::Echo,
            control_stdin: true,
            sandbox: Sandbox::default(),
            flags: "",
        }
    }

    pub(crate) fn flags(self, flags: &'a str) -> Self {
        Self { flags, ..self }
    }

    pub(crate) fn protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    pub(crate) fn without_control(self) -> Self {
        Self {
            control_stdin: false,
            ..self
        }
    }

    pub(crate) fn sandbox(self, sandbox: Sandbox) -> Self {
        Self { sandbox, ..self }
    }

    pub(crate) fn start(self) -> Server {
        raise_own_descriptors();
        let mut command = self.sandbox.command(self.model.binary);
        command.args(["--listen", "127.0.0.1:0"]).args(self.protocol.flags());
        command.args(self.flags.split_whitespace());
        if self.control_stdin {
            command.arg("--control-stdin");
        }
        let mut child = Guard::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let stdout = BufReader::new(child.0.stdout.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let mut server = Server {
            name: self.model.name,
            protocol: self.protocol,
            child,
            lines,
            ready: Value::Null,
        };
        server.ready = server.line("ready");
        server
    }
}

/// A running server.
pub(crate) struct Server {
    name: &'static str,
    protocol: Protocol,
    child: Guard,
    lines: Receiver<String>,
    /// What the server said of itself when it listened.
    pub(crate) ready: Value,
}

/// How a server ended.
pub(crate) struct Stopped {
    pub(crate) accepted: u64,
    pub(crate) peak: u64,
    /// Refusals by reason, as they were written.
    pub(crate) refused: Value,
    /// The whole line.
    pub(crate) line: Value,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.ready["address"].as_str().expect("an address in `ready`");
        address.parse().expect("an address and a port in `ready`")
    }

    /// Connections that the server says it can hold.
    pub(crate) fn capacity(&self) -> usize {
        self.ready["capacity"]["connections"].as_u64().expect("a capacity") as usize
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address(), self.protocol)
    }

    /// A new client that has had a first reply, so that the server holds it for certain.
    #[track_caller]
    pub(crate) fn served(&self) -> Client {
        let mut client = self.connect();
        client.must_be_served();
        client
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid() as i32), signal).expect("a server to send a signal to");
    }

    /// Writes to the server's standard input and waits until the server has read it.
    pub(crate) fn write_stdin(&mut self, text: &str) {
        let stdin = self.child.0.stdin.as_mut().expect("standard input still open");
        stdin.write_all(text.as_bytes()).expect("a server that reads");
        eventually("the server reads its standard input", || {
            let mut unread: libc::c_int = 0;
            // SAFETY: FIONREAD writes one integer; a pipe answers at both its ends.
            unsafe { libc::ioctl(std::os::fd::AsRawFd::as_raw_fd(stdin), libc::FIONREAD, &mut unread) };
            unread == 0
        });
    }

    /// Writes to the server's standard input, whether the server reads it or not.
    pub(crate) fn write_stdin_unread(&mut self, text: &str) {
        let stdin = self.child.0.stdin.as_mut().expect("standard input still open");
        // A server that has stopped is seen by what comes after.
        let _ = stdin.write_all(text.as_bytes());
    }

    pub(crate) fn close_stdin(&mut self) {
        drop(self.child.0.stdin.take());
    }

    /// Stops the server as a runner does and returns what it said.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Stopped {
        self.close_stdin();
        self.stopped()
    }

    /// Waits for a server that was told to stop: it must say `stopped`, once, and exit with 0.
    #[track_caller]
    pub(crate) fn stopped(mut self) -> Stopped {
        let line = self.line("stopped");
        let status = self.child.wait();
        assert_eq!(status.code(), Some(0), "{} ended by {status}", self.name);
        // Not a further line, and nobody left who could write one.
        let end = self.lines.recv_timeout(DEADLINE);
        assert_eq!(
            end,
            Err(RecvTimeoutError::Disconnected),
            "standard output after `stopped`"
        );
        Stopped {
            accepted: line["accepted"].as_u64().expect("`accepted`"),
            peak: line["peak_concurrent"].as_u64().expect("`peak_concurrent`"),
            refused: line["refused"].clone(),
            line,
        }
    }

    /// Ends the server as the kernel does when memory is short: at once and without a word.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.0.kill();
        self.child.wait();
    }

    #[track_caller]
    fn line(&mut self, event: &str) -> Value {
        let line = self.lines.recv_timeout(DEADLINE);
        let line = line.unwrap_or_else(|error| panic!("{} never said `{event}`: {error}", self.name));
        let value: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("not JSON: {line:?}: {e}"));
        assert_eq!(value["event"], event, "{line}");
        assert_eq!(value["model"], self.name, "{line}");
        value
    }
}

/// Runs a server that is expected to end by itself, and returns how and with what words.
pub(crate) fn run_to_end(command: &mut Command) -> (ExitStatus, String, String) {
    let mut child = Guard::spawn(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    let read = |pipe: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || std::io::read_to_string(pipe.expect("a pipe")).expect("UTF-8"))
    };
    let out = read(child.0.stdout.take().map(|pipe| Box::new(pipe) as _));
    let err = read(child.0.stderr.take().map(|pipe| Box::new(pipe) as _));
    let status = child.wait();
    (status, out.join().expect("stdout"), err.join().expect("stderr"))
}

/// Kills what it holds when a test ends, however it ends, and if it fails also what that has left behind.
struct Guard(Child);

impl Guard {
    #[track_caller]
    fn spawn(command: &mut Command) -> Self {
        // Even a test that is killed leaves no server behind.
        // SAFETY: prctl(2) is a plain system call.
        unsafe {
            command
                .process_group(0)
                .pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?))
        };
        Self(
            command
                .spawn()
                .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")),
        )
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the server ends", || {
            status = self.0.try_wait().expect("a child to wait for");
            status.is_some()
        });
        status.expect("just seen")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let runs = matches!(self.0.try_wait(), Ok(None));
        if runs || std::thread::panicking() {
            let _ = killpg(Pid::from_raw(self.0.id() as i32), Signal::SIGKILL);
        }
        let _ = self.0.wait();
    }
}

/// The clients of all tests live in this process.
fn raise_own_descriptors() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the soft limit may always be raised to the hard one");
    });
}
