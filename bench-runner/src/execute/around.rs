//! What happens to a window from outside: time that a hypervisor or a quota took, packets that TCP had to send again, and
//! turns that the generator had to wait for.
//!
//! Read just before a window and just after it, never at its edges: the files take a fraction of a millisecond, and the
//! runner is on the generator's CPUs.

use std::fs;

use loadgen::clock::now_ns;

use super::listen::counter;
use crate::environment::{CpuTime, Throttling, cpu_times_now, throttling};

/// Counts up to one moment.
#[derive(Clone, Debug)]
pub(super) struct Around {
    at_ns: u64,
    cpus: Option<Vec<CpuTime>>,
    throttling: Option<Throttling>,
    retransmitted: Option<u64>,
    /// Time for which each shard of the generator was ready to run and did not.
    waited_ns: Option<Vec<u64>>,
}

/// What happened between two moments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Happened {
    /// Time of each CPU, all of it and what was stolen of it.
    steal: Option<Vec<CpuTime>>,
    pub(super) throttling: Option<Throttling>,
    pub(super) retransmitted: Option<u64>,
    /// Share of the time for which the shard that waited most was ready to run and did not.
    pub(super) waited_share: Option<f64>,
}

impl Around {
    /// As it is now; `generator` are the process ids of the shards.
    pub(super) fn now(generator: impl Iterator<Item = u32>) -> Self {
        Self {
            at_ns: now_ns(),
            cpus: cpu_times_now(),
            throttling: throttling(),
            retransmitted: retransmitted(),
            waited_ns: generator.map(waited_ns).collect(),
        }
    }

    /// What happened between an earlier moment and this one.
    pub(super) fn since(&self, earlier: &Self) -> Happened {
        let waited = self.waited_ns.as_ref().zip(earlier.waited_ns.as_ref());
        let longest = waited.and_then(|(after, before)| {
            let grown = after
                .iter()
                .zip(before)
                .map(|(after, before)| after.saturating_sub(*before));
            grown.max()
        });
        let over_ns = self.at_ns.saturating_sub(earlier.at_ns);
        Happened {
            steal: self
                .cpus
                .as_ref()
                .zip(earlier.cpus.as_ref())
                .map(|(after, before)| grown(after, before)),
            throttling: self
                .throttling
                .zip(earlier.throttling)
                .map(|(after, before)| after - before),
            retransmitted: self
                .retransmitted
                .zip(earlier.retransmitted)
                .map(|(after, before)| after.saturating_sub(before)),
            waited_share: longest.filter(|_| over_ns > 0).map(|ns| ns as f64 / over_ns as f64),
        }
    }
}

impl Happened {
    /// Stolen time ÷ time of `cpus`, or of all CPUs where there are none. `None` where one of them is not told of.
    pub(super) fn steal_share(&self, cpus: &[usize]) -> Option<f64> {
        let told = self.steal.as_ref()?;
        let of_one = |cpu: &usize| told.iter().find(|time| time.cpu == *cpu);
        let own: Vec<&CpuTime> = if cpus.is_empty() {
            told.iter().collect()
        } else {
            cpus.iter().map(of_one).collect::<Option<_>>()?
        };
        let total: u64 = own.iter().map(|time| time.total_ms).sum();
        let stolen: u64 = own.iter().map(|time| time.steal_ms).sum();
        (total > 0).then(|| stolen as f64 / total as f64)
    }
}

fn grown(after: &[CpuTime], before: &[CpuTime]) -> Vec<CpuTime> {
    let of = |after: &CpuTime| {
        let before = before.iter().find(|before| before.cpu == after.cpu)?;
        Some(CpuTime {
            cpu: after.cpu,
            total_ms: after.total_ms.saturating_sub(before.total_ms),
            busy_ms: after.busy_ms.saturating_sub(before.busy_ms),
            steal_ms: after.steal_ms.saturating_sub(before.steal_ms),
        })
    };
    after.iter().filter_map(of).collect()
}

/// Segments sent again, by all sockets of the network namespace (RFC 2012, tcpRetransSegs).
fn retransmitted() -> Option<u64> {
    counter(&fs::read_to_string("/proc/net/snmp").ok()?, "Tcp", "RetransSegs")
}

/// The second number of /proc/PID/schedstat: time spent on a run queue (Documentation/scheduler/sched-stats.rst). A
/// shard has one thread, which this file is about.
fn waited_ns(pid: u32) -> Option<u64> {
    parse_waited(&fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?)
}

fn parse_waited(schedstat: &str) -> Option<u64> {
    schedstat.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(cpu: usize, total_ms: u64, steal_ms: u64) -> CpuTime {
        CpuTime {
            cpu,
            total_ms,
            busy_ms: 0,
            steal_ms,
        }
    }

    fn at(at_ns: u64, cpus: Vec<CpuTime>) -> Around {
        Around {
            at_ns,
            cpus: Some(cpus),
            throttling: None,
            retransmitted: Some(at_ns / 10),
            waited_ns: Some(vec![5, at_ns / 4]),
        }
    }

    #[test]
    fn steal_is_told_of_each_sides_cpus() {
        let before = at(100, vec![time(0, 1000, 10), time(1, 1000, 0), time(2, 1000, 0)]);
        let after = at(200, vec![time(0, 1400, 50), time(1, 1400, 0), time(2, 1400, 80)]);
        let happened = after.since(&before);
        assert_eq!(happened.steal_share(&[0]), Some(0.1));
        assert_eq!(happened.steal_share(&[1]), Some(0.0));
        assert_eq!(happened.steal_share(&[0, 1]), Some(0.05));
        assert_eq!(happened.steal_share(&[]), Some(0.1), "not pinned: of the machine");
        assert_eq!(happened.steal_share(&[7]), None, "a CPU that nobody tells of is no 0");
        let untold = Around { cpus: None, ..after }.since(&before);
        assert_eq!(untold.steal_share(&[0]), None);
    }

    #[test]
    fn each_count_is_that_between_the_two_moments() {
        let happened = at(200, Vec::new()).since(&at(100, Vec::new()));
        assert_eq!(happened.retransmitted, Some(10));
        assert_eq!(happened.waited_share, Some(0.25), "the shard that waited most");
        assert_eq!(happened.throttling, None);
        let throttled = |periods| Around {
            throttling: Some(Throttling {
                periods,
                us: 10 * periods,
            }),
            ..at(100, Vec::new())
        };
        assert_eq!(
            throttled(5).since(&throttled(2)).throttling,
            Some(Throttling { periods: 3, us: 30 })
        );
    }

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(parse_waited("19284000 3911699 12\n"), Some(3_911_699));
        assert_eq!(parse_waited(""), None);
        let snmp = "Tcp: RtoAlgorithm InSegs OutSegs RetransSegs\nTcp: 1 20 30 7\n";
        assert_eq!(counter(snmp, "Tcp", "RetransSegs"), Some(7));
        // Of this machine, whatever it is: it can be read, or is missing as a whole.
        let now = Around::now([std::process::id()].into_iter());
        let _ = now.since(&now).steal_share(&[]);
        assert_eq!(now.since(&now).retransmitted, now.retransmitted.map(|_| 0));
    }
}
