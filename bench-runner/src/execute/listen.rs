//! Handshakes that the kernel dropped, the evidence for a full accept queue, and those that clients began again.

use std::fs;
use std::ops::Sub;

/// Counts of the whole network namespace, since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListenCounts {
    /// Handshakes that found an accept queue full.
    pub(super) overflows: u64,
    /// Handshakes dropped for any reason, overflows among them.
    pub(super) drops: u64,
    /// SYNs (and their answers) sent again because no answer came in time.
    pub(super) syn_retransmits: Option<u64>,
}

impl ListenCounts {
    /// As they are now; `None` where the kernel does not tell.
    pub(super) fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/net/netstat").ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |name| counter(text, "TcpExt", name);
        Some(Self {
            overflows: value("ListenOverflows")?,
            drops: value("ListenDrops")?,
            syn_retransmits: value("TCPSynRetrans"),
        })
    }
}

/// A counter in /proc/net/netstat or /proc/net/snmp, which have two lines for each protocol: the names, then the values.
pub(super) fn counter(text: &str, protocol: &str, wanted: &str) -> Option<u64> {
    let own = |line: &&str| line.strip_prefix(protocol).is_some_and(|rest| rest.starts_with(':'));
    let mut lines = text.lines().filter(own);
    let (names, values) = (lines.next()?.split(' '), lines.next()?.split(' '));
    names.zip(values).find(|(name, _)| *name == wanted)?.1.parse().ok()
}

impl Sub for ListenCounts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            overflows: self.overflows.saturating_sub(earlier.overflows),
            drops: self.drops.saturating_sub(earlier.drops),
            syn_retransmits: self
                .syn_retransmits
                .zip(earlier.syn_retransmits)
                .map(|(now, before)| now.saturating_sub(before)),
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
        assert_eq!(counts.syn_retransmits, None, "older kernels do not count it");
        let text = "TcpExt: ListenOverflows ListenDrops TCPSynRetrans\nTcpExt: 1 2 9\n";
        assert_eq!(ListenCounts::parse(text).unwrap().syn_retransmits, Some(9));
        assert_eq!(counter(text, "Tcp", "ListenDrops"), None, "another protocol");
        assert_eq!(ListenCounts::parse("TcpExt: ListenDrops\nTcpExt: 3\n"), None);
        assert_eq!(ListenCounts::parse(""), None);
    }
}
