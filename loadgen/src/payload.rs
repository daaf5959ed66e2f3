//! The bytes of requests and replies: every request is unlike any other, so that the right reply can be told.

use crate::config::Protocol;

/// A tag of 8 bytes (connection and sequence number) and 8 bytes made from it.
pub const SMALLEST_REQUEST: u64 = 16;
/// A reply repeats the tag.
pub const SMALLEST_REPLY: u64 = 8;
/// What a server of the contract takes at most.
pub const LARGEST_MESSAGE: u64 = 16 << 20;
const TAG_BYTES: usize = 8;
/// Different bodies in turn: a reply that ends in the bytes of an earlier request is found out.
const BODIES: usize = 4;

/// Makes requests and the replies they must get. Ready-made bodies, so that a request costs two stores.
#[derive(Debug)]
pub struct Payload {
    requests: [Vec<u8>; BODIES],
    /// Empty under echo, where the reply is the request.
    reply: Vec<u8>,
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
        };
        Self {
            requests: std::array::from_fn(body),
            reply,
        }
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
        let request = &mut self.requests[sequence as usize % BODIES];
        let tag = tag(id, sequence);
        request[..8].copy_from_slice(&tag.to_le_bytes());
        request[8..16].copy_from_slice(&tag.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
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
    fn a_fixed_reply_repeats_the_tag() {
        let mut payload = Payload::new(Protocol::Reply, 64, 20);
        let request = payload.request(3, 4).to_vec();
        assert_eq!(payload.reply_bytes(), 20);
        assert_eq!(payload.reply(3, 4)[..8], request[..8]);
        assert_eq!(payload.reply(3, 4)[8..], [0; 12]);
    }
}
