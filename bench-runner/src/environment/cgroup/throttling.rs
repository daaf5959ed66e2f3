//! How often the CPU quota of a control group ran out.

use super::place::place;
use crate::environment::root::{Root, flat_key};

/// What the runner's group and those above it have counted since they were made, added up: each stops all below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Throttling {
    /// Periods in which a quota ran out (`nr_throttled`).
    pub(crate) periods: u64,
    /// Time for which the group's tasks stood still, in microseconds, summed over CPUs (`throttled_usec`).
    pub(crate) us: u64,
}

/// As it is now; `None` where no group between ours and the top counts it: in version 2 those have a quota whose
/// parent gives them the cpu controller, and the top never.
pub(crate) fn throttling() -> Option<Throttling> {
    throttling_in(&Root::new("/"))
}

fn throttling_in(root: &Root) -> Option<Throttling> {
    let groups = root.text("/proc/self/cgroup")?;
    let mounts = root.text("/proc/self/mountinfo")?;
    let stats = place(&groups, &mounts, "cpu")?.levels.into_iter();
    let counts: Vec<Throttling> = stats
        .filter_map(|level| parse(&root.text(&format!("{level}/cpu.stat"))?))
        .collect();
    let sum = |of: fn(&Throttling) -> u64| counts.iter().map(of).sum();
    (!counts.is_empty()).then(|| Throttling {
        periods: sum(|count| count.periods),
        us: sum(|count| count.us),
    })
}

/// Version 2 counts microseconds, version 1 nanoseconds.
fn parse(stat: &str) -> Option<Throttling> {
    let nanoseconds = || flat_key(stat, "throttled_time").map(|ns| ns / 1000);
    Some(Throttling {
        periods: flat_key(stat, "nr_throttled")?,
        us: flat_key(stat, "throttled_usec").or_else(nanoseconds)?,
    })
}

impl std::ops::Sub for Throttling {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            periods: self.periods.saturating_sub(earlier.periods),
            us: self.us.saturating_sub(earlier.us),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A machine with one hierarchy, and the `cpu.stat` of each group in it.
    fn counted(kind: &str, groups: &str, stats: &[(&str, &str)]) -> Option<Throttling> {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/self/cgroup", groups);
        write(
            "proc/self/mountinfo",
            &format!("34 31 0:31 / /sys/fs/cgroup rw - {kind}\n"),
        );
        for (group, stat) in stats {
            write(&format!("sys/fs/cgroup/{group}/cpu.stat"), stat);
        }
        throttling_in(&Root::new(dir.path()))
    }

    #[test]
    fn all_groups_from_ours_to_the_top_are_added_up() {
        let own = "usage_usec 9\nnr_periods 9\nnr_throttled 2\nthrottled_usec 30\n";
        let above = "nr_throttled 5\nthrottled_usec 700\n";
        let top = "usage_usec 12\nuser_usec 8\nsystem_usec 4\n";
        let groups = [("job.slice/run", own), ("job.slice", above), (".", top)];
        let counted = counted("cgroup2 cgroup2 rw", "0::/job.slice/run\n", &groups);
        assert_eq!(counted, Some(Throttling { periods: 7, us: 730 }));
    }

    #[test]
    fn version_1_counts_nanoseconds() {
        let stats = [("a", "nr_periods 3\nnr_throttled 2\nthrottled_time 30500000\n")];
        let counted = counted("cgroup cgroup rw,cpu", "4:cpu:/a\n0::/\n", &stats);
        assert_eq!(counted, Some(Throttling { periods: 2, us: 30_500 }));
    }

    #[test]
    fn where_nobody_counts_there_is_no_zero() {
        let time_alone = [(".", "usage_usec 12\nuser_usec 8\nsystem_usec 4\n")];
        assert_eq!(counted("cgroup2 cgroup2 rw", "0::/\n", &time_alone), None);
        assert_eq!(counted("tmpfs tmpfs rw", "0::/\n", &[]), None);
    }

    #[test]
    fn what_grew_in_between() {
        let (before, after) = (Throttling { periods: 3, us: 10 }, Throttling { periods: 5, us: 40 });
        assert_eq!(after - before, Throttling { periods: 2, us: 30 });
    }
}
