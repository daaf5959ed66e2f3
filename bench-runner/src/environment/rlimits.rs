//! Resource limits of this process (getrlimit(2)); children inherit them.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t};
use serde::{Deserialize, Serialize};

use super::bound::Bound;

/// One limit. The soft one binds; a process may raise it up to the hard one by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rlimit {
    /// What binds now.
    pub soft: Bound,
    /// What the soft one may be raised to.
    pub hard: Bound,
}

/// The limits that a server can run into.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rlimits {
    /// Open descriptors of a process: one more than the highest number.
    pub nofile: Option<Rlimit>,
    /// Processes and threads of the user.
    pub nproc: Option<Rlimit>,
    /// Locked memory, in bytes.
    pub memlock: Option<Rlimit>,
    /// Stack of the main thread, in bytes.
    pub stack: Option<Rlimit>,
    /// Address space of a process, in bytes.
    pub address_space: Option<Rlimit>,
    /// Size of a core dump, in bytes.
    pub core: Option<Rlimit>,
}

impl Rlimits {
    /// Reads the limits again: after [`raise_soft_limits`](crate::machine::raise_soft_limits), say.
    #[cfg(target_os = "linux")]
    pub fn read() -> Self {
        Self {
            nofile: rlimit(Resource::RLIMIT_NOFILE),
            nproc: rlimit(Resource::RLIMIT_NPROC),
            memlock: rlimit(Resource::RLIMIT_MEMLOCK),
            stack: rlimit(Resource::RLIMIT_STACK),
            address_space: rlimit(Resource::RLIMIT_AS),
            core: rlimit(Resource::RLIMIT_CORE),
        }
    }

    /// Systems differ in which limits there are, and servers run on Linux.
    #[cfg(not(target_os = "linux"))]
    pub fn read() -> Self {
        Self::default()
    }
}

#[cfg(target_os = "linux")]
fn rlimit(resource: Resource) -> Option<Rlimit> {
    let (soft, hard) = getrlimit(resource).ok()?;
    Some(Rlimit {
        soft: bound(soft),
        hard: bound(hard),
    })
}

/// A limit as getrlimit(2) gives it.
pub(crate) fn bound(limit: rlim_t) -> Bound {
    if limit == RLIM_INFINITY {
        Bound::Unlimited
    } else {
        Bound::At(limit)
    }
}
