//! What a claim is: its words, how it is tested, what decides, and what came of it.

use serde::{Deserialize, Serialize};

use super::measured::{Measured, Part};

/// Connections of a model that a claim wants measured while few of them talk: the server, and how many it holds.
pub type Watch = (&'static str, &'static [u64]);

/// A claim as textbooks make it, and its test.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Its number, by which `--only` names it.
    pub id: u8,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// As textbooks say it.
    pub words: &'static str,
    /// What is measured to test it.
    pub how: &'static str,
    /// From where on it is confirmed, refuted, or depends on something; and why there.
    pub rule: &'static str,
    /// What has to be measured.
    pub parts: &'static [Part],
    /// Servers that have to be measured while most of their connections are silent.
    pub watches: &'static [Watch],
    /// The decision: a function of what was measured, and of nothing else. An error says why nothing can be decided.
    pub judge: fn(&Measured) -> Result<Judgement, String>,
}

impl Claim {
    /// What was measured says of the claim.
    #[must_use]
    pub fn judged(&self, measured: &Measured) -> Judgement {
        (self.judge)(measured).unwrap_or_else(Judgement::untested)
    }
}

/// What is thought of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// It holds here.
    Confirmed,
    /// It does not.
    Refuted,
    /// It holds or not by something that it does not mention.
    Depends,
    /// What was measured cannot decide it.
    Untested,
}

impl Finding {
    /// The name in a record, and for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Depends => "depends",
            Self::Untested => "untested",
        }
    }
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Confirmed, refuted, depends, untested.
    pub verdict: Finding,
    /// On what it depends, or why it could not be tested; null otherwise.
    pub because: Option<String>,
    /// The number that decided, with its unit and how often it was measured; null where there is none.
    pub number: Option<String>,
    /// In words for a talk; null where it could not be tested.
    pub stage: Option<String>,
    /// Everything that the decision stands on.
    pub figures: Vec<Figure>,
}

impl Judgement {
    /// A decision, with the number that made it and what to say of it.
    pub(super) fn new(verdict: Finding, number: impl Into<String>, stage: impl Into<String>) -> Self {
        Self {
            verdict,
            because: None,
            number: Some(number.into()),
            stage: Some(stage.into()),
            figures: Vec::new(),
        }
    }

    /// It depends on something.
    pub(super) fn depends(on: impl Into<String>, number: impl Into<String>, stage: impl Into<String>) -> Self {
        Self {
            because: Some(on.into()),
            ..Self::new(Finding::Depends, number, stage)
        }
    }

    /// It could not be tested.
    pub(super) fn untested(why: String) -> Self {
        Self {
            verdict: Finding::Untested,
            because: Some(why),
            number: None,
            stage: None,
            figures: Vec::new(),
        }
    }

    /// With what it stands on.
    pub(super) fn with(mut self, figures: impl IntoIterator<Item = Figure>) -> Self {
        self.figures.extend(figures);
        self
    }

    /// The verdict in words: `depends on the C library's fd_set`, `could not be tested here: no python3`.
    #[must_use]
    pub fn told(&self) -> String {
        let because = self.because.as_deref().unwrap_or_default();
        match self.verdict {
            Finding::Depends => format!("depends {because}"),
            Finding::Untested => format!("could not be tested here: {because}"),
            verdict => verdict.name().to_owned(),
        }
    }
}

/// One number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// Over how many measurements.
    pub n: u64,
}

impl Figure {
    pub(super) fn new(name: impl Into<String>, value: f64, unit: &str, n: u64) -> Self {
        Self {
            name: name.into(),
            value,
            unit: unit.to_owned(),
            n,
        }
    }
}
