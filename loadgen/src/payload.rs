//! The bytes of requests and replies: every request is unlike any other, so that the right reply can be told.

use crate::config::{Config, Protocol};

/// A tag of 8 bytes (connection and sequence number) and 8 bytes made from it, but for the mark: bit 0 of byte 8 asks
/// for the server's work, where the server was told to do any.
pub const SMALLEST_REQUEST: u64 = 16;
/// A reply repeats the tag.
pub const SMALLEST_REPLY: u64 = 8;
/// What a server of the contract takes at most.
pub const LARGEST_MESSAGE: u64 = 16 << 20;
const TAG_BYTES: usize = 8;
/// The bit of bytes 8 to 16, read as a little-endian number, that asks for the server's work: bit 0 of byte 8.
const MARK: u64 = 1;
/// Different bodies in turn: a reply that ends in the bytes of an earlier request is found out.
const BODIES: usize = 4;
/// 2^64 over the golden ratio: multiples of it are spread evenly, whatever the step between them (Knuth, vol. 3, 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes requests and the replies they must get. Ready-made bodies, so that a request costs two stores.
#[derive(Debug)]
pub struct Payload {
    requests: [Vec<u8>; BODIES],
    /// Empty under echo, where the reply is the request.
    reply: Vec<u8>,
    slow_every: u32,
}

impl Payload {
    /// Requests of `request_bytes` (at least 16) and, under [`Protocol::Reply`], replies of `reply_bytes` (at least 8).
    #[must_use]
    pub fn new(protocol: Protocol, request_bytes: usize, reply_bytes: usize) -> Self {
        assert!(request_bytes >= SMALLEST_REQUEST as usize, "a request holds its tag");
        // 251 is prime: the pattern is in step with no buffer size, so a lost or doubled block shows.
        let body = |n: usize| (0..request_bytes).map(|i| ((i + 83 * n) % 251) as u8).collect();
        let reply = match protocol {
            Protocol::Echo => Vec::new(),
            Protocol::Reply => vec![0; reply_bytes.max(TAG_BYTES)],
            Protocol::Http | Protocol::Raw => unreachable!("requests without a tag are an exchange"),
        };
        Self {
            requests: std::array::from_fn(body),
            reply,
            slow_every: 1,
        }
    }

    /// What the clients of `config` send.
    pub(crate) fn of(config: &Config) -> Self {
        Self::new(
            config.protocol,
            config.request_bytes as usize,
            config.reply_bytes as usize,
        )
        .slow_every(config.slow_every as u32)
    }

    /// Has only every `every`th request of each connection ask for the server's work, where all do by default.
    #[must_use]
    pub fn slow_every(self, every: u32) -> Self {
        assert!(every > 0, "every 0th request is none");
        Self {
            slow_every: every,
            ..self
        }
    }

    /// Whether request `sequence` of connection `id` asks for the server's work.
    #[inline]
    #[must_use]
    pub fn is_marked(&self, id: u32, sequence: u32) -> bool {
        // Without the first test a division would stand in the way of every request.
        if self.slow_every == 1 {
            return true;
        }
        is_nth(id, sequence, self.slow_every)
    }

    /// Size of a reply in bytes.
    #[must_use]
    pub fn reply_bytes(&self) -> usize {
        if self.reply.is_empty() {
            self.requests[0].len()
        } else {
            self.reply.len()
        }
    }

    /// Request `sequence` of connection `id`.
    #[inline]
    pub fn request(&mut self, id: u32, sequence: u32) -> &[u8] {
        let marked = self.is_marked(id, sequence);
        let request = &mut self.requests[sequence as usize % BODIES];
        let tag = tag(id, sequence);
        request[..8].copy_from_slice(&tag.to_le_bytes());
        let filler = tag.wrapping_mul(GOLDEN);
        let filler = if marked { filler | MARK } else { filler & !MARK };
        request[8..16].copy_from_slice(&filler.to_le_bytes());
        request
    }

    /// The reply that request `sequence` of connection `id` must get.
    #[inline]
    pub fn reply(&mut self, id: u32, sequence: u32) -> &[u8] {
        if self.reply.is_empty() {
            return self.request(id, sequence);
        }
        self.reply[..8].copy_from_slice(&tag(id, sequence).to_le_bytes());
        &self.reply
    }
}

/// Whether `sequence` is an `every`th one of connection `id`. Each connection counts from elsewhere, or all would be slow
/// at the same instant; the upper half of the product, because the ids of those that talk may be multiples of `every`.
#[cold]
pub(crate) fn is_nth(id: u32, sequence: u32, every: u32) -> bool {
    let offset = (u64::from(id).wrapping_mul(GOLDEN) >> 32) as u32;
    sequence.wrapping_add(offset).is_multiple_of(every)
}

fn tag(id: u32, sequence: u32) -> u64 {
    u64::from(id) << 32 | u64::from(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_requests_are_alike_and_bodies_differ_too() {
        let mut payload = Payload::new(Protocol::Echo, 64, 0);
        let first = payload.request(1, 7).to_vec();
        assert_ne!(payload.request(2, 7), first, "another connection");
        assert_ne!(payload.request(1, 8), first, "another request");
        assert_ne!(payload.request(1, 8)[16..], first[16..], "another body");
        assert_eq!(payload.reply(1, 7), first);
    }

    #[test]
    fn every_request_asks_for_work_unless_only_some_are_to() {
        let mut payload = Payload::new(Protocol::Echo, 64, 0);
        assert!((0..100).all(|n| payload.request(n % 7, n)[8] & 1 == 1));
        let mut some = Payload::new(Protocol::Echo, 64, 0).slow_every(10);
        for id in [0, 1, 99, u32::MAX] {
            let marked: Vec<u32> = (0..1000).filter(|&n| some.request(id, n)[8] & 1 == 1).collect();
            assert_eq!(marked.len(), 100);
            assert!(marked.windows(2).all(|pair| pair[1] - pair[0] == 10));
            assert!((0..1000).all(|n| some.is_marked(id, n) == marked.contains(&n)));
        }
        let (all, few) = (payload.request(5, 6).to_vec(), some.request(5, 6).to_vec());
        let differing: Vec<usize> = (0..64).filter(|&i| all[i] != few[i]).collect();
        assert_eq!((differing, all[8] ^ few[8]), (vec![8], 1), "nothing but the one bit");
        assert_eq!(some.reply(5, 6), few);
    }

    #[test]
    fn connections_are_not_all_slow_at_the_same_instant() {
        for every in [2, 10, 64, 100] {
            let payload = Payload::new(Protocol::Echo, 64, 0).slow_every(every);
            // Those that talk, out of many that do not, have ids some steps apart.
            for step in [1, 10, 64, 100] {
                for sequence in 0..every {
                    let slow = (0..1000).filter(|id| payload.is_marked(id * step, sequence)).count();
                    assert!(
                        slow <= 2 * 1000 / every as usize,
                        "1/{every}, step {step}: {slow} at {sequence}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_fixed_reply_repeats_the_tag() {
        let mut payload = Payload::new(Protocol::Reply, 64, 20);
        let request = payload.request(3, 4).to_vec();
        assert_eq!(payload.reply_bytes(), 20);
        assert_eq!(payload.reply(3, 4)[..8], request[..8]);
        assert_eq!(payload.reply(3, 4)[8..], [0; 12]);
    }
}
