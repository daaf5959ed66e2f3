//! What bytes mean: turns what a client sent into what it is to get back.

use crate::BUFFER_BYTES;

/// A request's tag: its first bytes, which the reply repeats.
const TAG_BYTES: usize = 8;
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
}

impl Protocol {
    /// How many bytes to read at once: a buffer, or fewer where their replies would outgrow one.
    ///
    /// Without this bound a client that sends tiny requests for huge replies would have the server build gigabytes
    /// before the first of them can be sent.
    #[must_use]
    pub fn read_bytes(self) -> usize {
        match self {
            Self::Echo => BUFFER_BYTES,
            Self::Reply {
                request_bytes,
                reply_bytes,
            } => (request_bytes * (BUFFER_BYTES / reply_bytes).max(1)).min(BUFFER_BYTES),
        }
    }
}

/// Where one connection stands in its protocol.
#[derive(Debug)]
pub struct Session {
    protocol: Protocol,
    /// Bytes of the current request that have come so far.
    seen: usize,
    tag: [u8; TAG_BYTES],
    replies: Vec<u8>,
}

impl Session {
    /// A connection that has sent nothing yet.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            seen: 0,
            tag: [0; TAG_BYTES],
            replies: Vec::new(),
        }
    }

    /// What to send back now that `input` has come; empty while a request is incomplete.
    ///
    /// An echo is not copied: the answer is the input.
    pub fn answer<'a>(&'a mut self, input: &'a [u8]) -> &'a [u8] {
        match self.protocol {
            Protocol::Echo => input,
            Protocol::Reply {
                request_bytes,
                reply_bytes,
            } => self.reply(input, request_bytes, reply_bytes),
        }
    }

    fn reply(&mut self, mut input: &[u8], request_bytes: usize, reply_bytes: usize) -> &[u8] {
        self.replies.clear();
        while !input.is_empty() {
            let (now, rest) = input.split_at(input.len().min(request_bytes - self.seen));
            if self.seen < TAG_BYTES {
                let of_tag = now.len().min(TAG_BYTES - self.seen);
                self.tag[self.seen..self.seen + of_tag].copy_from_slice(&now[..of_tag]);
            }
            self.seen += now.len();
            if self.seen == request_bytes {
                self.seen = 0;
                self.replies.extend_from_slice(&self.tag);
                self.replies.resize(self.replies.len() + reply_bytes - TAG_BYTES, 0);
            }
            input = rest;
        }
        &self.replies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: Protocol = Protocol::Reply {
        request_bytes: 20,
        reply_bytes: 10,
    };

    fn requests(n: u8) -> Vec<u8> {
        (0..n).flat_map(|i| [[i; 8].as_slice(), &[0xee; 12]].concat()).collect()
    }

    fn replies(n: u8) -> Vec<u8> {
        (0..n).flat_map(|i| [[i; 8].as_slice(), &[0; 2]].concat()).collect()
    }

    #[test]
    fn replies_are_the_same_however_the_requests_are_cut() {
        let sent = requests(7);
        for piece in 1..sent.len() {
            let mut session = Session::new(REPLY);
            let got: Vec<u8> = sent
                .chunks(piece)
                .flat_map(|input| session.answer(input).to_vec())
                .collect();
            assert_eq!(got, replies(7), "in pieces of {piece}");
        }
    }

    #[test]
    fn an_incomplete_request_has_no_reply() {
        let mut session = Session::new(REPLY);
        assert_eq!(session.answer(&requests(1)[..19]), b"");
        assert_eq!(session.answer(&requests(1)[19..]), replies(1));
    }

    #[test]
    fn the_answers_to_one_read_stay_near_the_size_of_a_buffer() {
        let protocol = Protocol::Reply {
            request_bytes: 16,
            reply_bytes: 1 << 20,
        };
        assert_eq!(protocol.read_bytes(), 16);
        let protocol = Protocol::Reply {
            request_bytes: 1 << 20,
            reply_bytes: 16,
        };
        assert_eq!(protocol.read_bytes(), BUFFER_BYTES);
        assert_eq!(
            Protocol::Reply {
                request_bytes: 16,
                reply_bytes: 16
            }
            .read_bytes(),
            BUFFER_BYTES
        );
    }
}
