//! Machines that are alike, as far as a ratio of two servers goes.

use super::Environment;

impl Environment {
    /// The class of this environment in words: model and number of the processors, how many each side was given, the
    /// kernel's major and minor version, what the machine is virtualised by, and whether a program was unoptimised.
    ///
    /// A ratio to a server in the same run takes out how fast the machine was that day. It does not take out that one
    /// server makes more system calls than the other and another kernel or processor has them cost more, so that points
    /// of different classes are never in one series. What is in the words stays the same from one boot to the next:
    /// neither frequency nor memory nor the name of the host is, and of the kernel not the patch level, which changes
    /// every week.
    #[must_use]
    pub fn class(&self) -> String {
        let model = self.cpu.model.as_deref().unwrap_or("unknown CPU");
        let online = self
            .cpu
            .online
            .as_ref()
            .map_or_else(String::new, |cpus| format!("{} × ", cpus.len()));
        let sides = match (self.server_cpus.len(), self.generator_cpus.len()) {
            (0, 0) => "not pinned".to_owned(),
            (server, generator) => format!("server on {}, generator on {}", side(server), side(generator)),
        };
        let kernel = self.os.kernel().map_or_else(
            || "unknown kernel".to_owned(),
            |(major, minor)| format!("Linux {major}.{minor}"),
        );
        let debug = if self.binaries.iter().any(super::Binary::is_debug_build) {
            ", debug build"
        } else {
            ""
        };
        let virtualisation = self.virtualisation.summary();
        format!("{online}{model}, {sides}, {kernel}, {virtualisation}{debug}")
    }
}

fn side(cpus: usize) -> String {
    match cpus {
        0 => "any".to_owned(),
        cpus => cpus.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Binary, Cpu, Os, Virtualisation};
    use super::*;

    fn machine() -> Environment {
        Environment {
            cpu: Cpu {
                model: Some("AMD EPYC 7763".to_owned()),
                online: Some(vec![0, 1, 2, 3]),
                ..Cpu::default()
            },
            os: Os {
                kernel_release: Some("6.8.0-1021-azure".to_owned()),
                ..Os::default()
            },
            virtualisation: Virtualisation {
                hypervisor_flag: Some(true),
                product: Some("Virtual Machine".to_owned()),
                ..Virtualisation::default()
            },
            server_cpus: vec![0, 1],
            generator_cpus: vec![2, 3],
            ..Environment::default()
        }
    }

    #[test]
    fn a_class_says_what_moves_a_ratio() {
        let class = "4 × AMD EPYC 7763, server on 2, generator on 2, Linux 6.8, virtual machine (Virtual Machine)";
        assert_eq!(machine().class(), class);
        let unknown = Environment::default().class();
        assert_eq!(
            unknown,
            "unknown CPU, not pinned, unknown kernel, unknown whether virtual"
        );
    }

    #[test]
    fn what_moves_a_ratio_makes_another_class_and_nothing_else_does() {
        let with = |change: fn(&mut Environment)| {
            let mut other = machine();
            change(&mut other);
            other.class() == machine().class()
        };
        assert!(with(|e| e.os.kernel_release = Some("6.8.0-1034-azure".to_owned())));
        assert!(with(|e| e.os.hostname = Some("runner-17".to_owned())));
        assert!(with(|e| e.cpu.current_mhz = Some(2445.0)));
        assert!(with(|e| e.binaries = vec![Binary::default()]));
        assert!(!with(|e| e.os.kernel_release = Some("6.11.0".to_owned())));
        assert!(!with(|e| e.cpu.model = Some("Intel".to_owned())));
        assert!(!with(|e| e.cpu.online = Some(vec![0, 1])));
        assert!(!with(|e| e.server_cpus = vec![0]));
        assert!(!with(|e| e.generator_cpus.clear()));
        assert!(!with(|e| e.virtualisation.container = Some("docker".to_owned())));
        assert!(!with(|e| e.binaries = vec![Binary {
            profile: Some("debug".to_owned()),
            ..Binary::default()
        }]));
    }
}
