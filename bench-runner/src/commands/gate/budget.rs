//! How the time is spent: fixed beforehand, so that no look at the data decides when to stop.

use std::time::{Duration, Instant};

use crate::commands::Usage;
use crate::execute::{BETWEEN, SLICE};

/// The part of the budget that the first campaign has; the rest is for confirming what it finds.
const FIRST: f64 = 0.65;
/// What a pair takes beside its slices, about: two servers started, connected, warmed up and stopped.
const START: Duration = Duration::from_millis(850);
/// Slices of each side in a pair: with fewer there is no mean to speak of.
const FEWEST: usize = 2;
/// What is spent before the first pair, for each server: checks of both sides, and the capacity of base.
pub(super) const PREPARATION: Duration = Duration::from_secs(5);

/// A campaign's time.
pub(super) struct Clock {
    began: Instant,
    allowed: Duration,
    pairs_left: u32,
}

/// What two slices of a pair take.
fn two_slices() -> Duration {
    (SLICE + BETWEEN) * 2
}

/// The time that the first campaign may take of a budget, with what comes before it.
pub(super) fn first(budget: Duration) -> Duration {
    budget.mul_f64(FIRST)
}

/// The time that is kept for confirming.
pub(super) fn rest(budget: Duration) -> Duration {
    budget.mul_f64(1.0 - FIRST)
}

/// How many slices of each side a pair has, with `pairs` pairs in all of it.
///
/// # Errors
/// When the time is too short for that; says how much would do.
pub(super) fn check(budget: Duration, pairs: u32, trials: usize) -> Result<usize, Usage> {
    planned(budget, pairs, trials, START).map_err(|least| {
        Usage(format!(
            "--budget {} s is too short for {pairs} pairs of {trials} servers: give {least}s or more, fewer --models, or \
             fewer --pairs",
            budget.as_secs()
        ))
    })
}

/// The same once it is known how long a server takes to start.
///
/// # Errors
/// As [`check`].
pub(super) fn check_start(budget: Duration, pairs: u32, trials: usize, start: Duration) -> Result<(), Usage> {
    let per_pair = START.max(start * 2);
    planned(budget, pairs, trials, per_pair).map(drop).map_err(|least| {
        Usage(format!(
            "a server takes {:.1} s to start and answer all connections, and each pair has two: --budget {} s is too short \
             for {pairs} pairs of {trials} servers; give {least}s or more, fewer --models, or fewer --pairs",
            start.as_secs_f64(),
            budget.as_secs()
        ))
    })
}

/// Slices in a pair of the first campaign; where not even the fewest fit, in it or where all is confirmed, the budget in
/// seconds that would do.
fn planned(budget: Duration, pairs: u32, trials: usize, start: Duration) -> Result<usize, u64> {
    let all = pairs * trials as u32;
    let time = first(budget).saturating_sub(PREPARATION * trials as u32);
    let planned = slices(time, all, start);
    if planned >= FEWEST && slices(rest(budget), all, start) >= FEWEST {
        return Ok(planned);
    }
    let campaign = (start + two_slices() * FEWEST as u32) * all;
    let least = (campaign + PREPARATION * trials as u32).div_f64(FIRST);
    Err(least.max(campaign.div_f64(1.0 - FIRST)).as_secs() + 2)
}

fn slices(time: Duration, pairs: u32, start: Duration) -> usize {
    let each = time / pairs.max(1);
    (each.saturating_sub(start).as_secs_f64() / two_slices().as_secs_f64()) as usize
}

impl Clock {
    /// A campaign of `pairs` pairs in all begins, and may take `allowed`.
    pub(super) fn new(allowed: Duration, pairs: u32) -> Self {
        Self {
            began: Instant::now(),
            allowed,
            pairs_left: pairs,
        }
    }

    /// How many slices the next pair has: what the time that is left allows, whatever was measured.
    pub(super) fn slices(&mut self) -> usize {
        let left = self.allowed.saturating_sub(self.began.elapsed());
        let slices = slices(left, self.pairs_left, START);
        self.pairs_left = self.pairs_left.saturating_sub(1);
        slices.max(FEWEST)
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.allowed.saturating_sub(self.began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_budget_has_room_for_four_servers_and_a_minute_for_one() {
        let slices = |seconds, trials| check(Duration::from_secs(seconds), 16, trials).map_err(|usage| usage.0);
        assert!(slices(480, 4).unwrap() >= 10);
        assert!(slices(60, 1).unwrap() >= 5);
        let why = slices(30, 4).unwrap_err();
        assert!(
            why.contains("--budget 30 s is too short for 16 pairs of 4 servers"),
            "{why}"
        );
        let enough = why
            .split("give ")
            .nth(1)
            .unwrap()
            .split('s')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(slices(enough, 4).is_ok(), "{why}");
    }

    #[test]
    fn a_server_that_is_slow_to_start_takes_more_than_there_is() {
        let minute = Duration::from_secs(60);
        assert!(check_start(minute, 16, 1, Duration::from_millis(50)).is_ok());
        let why = check_start(minute, 16, 1, Duration::from_secs(3)).unwrap_err().0;
        assert!(why.contains("takes 3.0 s to start"), "{why}");
        let least: u64 = why
            .split("give ")
            .nth(1)
            .unwrap()
            .split('s')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(check_start(Duration::from_secs(least), 16, 1, Duration::from_secs(3)).is_ok());
    }

    #[test]
    fn a_campaign_that_is_late_has_shorter_pairs_and_not_fewer() {
        let mut clock = Clock::new(Duration::ZERO, 3);
        assert_eq!([clock.slices(), clock.slices(), clock.slices()], [FEWEST; 3]);
        let mut clock = Clock::new(Duration::from_secs(60), 2);
        assert!(clock.slices() > 100);
    }
}
