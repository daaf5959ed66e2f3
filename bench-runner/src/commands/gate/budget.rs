//! How the time is spent: fixed beforehand, so that no look at the data decides when to stop.

use std::time::{Duration, Instant};

use crate::commands::Usage;
use crate::execute::{BETWEEN, SLICE};

/// The part of the budget that the first campaign has; the rest is for confirming what it finds.
const FIRST: f64 = 0.65;
/// What a pair takes beside its slices, about: two servers started, connected, warmed up and stopped.
const START: Duration = Duration::from_millis(900);
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

/// The time that the first campaign may take of a budget over `trials` servers.
pub(super) fn first(budget: Duration, trials: usize) -> Duration {
    budget.mul_f64(FIRST).saturating_sub(PREPARATION * trials as u32)
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
    let all = pairs * trials as u32;
    let slices = slices(first(budget, trials), all);
    if slices >= FEWEST {
        return Ok(slices);
    }
    let least = (START + two_slices() * FEWEST as u32) * all + PREPARATION * trials as u32;
    let least = least.div_f64(FIRST).as_secs() + 10;
    Err(Usage(format!(
        "--budget {} s is too short for {pairs} pairs of {trials} servers: give {least}s or more, fewer --models, or fewer \
         --pairs",
        budget.as_secs()
    )))
}

fn slices(time: Duration, pairs: u32) -> usize {
    let each = time / pairs.max(1);
    (each.saturating_sub(START).as_secs_f64() / two_slices().as_secs_f64()) as usize
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
        let slices = slices(left, self.pairs_left);
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
    fn a_campaign_that_is_late_has_shorter_pairs_and_not_fewer() {
        let mut clock = Clock::new(Duration::ZERO, 3);
        assert_eq!([clock.slices(), clock.slices(), clock.slices()], [FEWEST; 3]);
        let mut clock = Clock::new(Duration::from_secs(60), 2);
        assert!(clock.slices() > 100);
    }
}
