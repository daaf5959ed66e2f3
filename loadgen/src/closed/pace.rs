//! What follows a reply where that is not the next request at once.

use super::{ClosedLoop, next_request};
use crate::dialogue::Dialogue;
use crate::engine::Close;

impl<D: Dialogue> ClosedLoop<D> {
    /// The active client `i` got `completed` replies at `now`. Apart from the hot path, which it must not lengthen.
    #[cold]
    pub(super) fn pace(&mut self, i: usize, completed: u32, now: u64) -> Result<&[u8], Close> {
        let client = &self.clients[i];
        let mut following = completed;
        if let Some(churn) = &mut self.churn {
            if let Some(began_ns) = churn.take_began_ns(i)
                && self.account.is_inside(now)
            {
                self.first_replies.record(now - began_ns);
            }
            let left = churn.left(i, client.due);
            if left == 0 {
                self.leave(i, now);
                return Err(Close::AsSetUp);
            }
            // What may be under way or due after a pause, now and before these replies.
            following = completed + self.depth.min(left) - self.depth.min(left.saturating_add(completed));
        }
        if let Some(think) = &mut self.think {
            for _ in 0..following {
                think.pause(i, client.connection, now);
            }
            return Ok(&[]);
        }
        self.requests.clear();
        for _ in 0..following {
            let request = next_request(&mut self.clients[i], &mut self.dialogue);
            self.requests.extend_from_slice(request);
        }
        Ok(&self.requests)
    }

    /// Requests that client `i` may send now: places of its pipeline that are empty, as far as its connection carries
    /// more.
    pub(super) fn room(&self, i: usize) -> u32 {
        let client = &self.clients[i];
        let most = match &self.churn {
            Some(churn) => churn.left(i, client.due).min(self.depth),
            None => self.depth,
        };
        most - client.under_way()
    }

    /// The places in client `i`'s pipeline that are empty count as empty from `now` on.
    pub(super) fn rest_since(&mut self, i: usize, now: u64) {
        let client = self.clients[i];
        for n in client.under_way()..self.depth {
            let slot = self.slot(i, client.due.wrapping_add(n));
            self.since_ns[slot] = now;
        }
    }

    /// The load begins with a pause, each client and each place in its pipeline at another point of it.
    pub(super) fn think_at_first(&mut self, now: u64) {
        if self.think.is_none() {
            return;
        }
        let mut pauses = Vec::new();
        for place in 0..self.depth {
            for (i, client) in self.clients.iter().enumerate() {
                if client.active && client.is_there() && place < self.room(i) {
                    pauses.push((i, client.connection));
                }
            }
        }
        if let Some(think) = &mut self.think {
            think.spread(&pauses, now);
        }
    }
}
