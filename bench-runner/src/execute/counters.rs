//! What the kernel counts of a server's whole process tree: perf's software events, which follow whatever is spawned.
//!
//! An event that is *inherited* counts the tasks that the thread which opened it starts, and all that descend from
//! them, exactly, whether they are one or ten thousand, and also those that come and go. So a server is started by a
//! thread of its own that opens the events first and does nothing afterwards. Each task then has events of its own in
//! the kernel, about 7 KiB: where tasks are many, memory is measured in a server that nobody counts.

use std::fs;
use std::io::{self, ErrorKind};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Sender};
use std::thread;

use loadgen::clock::now_ns;
use perf_event::events::{Event, Software, Tracepoint};
use perf_event::{Builder, Counter};

/// Where tracepoints have their numbers.
const TRACING: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// An open event, or why it is not.
type Opened = Result<Counter, String>;

/// The events of one server.
#[derive(Debug)]
pub(super) struct Counters {
    task_clock: Opened,
    context_switches: Opened,
    migrations: Opened,
    page_faults: Opened,
    /// Off until somebody asks, because each system call then costs some 200 ns more.
    system_calls: Opened,
}

/// A value, or why there is none.
pub(super) type Counted = Result<u64, String>;

/// What was counted up to one moment.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) at_ns: u64,
    pub(super) task_clock_ns: Counted,
    pub(super) context_switches: Counted,
    pub(super) migrations: Counted,
    pub(super) page_faults: Counted,
}

/// The thread that started a process. The process is told to die with it, so it stays until this is dropped.
#[derive(Debug)]
pub(super) struct Starter {
    _stay: Sender<()>,
}

/// Starts a process that is counted from its first instruction on.
pub(super) fn spawn(mut command: Command) -> io::Result<(Child, Counters, Starter)> {
    let (stay, until) = mpsc::channel::<()>();
    let (send, started) = mpsc::channel();
    thread::Builder::new().name("starter".to_owned()).spawn(move || {
        let counters = Counters::open();
        let _ = send.send(command.spawn().map(|process| (process, counters)));
        // Ends with an error when the other end is dropped, which is what is waited for.
        let _ = until.recv();
    })?;
    let (process, counters) = started.recv().map_err(io::Error::other)??;
    Ok((process, counters, Starter { _stay: stay }))
}

impl Counters {
    /// Events that count what this thread starts from now on.
    fn open() -> Self {
        let software = |event| open(event, true);
        Self {
            task_clock: software(Software::TASK_CLOCK),
            context_switches: software(Software::CONTEXT_SWITCHES),
            migrations: software(Software::CPU_MIGRATIONS),
            page_faults: software(Software::PAGE_FAULTS),
            system_calls: sys_enter().and_then(|event| open(event, false)),
        }
    }

    /// What was counted so far.
    pub(super) fn read(&mut self) -> Counts {
        Counts {
            at_ns: now_ns(),
            task_clock_ns: read(&mut self.task_clock),
            context_switches: read(&mut self.context_switches),
            migrations: read(&mut self.migrations),
            page_faults: read(&mut self.page_faults),
        }
    }

    /// Why system calls cannot be counted, if they cannot.
    pub(super) fn no_system_calls(&self) -> Option<&str> {
        self.system_calls.as_ref().err().map(String::as_str)
    }

    /// Counts system calls from now on, or no longer; when it returns, this holds for every task.
    pub(super) fn count_system_calls(&mut self, on: bool) -> Result<(), String> {
        let counter = self.system_calls.as_mut().map_err(|why| why.clone())?;
        let switched = if on { counter.enable() } else { counter.disable() };
        switched.map_err(|error| error.to_string())
    }

    /// How many system calls there were while they were counted.
    pub(super) fn system_calls(&mut self) -> Counted {
        let counter = self.system_calls.as_mut().map_err(|why| why.clone())?;
        counter.read().map_err(|error| error.to_string())
    }
}

