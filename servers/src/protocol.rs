//! What bytes mean: turns what a client sent into what it is to get back.

use std::time::{Duration, Instant};

use crate::BUFFER_BYTES;
use crate::counters::counters;
use crate::http::Http;
use crate::work::{self, Work};

/// A request's tag: its first bytes, which the reply repeats.
const TAG_BYTES: usize = 8;
/// The byte behind the tag; its lowest bit says whether the request asks for the server's work.
const MARK: usize = TAG_BYTES;
const HEAD_BYTES: usize = MARK + 1;
/// Smallest request of the `reply` protocol: a tag and a sequence number.
pub(crate) const SMALLEST_REQUEST: u64 = 16;
/// Smallest reply of the `reply` protocol: the tag.
pub(crate) const SMALLEST_REPLY: u64 = TAG_BYTES as u64;
/// Largest request or reply: 16 MiB.
pub(crate) const LARGEST_MESSAGE: u64 = 16 << 20;

/// The protocol that a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Every byte comes back as it came.
    Echo,
    /// A reply for each complete request: the request's first 8 bytes, then zeros.
    Reply {
        /// Size of every request in bytes.
        request_bytes: usize,
        /// Size of every reply in bytes.
        reply_bytes: usize,
    },
    /// HTTP/1.1 requests, each of which has the same small reply.
    Http,
}

impl Protocol {
    /// How many bytes to read at once: a buffer, or fewer where their replies would outgrow one.
    ///
    /// Without this bound a client that sends tiny requests for huge replies would have the server build gigabytes
    /// before the first of them can be sent.
    #[must_use]
    pub fn read_bytes(self) -> usize {
        match self {
            // The smallest request of HTTP has a reply of five times its size, and there the matter ends.
            Self::Echo | Self::Http => BUFFER_BYTES,
            Self::Reply {
                request_bytes,
                reply_bytes,
            } => (request_bytes * (BUFFER_BYTES / reply_bytes).max(1)).min(BUFFER_BYTES),
        }
    }
}

/// What a client gets: the protocol it is spoken to in, and the work that its requests cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// What requests and replies look like.
    pub protocol: Protocol,
    /// Size of a request in bytes; an echo heeds it only where there is work, HTTP never.
    pub request_bytes: usize,
    /// What a marked request costs.
    pub work: Work,
}

impl Service {
    /// How many bytes to read at once: see [`Protocol::read_bytes`].
    #[must_use]
    pub fn read_bytes(self) -> usize {
        self.protocol.read_bytes()
    }
}

/// What to do next for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Send these bytes, all of them, before the next step.
    Send(&'a [u8]),
    /// The request asks for a wait: let this much time pass, in the model's own way, before the next step.
    Wait(Duration),
    /// All was sent, and nothing more will be: shut the writing side, and read on until the client closes.
    ///
    /// To close at once could cost the client the last reply: where bytes of its own are unread or still under way,
    /// the kernel answers them with a reset, and that discards what the client has not read. From here on the session
    /// discards what comes, so that such a connection costs what a silent one does, for as long as its client keeps
    /// it.
    Shut,
}

/// A request with work whose reply is held back.
#[derive(Debug)]
enum Held {
    /// The replies before it go out first.
    Behind,
    /// Its wait has begun.
    Since(Instant),
}

/// Where one connection stands in its protocol.
#[derive(Debug)]
pub struct Session {
    service: Service,
    /// Bytes of the current request that have come so far.
    seen: usize,
    /// The first bytes of the current request: its tag and its mark.
    head: [u8; HEAD_BYTES],
    /// The current request as far as it has come, where it will be sent back whole.
    request: Vec<u8>,
    output: Vec<u8>,
    held: Option<Held>,
    /// Where it stands in HTTP, if that is spoken. In a box, so that the others do not hold memory for it.
    http: Option<Box<Http>>,
}

