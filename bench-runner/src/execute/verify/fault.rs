//! What a check has found, and what it comes from where an experiment could tell.

use std::fmt;

/// What a server does wrong, where an experiment could tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// One accept(2) for each edge of epoll.
    AcceptsOnce,
    /// One read for each edge of epoll.
    ReadsOnce,
    /// It waits for something that is always so, such as room to send.
    WaitsForRoom,
    /// It asks without ever waiting.
    NeverWaits,
    /// Its list of clients loses one while it is walked.
    SkipsNeighbours,
}

impl Cause {
    /// What it is, and the way out.
    fn explained(self) -> &'static str {
        match self {
            Self::AcceptsOnce => "it accepts once for each edge of epoll; accept until EAGAIN",
            Self::ReadsOnce => "it reads once for each edge of epoll; read until EAGAIN",
            Self::WaitsForRoom => {
                "each of its waits ends at once, as one for room to send does; wait for that only while something is \
                 left to be sent"
            }
            Self::NeverWaits => {
                "it never waits; have it wait in select, poll or epoll, or write `spins = true` into its catalogue \
                 entry if that is its model"
            }
            Self::SkipsNeighbours => {
                "it takes clients out of the list that it is walking through, which passes over the next one; walk \
                 through a copy, or take them out afterwards"
            }
        }
    }

    /// The check that brings it about, whichever else meets it by chance.
    pub(super) fn brought_about_by(self) -> &'static str {
        match self {
            Self::AcceptsOnce => super::BURST,
            Self::ReadsOnce => super::PILE,
            Self::WaitsForRoom | Self::NeverWaits => super::REST,
            Self::SkipsNeighbours => super::LEAVERS,
        }
    }

    /// Whether clients wait in vain for what it leaves lying, in other checks than the one that tells it.
    pub(super) fn leaves_waiting(self) -> bool {
        matches!(self, Self::AcceptsOnce | Self::ReadsOnce)
    }
}

/// A check that was not passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What was seen.
    seen: String,
    /// What it comes from, where that could be told.
    pub(super) cause: Option<Cause>,
    /// Whether time had a part in it, so that it has to show twice: a machine may stand still for once.
    pub(super) timed: bool,
    /// Whether it is no wrong answer, but a limit that is met soon.
    pub(super) limit: bool,
}

impl Fault {
    /// Something did not come in time.
    pub(super) fn timed(seen: String) -> Self {
        Self {
            seen,
            cause: None,
            timed: true,
            limit: false,
        }
    }

    /// Something that an experiment has found the cause of.
    pub(super) fn named(seen: String, cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            ..Self::timed(seen)
        }
    }

    /// A limit that is met soon.
    pub(super) fn limit(seen: String) -> Self {
        Self {
            limit: true,
            ..Self::timed(seen)
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.seen)?;
        self.cause.map_or(Ok(()), |cause| write!(f, ": {}", cause.explained()))
    }
}

impl std::error::Error for Fault {}
