//! Taking what may be taken without asking: soft limits up to the hard ones.

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use serde::{Deserialize, Serialize};

use crate::environment::{Bound, bound};

/// One limit that was raised, or that was to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Its name: `RLIMIT_NOFILE`.
    pub limit: String,
    /// The soft limit before; `None` when it could not be read.
    pub was: Option<Bound>,
    /// The soft limit now; `None` when it could not be read.
    pub is: Option<Bound>,
    /// Why it could not be read or raised.
    pub error: Option<String>,
}

/// No further than this, even where more is allowed: container runtimes that set "infinity" let programs have a billion
/// descriptors, and those that close every possible descriptor at start (Python 2, older Java and inetd-like servers)
/// then take minutes. It is also the default of `fs.nr_open`, so that few machines lose anything.
const ENOUGH: rlim_t = 1 << 20;

/// Raises the soft limits on descriptors and tasks to the hard ones; children inherit them.
///
/// The soft limit on descriptors is 1,024 for the sake of programs that use select(2) and would write beyond their sets
/// (`man 2 select`, BUGS). Nothing here does: the select server refuses what does not fit.
pub fn raise_soft_limits() -> Vec<Raised> {
    let limits = [
        ("RLIMIT_NOFILE", Resource::RLIMIT_NOFILE),
        ("RLIMIT_NPROC", Resource::RLIMIT_NPROC),
    ];
    limits
        .into_iter()
        .map(|(name, resource)| raise(name, resource))
        .collect()
}

fn raise(name: &str, resource: Resource) -> Raised {
    let blank = Raised {
        limit: name.into(),
        was: None,
        is: None,
        error: None,
    };
    let (soft, hard) = match getrlimit(resource) {
        Ok(limits) => limits,
        Err(error) => {
            return Raised {
                error: Some(error.to_string()),
                ..blank
            };
        }
    };
    let was = Some(bound(soft));
    let goal = goal(soft, hard);
    if goal == soft {
        return Raised { was, is: was, ..blank };
    }
    match setrlimit(resource, goal, hard) {
        Ok(()) => Raised {
            was,
            is: Some(bound(goal)),
            ..blank
        },
        Err(error) => Raised {
            was,
            is: was,
            error: Some(error.to_string()),
            ..blank
        },
    }
}

/// The hard limit, or [`ENOUGH`] of it; never less than there is.
fn goal(soft: rlim_t, hard: rlim_t) -> rlim_t {
    // RLIM_INFINITY is the largest number, so that `min` and `max` need no special case.
    hard.min(ENOUGH).max(soft)
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::RLIM_INFINITY;

    use super::*;

    #[test]
    fn up_to_the_hard_limit_and_within_reason() {
        assert_eq!(goal(1024, 20_000), 20_000);
        assert_eq!(goal(1024, RLIM_INFINITY), ENOUGH);
        assert_eq!(goal(1024, 1 << 30), ENOUGH);
        assert_eq!(goal(RLIM_INFINITY, RLIM_INFINITY), RLIM_INFINITY);
        assert_eq!(goal(4096, 4096), 4096);
    }

    #[test]
    fn raising_twice_changes_nothing_more() {
        raise_soft_limits();
        for again in raise_soft_limits() {
            assert_eq!(again.was, again.is, "{again:?}");
            assert_eq!(again.error, None);
        }
    }
}
