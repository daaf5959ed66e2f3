//! HTTP/1.1: finds the requests in what a client sends, and has the reply to each.
//!
//! As much of it as other people's clients need: connections that are kept, requests in a row without waiting
//! (pipelining), bodies of a known length, which are discarded. Every method and path has the same small reply. Heads
//! are parsed by the `httparse` crate. Left out: chunked requests (501), trailers, upgrades.

use std::mem::MaybeUninit;

use httparse::{Error, Status};

use crate::BUFFER_BYTES;
use crate::protocol::LARGEST_MESSAGE;

/// Header lines that a request may have.
const MOST_HEADERS: usize = 64;

macro_rules! body {
    () => {
        "hello, world\n"
    };
}

/// A reply is constant bytes, so it costs one copy. It has no Date: RFC 9110 §6.6.1 wants none of a server without a
/// clock, and to format one for each reply would measure the clock.
macro_rules! ok {
    ($connection:literal) => {
        concat!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n",
            $connection,
            "\r\n",
            body!()
        )
        .as_bytes()
    };
}

const OK: &[u8] = ok!("");
/// To a client of HTTP/1.0, which takes a connection for kept only if it is told.
const OK_AND_KEPT: &[u8] = ok!("Connection: keep-alive\r\n");
const OK_AND_LAST: &[u8] = ok!("Connection: close\r\n");

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

macro_rules! refusal {
    ($status:literal) => {
        concat!(
            "HTTP/1.1 ",
            $status,
            "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        .as_bytes()
    };
}

const BAD_REQUEST: &[u8] = refusal!("400 Bad Request");
const BODY_TOO_LARGE: &[u8] = refusal!("413 Content Too Large");
const HEAD_TOO_LARGE: &[u8] = refusal!("431 Request Header Fields Too Large");
const NOT_IMPLEMENTED: &[u8] = refusal!("501 Not Implemented");

/// What a client is told instead, by which the connection ends.
type Refusal = &'static [u8];

/// Where one connection stands.
#[derive(Debug)]
pub(crate) struct Http {
    stage: Stage,
    /// The head of the next request as far as it has come, where a read has cut it.
    head: Vec<u8>,
    /// The current request, from the end of its head on.
    request: Request,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The head of a request is awaited.
    Head,
    /// Of the current request's body so many bytes are to come.
    Body(u64),
    /// The last reply was given; what comes now is discarded.
    Last,
    /// As before, and the server was told so.
    Shut,
}

/// What a head says.
#[derive(Clone, Copy, Debug)]
struct Request {
    body: u64,
    reply: &'static [u8],
    /// Whether the connection ends with its reply.
    last: bool,
    marked: bool,
    /// Whether the client sends the body only once it is told to go on.
    expects: bool,
}

impl Http {
    pub(crate) fn new() -> Self {
        let request = Request {
            body: 0,
            reply: OK,
            last: false,
            marked: false,
            expects: false,
        };
        Self {
            stage: Stage::Head,
            head: Vec::new(),
            request,
        }
    }

    /// Takes bytes of `input` up to the end of the current request; whether they were there. What must be said
    /// before, or instead of, its reply is put behind `output`.
    ///
    /// Never inlined, so that the room for header lines on the stack is not the other protocols' too.
    #[inline(never)]
    pub(crate) fn complete(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> bool {
        if self.stage == Stage::Head {
            match self.next_head(input) {
                Ok(None) => return false,
                Ok(Some(request)) => {
                    if request.expects && request.body > 0 && input.is_empty() {
                        output.extend_from_slice(CONTINUE);
                    }
                    self.stage = Stage::Body(request.body);
                    self.request = request;
                }
                Err(refusal) => {
                    output.extend_from_slice(refusal);
                    self.stage = Stage::Last;
                }
            }
        }
        let Stage::Body(missing) = self.stage else {
            *input = &[];
            return false;
        };
        let now = missing.min(input.len() as u64);
        *input = &input[now as usize..];
        self.stage = Stage::Body(missing - now);
        missing == now
    }

    /// Whether the current request asks for the server's work.
    pub(crate) fn is_marked(&self) -> bool {
        self.request.marked
    }

    /// Answers the current request, which is complete.
    pub(crate) fn reply(&mut self, output: &mut Vec<u8>) {
        output.extend_from_slice(self.request.reply);
        self.stage = if self.request.last { Stage::Last } else { Stage::Head };
    }

    /// Whether all was said that will be; `true` once.
    pub(crate) fn has_ended(&mut self) -> bool {
        let ended = self.stage == Stage::Last;
        if ended {
            self.stage = Stage::Shut;
        }
        ended
    }

    /// Takes the head of the next request, or what has come of it.
    fn next_head(&mut self, input: &mut &[u8]) -> Result<Option<Request>, Refusal> {
        if input.is_empty() {
            return Ok(None);
        }
        // However the bytes are cut, a head may be as large as one buffer and no larger.
        let before = self.head.len();
        let now = &input[..input.len().min(BUFFER_BYTES - before)];
        // Only a head that was cut is put together; any other is parsed where it lies.
        let whole = if before == 0 {
            now
        } else {
            self.head.extend_from_slice(now);
            self.head.as_slice()
        };
        if let Some((length, request)) = parse(whole)? {
            *input = &input[length - before..];
            // Given back, not cleared: one cut should not cost memory for ever.
            self.head = Vec::new();
            return Ok(Some(request));
        }
        if before == 0 {
            self.head.extend_from_slice(now);
        }
        *input = &[];
        Ok(None)
    }
}

/// The request whose head `bytes` begin with, and the head's length; `None` when more must come first.
fn parse(bytes: &[u8]) -> Result<Option<(usize, Request)>, Refusal> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut []);
    match head.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(length)) => Ok(Some((length, understand(&head)?))),
        Ok(Status::Partial) if bytes.len() < BUFFER_BYTES => Ok(None),
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Err(HEAD_TOO_LARGE),
        Err(_) => Err(BAD_REQUEST),
    }
}

