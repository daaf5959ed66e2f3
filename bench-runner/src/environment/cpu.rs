//! Processors, as /proc/cpuinfo and Documentation/ABI/{stable,testing}/sysfs-devices-system-cpu describe them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::root::{Root, field, parse_cpu_list};

const CPUS: &str = "/sys/devices/system/cpu";

/// Processors, caches, frequency, mitigations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cpu {
    /// The model, as the processor names itself.
    pub model: Option<String>,
    /// Numbers of the CPUs online (hardware threads, as the kernel counts them).
    pub online: Option<Vec<usize>>,
    /// Packages.
    pub sockets: Option<usize>,
    /// Physical cores (what the machine claims; a virtual one may claim anything).
    pub cores: Option<usize>,
    /// Hardware threads in the core that has most.
    pub threads_per_core: Option<usize>,
    /// CPUs by core: those in one list share its execution units.
    pub siblings: Option<Vec<Vec<usize>>>,
    /// NUMA nodes.
    pub numa_nodes: Option<usize>,
    /// Caches that the first CPU sees.
    pub caches: Option<Vec<Cache>>,
    /// Frequency at the moment of looking, mean over the CPUs, in MHz.
    pub current_mhz: Option<f64>,
    /// Highest frequency that any CPU may take, in MHz.
    pub max_mhz: Option<f64>,
    /// Frequency governor; several, separated by commas, when CPUs differ.
    pub governor: Option<String>,
    /// What picks how deeply an idle CPU sleeps (`menu`, `teo`, `haltpoll`): the deeper, the later it wakes.
    pub idle_governor: Option<String>,
    /// Whether the processor may go above its nominal frequency.
    pub boost: Option<bool>,
    /// Source of the kernel's clock: `tsc` is cheap to read, `hpet` and `acpi_pm` cost a microsecond.
    pub clocksource: Option<String>,
    /// State of each known hardware vulnerability, by name; mitigations make system calls dearer.
    pub vulnerabilities: Option<BTreeMap<String, String>>,
}

/// One cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cache {
    /// 1, 2 or 3.
    pub level: Option<u8>,
    /// `Data`, `Instruction` or `Unified`.
    pub kind: Option<String>,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
    /// CPUs that share it.
    pub shared_by: Option<Vec<usize>>,
}

