//! When requests are due: instants fixed beforehand, which no reply can move.

use clap::ValueEnum;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

/// How the requests of an open loop follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// At equal distances
    Uniform,
    /// At random, each instant as likely as any other (a Poisson process): what many independent users make
    Poisson,
}

impl Arrivals {
    /// The name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Poisson => "poisson",
        }
    }
}

/// Instants from a beginning on, at a rate.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    arrivals: Arrivals,
    from_ns: u64,
    interval_ns: f64,
    /// From the beginning to the next instant, in intervals.
    next: f64,
    random: Xoshiro256PlusPlus,
}

impl Schedule {
    /// `rate_per_s` requests a second from `from_ns` on. `phase` (0 to 1) is the part of an interval after which the
    /// first of a uniform schedule is due, so that several of them interleave; the random ones differ by `seed`.
    pub(crate) fn new(arrivals: Arrivals, rate_per_s: f64, phase: f64, seed: u64, from_ns: u64) -> Self {
        let mut schedule = Self {
            arrivals,
            from_ns,
            interval_ns: 1e9 / rate_per_s,
            next: phase,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
        };
        if arrivals == Arrivals::Poisson {
            schedule.next = schedule.gap();
        }
        schedule
    }

    /// When the next request is due.
    #[inline]
    pub(crate) fn next_ns(&self) -> u64 {
        // Counted in intervals from the beginning: no error adds up, whatever the rate.
        self.from_ns + (self.next * self.interval_ns) as u64
    }

    /// Goes on to the one after.
    #[inline]
    pub(crate) fn advance(&mut self) {
        self.next += match self.arrivals {
            Arrivals::Uniform => 1.0,
            Arrivals::Poisson => self.gap(),
        };
    }

    /// An exponentially distributed number with mean 1, by inversion.
    fn gap(&mut self) -> f64 {
        // 1 - u is never 0, of which there is no logarithm.
        -(1.0 - self.random.random::<f64>()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instants(mut schedule: Schedule, n: usize) -> Vec<u64> {
        let next = || {
            let at = schedule.next_ns();
            schedule.advance();
            at
        };
        std::iter::repeat_with(next).take(n).collect()
    }

    #[test]
    fn a_uniform_schedule_never_drifts() {
        // A rate whose interval is no whole number of nanoseconds.
        let schedule = Schedule::new(Arrivals::Uniform, 3_000_000.0, 0.0, 1, 5);
        assert_eq!(instants(schedule.clone(), 4), [5, 338, 671, 1005]);
        let million = instants(schedule, 3_000_001);
        assert_eq!(million[3_000_000], 1_000_000_005);
        let halfway = Schedule::new(Arrivals::Uniform, 1000.0, 0.5, 1, 0);
        assert_eq!(instants(halfway, 2), [500_000, 1_500_000]);
    }

    #[test]
    fn a_poisson_schedule_has_its_rate_its_spread_and_its_seed() {
        let schedule = |seed| Schedule::new(Arrivals::Poisson, 1000.0, 0.0, seed, 0);
        let (one, again, other) = (
            instants(schedule(7), 200_000),
            instants(schedule(7), 200_000),
            instants(schedule(8), 200_000),
        );
        assert!(one == again && one != other);
        let gaps: Vec<f64> = one.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Its standard deviation is its mean; both are known to about 0.3 % from so many.
        assert!((mean / 1e6 - 1.0).abs() < 0.01, "{mean}");
        assert!(
            (variance.sqrt() / mean - 1.0).abs() < 0.02,
            "{}",
            variance.sqrt() / mean
        );
    }
}