fn understand(head: &httparse::Request<'_, '_>) -> Result<Request, Refusal> {
    let current = head.version == Some(1);
    let (mut length, mut hosts) = (None, 0);
    let (mut close, mut keep) = (false, false);
    let (mut marked, mut expects) = (true, false);
    for header in &*head.headers {
        let (is, value) = (|name: &str| header.name.eq_ignore_ascii_case(name), header.value);
        if is("host") {
            hosts += 1;
        } else if is("connection") {
            for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                close |= option.eq_ignore_ascii_case(b"close");
                keep |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        } else if is("content-length") {
            let this = number(value).ok_or(BAD_REQUEST)?;
            // Two lengths are two opinions on where the next request begins.
            if length.replace(this).is_some_and(|other| other != this) {
                return Err(BAD_REQUEST);
            }
        } else if is("transfer-encoding") {
            return Err(NOT_IMPLEMENTED);
        } else if is("expect") {
            expects = current && value.eq_ignore_ascii_case(b"100-continue");
        } else if is("x-work") {
            marked = value != b"0";
        }
    }
    // RFC 9112 §3.2: exactly one.
    if current && hosts != 1 {
        return Err(BAD_REQUEST);
    }
    let body = length.unwrap_or(0);
    if body > LARGEST_MESSAGE {
        return Err(BODY_TOO_LARGE);
    }
    let last = close || !current && !keep;
    let whole = match (last, current) {
        (true, _) => OK_AND_LAST,
        (false, true) => OK,
        (false, false) => OK_AND_KEPT,
    };
    let reply = match head.method {
        Some("HEAD") => &whole[..whole.len() - body!().len()],
        _ => whole,
    };
    Ok(Request {
        body,
        reply,
        last,
        marked,
        expects,
    })
}

