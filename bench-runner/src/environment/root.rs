//! Reading the small files in which the kernel tells about itself.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

/// The tree to read from: `/` in earnest, a directory of fixtures in a test.
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// A file's text without surrounding white space. `None` when it cannot be read; an empty file is an empty text,
    /// since "no ports are reserved" is an answer.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.path(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_string())
    }

    /// A file's text, when it says anything at all.
    pub(super) fn word(&self, path: &str) -> Option<String> {
        self.text(path).filter(|text| !text.is_empty())
    }

    /// A file that holds one number.
    pub(super) fn number<T: FromStr>(&self, path: &str) -> Option<T> {
        self.text(path)?.parse().ok()
    }

    /// A file that holds exactly `N` numbers.
    pub(super) fn numbers<const N: usize>(&self, path: &str) -> Option<[u64; N]> {
        let numbers: Result<Vec<u64>, _> = self.text(path)?.split_ascii_whitespace().map(str::parse).collect();
        numbers.ok()?.try_into().ok()
    }

    /// The names in a directory, sorted; none when it cannot be read.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }
}

/// The value of `key` in lines of `key: value`, as in `/proc/self/status` and `/proc/meminfo`.
pub(super) fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(key)?.trim_start().strip_prefix(':').map(str::trim);
    text.lines().find_map(value)
}

/// The value of `key` in lines of `key value`, as in a control group's `cpu.stat` and `memory.stat`.
pub(crate) fn flat_key(text: &str, key: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Reads the kernel's list format, `0-3,8,10-11`, for CPUs and for ports. An empty list is an empty answer; what is no
/// list is `None`.
pub fn parse_cpu_list(text: &str) -> Option<Vec<usize>> {
    // Neither CPUs nor ports go higher, and a slip of the pen shall not fill the memory.
    let number = |text: &str| text.trim().parse::<u16>().ok().map(usize::from);
    let mut numbers = Vec::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(number(first)?..=number(last)?);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_lists() {
        assert_eq!(parse_cpu_list("0"), Some(vec![0]));
        assert_eq!(parse_cpu_list("0-3,8,10-11\n"), Some(vec![0, 1, 2, 3, 8, 10, 11]));
        assert_eq!(parse_cpu_list(""), Some(vec![]));
        assert_eq!(parse_cpu_list("0-x"), None);
        assert_eq!(parse_cpu_list("none"), None);
        assert_eq!(parse_cpu_list("0-4000000000"), None);
    }

    #[test]
    fn fields_are_matched_whole() {
        let text = "MemTotalExtra: 1 kB\nMemTotal:  24684084 kB\nmodel name\t: AMD EPYC\nempty:\n";
        assert_eq!(field(text, "MemTotal"), Some("24684084 kB"));
        assert_eq!(field(text, "model name"), Some("AMD EPYC"));
        assert_eq!(field(text, "empty"), Some(""));
        assert_eq!(field(text, "Mem"), None);
        assert_eq!(flat_key("nr_periods_x 1\nnr_periods 7\n", "nr_periods"), Some(7));
        assert_eq!(flat_key("nr_periods 7\n", "nr"), None);
    }
}
