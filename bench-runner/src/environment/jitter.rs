//! How still the CPUs are: spin on each for a moment and see what comes between.
//!
//! An idle CPU has nothing stolen from it, so counters that stood still say nothing about an idle machine. Only a CPU
//! that wants to run finds out whether it may.

use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::affinity;
use super::load::{CpuTime, cpu_times};
use super::root::Root;

/// What came between while every usable CPU was spun on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Jitter {
    /// How long each CPU was spun on, in nanoseconds.
    pub window_ns: u64,
    /// The CPUs, ascending.
    pub cpus: Vec<usize>,
    /// Longest time for which a spinning CPU did not run us, in nanoseconds.
    pub longest_gap_ns: u64,
    /// Time lost to gaps of at least 10 µs, in parts of the time spun.
    pub lost_share: f64,
    /// Time that the hypervisor took, in parts of the time spun; `None` when the kernel does not count it.
    pub steal_share: Option<f64>,
}

/// Below this a gap is an interrupt or a cache miss; above it something else ran.
const GAP: Duration = Duration::from_micros(10);

/// Spins on every CPU that this process may use, all at once, for `window`. `None` when there is none to spin on.
///
/// Half a second is enough to see a busy neighbour; the machine is fully loaded meanwhile.
pub fn sample_jitter(window: Duration) -> Option<Jitter> {
    let cpus = affinity::allowed()?;
    let before = cpu_times(&Root::new("/"));
    let gaps: Vec<Gaps> = thread::scope(|scope| {
        let spinners: Vec<_> = cpus.iter().map(|&cpu| scope.spawn(move || spin(cpu, window))).collect();
        spinners.into_iter().filter_map(|spinner| spinner.join().ok()).collect()
    });
    let after = cpu_times(&Root::new("/"));
    let spun = window.as_secs_f64() * cpus.len() as f64;
    if gaps.is_empty() || spun <= 0.0 {
        return None;
    }
    let stolen_ms = before
        .zip(after)
        .map(|(before, after)| steal_ms(&after, &cpus) - steal_ms(&before, &cpus));
    Some(Jitter {
        window_ns: nanoseconds(window),
        longest_gap_ns: gaps
            .iter()
            .map(|gaps| nanoseconds(gaps.longest))
            .max()
            .unwrap_or_default(),
        lost_share: gaps.iter().map(|gaps| gaps.lost.as_secs_f64()).sum::<f64>() / spun,
        steal_share: stolen_ms.map(|ms| ms.max(0.0) / 1000.0 / spun),
        cpus,
    })
}

#[derive(Default)]
struct Gaps {
    longest: Duration,
    lost: Duration,
}

fn spin(cpu: usize, window: Duration) -> Gaps {
    // Unpinned, two spinners might share a CPU for a while and report each other; that is worth knowing less than a
    // sample is worth having, so a refusal is let pass.
    affinity::keep_to(&[cpu]);
    let start = Instant::now();
    let mut last = start;
    let mut gaps = Gaps::default();
    while last - start < window {
        let now = Instant::now();
        let gap = now - last;
        if gap >= GAP {
            gaps.lost += gap;
        }
        gaps.longest = gaps.longest.max(gap);
        last = now;
    }
    gaps
}

fn steal_ms(times: &[CpuTime], cpus: &[usize]) -> f64 {
    times
        .iter()
        .filter(|time| cpus.contains(&time.cpu))
        .map(|time| time.steal_ms)
        .sum::<u64>() as f64
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_covers_the_cpus_and_stays_within_its_window() {
        let jitter = sample_jitter(Duration::from_millis(20)).unwrap();
        assert_eq!(jitter.window_ns, 20_000_000);
        assert!(!jitter.cpus.is_empty());
        assert!(jitter.longest_gap_ns > 0, "time passes between two looks at the clock");
        assert!(jitter.lost_share >= 0.0 && jitter.steal_share.is_none_or(|share| share >= 0.0));
    }

    #[test]
    fn nothing_spun_is_no_sample() {
        assert_eq!(sample_jitter(Duration::ZERO), None);
    }
}
