//! What is said about one topic.

use serde::{Deserialize, Serialize};

use super::format::listed;
use crate::record::Warning;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know when reading the numbers.
    Info,
    /// Some model will be capped or will fail, or a number will mean something else than it seems to.
    Warning,
    /// The plan cannot be carried out: measuring would fail or would harm the machine.
    Blocking,
}

/// One thing to know about this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    /// How much it matters.
    pub severity: Severity,
    /// The name of its kind in records: `descriptors`.
    pub kind: String,
    /// What it is about, in a few words: `open files (RLIMIT_NOFILE)`.
    pub topic: String,
    /// What was found, with the numbers.
    pub finding: String,
    /// What that does to the run.
    pub consequence: String,
    /// What to change, in words.
    pub remedy: Option<String>,
    /// The same as commands to paste, a line each.
    pub commands: Vec<String>,
    /// Names of the models concerned; empty when it concerns all, or none in particular.
    pub models: Vec<String>,
}

impl Advice {
    pub(super) fn new(
        severity: Severity,
        topic: &str,
        finding: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            kind: String::new(),
            topic: topic.into(),
            finding: finding.into(),
            consequence: consequence.into(),
            remedy: None,
            commands: Vec::new(),
            models: Vec::new(),
        }
    }

    pub(super) fn of_kind(mut self, kind: &str) -> Self {
        self.kind = kind.to_owned();
        self
    }

    /// As records keep it, where it is worth keeping: a note is none.
    #[must_use]
    pub fn warning(&self) -> Option<Warning> {
        if self.severity == Severity::Info {
            return None;
        }
        let mut text = format!("{} {}", self.finding, self.consequence);
        if !self.models.is_empty() {
            text += &format!(" Models: {}.", listed(&self.models));
        }
        for part in self.remedy.iter().chain(&self.commands) {
            text += " ";
            text += part;
        }
        Some(Warning::new(&self.kind, text))
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn command(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    pub(super) fn models(mut self, models: Vec<String>) -> Self {
        self.models = models;
        self
    }
}
