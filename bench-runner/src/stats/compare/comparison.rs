//! What comes of a comparison.

use serde::Serialize;

use super::{Difference, Judgement, Key, Metric, Programs, Ratio};
use crate::stats::Estimate;

/// Why nothing more is said of a change than its two values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "text")]
pub enum Why {
    /// Rounds failed in current and none in base, and why.
    Failed(String),
    /// Rounds failed in base and none in current, and why.
    Mended(String),
    /// Fewer clients were served because of the limit of this name.
    Limit(String),
    /// Other clients were served, so that what each had, and what it cost, is no comparison.
    OtherClients,
    /// The load generator gave out first.
    Bounded,
    /// The load generator contradicted itself in a round.
    Unsound,
    /// The two were not read from the same place.
    OtherSource(String),
}

/// One metric of one window, before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which window.
    #[serde(flatten)]
    pub key: Key,
    /// What of it.
    pub metric: Metric,
    /// What is said of it.
    pub judgement: Judgement,
    /// The rounds of base.
    pub base: Option<Estimate>,
    /// The rounds of current.
    pub current: Option<Estimate>,
    /// Current ÷ base; `None` where the two are no comparison.
    pub ratio: Option<Ratio>,
    /// The smallest ratio, above 1, that rounds like these would have shown, either way; `None` where none would, or
    /// where it is not the rounds that decide.
    pub visible: Option<f64>,
    /// Why, where the numbers alone do not say it.
    pub why: Option<Why>,
}

impl Change {
    /// Whether a server has failed, or answered wrongly, that did not in base.
    #[must_use]
    pub fn broke(&self) -> bool {
        matches!(self.why, Some(Why::Failed(_)))
    }
}

/// Windows that are not compared though both runs have them, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// How their load differs.
    pub because: String,
    /// How many windows.
    pub windows: usize,
}

/// A metric that one of the runs lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// The metric.
    pub metric: Metric,
    /// Whether it is base that lacks it; else it is current.
    pub in_base: bool,
    /// In how many windows.
    pub windows: usize,
    /// Why in the first of them, where the record says so.
    pub because: Option<String>,
}

/// All that can be said of two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What differs in their circumstances.
    pub differences: Vec<Difference>,
    /// Which servers are the same programs.
    pub programs: Programs,
    /// Every metric of every window that both have, worst first.
    pub changes: Vec<Change>,
    /// Windows that only base has.
    pub only_in_base: Vec<Key>,
    /// Windows that only current has.
    pub only_in_current: Vec<Key>,
    /// Windows with another load.
    pub left_out: Vec<LeftOut>,
    /// Metrics that one of them lacks.
    pub absent: Vec<Absent>,
}

/// How a comparison ends, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing got worse, and that could be told of everything that base has.
    Pass,
    /// Nothing is known to have got worse, but not of everything could it be told.
    Inconclusive,
    /// Something got worse.
    Regression,
    /// A server failed, or answered wrongly, that did not in base.
    Broken,
}

impl Standing {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "nothing got worse",
            Self::Inconclusive => "inconclusive",
            Self::Regression => "worse",
            Self::Broken => "broken",
        }
    }
}

impl Comparison {
    /// How it ends.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let any = |judgement| self.of(judgement).next().is_some();
        if self.changes.iter().any(Change::broke) {
            Standing::Broken
        } else if any(Judgement::Worse) {
            Standing::Regression
        } else if any(Judgement::CannotTell)
            || !self.only_in_base.is_empty()
            || !self.left_out.is_empty()
            || self.absent.iter().any(|absent| !absent.in_base)
        {
            Standing::Inconclusive
        } else {
            Standing::Pass
        }
    }

    /// The changes of which one thing is said, worst first.
    pub fn of(&self, judgement: Judgement) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.judgement == judgement)
    }
}
