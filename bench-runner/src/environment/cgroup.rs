//! The control group that the runner is in.
//!
//! A group is bound by every group above it, so what is reported for each resource is the tightest level on the way up
//! (Documentation/admin-guide/cgroup-v2.rst, "Top-down Constraint"; cgroup-v1/ for the older kind). In a hybrid set-up
//! some controllers live in version 1 and some in version 2; each is looked up where it is.

mod place;
mod throttling;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::bound::Bound;
use super::root::{Root, flat_key};
use place::{Place, place, shape, unified};
pub(crate) use throttling::{Throttling, throttling};

/// The directory of the runner's own group in version 2; `None` where there is none, or none that is mounted.
pub(crate) fn own_group() -> Option<PathBuf> {
    let root = Root::new("/");
    let groups = root.text("/proc/self/cgroup")?;
    let mounts = root.text("/proc/self/mountinfo")?;
    Some(unified(&groups, &mounts)?.levels.into_iter().next()?.into())
}

/// Limits of the runner's control group: of the tightest one between it and the top.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cgroup {
    /// 2 when all limits come from version 2, else 1.
    pub version: u8,
    /// The shape of its path, `/system.slice/*.service`: names of jobs and numbers of containers are starred out, since
    /// no figure depends on them and records are published.
    pub path: String,
    /// CPU time allowed in each period, in microseconds.
    pub cpu_quota_us: Option<Bound>,
    /// That period, in microseconds.
    pub cpu_period_us: Option<u64>,
    /// Periods that have passed with somebody running.
    pub periods: Option<u64>,
    /// Periods in which the quota ran out and everybody was stopped.
    pub throttled_periods: Option<u64>,
    /// Time spent stopped, in microseconds, summed over CPUs.
    pub throttled_us: Option<u64>,
    /// Memory allowed, in bytes.
    pub memory_max_bytes: Option<Bound>,
    /// Memory in use, in bytes, caches included.
    pub memory_current_bytes: Option<u64>,
    /// The part of it that is file cache and can be had back, in bytes.
    pub memory_reclaimable_bytes: Option<u64>,
    /// Tasks (processes and threads) allowed.
    pub pids_max: Option<Bound>,
    /// Tasks there are.
    pub pids_current: Option<u64>,
}

impl Cgroup {
    pub(super) fn read(root: &Root) -> Option<Self> {
        let groups = root.text("/proc/self/cgroup")?;
        let mounts = root.text("/proc/self/mountinfo").unwrap_or_default();
        let places = ["cpu", "memory", "pids"].map(|controller| place(&groups, &mounts, controller));
        let found = places.iter().flatten();
        let mut group = Self {
            version: found.clone().map(|place| place.version).min()?,
            path: shape(found.map(|place| place.path.as_str()).max_by_key(|path| path.len())?),
            ..Self::default()
        };
        let [cpu, memory, pids] = places;
        cpu.iter().for_each(|place| group.read_cpu(root, place));
        memory.iter().for_each(|place| group.read_memory(root, place));
        pids.iter().for_each(|place| group.read_pids(root, place));
        Some(group)
    }

    /// How many CPUs' worth of time the quota allows; `None` without a quota.
    pub fn cpu_quota_cores(&self) -> Option<f64> {
        let (quota, period) = (
            self.cpu_quota_us?.at()?,
            self.cpu_period_us.filter(|&period| period > 0)?,
        );
        Some(quota as f64 / period as f64)
    }

    /// Memory that the group may still take, in bytes; `None` without a limit.
    pub fn memory_left_bytes(&self) -> Option<u64> {
        let held = self
            .memory_current_bytes
            .unwrap_or(0)
            .saturating_sub(self.memory_reclaimable_bytes.unwrap_or(0));
        Some(self.memory_max_bytes?.at()?.saturating_sub(held))
    }

    /// Tasks that the group may still make; `None` without a limit.
    pub fn pids_left(&self) -> Option<u64> {
        Some(self.pids_max?.at()?.saturating_sub(self.pids_current.unwrap_or(0)))
    }

