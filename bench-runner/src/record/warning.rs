//! Something that a person can see to before a number is believed: what it is, what shows it, and the way out.

use serde::{Deserialize, Serialize};

/// A warning. `run.json` has those that could be known before the run, a row those that its window showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Names the kind, and is the same wherever it is met: `steal`, `debug-build`.
    pub kind: String,
    /// The evidence, with the numbers, what it does to them, and what to do.
    pub text: String,
}

impl Warning {
    /// A warning of a kind.
    #[must_use]
    pub fn new(kind: &str, text: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            text: text.into(),
        }
    }
}
