//! Handshakes that the kernel dropped: the evidence for a full accept queue.

use std::fs;
use std::ops::Sub;

/// Counts of the whole network namespace, since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListenCounts {
    /// Handshakes that found an accept queue full.
    pub(super) overflows: u64,
    /// Handshakes dropped for any reason, overflows among them.
    pub(super) drops: u64,
}

impl ListenCounts {
    /// As they are now; `None` where the kernel does not tell.
    pub(super) fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/net/netstat").ok()?)
    }

    /// /proc/net/netstat has two lines for each protocol: the names, then the values.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
        let (names, values) = (lines.next()?.split(' '), lines.next()?.split(' '));
        let pairs: Vec<(&str, &str)> = names.zip(values).collect();
        let value = |wanted| pairs.iter().find(|(name, _)| *name == wanted)?.1.parse().ok();
        Some(Self {
            overflows: value("ListenOverflows")?,
            drops: value("ListenDrops")?,
        })
    }
}

impl Sub for ListenCounts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            overflows: self.overflows.saturating_sub(earlier.overflows),
            drops: self.drops.saturating_sub(earlier.drops),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_found_by_their_names() {
        let text = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 20 33\nIpExt: InNoRoutes\nIpExt: 0\n";
        let counts = ListenCounts::parse(text).unwrap();
        assert_eq!((counts.overflows, counts.drops), (20, 33));
        assert_eq!((counts - counts).drops, 0);
        assert_eq!(ListenCounts::parse("TcpExt: ListenDrops\nTcpExt: 3\n"), None);
        assert_eq!(ListenCounts::parse(""), None);
    }
}
