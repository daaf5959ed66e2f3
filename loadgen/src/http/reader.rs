//! The reader: cuts what a server sends into heads and pieces of bodies, wherever the reads have cut it.

use std::mem::MaybeUninit;

use httparse::{Response, Status};

/// Header lines that a reply, or its trailer, may have.
const MOST_HEADERS: usize = 100;
/// The largest head that is put together where reads have cut it.
const LARGEST_HEAD: usize = 64 * 1024;

/// Where one connection stands.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    stage: Stage,
    /// A head, the size of a chunk or a trailer as far as it has come, where a read has cut it.
    held: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The head of a reply is awaited.
    #[default]
    Head,
    /// So many bytes of a body are to come.
    Body(u64),
    /// The size of a chunk is awaited.
    Size,
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// The line that ends a chunk is awaited.
    ChunkEnd,
    /// What follows the last chunk is awaited.
    Trailer,
}

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// 200, 404 ...
    pub status: u16,
    /// Length of the body; none where it comes in chunks, which each tell their own.
    pub length: Option<u64>,
    /// Whether the connection ends with this reply.
    pub last: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A reply begins.
    Head(Head),
    /// A part of its body, which may be empty.
    Body(&'a [u8]),
    /// It is complete.
    End,
    /// All that came is taken.
    More,
}

/// Why what came is no reply that can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no HTTP/1.1, or too large a head.
    Malformed,
    /// Neither a length nor chunks: only the connection's end would tell where the reply ends.
    Endless,
    /// The server changes to another protocol.
    Upgrade,
}

impl Fault {
    /// Why, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Malformed => "it is no HTTP/1.1",
            Self::Endless => {
                "it has neither Content-Length nor chunks, so that only the end of its connection would tell where it ends"
            }
            Self::Upgrade => "the server changes to another protocol",
        }
    }
}

impl Reader {
    /// Forgets a reply that was cut off.
    pub fn reset(&mut self) {
        self.stage = Stage::Head;
        self.held.clear();
    }

    /// Whether nothing has come of the reply that is due.
    #[must_use]
    pub fn is_at_start(&self) -> bool {
        self.stage == Stage::Head && self.held.is_empty()
    }

    /// Takes what comes next from `bytes`; `bare` replies, those to HEAD, have no body whatever their heads say.
    ///
    /// # Errors
    /// When it can be no reply; the connection is of no use then.
    pub fn next<'a>(&mut self, bytes: &mut &'a [u8], bare: bool) -> Result<Piece<'a>, Fault> {
        loop {
            match self.stage {
                Stage::Head => match self.gather(bytes, |whole| parse_head(whole, bare))? {
                    None => return Ok(Piece::More),
                    // An interim reply; the real one follows.
                    Some(None) => {}
                    Some(Some(head)) => {
                        self.stage = head.length.map_or(Stage::Size, Stage::Body);
                        return Ok(Piece::Head(head));
                    }
                },
                Stage::Body(0) => {
                    self.stage = Stage::Head;
                    return Ok(Piece::End);
                }
                Stage::Body(left) => return Ok(self.body(bytes, left, Stage::Body)),
                Stage::Size => match self.gather(bytes, parse_size)? {
                    None => return Ok(Piece::More),
                    Some(0) => self.stage = Stage::Trailer,
                    Some(size) => self.stage = Stage::Chunk(size),
                },
                Stage::Chunk(0) => self.stage = Stage::ChunkEnd,
                Stage::Chunk(left) => return Ok(self.body(bytes, left, Stage::Chunk)),
                Stage::ChunkEnd => match self.gather(bytes, parse_end)? {
                    None => return Ok(Piece::More),
                    Some(()) => self.stage = Stage::Size,
                },
                Stage::Trailer => match self.gather(bytes, parse_trailer)? {
                    None => return Ok(Piece::More),
                    Some(()) => {
                        self.stage = Stage::Head;
                        return Ok(Piece::End);
                    }
                },
            }
        }
    }

    /// A part of a body, of which `left` bytes are to come.
    fn body<'a>(&mut self, bytes: &mut &'a [u8], left: u64, stage: fn(u64) -> Stage) -> Piece<'a> {
        if bytes.is_empty() {
            return Piece::More;
        }
        let (part, rest) = bytes.split_at(left.min(bytes.len() as u64) as usize);
        *bytes = rest;
        self.stage = stage(left - part.len() as u64);
        Piece::Body(part)
    }

    /// Takes what `parse` finds complete, or keeps what has come of it.
    fn gather<T>(
        &mut self,
        bytes: &mut &[u8],
        parse: impl Fn(&[u8]) -> Result<Option<(usize, T)>, Fault>,
    ) -> Result<Option<T>, Fault> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let before = self.held.len();
        // Only what was cut is put together; anything else is parsed where it lies.
        let whole = if before == 0 {
            *bytes
        } else {
            let room = LARGEST_HEAD - before;
            self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
            self.held.as_slice()
        };
        if let Some((length, parsed)) = parse(whole)? {
            *bytes = &bytes[length - before..];
            self.held.clear();
            return Ok(Some(parsed));
        }
        if before == 0 && bytes.len() < LARGEST_HEAD {
            self.held.extend_from_slice(bytes);
        }
        if bytes.len() >= LARGEST_HEAD || self.held.len() >= LARGEST_HEAD {
            return Err(Fault::Malformed);
        }
        *bytes = &[];
        Ok(None)
    }
}

