//! What became of a connection or a request: every one ends in exactly one class.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

/// The classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A request got its correct reply inside the window.
    Ok,
    /// The connection was refused (ECONNREFUSED).
    Refused,
    /// The connection was reset.
    Reset,
    /// The server closed the connection while a reply was due, or at once.
    ClosedEarly,
    /// The connection was not established in time.
    ConnectTimeout,
    /// A reply did not come in time.
    RequestTimeout,
    /// A reply was not the right one.
    Mismatch,
    /// The client had no local port left.
    NoPorts,
    /// The client had no descriptor left.
    NoDescriptors,
    /// The kernel gave another reason (EHOSTUNREACH, EPERM from a packet filter, ...).
    Other,
    /// A request was under way when the window ended: its latency is only known to be longer than its age.
    Unfinished,
}

impl Outcome {
    /// All classes.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Refused,
        Self::Reset,
        Self::ClosedEarly,
        Self::ConnectTimeout,
        Self::RequestTimeout,
        Self::Mismatch,
        Self::NoPorts,
        Self::NoDescriptors,
        Self::Other,
        Self::Unfinished,
    ];

    /// The class in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::ClosedEarly => "closed early",
            Self::ConnectTimeout => "connect timeout",
            Self::RequestTimeout => "request timeout",
            Self::Mismatch => "wrong reply",
            Self::NoPorts => "no local port",
            Self::NoDescriptors => "no descriptor",
            Self::Other => "other error",
            Self::Unfinished => "unfinished",
        }
    }

    /// The class of an error on an established connection.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => Self::NoDescriptors,
            Some(libc::ECONNRESET | libc::EPIPE | libc::ECONNABORTED) => Self::Reset,
            // TCP gave up on a peer that stopped acknowledging.
            Some(libc::ETIMEDOUT) => Self::RequestTimeout,
            _ => Self::Other,
        }
    }

    /// The class of an error of an attempt to connect.
    #[must_use]
    pub fn of_attempt(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ECONNREFUSED) => Self::Refused,
            Some(libc::ETIMEDOUT) => Self::ConnectTimeout,
            Some(libc::EADDRNOTAVAIL | libc::EADDRINUSE) => Self::NoPorts,
            _ => Self::of(error),
        }
    }
}

/// How often each class was met. Connection failures count connections, the others requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcomes(BTreeMap<Outcome, u64>);

impl Default for Outcomes {
    /// Every class is there from the start: a class that was not met reads 0.
    fn default() -> Self {
        Self(Outcome::ALL.into_iter().map(|outcome| (outcome, 0)).collect())
    }
}

impl Outcomes {
    /// Counts `n` of a class.
    pub fn add(&mut self, outcome: Outcome, n: u64) {
        *self.0.entry(outcome).or_default() += n;
    }

    /// How many there were of a class.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or(0)
    }

    /// Adds another account to this one.
    pub fn merge(&mut self, other: &Self) {
        for (&outcome, &n) in &other.0 {
            self.add(outcome, n);
        }
    }

    /// The classes that were met and are no success, most frequent first.
    #[must_use]
    pub fn failures(&self) -> Vec<(Outcome, u64)> {
        let mut met: Vec<_> = self.0.iter().map(|(&outcome, &n)| (outcome, n)).collect();
        met.retain(|&(outcome, n)| n > 0 && !matches!(outcome, Outcome::Ok | Outcome::Unfinished));
        met.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_nobody_foresaw_is_no_reset() {
        let of = |errno| Outcome::of(&io::Error::from_raw_os_error(errno));
        assert_eq!(
            (of(libc::ECONNRESET), of(libc::EPIPE)),
            (Outcome::Reset, Outcome::Reset)
        );
        assert_eq!(
            (of(libc::EHOSTUNREACH), of(libc::EPERM)),
            (Outcome::Other, Outcome::Other)
        );
        let attempt = |errno| Outcome::of_attempt(&io::Error::from_raw_os_error(errno));
        assert_eq!(attempt(libc::ETIMEDOUT), Outcome::ConnectTimeout);
        assert_eq!(attempt(libc::ENETUNREACH), Outcome::Other);
    }
}