impl Session {
    /// A connection that has sent nothing yet.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self {
            service,
            seen: 0,
            head: [0; HEAD_BYTES],
            request: Vec::new(),
            output: Vec::new(),
            held: None,
            http: (service.protocol == Protocol::Http).then(|| Box::new(Http::new())),
        }
    }

    /// The next thing to do now that `input` has come, of which it takes what it has dealt with; `None` when more
    /// must come first. Call it until then.
    ///
    /// An echo without work is not copied: what is to be sent is the input.
    #[inline]
    pub fn step<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Step<'s>> {
        if self.service.protocol == Protocol::Echo && self.service.work == Work::None {
            return (!input.is_empty()).then(|| Step::Send(std::mem::take(input)));
        }
        self.framed(input)
    }

    fn framed(&mut self, input: &mut &[u8]) -> Option<Step<'_>> {
        self.output.clear();
        match self.held.take() {
            Some(Held::Behind) => return Some(self.wait()),
            Some(Held::Since(began)) => {
                counters().worked(began.elapsed());
                self.reply();
            }
            None => {}
        }
        while self.complete(input) {
            let marked = self.is_marked();
            match self.service.work {
                Work::Wait(_) if marked && self.output.is_empty() => return Some(self.wait()),
                Work::Wait(_) if marked => {
                    self.held = Some(Held::Behind);
                    break;
                }
                Work::Cpu(steps) if marked => {
                    work::compute(steps);
                    counters().worked(Duration::ZERO);
                }
                Work::Burn(time) => work::burn(time),
                _ => {}
            }
            self.reply();
        }
        if !self.output.is_empty() {
            return Some(Step::Send(&self.output));
        }
        self.http.as_mut()?.has_ended().then_some(Step::Shut)
    }

    fn wait(&mut self) -> Step<'static> {
        let Work::Wait(time) = self.service.work else {
            unreachable!("a reply is held back only for a wait");
        };
        self.held = Some(Held::Since(Instant::now()));
        Step::Wait(time)
    }

    /// Takes bytes of `input` up to the end of the current request; whether they were there.
    fn complete(&mut self, input: &mut &[u8]) -> bool {
        if let Some(http) = &mut self.http {
            return http.complete(input, &mut self.output);
        }
        let missing = self.service.request_bytes - self.seen;
        let (now, rest) = input.split_at(input.len().min(missing));
        *input = rest;
        if self.seen < HEAD_BYTES {
            let of_head = now.len().min(HEAD_BYTES - self.seen);
            self.head[self.seen..self.seen + of_head].copy_from_slice(&now[..of_head]);
        }
        if self.service.protocol == Protocol::Echo {
            self.request.extend_from_slice(now);
        }
        self.seen += now.len();
        self.seen == self.service.request_bytes
    }

    fn is_marked(&self) -> bool {
        match &self.http {
            Some(http) => http.is_marked(),
            None => self.head[MARK] & 1 != 0,
        }
    }

    /// Answers the current request, which is complete, and begins the next.
    fn reply(&mut self) {
        self.seen = 0;
        match self.service.protocol {
            Protocol::Echo => self.output.append(&mut self.request),
            Protocol::Reply { reply_bytes, .. } => {
                self.output.extend_from_slice(&self.head[..TAG_BYTES]);
                self.output.resize(self.output.len() + reply_bytes - TAG_BYTES, 0);
            }
            Protocol::Http => {
                let http = self.http.as_mut().expect("made with the session");
                http.reply(&mut self.output);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: Protocol = Protocol::Reply {
        request_bytes: 20,
        reply_bytes: 10,
    };
    const WAIT: Work = Work::Wait(Duration::from_millis(1));

    fn session(protocol: Protocol, work: Work) -> Session {
        Session::new(Service {
            protocol,
            request_bytes: 20,
            work,
        })
    }

    /// Request `i`, marked where `i` is odd.
    fn request(i: u8) -> Vec<u8> {
        [[i; 8].as_slice(), &[0xee | i & 1; 12]].concat()
    }

    fn requests(n: u8) -> Vec<u8> {
        (0..n).flat_map(request).collect()
    }

    fn replies(n: u8) -> Vec<u8> {
        (0..n).flat_map(|i| [[i; 8].as_slice(), &[0; 2]].concat()).collect()
    }

    /// All that is sent for `input`, and how often it was waited.
    fn answer(session: &mut Session, mut input: &[u8]) -> (Vec<u8>, usize) {
        let (mut sent, mut waits) = (Vec::new(), 0);
        while let Some(step) = session.step(&mut input) {
            match step {
                Step::Send(bytes) => sent.extend_from_slice(bytes),
                Step::Wait(_) => waits += 1,
                Step::Shut => panic!("only HTTP ends a connection by itself"),
            }
        }
        assert!(input.is_empty(), "all input is dealt with");
        (sent, waits)
    }

    #[test]
    fn replies_are_the_same_however_the_requests_are_cut() {
        let sent = requests(7);
        let works = [Work::None, Work::Cpu(3), WAIT];
        for (protocol, expected) in [(REPLY, replies(7)), (Protocol::Echo, sent.clone())] {
            for (work, piece) in works
                .into_iter()
                .flat_map(|work| (1..=sent.len()).map(move |n| (work, n)))
            {
                let mut session = session(protocol, work);
                let (mut got, mut waited) = (Vec::new(), 0);
                for input in sent.chunks(piece) {
                    let (bytes, waits) = answer(&mut session, input);
                    got.extend(bytes);
                    waited += waits;
                }
                assert_eq!(got, expected, "{protocol:?}, {work:?}, in pieces of {piece}");
                assert_eq!(waited, if work == WAIT { 3 } else { 0 }, "the marked ones, {work:?}");
            }
        }
    }

    #[test]
    fn an_incomplete_request_has_no_reply() {
        for (protocol, work, expected) in [
            (REPLY, Work::None, replies(1)),
            (Protocol::Echo, Work::Cpu(1), requests(1)),
        ] {
            let mut session = session(protocol, work);
            assert_eq!(answer(&mut session, &requests(1)[..19]), (vec![], 0));
            assert_eq!(answer(&mut session, &requests(1)[19..]), (expected, 0));
        }
    }

    #[test]
    fn a_wait_holds_back_its_own_reply_and_those_behind_it() {
        let all = requests(4);
        let mut session = session(Protocol::Echo, WAIT);
        let mut input = all.as_slice();
        let sends = |from: u8, to: u8| Step::Send(&all[usize::from(from) * 20..usize::from(to) * 20]);
        assert_eq!(session.step(&mut input), Some(sends(0, 1)));
        assert_eq!(session.step(&mut input), Some(Step::Wait(Duration::from_millis(1))));
        assert_eq!(
            session.step(&mut input),
            Some(sends(1, 3)),
            "what it held back, and the next"
        );
        assert_eq!(session.step(&mut input), Some(Step::Wait(Duration::from_millis(1))));
        assert_eq!(session.step(&mut input), Some(sends(3, 4)));
        assert_eq!(session.step(&mut input), None);
    }

    #[test]
    fn the_answers_to_one_read_stay_near_the_size_of_a_buffer() {
        let read_bytes = |request_bytes, reply_bytes| {
            Protocol::Reply {
                request_bytes,
                reply_bytes,
            }
            .read_bytes()
        };
        assert_eq!(read_bytes(16, 1 << 20), 16);
        assert_eq!(read_bytes(1 << 20, 16), BUFFER_BYTES);
        assert_eq!(read_bytes(16, 16), BUFFER_BYTES);
    }
}
