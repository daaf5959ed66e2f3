//! What one read for each edge leaves lying, and how often room to send wakes whoever waits for it.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use libc::{EPOLLET, EPOLLIN, EPOLLOUT};

use super::edges::pair;
use super::epoll::{Epoll, NO_EVENT};
use crate::claims::measured::Leftovers;

const CAME: usize = 3000;
const BUFFER: usize = 1024;
/// How long nothing more is reported before it is taken for nothing.
const QUIET: Duration = Duration::from_millis(100);
/// How long a silent connection is watched for room to send.
const WATCHED: Duration = Duration::from_millis(100);

pub(super) fn measure() -> Result<Leftovers, String> {
    counted().map_err(|error| format!("a pair of sockets failed: {error}"))
}

fn counted() -> io::Result<Leftovers> {
    let (mut writer, mut reader) = pair()?;
    let epoll = Epoll::new()?;
    epoll.add(reader.as_raw_fd(), EPOLLIN | EPOLLET)?;
    let bytes: Vec<u8> = (0..=CAME).map(|i| (i % 251) as u8).collect();
    let (first, another) = bytes.split_at(CAME);
    writer.write_all(first)?;
    if !epoll.reports()? {
        return Err(io::Error::other("what came was never reported"));
    }
    let mut got = vec![0; BUFFER];
    let taken = reader.read(&mut got)?;
    got.truncate(taken);
    let left = unread(&reader)?;
    let reports = wakes(&epoll, QUIET)?;
    writer.write_all(another)?;
    if epoll.reports()? {
        receive_all(&mut reader, &mut got)?;
    }
    let found_later = if got == bytes { got.len() - taken } else { 0 };

    // With its other end, without which it would be told as closed.
    let (_other, silent) = pair()?;
    let room = Epoll::new()?;
    room.add(silent.as_raw_fd(), EPOLLIN | EPOLLOUT)?;
    let level_wakes = wakes(&room, WATCHED)?;
    room.modify(silent.as_raw_fd(), EPOLLIN | EPOLLOUT | EPOLLET)?;
    let edge_wakes = wakes(&room, WATCHED)?;
    Ok(Leftovers {
        came: CAME as u64,
        taken: taken as u64,
        left,
        reports,
        found_later: found_later as u64,
        watched_ms: WATCHED.as_millis() as u64,
        level_wakes,
        edge_wakes,
        dropped_wakes: {
            room.modify(silent.as_raw_fd(), EPOLLIN)?;
            wakes(&room, WATCHED)?
        },
    })
}

/// How often a wait ends with a report, for so long.
fn wakes(epoll: &Epoll, over: Duration) -> io::Result<u64> {
    let start = Instant::now();
    let mut wakes = 0;
    while let Some(left) = over.checked_sub(start.elapsed()).filter(|left| left.as_millis() > 0) {
        wakes += u64::from(epoll.wait(&mut [NO_EVENT], left)? > 0);
    }
    Ok(wakes)
}

fn receive_all(reader: &mut impl Read, got: &mut Vec<u8>) -> io::Result<()> {
    match reader.read_to_end(got) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Bytes that lie in a socket.
fn unread(socket: &impl AsRawFd) -> io::Result<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: FIONREAD writes an int, which lives here.
    super::epoll::checked(unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &raw mut bytes) })?;
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_read_leaves_lies_there_until_more_comes() {
        let seen = measure().unwrap();
        assert_eq!((seen.taken, seen.left, seen.reports), (1024, 1976, 0));
        assert_eq!(seen.found_later, 1977, "all of it and the byte that came last");
        assert_eq!((seen.edge_wakes, seen.dropped_wakes), (1, 0));
        assert!(seen.level_wakes > 100, "{}", seen.level_wakes);
    }
}
