//! Who runs this: several limits do not bind the privileged.

use serde::{Deserialize, Serialize};

use super::root::{Root, field};

/// Who runs this, and with which privileges.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// Real user id.
    pub uid: Option<u32>,
    /// Effective capabilities, a bit each (capabilities(7)).
    pub capabilities: Option<u64>,
    /// Whether ids are those of the machine, rather than of a user namespace (a rootless container's root is nobody).
    pub initial_namespace: Option<bool>,
}

/// The capabilities that matter here, by their bit in `include/uapi/linux/capability.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Capability {
    /// Nearly everything.
    SysAdmin = 21,
    /// Beyond resource limits.
    SysResource = 24,
    /// Performance counters.
    Perfmon = 38,
}

impl User {
    pub(super) fn read(root: &Root) -> Self {
        let status = root.text("/proc/self/status").unwrap_or_default();
        let first = |key| field(&status, key).and_then(|value| value.split_ascii_whitespace().next());
        Self {
            uid: first("Uid").and_then(|uid| uid.parse().ok()),
            capabilities: first("CapEff").and_then(|hex| u64::from_str_radix(hex, 16).ok()),
            // The initial namespace maps every id to itself (user_namespaces(7)).
            initial_namespace: root
                .numbers::<3>("/proc/self/uid_map")
                .map(|map| map == [0, 0, u64::from(u32::MAX)]),
        }
    }

    /// Whether it has `capability` on the machine, not merely in a namespace of its own.
    pub fn has(&self, capability: Capability) -> bool {
        let bit = 1 << capability as u8;
        self.initial_namespace != Some(false) && self.capabilities.is_some_and(|set| set & bit != 0)
    }

    /// Whether RLIMIT_NPROC binds: not root's processes, nor those with either capability (getrlimit(2)).
    pub fn bound_by_nproc(&self) -> bool {
        let root = self.uid == Some(0) && self.initial_namespace != Some(false);
        !root && !self.has(Capability::SysAdmin) && !self.has(Capability::SysResource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_free_of_nproc_unless_its_container_is_rootless() {
        let root = User {
            uid: Some(0),
            capabilities: Some(0),
            initial_namespace: Some(true),
        };
        assert!(!root.bound_by_nproc());
        assert!(
            User {
                initial_namespace: Some(false),
                capabilities: Some(u64::MAX),
                ..root.clone()
            }
            .bound_by_nproc()
        );
        let user = User {
            uid: Some(1000),
            ..root
        };
        assert!(user.bound_by_nproc());
        assert!(
            !User {
                capabilities: Some(1 << 24),
                ..user
            }
            .bound_by_nproc()
        );
    }
}
