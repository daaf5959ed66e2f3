//! What is reported again, and how many wake-ups it takes: counts over a pair of sockets in one thread.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use libc::{EPOLLET, EPOLLIN};

use super::epoll::{Epoll, entry, poll};
use crate::claims::measured::Edges;

const WAITS: u64 = 3;
const MESSAGES: u64 = 1000;
const MESSAGE_BYTES: usize = 64;
const PIECES: usize = 16;
const PIECE_BYTES: usize = 4096;

pub(super) fn measure() -> Result<Edges, String> {
    counted().map_err(|error| format!("a pair of sockets failed: {error}"))
}

fn counted() -> io::Result<Edges> {
    let (mut writer, reader) = pair()?;
    let (level, edge) = (watching(&reader, EPOLLIN)?, watching(&reader, EPOLLIN | EPOLLET)?);
    writer.write_all(b"x")?;
    let by_poll = || Ok(poll(&mut [entry(reader.as_raw_fd())], Duration::ZERO)? > 0);
    let poll_reports = reports(by_poll)?;
    let level_reports = reports(|| level.reports())?;
    let edge_reports = reports(|| edge.reports())?;
    writer.write_all(b"y")?;
    let edge_reports_after_more = reports(|| edge.reports())?;

    let (whole_level_wakes, _) = whole(EPOLLIN, false)?;
    let (whole_edge_wakes, whole_edge_receives) = whole(EPOLLIN | EPOLLET, true)?;
    Ok(Edges {
        poll_reports,
        level_reports,
        edge_reports,
        edge_reports_after_more,
        messages: MESSAGES,
        whole_level_wakes,
        whole_edge_wakes,
        whole_edge_receives,
        pieces: PIECES as u64,
        pieces_level_wakes: in_pieces(EPOLLIN, false)?,
        pieces_level_drained_wakes: in_pieces(EPOLLIN, true)?,
        pieces_edge_wakes: in_pieces(EPOLLIN | EPOLLET, true)?,
    })
}

/// Reports in as many waits.
fn reports(reports: impl Fn() -> io::Result<bool>) -> io::Result<u64> {
    (0..WAITS).try_fold(0, |sum, _| Ok(sum + u64::from(reports()?)))
}

/// Messages that each fit into the buffer: wake-ups and receives.
fn whole(events: i32, drains: bool) -> io::Result<(u64, u64)> {
    let (mut writer, mut reader) = pair()?;
    let epoll = watching(&reader, events)?;
    let mut counts = (0, 0);
    for _ in 0..MESSAGES {
        writer.write_all(&[0; MESSAGE_BYTES])?;
        let (wakes, receives) = handle(&epoll, &mut reader, drains)?;
        counts = (counts.0 + wakes, counts.1 + receives);
    }
    Ok(counts)
}

/// One message of many buffers: wake-ups.
fn in_pieces(events: i32, drains: bool) -> io::Result<u64> {
    let (mut writer, mut reader) = pair()?;
    let epoll = watching(&reader, events)?;
    writer.write_all(&[0; PIECES * PIECE_BYTES])?;
    Ok(handle(&epoll, &mut reader, drains)?.0)
}

/// Wakes as long as something is reported, with one receive for each report or with as many as there is something to
/// receive: how many of both.
fn handle(epoll: &Epoll, reader: &mut UnixStream, drains: bool) -> io::Result<(u64, u64)> {
    let (mut wakes, mut receives) = (0, 0);
    while epoll.reports()? {
        wakes += 1;
        loop {
            receives += 1;
            match reader.read(&mut [0; PIECE_BYTES]) {
                Ok(_) if drains => {}
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => break,
            }
        }
    }
    Ok((wakes, receives))
}

/// What is written to the first can be read from the second, which does not block.
pub(super) fn pair() -> io::Result<(UnixStream, UnixStream)> {
    let (writer, reader) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    Ok((writer, reader))
}

fn watching(reader: &UnixStream, events: i32) -> io::Result<Epoll> {
    let epoll = Epoll::new()?;
    epoll.add(reader.as_raw_fd(), events)?;
    Ok(epoll)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_stays_and_an_edge_does_not() {
        let seen = measure().unwrap();
        assert_eq!((seen.poll_reports, seen.level_reports, seen.edge_reports), (3, 3, 1));
        assert_eq!(seen.edge_reports_after_more, 1, "another byte is another edge");
        assert_eq!((seen.whole_level_wakes, seen.whole_edge_wakes), (MESSAGES, MESSAGES));
        assert_eq!(seen.whole_edge_receives, 2 * MESSAGES, "the second finds nothing");
        assert_eq!(
            (
                seen.pieces_level_wakes,
                seen.pieces_level_drained_wakes,
                seen.pieces_edge_wakes
            ),
            (16, 1, 1)
        );
    }
}