/// The head that `bytes` begin with, and its length; none where more must come first. An interim head is one of
/// nothing.
fn parse_head(bytes: &[u8], bare: bool) -> Result<Option<(usize, Option<Head>)>, Fault> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut response = Response::new(&mut []);
    let parsed =
        httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut headers);
    match parsed {
        Ok(Status::Complete(length)) if length <= LARGEST_HEAD => Ok(Some((length, understand(&response, bare)?))),
        Ok(Status::Partial) => Ok(None),
        Ok(Status::Complete(_)) | Err(_) => Err(Fault::Malformed),
    }
}

fn understand(response: &Response<'_, '_>, bare: bool) -> Result<Option<Head>, Fault> {
    let status = response.code.ok_or(Fault::Malformed)?;
    match status {
        101 => return Err(Fault::Upgrade),
        100..=199 => return Ok(None),
        _ => {}
    }
    let (mut length, mut chunked) = (None, None);
    let (mut close, mut keep) = (false, false);
    for header in &*response.headers {
        let (is, value) = (|name: &str| header.name.eq_ignore_ascii_case(name), header.value);
        if is("content-length") {
            let this = number(value).ok_or(Fault::Malformed)?;
            // Two lengths are two opinions on where the reply ends.
            if length.replace(this).is_some_and(|other| other != this) {
                return Err(Fault::Malformed);
            }
        } else if is("transfer-encoding") {
            chunked = value.split(|&byte| byte == b',').next_back();
        } else if is("connection") {
            for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                close |= option.eq_ignore_ascii_case(b"close");
                keep |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        }
    }
    let length = match (length, chunked) {
        _ if bare || matches!(status, 204 | 304) => Some(0),
        (None, Some(coding)) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") => None,
        (Some(length), None) => Some(length),
        (None, _) => return Err(Fault::Endless),
        // That is how requests and replies are smuggled past each other (RFC 9112 §6.3).
        (Some(_), Some(_)) => return Err(Fault::Malformed),
    };
    Ok(Some(Head {
        status,
        length,
        last: close || response.version != Some(1) && !keep,
    }))
}

fn parse_size(bytes: &[u8]) -> Result<Option<(usize, u64)>, Fault> {
    match httparse::parse_chunk_size(bytes) {
        Ok(Status::Complete(found)) => Ok(Some(found)),
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(Fault::Malformed),
    }
}

fn parse_end(bytes: &[u8]) -> Result<Option<(usize, ())>, Fault> {
    match bytes {
        [b'\r', b'\n', ..] => Ok(Some((2, ()))),
        [b'\r'] => Ok(None),
        _ => Err(Fault::Malformed),
    }
}

fn parse_trailer(bytes: &[u8]) -> Result<Option<(usize, ())>, Fault> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::parse_headers(bytes, &mut headers) {
        Ok(Status::Complete((length, _))) => Ok(Some((length, ()))),
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(Fault::Malformed),
    }
}

/// Digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads and bodies of all replies in `input`, which comes in pieces of `piece` bytes.
    fn read(input: &[u8], piece: usize, bare: bool) -> Result<Vec<(Head, Vec<u8>)>, Fault> {
        let (mut reader, mut replies) = (Reader::default(), Vec::new());
        let mut reply = None;
        for mut bytes in input.chunks(piece) {
            loop {
                match reader.next(&mut bytes, bare)? {
                    Piece::Head(head) => reply = Some((head, Vec::new())),
                    Piece::Body(part) => reply.as_mut().expect("a head came before").1.extend_from_slice(part),
                    Piece::End => replies.push(reply.take().expect("a head came before")),
                    Piece::More => break,
                }
            }
            assert!(bytes.is_empty());
        }
        Ok(replies)
    }

    /// However `input` is cut, these are its replies.
    #[track_caller]
    fn assert_reads(input: &str, expected: &[(u16, &str, bool)]) {
        for piece in 1..=input.len() {
            let replies = read(input.as_bytes(), piece, false).unwrap();
            let told: Vec<(u16, &str, bool)> = replies
                .iter()
                .map(|(head, body)| (head.status, std::str::from_utf8(body).unwrap(), head.last))
                .collect();
            assert_eq!(told, expected, "in pieces of {piece}: {input:?}");
        }
    }

    #[test]
    fn replies_in_a_row_are_told_apart_however_they_are_cut() {
        let plain = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nDate: now\r\n\r\nhello";
        let none = "HTTP/1.1 204 No Content\r\n\r\n";
        let empty = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
                       5;name=value\r\nhello\r\n1\r\n,\r\n00\r\nTrailer: x\r\n\r\n";
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
        assert_reads(
            &[plain, none, chunked, interim, empty, chunked, plain].concat(),
            &[
                (200, "hello", false),
                (204, "", false),
                (200, "hello,", false),
                (404, "", false),
                (200, "hello,", false),
                (200, "hello", false),
            ],
        );
    }

    #[test]
    fn the_last_reply_of_a_connection_says_so() {
        let with = |version: &str, line: &str| format!("HTTP/{version} 200 OK\r\n{line}Content-Length: 1\r\n\r\nx");
        for (version, line, last) in [
            ("1.1", "", false),
            ("1.1", "Connection: close\r\n", true),
            ("1.1", "connection: Upgrade, Close\r\n", true),
            ("1.0", "", true),
            ("1.0", "Connection: Keep-Alive\r\n", false),
        ] {
            assert_reads(&with(version, line), &[(200, "x", last)]);
        }
    }

    #[test]
    fn a_reply_to_head_has_no_body_whatever_length_it_states() {
        let input = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        for piece in 1..=input.len() {
            assert_eq!(read(input, piece, true).unwrap().len(), 2);
        }
    }

    #[test]
    fn what_cannot_be_followed_is_no_reply() {
        let reply = |headers: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\nx");
        for (input, fault) in [
            ("garbage\r\n\r\n".to_owned(), Fault::Malformed),
            ("HTTP/1.1 200\r\nno colon\r\n\r\n".to_owned(), Fault::Malformed),
            (reply("Server: x"), Fault::Endless),
            (reply("Transfer-Encoding: gzip"), Fault::Endless),
            (
                reply("Transfer-Encoding: chunked\r\nContent-Length: 1"),
                Fault::Malformed,
            ),
            (reply("Content-Length: 1\r\nContent-Length: 2"), Fault::Malformed),
            (reply("Content-Length: +1"), Fault::Malformed),
            (reply("Content-Length: 99999999999999999999"), Fault::Malformed),
            (reply("Transfer-Encoding: chunked"), Fault::Malformed),
            (
                reply("Transfer-Encoding: chunked").replace("\r\n\r\nx", "\r\n\r\n1\r\nab"),
                Fault::Malformed,
            ),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(), Fault::Upgrade),
            (reply(&format!("Large: {}", "x".repeat(LARGEST_HEAD))), Fault::Malformed),
        ] {
            // In whole and in pieces.
            for piece in [1, 2, 7, input.len()] {
                assert_eq!(
                    read(input.as_bytes(), piece, false),
                    Err(fault),
                    "{piece}: {input:.60?}"
                );
            }
        }
    }
}