impl Cpu {
    pub(super) fn read(root: &Root) -> Self {
        let info = root.text("/proc/cpuinfo").unwrap_or_default();
        let online = root
            .text(&format!("{CPUS}/online"))
            .and_then(|list| parse_cpu_list(&list));
        let each: &[usize] = online.as_deref().unwrap_or_default();
        let per_cpu = |file: &str| -> Vec<String> {
            each.iter()
                .filter_map(|cpu| root.word(&format!("{CPUS}/cpu{cpu}/{file}")))
                .collect()
        };
        let lists = |file: &str| -> Option<BTreeSet<Vec<usize>>> {
            some_if_any(per_cpu(file).iter().filter_map(|list| parse_cpu_list(list)).collect())
        };
        let siblings = lists("topology/thread_siblings_list");
        let nodes = root
            .text("/sys/devices/system/node/online")
            .and_then(|list| parse_cpu_list(&list));
        Self {
            model: model(&info),
            sockets: count(&per_cpu("topology/physical_package_id")),
            cores: siblings.as_ref().map(BTreeSet::len),
            threads_per_core: siblings.as_ref().and_then(|cores| cores.iter().map(Vec::len).max()),
            siblings: siblings.map(|cores| cores.into_iter().collect()),
            numa_nodes: nodes.map(|nodes| nodes.len()),
            caches: each.first().and_then(|first| caches(root, *first)),
            current_mhz: current_mhz(&info, &per_cpu("cpufreq/scaling_cur_freq")),
            max_mhz: khz(&per_cpu("cpufreq/cpuinfo_max_freq")).into_iter().reduce(f64::max),
            governor: some_if_any(per_cpu("cpufreq/scaling_governor").into_iter().collect::<BTreeSet<_>>())
                .map(|governors| governors.into_iter().collect::<Vec<_>>().join(",")),
            idle_governor: root.word(&format!("{CPUS}/cpuidle/current_governor")),
            boost: boost(root),
            clocksource: root.word("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            vulnerabilities: some_if_any(vulnerabilities(root)),
            online,
        }
    }
}

/// x86 names its model; an ARM core gives two numbers instead (and a board its name).
fn model(info: &str) -> Option<String> {
    let named = ["model name", "Model", "cpu model", "cpu", "uarch"];
    let name = named
        .iter()
        .find_map(|key| field(info, key).filter(|value| !value.is_empty()));
    let numbered = || {
        let (implementer, part) = (field(info, "CPU implementer")?, field(info, "CPU part")?);
        Some(format!("ARM implementer {implementer} part {part}"))
    };
    name.map(String::from).or_else(numbered)
}

fn current_mhz(info: &str, scaling: &[String]) -> Option<f64> {
    let listed = info
        .lines()
        .filter_map(|line| line.strip_prefix("cpu MHz")?.trim_start().strip_prefix(':'));
    let told: Vec<f64> = listed.filter_map(|mhz| mhz.trim().parse().ok()).collect();
    let all = if told.is_empty() { khz(scaling) } else { told };
    // An unknown frequency is written as 0 by some hypervisors.
    let known: Vec<f64> = all.into_iter().filter(|mhz| *mhz > 0.0).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    // To a tenth: more would be noise, and short decimals come back from JSON as they went in.
    (!known.is_empty()).then(|| (mean * 10.0).round() / 10.0)
}

fn khz(values: &[String]) -> Vec<f64> {
    values
        .iter()
        .filter_map(|value| value.parse::<f64>().ok())
        .map(|khz| khz / 1000.0)
        .collect()
}

/// Two drivers, two files, one of them the wrong way round (Documentation/admin-guide/pm/{cpufreq,intel_pstate}.rst).
fn boost(root: &Root) -> Option<bool> {
    let no_turbo: Option<u8> = root.number(&format!("{CPUS}/intel_pstate/no_turbo"));
    let boost: Option<u8> = root.number(&format!("{CPUS}/cpufreq/boost"));
    no_turbo.map(|off| off == 0).or(boost.map(|on| on == 1))
}

fn caches(root: &Root, cpu: usize) -> Option<Vec<Cache>> {
    let directory = format!("{CPUS}/cpu{cpu}/cache");
    let indexes = root
        .names(&directory)
        .into_iter()
        .filter(|name| name.starts_with("index"));
    let cache = |index: String| {
        let file = |name: &str| root.word(&format!("{directory}/{index}/{name}"));
        Cache {
            level: file("level").and_then(|level| level.parse().ok()),
            kind: file("type"),
            size_bytes: file("size").and_then(|size| size_bytes(&size)),
            shared_by: file("shared_cpu_list").and_then(|list| parse_cpu_list(&list)),
        }
    };
    some_if_any(indexes.map(cache).collect())
}

/// `32K`, `1024K`, `32M`.
fn size_bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok().map(|number| number * unit)
}

fn vulnerabilities(root: &Root) -> BTreeMap<String, String> {
    let directory = format!("{CPUS}/vulnerabilities");
    let state = |name: String| root.word(&format!("{directory}/{name}")).map(|state| (name, state));
    root.names(&directory).into_iter().filter_map(state).collect()
}

fn count(values: &[String]) -> Option<usize> {
    Some(values.iter().collect::<BTreeSet<_>>().len()).filter(|&count| count > 0)
}

/// `None` in place of an empty collection: nothing was told.
fn some_if_any<T>(values: T) -> Option<T>
where
    for<'a> &'a T: IntoIterator,
{
    let any = (&values).into_iter().next().is_some();
    any.then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_caches() {
        assert_eq!(size_bytes("32K"), Some(32 << 10));
        assert_eq!(size_bytes("12M"), Some(12 << 20));
        assert_eq!(size_bytes("512"), Some(512));
        assert_eq!(size_bytes("K"), None);
        assert_eq!(size_bytes("3T"), None);
    }

    #[test]
    fn an_arm_core_is_named_by_its_numbers() {
        let info = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";
        assert_eq!(model(info).as_deref(), Some("ARM implementer 0x41 part 0xd0c"));
        assert_eq!(model("processor\t: 0\n"), None);
    }

    #[test]
    fn a_frequency_of_zero_is_no_frequency() {
        assert_eq!(current_mhz("cpu MHz\t\t: 0.000\n", &[]), None);
        assert_eq!(
            current_mhz("cpu MHz\t\t: 2000.0\ncpu MHz\t\t: 3000.0\n", &[]),
            Some(2500.0)
        );
        assert_eq!(current_mhz("", &["1500000".into()]), Some(1500.0));
    }
}
