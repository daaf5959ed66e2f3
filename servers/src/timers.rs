//! A timer queue for the models that wait in a loop.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What sleeps, in the order in which it wakes.
///
/// Every wait of a server has the same length (`--work wait:TIME`), so who falls asleep first wakes first, and a queue
/// does what would otherwise take a heap. What sleeps belongs to the queue: no number that somebody else may have got
/// meanwhile stands for it.
#[derive(Debug)]
pub struct Timers<T> {
    asleep: VecDeque<(Instant, T)>,
}

impl<T> Timers<T> {
    /// Nobody sleeps.
    #[must_use]
    pub fn new() -> Self {
        Self {
            asleep: VecDeque::new(),
        }
    }

    /// Puts `sleeper` to sleep for `time`, which is the same for all.
    pub fn sleep(&mut self, sleeper: T, time: Duration) {
        self.asleep.push_back((Instant::now() + time, sleeper));
    }

    /// The next one whose time has come.
    #[inline]
    pub fn due(&mut self) -> Option<T> {
        let (due, _) = self.asleep.front()?;
        if *due > Instant::now() {
            return None;
        }
        self.asleep.pop_front().map(|(_, sleeper)| sleeper)
    }

    /// How long a wait for readiness may last, as poll(2) and epoll_wait(2) take it: milliseconds, rounded up, or a
    /// wait that comes back too early would be repeated in a spin. `None` while nobody sleeps.
    #[inline]
    #[must_use]
    pub fn timeout_ms(&self) -> Option<u16> {
        let (due, _) = self.asleep.front()?;
        let left = due.saturating_duration_since(Instant::now());
        Some(left.as_nanos().div_ceil(1_000_000) as u16)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_wakes_early_and_all_in_order() {
        let mut timers = Timers::new();
        assert_eq!((timers.timeout_ms(), timers.due()), (None, None));
        let began = Instant::now();
        (0..3).for_each(|n| timers.sleep(n, Duration::from_millis(20)));
        let mut woken = Vec::new();
        while woken.len() < 3 {
            let timeout = timers.timeout_ms().expect("somebody sleeps");
            assert!(timeout <= 20, "{timeout}");
            std::thread::sleep(Duration::from_millis(timeout.into()));
            let due = timers.due();
            assert!(due.is_some(), "a timeout that was waited for is no spin");
            assert!(began.elapsed() >= Duration::from_millis(20), "too early");
            woken.extend(due);
        }
        assert_eq!(woken, [0, 1, 2]);
    }
}
