//! The charts that there are, and what they are called.

use std::fmt;

use crate::words::{Lang, topics};

/// A chart, whatever run it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Served,
    Watched,
    Memory,
    Slow,
    Clocks,
    Offered,
    Cpu,
    Steps,
    Throughput,
    Percentiles,
    Fairness,
    Timeline,
    Connecting,
}

impl Kind {
    /// The name of its files, without theme and ending; it begins with its number where it has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "1-served",
            Self::Watched => "2-watched",
            Self::Memory => "3-memory",
            Self::Slow => "4-slow",
            Self::Clocks => "5-clocks",
            Self::Offered => "6-offered",
            Self::Cpu => "7-cpu",
            Self::Steps => "8-steps",
            Self::Throughput => "throughput",
            Self::Percentiles => "percentiles",
            Self::Fairness => "fairness",
            Self::Timeline => "timeline",
            Self::Connecting => "connecting",
        }
    }

    /// What it is about, whatever it finds.
    #[must_use]
    pub fn topic(self, lang: Lang) -> &'static str {
        match self {
            Self::Served => topics::served(lang),
            Self::Watched => topics::watched(lang),
            Self::Memory => topics::memory(lang),
            Self::Slow => topics::slow(lang),
            Self::Clocks => topics::clocks(lang),
            Self::Offered => topics::offered(lang),
            Self::Cpu => topics::cpu(lang),
            Self::Steps => topics::steps(lang),
            Self::Throughput => topics::throughput(lang),
            Self::Percentiles => topics::percentiles(lang),
            Self::Fairness => topics::fairness(lang),
            Self::Timeline => topics::timeline(lang),
            Self::Connecting => topics::connecting(lang),
        }
    }

    /// Whether `text` means it: its name, or the number or the word of which that is made.
    #[must_use]
    pub fn is_called(self, text: &str) -> bool {
        let name = self.name();
        let text = text.trim_start_matches('0');
        text == name
            || name
                .split_once('-')
                .is_some_and(|(number, word)| text == number || text == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_called_by_number_word_or_name() {
        for text in ["2", "02", "watched", "2-watched"] {
            assert!(Kind::Watched.is_called(text), "{text}");
        }
        for text in ["", "1", "22", "watch", "-watched"] {
            assert!(!Kind::Watched.is_called(text), "{text}");
        }
        assert!(Kind::Throughput.is_called("throughput"));
        assert!(!Kind::Throughput.is_called("9"));
    }
}
