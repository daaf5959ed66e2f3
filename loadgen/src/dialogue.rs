//! What is said on the connections: the requests, how much of a reply has come, and whether it is right.
//!
//! The loops are written once and compiled for each dialogue, so that none pays for another.

use crate::client::{Client, Reply};
use crate::payload::Payload;

/// Requests and the replies that they must get.
pub(crate) trait Dialogue {
    /// Request `sequence` of connection `id`.
    fn request(&mut self, id: u32, sequence: u32) -> &[u8];

    /// Whether request `sequence` of connection `id` asks for the server's work.
    fn is_marked(&self, id: u32, sequence: u32) -> bool;

    /// Takes from `bytes`, which are some, as much as belongs to the reply that is due to `client`, the `i`th, and
    /// holds it against what it must be.
    fn take(&mut self, i: usize, client: &mut Client, bytes: &mut &[u8]) -> Reply;
}

/// Requests with tags: what our own servers speak.
impl Dialogue for Payload {
    #[inline]
    fn request(&mut self, id: u32, sequence: u32) -> &[u8] {
        Self::request(self, id, sequence)
    }

    #[inline]
    fn is_marked(&self, id: u32, sequence: u32) -> bool {
        Self::is_marked(self, id, sequence)
    }

    // Always: the closed loop's hot path is built around it.
    #[inline(always)]
    fn take(&mut self, _: usize, client: &mut Client, bytes: &mut &[u8]) -> Reply {
        if client.has_nothing_due() {
            return Reply::Wrong;
        }
        client.take(self.reply(client.id, client.due), bytes)
    }
}
