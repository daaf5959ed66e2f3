//! What differs between the circumstances of two runs, first what moves numbers most. What is the same is not listed.

mod limits;
mod machine;
mod programs;
mod settings;
mod state;

use serde::Serialize;

pub use self::programs::Programs;
pub(super) use self::programs::programs;
use crate::record::{Row, Run};

/// What a difference is one of, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Processors, kernel, virtualisation.
    Machine,
    /// How the programs were built, and from what.
    Programs,
    /// What the runs were told to do.
    Settings,
    /// What bounds connections, memory and CPU time.
    Limits,
    /// How busy the machine was.
    State,
}

impl Group {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Programs => "programs",
            Self::Settings => "settings",
            Self::Limits => "limits",
            Self::State => "state",
        }
    }
}

/// Something that was not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What kind of thing it is.
    pub group: Group,
    /// What it is.
    pub name: String,
    /// What it was in base; "unknown" where that could not be read.
    pub base: String,
    /// What it was in current.
    pub current: String,
}

/// All that differs.
#[must_use]
pub(super) fn differences(base: (&Run, &[Row]), current: (&Run, &[Row])) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut list = |group, fill: &dyn Fn(&mut Listing)| {
        let mut listing = Listing {
            group,
            found: &mut found,
        };
        fill(&mut listing);
    };
    let (b, c) = (base.0, current.0);
    list(Group::Machine, &|listing| machine::list(listing, b, c));
    list(Group::Programs, &|listing| programs::list(listing, b, c));
    list(Group::Settings, &|listing| settings::list(listing, b, c));
    list(Group::Limits, &|listing| limits::list(listing, b, c));
    list(Group::State, &|listing| state::list(listing, base, current));
    found
}

/// The differences of one group, as they are found.
struct Listing<'a> {
    group: Group,
    found: &'a mut Vec<Difference>,
}

impl Listing<'_> {
    /// Two values as they are written.
    fn text(&mut self, name: &str, base: impl Into<String>, current: impl Into<String>) {
        let (base, current) = (base.into(), current.into());
        if base != current {
            self.found.push(Difference {
                group: self.group,
                name: name.to_owned(),
                base,
                current,
            });
        }
    }

    /// Two values that may not have been told.
    fn told<T: ToString>(&mut self, name: &str, base: Option<T>, current: Option<T>) {
        let write = |value: Option<T>| value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
        self.text(name, write(base), write(current));
    }

    /// Two values of which older records know nothing: only where both are told.
    fn both<T: ToString>(&mut self, name: &str, base: Option<T>, current: Option<T>) {
        if let (Some(base), Some(current)) = (base, current) {
            self.text(name, base.to_string(), current.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
