//! How busy the machine is and was.

use serde::{Deserialize, Serialize};

use super::root::{Root, field, parse_cpu_list};

/// How busy the machine was at the moment of looking, and how much of it was stolen since boot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Load {
    /// Load averages over 1, 5 and 15 minutes: tasks that run or wait (for a CPU or uninterruptibly).
    pub averages: Option<[f64; 3]>,
    /// Tasks on the machine: processes and their threads.
    pub tasks: Option<u64>,
    /// Time of each CPU since boot.
    pub cpus: Option<Vec<CpuTime>>,
    /// CPUs that the runner may use.
    pub affinity: Option<Vec<usize>>,
}

/// One CPU's time since boot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuTime {
    /// Its number.
    pub cpu: usize,
    /// All time counted, idle or not, in milliseconds.
    pub total_ms: u64,
    /// Time in which it did something, in milliseconds.
    pub busy_ms: u64,
    /// Time in which it wanted to run and the hypervisor ran somebody else, in milliseconds.
    pub steal_ms: u64,
}

impl Load {
    pub(super) fn read(root: &Root) -> Self {
        let loadavg = root.text("/proc/loadavg").unwrap_or_default();
        let status = root.text("/proc/self/status").unwrap_or_default();
        Self {
            averages: averages(&loadavg),
            tasks: tasks(&loadavg),
            cpus: cpu_times(root),
            affinity: field(&status, "Cpus_allowed_list")
                .and_then(parse_cpu_list)
                .filter(|cpus| !cpus.is_empty()),
        }
    }

    /// Stolen time in parts of the time in which a CPU ran or wanted to, over all CPUs since boot.
    ///
    /// Idle time is left out: nothing can be stolen from a CPU that asks for nothing.
    pub fn steal_share(&self) -> Option<f64> {
        let cpus = self.cpus.as_ref()?;
        let steal: u64 = cpus.iter().map(|cpu| cpu.steal_ms).sum();
        let wanted = steal + cpus.iter().map(|cpu| cpu.busy_ms).sum::<u64>();
        (wanted > 0).then(|| steal as f64 / wanted as f64)
    }
}

/// The CPUs' times of this machine as they stand in /proc/stat now; `None` where the kernel does not tell of steal.
pub(crate) fn cpu_times_now() -> Option<Vec<CpuTime>> {
    cpu_times(&Root::new("/"))
}

/// The CPUs' times as they stand in /proc/stat now.
pub(super) fn cpu_times(root: &Root) -> Option<Vec<CpuTime>> {
    let stat = root.text("/proc/stat")?;
    let ms_per_tick = 1000 / ticks_per_second()?;
    Some(
        stat.lines()
            .filter_map(|line| cpu_time(line, ms_per_tick))
            .collect::<Vec<_>>(),
    )
    .filter(|cpus| !cpus.is_empty())
}

/// The unit of /proc/stat, as sysconf(3) tells it.
fn ticks_per_second() -> Option<u64> {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok()??;
    u64::try_from(ticks).ok().filter(|&ticks| ticks > 0)
}

/// `0.50 0.36 0.16 5/105 5960`: three averages, then running/all tasks, then the last process number (proc(5)).
fn averages(loadavg: &str) -> Option<[f64; 3]> {
    let numbers: Vec<f64> = loadavg
        .split(' ')
        .take(3)
        .filter_map(|number| number.parse().ok())
        .collect();
    numbers.try_into().ok()
}

fn tasks(loadavg: &str) -> Option<u64> {
    let (_, all) = loadavg.split(' ').nth(3)?.split_once('/')?;
    all.parse().ok()
}

/// `cpu0 user nice system idle iowait irq softirq steal guest guest_nice`, in ticks. Guest time is in `user` already,
/// and kernels too old to know `steal` leave the CPU out rather than claim that nothing was stolen.
fn cpu_time(line: &str, ms_per_tick: u64) -> Option<CpuTime> {
    let (name, rest) = line.split_once(' ')?;
    let cpu = name.strip_prefix("cpu")?.parse().ok()?;
    let ticks: Vec<u64> = rest
        .split_ascii_whitespace()
        .map_while(|ticks| ticks.parse().ok())
        .collect();
    let &[user, nice, system, idle, iowait, irq, softirq, steal] = ticks.get(..8)? else {
        return None;
    };
    let busy = user + nice + system + irq + softirq;
    Some(CpuTime {
        cpu,
        total_ms: (busy + idle + iowait + steal) * ms_per_tick,
        busy_ms: busy * ms_per_tick,
        steal_ms: steal * ms_per_tick,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loadavg() {
        let text = "0.50 0.36 0.16 5/105 5960";
        assert_eq!(averages(text), Some([0.50, 0.36, 0.16]));
        assert_eq!(tasks(text), Some(105));
        assert_eq!((averages(""), tasks("")), (None, None));
    }

    #[test]
    fn times_of_one_cpu() {
        let time = cpu_time("cpu3 6018 10 1683 90108 32 1 9 152 400 0", 10).unwrap();
        assert_eq!(
            time,
            CpuTime {
                cpu: 3,
                total_ms: 980_130,
                busy_ms: 77_210,
                steal_ms: 1520
            }
        );
        assert_eq!(
            cpu_time("cpu  6018 10 1683 90108 32 1 9 152 0 0", 10),
            None,
            "the sum over all CPUs is none of them"
        );
        assert_eq!(cpu_time("cpu0 1 2 3 4", 10), None);
        assert_eq!(cpu_time("ctxt 12345", 10), None);
    }

    #[test]
    fn steal_is_a_share_of_what_was_wanted() {
        let time = |busy_ms, steal_ms| CpuTime {
            cpu: 0,
            total_ms: 1_000_000,
            busy_ms,
            steal_ms,
        };
        let load = |cpus| Load {
            cpus: Some(cpus),
            ..Load::default()
        };
        assert_eq!(load(vec![time(700, 300), time(1000, 0)]).steal_share(), Some(0.15));
        assert_eq!(load(vec![time(0, 0)]).steal_share(), None);
        assert_eq!(Load::default().steal_share(), None);
    }
}
