//! Memory, from /proc/meminfo (Documentation/filesystems/proc.rst).

use serde::{Deserialize, Serialize};

use super::root::{Root, field};

/// Memory and swap.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// What the kernel manages, in bytes.
    pub total_bytes: Option<u64>,
    /// What programs could still take without swapping, in bytes, by the kernel's estimate.
    pub available_bytes: Option<u64>,
    /// Swap there is, in bytes (0: the machine says that it has none).
    pub swap_total_bytes: Option<u64>,
    /// Swap in use, in bytes.
    pub swap_used_bytes: Option<u64>,
    /// How much may be promised when overcommit is forbidden, in bytes.
    pub commit_limit_bytes: Option<u64>,
    /// How much is promised, in bytes.
    pub committed_bytes: Option<u64>,
    /// Transparent huge pages: `always`, `madvise` or `never`.
    pub transparent_hugepages: Option<String>,
}

impl Memory {
    pub(super) fn read(root: &Root) -> Self {
        let info = root.text("/proc/meminfo").unwrap_or_default();
        let bytes = |key| field(&info, key).and_then(kibibytes);
        let swap_total_bytes = bytes("SwapTotal");
        let swap_free = bytes("SwapFree");
        Self {
            total_bytes: bytes("MemTotal"),
            available_bytes: bytes("MemAvailable"),
            swap_total_bytes,
            swap_used_bytes: swap_total_bytes
                .zip(swap_free)
                .map(|(total, free)| total.saturating_sub(free)),
            commit_limit_bytes: bytes("CommitLimit"),
            committed_bytes: bytes("Committed_AS"),
            transparent_hugepages: root
                .word("/sys/kernel/mm/transparent_hugepage/enabled")
                .and_then(|t| chosen(&t)),
        }
    }
}

fn kibibytes(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// `always [madvise] never` → `madvise`.
fn chosen(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']').map(|(word, _)| word.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_choices() {
        assert_eq!(kibibytes("24684084 kB"), Some(24_684_084 * 1024));
        assert_eq!(kibibytes("24684084"), None);
        assert_eq!(chosen("always [madvise] never").as_deref(), Some("madvise"));
        assert_eq!(chosen("always"), None);
    }
}
