//! Whether the hardware is real, and whether the system around us is all of it.

use serde::{Deserialize, Serialize};

use super::root::{Root, field};

/// Hypervisor and container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Virtualisation {
    /// Whether the CPU says that a hypervisor runs it (the `hypervisor` flag, which only x86 has).
    pub hypervisor_flag: Option<bool>,
    /// `/sys/hypervisor/type`: `xen`.
    pub hypervisor_type: Option<String>,
    /// DMI vendor of the machine: `QEMU`, `Amazon EC2`, `Dell Inc.`.
    pub vendor: Option<String>,
    /// DMI product name: `Standard PC (Q35 + ICH9, 2009)`, `c7i.metal-24xl`.
    pub product: Option<String>,
    /// Kind of container that the runner is in (`docker`, `podman`, `kubernetes`, `lxc`, ...); `None` when none shows.
    pub container: Option<String>,
}

impl Virtualisation {
    pub(super) fn read(root: &Root) -> Self {
        let info = root.text("/proc/cpuinfo").unwrap_or_default();
        Self {
            hypervisor_flag: field(&info, "flags").map(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            hypervisor_type: root.word("/sys/hypervisor/type"),
            vendor: root.word("/sys/class/dmi/id/sys_vendor"),
            product: root.word("/sys/class/dmi/id/product_name"),
            container: container(root),
        }
    }

    /// Whether this is a virtual machine; `None` when nothing tells.
    pub fn is_virtual(&self) -> Option<bool> {
        if let Some(flag) = self.hypervisor_flag {
            return Some(flag);
        }
        if self.hypervisor_type.is_some() {
            return Some(true);
        }
        // ARM has no flag. Clouds name themselves as vendor of their bare machines too, and those say `metal`.
        let name = format!(
            "{} {}",
            self.vendor.as_deref()?,
            self.product.as_deref().unwrap_or_default()
        );
        let virtual_names = [
            "QEMU",
            "KVM",
            "VMware",
            "VirtualBox",
            "Virtual Machine",
            "HVM domU",
            "Google Compute Engine",
            "Parallels",
        ];
        let cloud = name.contains("Amazon EC2") && !name.contains("metal");
        Some(cloud || virtual_names.iter().any(|part| name.contains(part)))
    }

    /// What the machine calls itself.
    pub(crate) fn name(&self) -> Option<&str> {
        let name = self.product.as_deref().or(self.vendor.as_deref());
        name.or(self.hypervisor_type.as_deref())
    }

    /// The machine in a few words: `virtual machine (QEMU), docker container`.
    pub fn summary(&self) -> String {
        let kind = match self.is_virtual() {
            Some(true) => "virtual machine",
            Some(false) => "bare metal",
            None => "unknown whether virtual",
        };
        let name = self.name().map(|name| format!(" ({name})")).unwrap_or_default();
        let container = self
            .container
            .as_ref()
            .map(|kind| format!(", {kind} container"))
            .unwrap_or_default();
        format!("{kind}{name}{container}")
    }
}

/// The marks that container runtimes leave: files of their own, systemd's convention, names of control groups.
fn container(root: &Root) -> Option<String> {
    let groups = root.text("/proc/1/cgroup").unwrap_or_default() + &root.text("/proc/self/cgroup").unwrap_or_default();
    let mentions = |word: &str| groups.contains(word);
    let kind = match () {
        () if mentions("kubepods") || root.exists("/var/run/secrets/kubernetes.io") => "kubernetes",
        () if root.exists("/run/.containerenv") || mentions("libpod") => "podman",
        () if root.exists("/.dockerenv") || mentions("/docker") => "docker",
        () if mentions("/lxc") => "lxc",
        () if mentions("containerd") => "containerd",
        // https://systemd.io/CONTAINER_INTERFACE: the manager writes its name here.
        () => {
            return root
                .word("/run/systemd/container")
                .or_else(|| root.word("/run/host/container-manager"));
        }
    };
    Some(kind.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(vendor: &str, product: &str) -> Virtualisation {
        Virtualisation {
            vendor: Some(vendor.into()),
            product: Some(product.into()),
            ..Virtualisation::default()
        }
    }

    #[test]
    fn the_flag_decides_and_names_come_second() {
        assert_eq!(Virtualisation::default().is_virtual(), None);
        assert_eq!(machine("Amazon EC2", "c7g.large").is_virtual(), Some(true));
        assert_eq!(machine("Amazon EC2", "c7g.metal").is_virtual(), Some(false));
        assert_eq!(machine("Dell Inc.", "PowerEdge R650").is_virtual(), Some(false));
        let flagged = Virtualisation {
            hypervisor_flag: Some(true),
            ..machine("Dell Inc.", "PowerEdge R650")
        };
        assert_eq!(flagged.is_virtual(), Some(true));
    }

    #[test]
    fn says_what_it_is() {
        let docker = Virtualisation {
            container: Some("docker".into()),
            ..machine("QEMU", "Standard PC")
        };
        assert_eq!(docker.summary(), "virtual machine (Standard PC), docker container");
        assert_eq!(Virtualisation::default().summary(), "unknown whether virtual");
    }
}
