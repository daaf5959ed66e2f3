//! What follows a reply where that is not the next request at once.

use super::ClosedLoop;
use crate::engine::Close;

impl ClosedLoop {
    /// The active client `i` got `completed` replies at `now`. Apart from the hot path, which it must not lengthen.
    #[cold]
    pub(super) fn pace(&mut self, i: usize, completed: u32, now: u64) -> Result<&[u8], Close> {
        let connection = self.clients[i].connection;
        if let Some(think) = &mut self.think {
            for _ in 0..completed {
                think.pause(i, connection, now);
            }
        }
        Ok(&[])
    }

    /// The load begins with a pause, each client and each place in its pipeline at another point of it.
    pub(super) fn think_at_first(&mut self, now: u64) {
        if self.think.is_none() {
            return;
        }
        let mut pauses = Vec::new();
        for place in 0..self.depth {
            for (i, client) in self.clients.iter().enumerate() {
                let talks = client.active && client.is_there();
                let empty = self.depth - client.under_way();
                if !talks || place >= empty {
                    continue;
                }
                let slot = self.slot(i, client.next.wrapping_add(place));
                self.since_ns[slot] = now;
                pauses.push((i, client.connection));
            }
        }
        if let Some(think) = &mut self.think {
            think.spread(&pauses, now);
        }
    }
}