    fn read_cpu(&mut self, root: &Root, place: &Place) {
        for level in &place.levels {
            let limit = if place.version == 2 {
                cpu_max_v2(root, level)
            } else {
                cpu_max_v1(root, level)
            };
            let Some((quota, period)) = limit else { continue };
            let cores = |quota: Bound, period: u64| quota.at().map_or(f64::INFINITY, |us| us as f64 / period as f64);
            let known = self.cpu_quota_us.zip(self.cpu_period_us);
            if known.is_some_and(|(known, known_period)| cores(known, known_period) <= cores(quota, period)) {
                continue;
            }
            let stat = root.text(&format!("{level}/cpu.stat")).unwrap_or_default();
            let nanoseconds = flat_key(&stat, "throttled_time").map(|ns| ns / 1000);
            self.cpu_quota_us = Some(quota);
            self.cpu_period_us = Some(period);
            self.periods = flat_key(&stat, "nr_periods");
            self.throttled_periods = flat_key(&stat, "nr_throttled");
            self.throttled_us = flat_key(&stat, "throttled_usec").or(nanoseconds);
        }
    }

    fn read_memory(&mut self, root: &Root, place: &Place) {
        let [max, current] = match place.version {
            2 => ["memory.max", "memory.current"],
            _ => ["memory.limit_in_bytes", "memory.usage_in_bytes"],
        };
        for level in &place.levels {
            let limit: Option<Bound> = root.number(&format!("{level}/{max}"));
            let Some(limit) = limit.map(unlimited_pages) else {
                continue;
            };
            let held: Option<u64> = root.number(&format!("{level}/{current}"));
            if self
                .memory_max_bytes
                .is_some_and(|known| left(known, self.memory_current_bytes) <= left(limit, held))
            {
                continue;
            }
            let stat = root.text(&format!("{level}/memory.stat")).unwrap_or_default();
            // Version 1 counts the group alone under these names and its children too under `total_`.
            let cache = |kind| flat_key(&stat, &format!("total_{kind}")).or_else(|| flat_key(&stat, kind));
            self.memory_max_bytes = Some(limit);
            self.memory_current_bytes = held;
            self.memory_reclaimable_bytes = cache("inactive_file").zip(cache("active_file")).map(|(a, b)| a + b);
        }
    }

    fn read_pids(&mut self, root: &Root, place: &Place) {
        for level in &place.levels {
            let limit: Option<Bound> = root.number(&format!("{level}/pids.max"));
            let Some(limit) = limit else { continue };
            let held: Option<u64> = root.number(&format!("{level}/pids.current"));
            if self
                .pids_max
                .is_some_and(|known| left(known, self.pids_current) <= left(limit, held))
            {
                continue;
            }
            self.pids_max = Some(limit);
            self.pids_current = held;
        }
    }
}

/// What a level still allows. A level above ours is used by its other children too, so that a larger limit can be the
/// tighter one.
fn left(limit: Bound, held: Option<u64>) -> Bound {
    limit.at().map_or(Bound::Unlimited, |limit| {
        Bound::At(limit.saturating_sub(held.unwrap_or(0)))
    })
}

/// `max 100000`: quota and period, in microseconds.
fn cpu_max_v2(root: &Root, level: &str) -> Option<(Bound, u64)> {
    let text = root.text(&format!("{level}/cpu.max"))?;
    let (quota, period) = text.split_once(' ')?;
    Some((quota.parse().ok()?, period.parse().ok().filter(|&period| period > 0)?))
}

fn cpu_max_v1(root: &Root, level: &str) -> Option<(Bound, u64)> {
    let period: u64 = root.number(&format!("{level}/cpu.cfs_period_us"))?;
    Some((root.number(&format!("{level}/cpu.cfs_quota_us"))?, period)).filter(|_| period > 0)
}

/// Version 1 writes "no limit" as the largest number of whole pages: 2^63 less one page, whatever a page is.
fn unlimited_pages(limit: Bound) -> Bound {
    let largest = (1 << 63) - (64 << 10);
    if limit >= Bound::At(largest) {
        Bound::Unlimited
    } else {
        limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_1_has_a_number_for_unlimited() {
        assert_eq!(unlimited_pages(Bound::At(9_223_372_036_854_771_712)), Bound::Unlimited);
        assert_eq!(unlimited_pages(Bound::At(1 << 40)), Bound::At(1 << 40));
    }
}
