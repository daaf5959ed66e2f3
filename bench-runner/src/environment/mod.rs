//! What a run was measured on: written into every record, and read again when two records are compared.
//!
//! One rule holds throughout: what the machine does not tell is `None` (`null` in the record), never 0. A container
//! hides files, kernels differ, and a 0 that means "unknown" ends up in somebody's average.

pub mod affinity;
mod binary;
mod bound;
mod build;
mod cgroup;
mod class;
mod cpu;
mod io_uring;
mod jitter;
mod load;
mod memory;
mod os;
mod rlimits;
mod root;
mod source;
mod sysctl;
mod user;
mod virtualisation;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

pub use binary::Binary;
pub use bound::Bound;
pub use build::Build;
pub use cgroup::Cgroup;
pub(crate) use cgroup::{Throttling, own_group, throttling};
pub use cpu::{Cache, Cpu};
pub use io_uring::{IoUring, Probe};
pub use jitter::{Jitter, sample_jitter};
pub(crate) use load::cpu_times_now;
pub use load::{CpuTime, Load};
pub use memory::Memory;
pub use os::Os;
pub(crate) use rlimits::bound;
pub use rlimits::{Rlimit, Rlimits};
pub(crate) use root::flat_key;
pub use root::parse_cpu_list;
pub use source::Source;
pub use sysctl::Sysctl;
pub use user::{Capability, User};
pub use virtualisation::Virtualisation;

use root::Root;

/// What only the caller knows about the run.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The command line in full, program name first.
    pub command_line: Vec<String>,
    /// Seed of everything that is shuffled.
    pub seed: u64,
    /// Name and path of each binary that takes part: the generator, and servers that keep the contract.
    pub binaries: Vec<(String, PathBuf)>,
    /// CPUs given to the server; empty when it is not pinned.
    pub server_cpus: Vec<usize>,
    /// CPUs given to the load generator; empty when it is not pinned.
    pub generator_cpus: Vec<usize>,
}

/// The machine, its limits, the build and the call: everything besides the code that can move a number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// When this was captured, UTC, to the millisecond (RFC 3339).
    pub started_at: Timestamp,
    /// The command line in full, program name first.
    pub command_line: Vec<String>,
    /// Seed of everything that is shuffled.
    pub seed: u64,
    /// CPUs given to the server; empty when it is not pinned.
    pub server_cpus: Vec<usize>,
    /// CPUs given to the load generator; empty when it is not pinned.
    pub generator_cpus: Vec<usize>,
    /// Kernel and distribution.
    pub os: Os,
    /// Processors, caches, frequency, mitigations.
    pub cpu: Cpu,
    /// Hypervisor and container.
    pub virtualisation: Virtualisation,
    /// Memory and swap.
    pub memory: Memory,
    /// Kernel settings.
    pub sysctl: Sysctl,
    /// Who runs this, and with which privileges.
    pub user: User,
    /// Limits of the runner's process, which its children inherit.
    pub rlimits: Rlimits,
    /// Limits of the control group that the runner is in; `None` when it is in none that can be read.
    pub cgroup: Option<Cgroup>,
    /// Whether io_uring may be used.
    pub io_uring: IoUring,
    /// How busy the machine was at that moment, and how much of it was stolen since boot.
    pub load: Load,
    /// How still the CPUs were while spinning; `None` unless [`sample_jitter`] was asked for it, as no run does.
    pub jitter: Option<Jitter>,
    /// How the runner was built.
    pub build: Build,
    /// The source tree that the binaries stand in; `None` when there is none.
    pub source: Option<Source>,
    /// Each binary that takes part: the generator, and servers that keep the contract.
    pub binaries: Vec<Binary>,
}

impl Environment {
    /// How many CPUs this process may use: its affinity, else those online.
    pub fn usable_cpus(&self) -> Option<usize> {
        let allowed = self.load.affinity.as_ref().map(Vec::len);
        allowed
            .or(self.cpu.online.as_ref().map(Vec::len))
            .filter(|&count| count > 0)
    }
}

/// Looks at this machine. Takes milliseconds, hashing of large binaries aside.
pub fn capture(inputs: Inputs) -> Environment {
    capture_from(&Root::new("/"), inputs)
}

fn capture_from(root: &Root, inputs: Inputs) -> Environment {
    let now = Timestamp::now();
    Environment {
        started_at: now.round(Unit::Millisecond).unwrap_or(now),
        os: Os::read(root),
        cpu: Cpu::read(root),
        virtualisation: Virtualisation::read(root),
        memory: Memory::read(root),
        sysctl: Sysctl::read(root),
        user: User::read(root),
        rlimits: Rlimits::read(),
        cgroup: Cgroup::read(root),
        io_uring: IoUring::read(root),
        load: Load::read(root),
        jitter: None,
        build: Build::read(),
        source: Source::of(&inputs.binaries),
        binaries: inputs
            .binaries
            .iter()
            .map(|(name, path)| Binary::read(name, path))
            .collect(),
        command_line: inputs.command_line,
        seed: inputs.seed,
        server_cpus: inputs.server_cpus,
        generator_cpus: inputs.generator_cpus,
    }
}
