//! Kernel and distribution.

use serde::{Deserialize, Serialize};

use super::root::Root;

/// Kernel and distribution.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Os {
    /// Name of the system, as in `uname -s`: `Linux`.
    pub name: Option<String>,
    /// Kernel release, as in `uname -r`: `6.18.44`.
    pub kernel_release: Option<String>,
    /// Kernel build, as in `uname -v`: number, preemption model, date.
    pub kernel_version: Option<String>,
    /// Instruction set, as in `uname -m`; on kernels before 6.1, the one that the runner was compiled for.
    pub architecture: Option<String>,
    /// Name of the host.
    pub hostname: Option<String>,
    /// The distribution in words: `Debian GNU/Linux 12 (bookworm)`.
    pub pretty_name: Option<String>,
    /// Boot parameters that change timing, as given (`isolcpus=2-7`, `mitigations=off`); the rest of the command line
    /// is nobody's business: it names disks, and sometimes holds secrets.
    pub kernel_parameters: Option<Vec<String>>,
}

impl Os {
    pub(super) fn read(root: &Root) -> Self {
        let distribution = root
            .text("/etc/os-release")
            .or_else(|| root.text("/usr/lib/os-release"));
        Self {
            // Without /proc this is another system, and the compiler knows which.
            name: root
                .word("/proc/sys/kernel/ostype")
                .or_else(|| Some(std::env::consts::OS.into())),
            kernel_release: root.word("/proc/sys/kernel/osrelease"),
            kernel_version: root.word("/proc/sys/kernel/version"),
            architecture: root
                .word("/proc/sys/kernel/arch")
                .or_else(|| Some(std::env::consts::ARCH.into())),
            hostname: root.word("/proc/sys/kernel/hostname"),
            pretty_name: distribution.and_then(|text| pretty_name(&text)),
            kernel_parameters: root.text("/proc/cmdline").map(|line| timing_parameters(&line)),
        }
    }

    /// Whether this is Linux; anything but a clear "no" counts as yes.
    pub fn is_linux(&self) -> bool {
        self.name
            .as_deref()
            .is_none_or(|name| name.eq_ignore_ascii_case("linux"))
    }

    /// Major and minor number of the kernel: `(6, 18)`.
    pub fn kernel(&self) -> Option<(u32, u32)> {
        let mut numbers = self.kernel_release.as_deref()?.split(|c: char| !c.is_ascii_digit());
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

/// Names from Documentation/admin-guide/kernel-parameters.txt that move processors, clocks or system calls.
const TIMING: &[&str] = &[
    "amd_pstate",
    "clocksource",
    "idle",
    "intel_idle.max_cstate",
    "intel_pstate",
    "isolcpus",
    "mitigations",
    "nohz",
    "nohz_full",
    "nopti",
    "nosmt",
    "nospectre_v1",
    "nospectre_v2",
    "preempt",
    "processor.max_cstate",
    "pti",
    "rcu_nocbs",
    "skew_tick",
    "spec_store_bypass_disable",
    "spectre_v2",
    "threadirqs",
    "transparent_hugepage",
    "tsc",
];

fn timing_parameters(line: &str) -> Vec<String> {
    let moves = |word: &&str| TIMING.contains(&word.split('=').next().unwrap_or_default());
    line.split_ascii_whitespace().filter(moves).map(String::from).collect()
}

/// os-release(5) is a shell fragment: the value may stand in quotes.
fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="))?;
    let words = shlex::split(value)?;
    Some(words.concat()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_distributions() {
        let debian = "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(pretty_name(debian).as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(pretty_name("PRETTY_NAME=Void\n").as_deref(), Some("Void"));
        assert_eq!(pretty_name("NAME=Void\n"), None);
    }

    #[test]
    fn of_the_boot_parameters_only_those_that_count() {
        let line = "root=UUID=1234 mitigations=off quiet nosmt isolcpus=2-7 init.token=secret";
        assert_eq!(timing_parameters(line), ["mitigations=off", "nosmt", "isolcpus=2-7"]);
        assert!(timing_parameters("").is_empty());
    }

    #[test]
    fn kernel_numbers() {
        let kernel = |release: &str| {
            Os {
                kernel_release: Some(release.into()),
                ..Os::default()
            }
            .kernel()
        };
        assert_eq!(kernel("6.18.44-generic"), Some((6, 18)));
        assert_eq!(kernel("5.15-rc3"), Some((5, 15)));
        assert_eq!(kernel("unknown"), None);
        assert_eq!(Os::default().kernel(), None);
    }
}
