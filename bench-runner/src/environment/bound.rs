//! A limit as the kernel states it: a number, or none.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A limit that is either a number or `"unlimited"`. Both are answers, and differ from `None`, "not told".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub enum Bound {
    /// At most this many.
    At(u64),
    /// No limit.
    Unlimited,
}

impl Bound {
    /// The number, when there is one.
    pub fn at(self) -> Option<u64> {
        match self {
            Self::At(limit) => Some(limit),
            Self::Unlimited => None,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(limit) => limit.fmt(f),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

/// Control groups write `max` (version 2) or `-1` (version 1) for "no limit".
impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "max" | "unlimited" | "-1" => Ok(Self::Unlimited),
            number => match number.parse() {
                Ok(limit) => Ok(Self::At(limit)),
                Err(_) => Err(format!(
                    "'{number}' is no limit: expected a number, 'max' or 'unlimited'"
                )),
            },
        }
    }
}

/// What stands in the record: a number or a word.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Number(u64),
    Word(String),
}

impl From<Bound> for Wire {
    fn from(bound: Bound) -> Self {
        bound.at().map_or_else(|| Self::Word(bound.to_string()), Self::Number)
    }
}

impl TryFrom<Wire> for Bound {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        match wire {
            Wire::Number(limit) => Ok(Self::At(limit)),
            Wire::Word(word) => word.parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!("max\n".parse(), Ok(Bound::Unlimited));
        assert_eq!("-1".parse(), Ok(Bound::Unlimited));
        assert_eq!("4096".parse(), Ok(Bound::At(4096)));
        assert!("many".parse::<Bound>().is_err_and(|error| error.contains("'many'")));
        assert!(Bound::At(u64::MAX) < Bound::Unlimited);
    }

    #[test]
    fn the_record_tells_unlimited_from_unknown() {
        let limits = [Some(Bound::At(7)), Some(Bound::Unlimited), None];
        let json = serde_json::to_string(&limits).unwrap();
        assert_eq!(json, r#"[7,"unlimited",null]"#);
        assert_eq!(serde_json::from_str::<[Option<Bound>; 3]>(&json).unwrap(), limits);
    }
}