/// Digits and nothing else; a number that is too large for any use is the largest.
fn number(digits: &[u8]) -> Option<u64> {
    let digit = |&byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let add = |number: u64, digit: Option<u64>| Some(number.saturating_mul(10).saturating_add(digit?));
    if digits.is_empty() {
        return None;
    }
    digits.iter().map(digit).try_fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Protocol, Service, Session, Step, Work};
    use std::time::Duration;

    const GET: &str = "GET /path?query HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n";

    fn session(work: Work) -> Session {
        Session::new(Service {
            protocol: Protocol::Http,
            request_bytes: 64,
            work,
        })
    }

    /// What came of a conversation.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Outcome {
        sent: String,
        waits: usize,
        shut: usize,
    }

    fn go_on(session: &mut Session, mut input: &[u8], outcome: &mut Outcome) {
        while let Some(step) = session.step(&mut input) {
            match step {
                Step::Send(bytes) => {
                    assert_eq!(outcome.shut, 0, "nothing is sent after the last");
                    outcome.sent += std::str::from_utf8(bytes).expect("text");
                }
                Step::Wait(_) => outcome.waits += 1,
                Step::Shut => outcome.shut += 1,
            }
        }
        assert!(input.is_empty(), "all input is dealt with");
    }

    fn converse(work: Work, input: &[u8], piece: usize) -> Outcome {
        let (mut session, mut outcome) = (session(work), Outcome::default());
        input
            .chunks(piece)
            .for_each(|piece| go_on(&mut session, piece, &mut outcome));
        outcome
    }

    fn text(replies: &[&[u8]]) -> String {
        String::from_utf8(replies.concat()).expect("text")
    }

    /// `input` has these `replies` however it is cut, and then the connection is `kept` or ends.
    #[track_caller]
    fn assert_answers(input: &str, replies: &[&[u8]], kept: bool) {
        let expected = Outcome {
            sent: text(replies),
            waits: 0,
            shut: usize::from(!kept),
        };
        // Every size of pieces, which is every cut in two as well; of long ones some.
        let step = 1 + input.len() / 500;
        for piece in (1..=input.len()).step_by(step).chain([input.len()]) {
            let outcome = converse(Work::None, input.as_bytes(), piece);
            assert_eq!(outcome, expected, "in pieces of {piece}: {input:?}");
        }
    }

    fn with_headers(headers: &str) -> String {
        format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n")
    }

    fn reply_without_body(reply: &'static [u8]) -> &'static [u8] {
        reply.strip_suffix(body!().as_bytes()).expect("a body")
    }

    #[test]
    fn a_reply_says_how_long_its_body_is() {
        for reply in [OK, OK_AND_KEPT, OK_AND_LAST] {
            let reply = std::str::from_utf8(reply).expect("text");
            let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
            assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{head}");
        }
    }

    #[test]
    fn requests_in_a_row_are_answered_in_order() {
        let head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_answers(GET, &[OK], true);
        assert_answers(&[GET, head, GET].concat(), &[OK, reply_without_body(OK), OK], true);
        // Any method, lines that end without a carriage return, empty lines between requests.
        assert_answers(
            "BREW /pot HTTP/1.1\nhost:a\n\n\r\n\r\nX * HTTP/1.1\r\nHOST:\r\n\r\n",
            &[OK, OK],
            true,
        );
        assert_answers(&GET[..GET.len() - 1], &[], true);
    }

    #[test]
    fn bodies_are_discarded() {
        let post = with_headers("Content-Length: 60\r\n") + GET.get(..50).expect("50 bytes") + "\r\n\r\n012345";
        assert_answers(&[&post, GET].concat(), &[OK, OK], true);
        assert_answers(&[&post[..post.len() - 1]].concat(), &[], true);
        assert_answers(&[&with_headers("Content-Length: 0\r\n"), GET].concat(), &[OK, OK], true);
        let twice_the_same = with_headers("content-length: 3\r\nCONTENT-LENGTH: 3\r\n");
        assert_answers(&[&twice_the_same, "abc", GET].concat(), &[OK, OK], true);
        let mut session = session(Work::None);
        let mut outcome = Outcome::default();
        let largest = with_headers(&format!("Content-Length: {LARGEST_MESSAGE}\r\n"));
        go_on(&mut session, largest.as_bytes(), &mut outcome);
        for _ in 0..LARGEST_MESSAGE / BUFFER_BYTES as u64 {
            assert_eq!(outcome.sent, "", "before its body was there");
            go_on(&mut session, &[b'x'; BUFFER_BYTES], &mut outcome);
        }
        assert_eq!(outcome.sent, text(&[OK]));
    }

    #[test]
    fn a_body_is_asked_for_where_the_client_waits_for_that() {
        let head = with_headers("Expect: 100-Continue\r\nContent-Length: 3\r\n");
        let (mut session, mut outcome) = (session(Work::None), Outcome::default());
        go_on(&mut session, head.as_bytes(), &mut outcome);
        assert_eq!(outcome.sent, text(&[CONTINUE]));
        go_on(&mut session, b"abc", &mut outcome);
        assert_eq!(outcome.sent, text(&[CONTINUE, OK]));
        let at_once = converse(Work::None, (head + "abc").as_bytes(), BUFFER_BYTES);
        assert_eq!(at_once.sent, text(&[OK]), "it did not wait");
    }

    #[test]
    fn a_connection_ends_when_its_client_says_so() {
        for headers in ["Connection: close\r\n", "connection: Keep-Alive, CLOSE\r\n"] {
            assert_answers(&[GET, &with_headers(headers), GET].concat(), &[OK, OK_AND_LAST], false);
        }
        let old = "GET / HTTP/1.0\r\n\r\n";
        assert_answers(&[old, GET].concat(), &[OK_AND_LAST], false);
        let old_and_kept = "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
        assert_answers(
            &[old_and_kept, GET, old, GET].concat(),
            &[OK_AND_KEPT, OK, OK_AND_LAST],
            false,
        );
        let last_head = "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        assert_answers(last_head, &[reply_without_body(OK_AND_LAST)], false);
    }

    #[test]
    fn what_is_no_request_is_refused_behind_the_replies_that_are_owed() {
        for bad in [
            "garbage\r\n\r\n",
            "GET / HTTP/1.1\r\nHost a\r\n\r\n",
            "GET /\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ] {
            assert_answers(&[GET, bad, GET].concat(), &[OK, BAD_REQUEST], false);
        }
        for length in ["-1", "+1", "1 1", "0x1", "", "1,1", "1\r\nContent-Length: 2"] {
            let bad = with_headers(&format!("Content-Length: {length}\r\n"));
            assert_answers(&[GET, &bad, GET].concat(), &[OK, BAD_REQUEST], false);
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let more = (LARGEST_MESSAGE + 1).to_string();
        for length in [more.as_str(), "99999999999999999999999999"] {
            let large = with_headers(&format!("Content-Length: {length}\r\n"));
            assert_answers(&[GET, &large, GET].concat(), &[OK, BODY_TOO_LARGE], false);
        }
        let lines = |n: usize| with_headers(&"a: b\r\n".repeat(n - 1));
        assert_answers(&[lines(64), lines(64)].concat(), &[OK, OK], true);
        assert_answers(&[GET, &lines(65), GET].concat(), &[OK, HEAD_TOO_LARGE], false);
        let head_of = |bytes| {
            let head = with_headers("Large: \r\n");
            head.replace("Large: ", &("Large: ".to_owned() + &"x".repeat(bytes - head.len())))
        };
        assert_eq!(head_of(BUFFER_BYTES).len(), BUFFER_BYTES);
        assert_answers(&[&head_of(BUFFER_BYTES), GET].concat(), &[OK, OK], true);
        assert_answers(&[&head_of(BUFFER_BYTES + 1), GET].concat(), &[HEAD_TOO_LARGE], false);
        // Refused as soon as it can be told, not when it is complete.
        assert_answers(&head_of(2 * BUFFER_BYTES)[..BUFFER_BYTES], &[HEAD_TOO_LARGE], false);
    }

    #[test]
    fn what_is_not_implemented_is_refused() {
        let chunked = with_headers("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n";
        assert_answers(&[GET, &chunked, GET].concat(), &[OK, NOT_IMPLEMENTED], false);
    }

    #[test]
    fn every_request_has_work_but_those_that_say_no() {
        let wait = Work::Wait(Duration::from_millis(1));
        let none = "GET / HTTP/1.1\r\nHost: a\r\nX-Work: 0\r\n\r\n";
        let some = "GET / HTTP/1.1\r\nHost: a\r\nx-work: 1\r\n\r\n";
        let last = with_headers("Connection: close\r\n");
        let input = [GET, none, some, none, none, GET, &last, "garbage"].concat();
        for work in [Work::None, Work::Cpu(3), wait] {
            for piece in 1..=input.len() {
                let outcome = converse(work, input.as_bytes(), piece);
                let expected = Outcome {
                    sent: text(&[OK, OK, OK, OK, OK, OK, OK_AND_LAST]),
                    waits: if work == wait { 4 } else { 0 },
                    shut: 1,
                };
                assert_eq!(outcome, expected, "{work:?}, in pieces of {piece}");
            }
        }
    }
}
