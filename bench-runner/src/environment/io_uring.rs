//! Whether io_uring may be used: asked of the kernel, since a sandbox can forbid what every file allows.

#[cfg(target_os = "linux")]
mod setup;

use serde::{Deserialize, Serialize};

use super::root::Root;

/// Whether io_uring may be used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IoUring {
    /// What happened when a ring was asked for.
    pub probe: Option<Probe>,
    /// The group that may use io_uring while `kernel.io_uring_disabled` is 1; -1 for none.
    pub group: Option<i64>,
}

/// What io_uring_setup(2) said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// A ring with SINGLE_ISSUER and DEFER_TASKRUN was made: kernel 6.1 or later, and nobody forbids it.
    Works,
    /// Only a plain ring was made: the kernel is older than 6.1.
    Old,
    /// No ring was made; the name of the error.
    Refused(String),
}

impl IoUring {
    pub(super) fn read(root: &Root) -> Self {
        Self {
            #[cfg(target_os = "linux")]
            probe: Some(setup::probe()),
            #[cfg(not(target_os = "linux"))]
            probe: None,
            group: root.number("/proc/sys/kernel/io_uring_group"),
        }
    }
}
