//! What one readiness call takes, by how much it watches: select, poll and epoll_wait over descriptors of which one is
//! ready, the last.
//!
//! With a timeout of zero, so that no call sleeps. Each descriptor is a file of its own (eventfd), and cheaper to ask
//! than a socket, so the growth is less than that over connections. The `-copy` calls have the same arguments without
//! the silent descriptors: entries that poll passes over, bits that are not set. What is left is copying them.

use std::hint::black_box;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use libc::pollfd;

use super::descriptors::{Set, select};
use super::epoll::{Epoll, NO_EVENT, entry, owned, poll};
use crate::claims::measured::{Call, Spread};

const WATCHED: [usize; 3] = [100, 1000, 10_000];
/// Ready ones among a thousand.
const READY: [usize; 3] = [1, 10, 100];
/// Blocks of each call, in turn, so that a drift of the machine meets all alike.
const BLOCKS: usize = 7;
/// Length of a block.
const BLOCK: Duration = Duration::from_millis(12);
/// Descriptors that are there besides.
const OTHERS: u64 = 64;

/// Times all calls, over as many descriptors as this process may have.
pub(super) fn measure(nofile: u64) -> Result<Vec<Call>, String> {
    let mut calls = Vec::new();
    for watched in WATCHED.into_iter().filter(|&watched| watched as u64 + OTHERS <= nofile) {
        let timed = over(watched).map_err(|error| format!("{watched} descriptors could not be watched: {error}"))?;
        calls.extend(timed);
    }
    Ok(calls)
}

/// One kind of call, ready to be made again and again.
struct Kind {
    name: String,
    ready: usize,
    call: Box<dyn FnMut() -> io::Result<usize>>,
}

impl Kind {
    fn new(name: &str, ready: usize, call: impl FnMut() -> io::Result<usize> + 'static) -> Self {
        Self {
            name: name.to_owned(),
            ready,
            call: Box::new(call),
        }
    }
}

fn over(watched: usize) -> io::Result<Vec<Call>> {
    let files = (0..watched).map(|_| silent()).collect::<io::Result<Vec<OwnedFd>>>()?;
    let last = files.last().map_or(0, AsRawFd::as_raw_fd);
    signal(last)?;
    let mut kinds = one_ready(&files)?;
    let mut calls = timed(&mut kinds, watched)?;
    if watched == 1000 {
        for ready in READY.into_iter().filter(|&ready| ready > 1) {
            for file in &files[watched - ready..watched - 1] {
                signal(file.as_raw_fd())?;
            }
            calls.extend(timed(&mut [waits(&files, ready)?], watched)?);
        }
    }
    Ok(calls)
}

/// All calls that find one of `files`, the last.
fn one_ready(files: &[OwnedFd]) -> io::Result<Vec<Kind>> {
    let last = files.len() - 1;
    let highest = files.iter().map(|file| file.as_raw_fd() as usize).max().unwrap_or(0);
    let mut kinds = vec![waits(files, 1)?];
    for (suffix, silent) in [("", true), ("-copy", false)] {
        let mut set = Set::new(highest);
        let asked = files.iter().enumerate().filter(|(i, _)| silent || *i == last);
        asked.for_each(|(_, file)| set.insert(file.as_raw_fd() as usize));
        let nothing = Set::new(highest);
        let (mut readable, mut writable) = (set.clone(), nothing.clone());
        // With the copies that every turn of a server makes, because the call overwrites its arguments.
        kinds.push(Kind::new(&format!("select{suffix}"), 1, move || {
            readable.copy_from(&set);
            writable.copy_from(&nothing);
            select(highest + 1, &mut readable, Some(&mut writable)).map(|ready| ready as usize)
        }));
        let of = |(i, file): (usize, &OwnedFd)| entry(if silent || i == last { file.as_raw_fd() } else { -1 });
        let mut polled: Vec<pollfd> = files.iter().enumerate().map(of).collect();
        kinds.push(Kind::new(&format!("poll{suffix}"), 1, move || {
            poll(&mut polled, Duration::ZERO)
        }));
    }
    Ok(kinds)
}

/// epoll_wait, level-triggered: an edge would be reported once and never again.
fn waits(files: &[OwnedFd], ready: usize) -> io::Result<Kind> {
    let epoll = Epoll::new()?;
    for file in files {
        epoll.add(file.as_raw_fd(), libc::EPOLLIN)?;
    }
    let mut events = [NO_EVENT; 128];
    Ok(Kind::new("epoll_wait", ready, move || {
        epoll.wait(&mut events, Duration::ZERO)
    }))
}

/// Blocks of each kind in turn.
fn timed(kinds: &mut [Kind], watched: usize) -> io::Result<Vec<Call>> {
    let mut ns = vec![Vec::new(); kinds.len()];
    for _ in 0..BLOCKS {
        for (kind, ns) in kinds.iter_mut().zip(&mut ns) {
            ns.push(block(kind)?);
        }
    }
    let call = |(kind, ns): (&Kind, Vec<f64>)| {
        Some(Call {
            call: kind.name.clone(),
            watched: watched as u64,
            ready: kind.ready as u64,
            ns: Spread::of(ns)?,
        })
    };
    Ok(kinds.iter().zip(ns).filter_map(call).collect())
}

/// Mean nanoseconds of a call over a block.
fn block(kind: &mut Kind) -> io::Result<f64> {
    let start = Instant::now();
    let mut calls = 0_u32;
    loop {
        // The clock is asked once in a few calls: for the quickest ones it takes a tenth of their time.
        for _ in 0..8 {
            if black_box((kind.call)()?) != kind.ready {
                let told = format!("{} did not report {} ready", kind.name, kind.ready);
                return Err(io::Error::other(told));
            }
        }
        calls += 8;
        let took = start.elapsed();
        if took >= BLOCK {
            return Ok(took.as_nanos() as f64 / f64::from(calls));
        }
    }
}

/// A file with nothing to read.
fn silent() -> io::Result<OwnedFd> {
    // SAFETY: the descriptor is new.
    unsafe { owned(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK)) }
}

/// Gives it something to read.
fn signal(fd: i32) -> io::Result<()> {
    // SAFETY: an eventfd takes a number of 8 bytes, which lives here.
    let written = unsafe { libc::write(fd, (&raw const ONE).cast(), size_of_val(&ONE)) };
    super::epoll::checked(written as i32).map(drop)
}

static ONE: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_finds_the_one_that_is_ready() {
        let calls = measure(100 + OTHERS).unwrap();
        let names: Vec<&str> = calls.iter().map(|call| &*call.call).collect();
        assert_eq!(names, ["epoll_wait", "select", "poll", "select-copy", "poll-copy"]);
        assert!(calls.iter().all(|call| call.ns.low > 0.0 && call.ns.n == BLOCKS as u64));
        assert!(measure(10).unwrap().is_empty(), "no descriptors, no calls");
    }
}
