//! The dialogue with servers that know nothing of this project: one request, and replies that must be as the first.

use crate::client::{Client, Reply};
use crate::config::Config;
use crate::dialogue::Dialogue;
use crate::exchange::{Exchange, Expected, ExpectedHttp};
use crate::http::{Head, Piece, Reader};
use crate::payload::is_nth;

/// All connections of a shard.
pub(crate) struct Foreign {
    request: Vec<u8>,
    without_work: Vec<u8>,
    slow_every: u32,
    replies: Replies,
}

enum Replies {
    Bytes(Vec<u8>),
    Http(Http),
}

impl Foreign {
    /// What the clients of `config` say.
    pub(crate) fn new(exchange: &Exchange, config: &Config) -> Self {
        Self {
            request: exchange.request.0.clone(),
            without_work: exchange.without_work.0.clone(),
            slow_every: config.slow_every as u32,
            replies: match &exchange.expected {
                Expected::Bytes(reply) => Replies::Bytes(reply.0.clone()),
                Expected::Http(expected) => Replies::Http(Http::new(expected.clone(), config.conns as usize)),
            },
        }
    }
}

impl Dialogue for Foreign {
    #[inline]
    fn request(&mut self, id: u32, sequence: u32) -> &[u8] {
        if self.is_marked(id, sequence) {
            &self.request
        } else {
            &self.without_work
        }
    }

    #[inline]
    fn is_marked(&self, id: u32, sequence: u32) -> bool {
        self.slow_every == 1 || is_nth(id, sequence, self.slow_every)
    }

    #[inline]
    fn take(&mut self, i: usize, client: &mut Client, bytes: &mut &[u8]) -> Reply {
        if client.has_nothing_due() {
            return Reply::Wrong;
        }
        match &mut self.replies {
            Replies::Bytes(reply) => client.take(reply, bytes),
            Replies::Http(http) => http.take(i, client, bytes),
        }
    }
}

/// Replies of HTTP. The head of one is hardly ever unlike the one before, on whatever connection that was, so that a
/// reply that comes whole costs one comparison. Only another head is parsed: one that has the next second's date, or
/// is wrong.
struct Http {
    expected: ExpectedHttp,
    /// The last head that was right, with the body behind it where bodies must be alike.
    known: Vec<u8>,
    /// Bytes of body that come behind `known`, whatever they are.
    unknown: usize,
    readings: Vec<Reading>,
}

/// How far a connection's reply has come. Of use only where a read has cut it.
#[derive(Clone, Default)]
struct Reading {
    reader: Reader,
    /// Bytes of its body that have come.
    at: u64,
    /// Whether the connection ends with it.
    last: bool,
}

impl Http {
    fn new(expected: ExpectedHttp, conns: usize) -> Self {
        Self {
            expected,
            known: Vec::new(),
            unknown: 0,
            readings: vec![Reading::default(); conns],
        }
    }

    #[inline]
    fn take(&mut self, i: usize, client: &mut Client, bytes: &mut &[u8]) -> Reply {
        let whole = self.known.len() + self.unknown;
        if client.got == 0 && bytes.len() >= whole && bytes.starts_with(&self.known) && whole > 0 {
            *bytes = &bytes[whole..];
            return Reply::Whole;
        }
        self.read(i, client, bytes)
    }

    /// Takes a reply that is cut, or has another head than the last one.
    #[inline(never)]
    fn read(&mut self, i: usize, client: &mut Client, bytes: &mut &[u8]) -> Reply {
        let reading = &mut self.readings[i];
        if client.got == 0 {
            // The one before may have been cut off with its connection.
            reading.reader.reset();
        }
        let mut known = None;
        loop {
            let (begun, start) = (!reading.reader.is_at_start(), *bytes);
            let Ok(piece) = reading.reader.next(bytes, self.expected.bare) else {
                return Reply::Wrong;
            };
            match piece {
                Piece::Head(head) => {
                    let right = head.status == self.expected.status;
                    if !right || head.length.is_some_and(|length| !self.expected.ends_at(length)) {
                        return Reply::Wrong;
                    }
                    (reading.at, reading.last) = (0, head.last);
                    known = (!begun).then(|| (head, &start[..start.len() - bytes.len()]));
                }
                Piece::Body(part) => {
                    if !self.expected.goes_on(reading.at, part) {
                        return Reply::Wrong;
                    }
                    reading.at += part.len() as u64;
                }
                Piece::End => {
                    if !self.expected.ends_at(reading.at) {
                        return Reply::Wrong;
                    }
                    client.got = 0;
                    if reading.last {
                        return Reply::Last;
                    }
                    if let Some((head, bytes)) = known {
                        self.learn(head, bytes);
                    }
                    return Reply::Whole;
                }
                Piece::More => {
                    client.got = 1;
                    return Reply::Part;
                }
            }
        }
    }

    /// A reply whose head is `bytes` was right.
    fn learn(&mut self, head: Head, bytes: &[u8]) {
        let Some(length) = head.length else { return };
        self.known.clear();
        self.known.extend_from_slice(bytes);
        self.unknown = match &self.expected.body {
            Some(body) => {
                self.known.extend_from_slice(&body.0);
                0
            }
            None => length as usize,
        };
    }
}
