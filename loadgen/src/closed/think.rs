//! Think time: the pause between a reply and the request that follows it.
//!
//! All pauses are equally long, so they end in the order in which they began: a queue does what a heap of timers would,
//! at the price of a push and a pop.

use std::collections::VecDeque;

use super::ClosedLoop;
use crate::clock::now_ns;
use crate::dialogue::Dialogue;
use crate::engine::{Engine, Load};

/// Requests in a row before replies have their turn. What waits unread counts as service time of the server.
const BATCH: usize = 64;

/// The pauses that are not over yet, in the order in which they will be.
pub(super) struct Think {
    time_ns: u64,
    pauses: VecDeque<Pause>,
}

/// After it a client sends one request, if it still has the connection on which it paused.
struct Pause {
    over_ns: u64,
    client: u32,
    connection: u32,
}

impl Think {
    /// Pauses of `time_ns`; none at all where that is 0.
    pub(super) fn new(time_ns: u64) -> Option<Self> {
        (time_ns > 0).then(|| Self {
            time_ns,
            pauses: VecDeque::new(),
        })
    }

    pub(super) fn time_ns(&self) -> u64 {
        self.time_ns
    }

    pub(super) fn clear(&mut self) {
        self.pauses.clear();
    }

    /// Client `client` pauses on its `connection`th connection from `now` on.
    pub(super) fn pause(&mut self, client: usize, connection: u32, now: u64) {
        self.pauses.push_back(Pause {
            over_ns: now + self.time_ns,
            client: client as u32,
            connection,
        });
    }

    /// As if those of `pauses`, client and connection of each, had begun one after the other, evenly over the last pause:
    /// all at once they would come back all at once, and again and again.
    pub(super) fn spread(&mut self, pauses: &[(usize, u32)], now: u64) {
        let count = pauses.len() as u128;
        self.pauses.clear();
        self.pauses
            .extend((0..).zip(pauses).map(|(n, &(client, connection))| Pause {
                over_ns: now + (u128::from(self.time_ns) * n / count) as u64,
                client: client as u32,
                connection,
            }));
    }

    /// When the next pause is over.
    pub(super) fn next_ns(&self) -> u64 {
        self.pauses.front().map_or(u64::MAX, |pause| pause.over_ns)
    }

    fn next_over(&mut self, now: u64) -> Option<Pause> {
        if self.next_ns() > now {
            return None;
        }
        self.pauses.pop_front()
    }
}

impl<D: Dialogue> ClosedLoop<D> {
    /// Sends the requests whose pauses are over.
    pub(super) fn resume(&mut self, now: u64, engine: &mut impl Engine) {
        for _ in 0..BATCH {
            let Some(pause) = self.think.as_mut().and_then(|think| think.next_over(now)) else {
                return;
            };
            let i = pause.client as usize;
            if self.clients[i].connection != pause.connection {
                // It ended meanwhile, and the rest of the pause with it.
                continue;
            }
            // Each has an instant of its own: a send takes longer than a clock reading, and the last of a batch
            // would else be charged with those before it.
            let now = now_ns();
            let slot = self.slot(i, self.clients[i].next);
            self.account.idle(self.since_ns[slot], now);
            let request = self.requests_of(i, 1, now);
            if let Err(how) = engine.send(i, &request) {
                engine.close(i);
                self.lost(i, how);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_pauses_end_evenly_and_before_all_that_begin_later() {
        let mut think = Think::new(1000).expect("1 µs is a pause");
        assert_eq!(think.next_ns(), u64::MAX);
        think.spread(&[(3, 0), (5, 0), (7, 2), (9, 0)], 50);
        // The first of them was answered at once.
        think.pause(3, 0, 50);
        let mut ends = Vec::new();
        while let Some(pause) = think.next_over(u64::MAX - 1) {
            ends.push((pause.over_ns, pause.client, pause.connection));
        }
        assert_eq!(ends, [(50, 3, 0), (300, 5, 0), (550, 7, 2), (800, 9, 0), (1050, 3, 0)]);
        think.spread(&[], 50);
        assert!(think.next_over(u64::MAX - 1).is_none());
    }

    #[test]
    fn a_pause_is_not_over_before_its_time() {
        let mut think = Think::new(10).expect("10 ns are a pause");
        think.pause(0, 0, 100);
        assert!(think.next_over(109).is_none());
        assert_eq!(think.next_ns(), 110);
        assert!(think.next_over(110).is_some() && think.next_over(u64::MAX - 1).is_none());
    }

    #[test]
    fn no_time_is_no_pause() {
        assert!(Think::new(0).is_none());
    }
}