impl Counts {
    /// What was counted between an earlier moment and this one.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let grown = |of: fn(&Self) -> &Counted| -> Counted {
            let (before, after) = (of(earlier).clone()?, of(self).clone()?);
            Ok(after.saturating_sub(before))
        };
        Self {
            at_ns: self.at_ns - earlier.at_ns,
            task_clock_ns: grown(|counts| &counts.task_clock_ns),
            context_switches: grown(|counts| &counts.context_switches),
            migrations: grown(|counts| &counts.migrations),
            page_faults: grown(|counts| &counts.page_faults),
        }
    }
}

/// An event over this thread's descendants. With the kernel's part or not at all: without it switches and migrations,
/// which happen there, would read 0.
fn open(event: impl Event, enabled: bool) -> Opened {
    let built = Builder::new(event)
        .inherit(true)
        .include_kernel()
        .enabled(enabled)
        .build();
    built.map_err(|error| refused(&error))
}

fn read(counter: &mut Opened) -> Counted {
    let counter = counter.as_mut().map_err(|why| why.clone())?;
    counter.read().map_err(|error| error.to_string())
}

/// Why perf is closed to us, and the way out.
fn refused(error: &io::Error) -> String {
    let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    match error.kind() {
        ErrorKind::PermissionDenied => format!(
            "perf events are not permitted (kernel.perf_event_paranoid is {}): set it to 1, or give CAP_PERFMON; a \
             container's seccomp profile may forbid them too",
            paranoid.trim()
        ),
        _ => format!("perf events: {error}"),
    }
}

/// The tracepoint at the entry of every system call.
fn sys_enter() -> Result<Tracepoint, String> {
    let mut errors = Vec::new();
    for tracing in TRACING {
        let id = fs::read_to_string(format!("{tracing}/events/raw_syscalls/sys_enter/id"));
        match id.map(|id| id.trim().parse()) {
            Ok(Ok(id)) => return Ok(Tracepoint::with_id(id)),
            Ok(Err(_)) => {}
            Err(error) => errors.push(error.kind()),
        }
    }
    Err(if errors.contains(&ErrorKind::PermissionDenied) {
        "tracefs may only be read by root".to_owned()
    } else {
        "tracefs is not there: mount -t tracefs nodev /sys/kernel/tracing".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shell script costs from its start to its end.
    fn counted(script: &str) -> Counts {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let (mut process, mut counters, _starter) = spawn(command).unwrap();
        process.wait().unwrap();
        counters.read()
    }

    #[test]
    fn a_tree_is_counted_with_what_came_and_went() {
        // The least of some, for whatever else the machine does only adds to what a single start takes.
        let ones: Vec<Counts> = (0..8).map(|_| counted("true")).collect();
        let many = counted("for i in 1 2 3 4 5 6 7 8 9; do sh -c true; done");
        for of in [
            (|counts| counts.task_clock_ns.clone()) as fn(&Counts) -> Counted,
            |counts| counts.page_faults.clone(),
        ] {
            let least = ones.iter().map(of).reduce(|a, b| Ok(a?.min(b?))).unwrap();
            match (least, of(&many)) {
                (Ok(one), Ok(many)) => assert!(one > 0 && many > 3 * one, "ten take more than one: {one} {many}"),
                // Where perf is closed to us that has to be said, and no 0.
                (Err(why), Err(_)) => assert!(why.contains("perf events"), "{why}"),
                other => panic!("once and not the other time: {other:?}"),
            }
        }
    }

    #[test]
    fn a_process_that_cannot_be_started_is_an_error() {
        assert!(spawn(Command::new("/does/not/exist")).is_err());
    }

    #[test]
    fn what_is_missing_stays_missing() {
        let counts = |clock: Counted| Counts {
            at_ns: 5,
            task_clock_ns: clock,
            context_switches: Ok(7),
            migrations: Ok(0),
            page_faults: Err("closed".to_owned()),
        };
        let span = counts(Ok(30)).since(&counts(Ok(10)));
        assert_eq!((span.task_clock_ns, span.context_switches), (Ok(20), Ok(0)));
        assert_eq!(span.page_faults, Err("closed".to_owned()));
        assert!(
            counts(Ok(30))
                .since(&counts(Err("no".to_owned())))
                .task_clock_ns
                .is_err()
        );
    }
}
