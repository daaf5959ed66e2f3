//! `claims.json`: what was measured, on what machine, and what came of each claim.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Claim, Judgement, Measured};
use crate::environment::Environment;
use crate::record::{Warning, write_whole};

const FILE: &str = "claims.json";
/// Version of the format of claims.json.
pub const SCHEMA: u32 = 1;

/// The claims that were tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this format.
    pub schema: u32,
    /// Version of bench-runner.
    pub version: String,
    /// When it began (UTC).
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Whether the user stopped it before its end.
    pub interrupted: bool,
    /// Whether it was made with `--quick`.
    pub quick: bool,
    /// The claims with their verdicts.
    pub claims: Vec<Answer>,
    /// All numbers, of which the verdicts are functions.
    pub measured: Measured,
    /// What could be known beforehand to bound or to falsify them.
    pub warnings: Vec<Warning>,
    /// The machine, its limits, the build and the call.
    pub environment: Environment,
}

/// A claim and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its number.
    pub id: u8,
    /// What it is about.
    pub title: String,
    /// As textbooks say it.
    pub claim: String,
    /// What was measured.
    pub how: String,
    /// What decides.
    pub rule: String,
    /// What came of it.
    pub judgement: Judgement,
}

impl Answer {
    /// What these numbers say of a claim.
    #[must_use]
    pub fn to(claim: &Claim, measured: &Measured) -> Self {
        Self {
            id: claim.id,
            title: claim.title.to_owned(),
            claim: claim.words.to_owned(),
            how: claim.how.to_owned(),
            rule: claim.rule.to_owned(),
            judgement: claim.judged(measured),
        }
    }
}

impl Record {
    /// Whether a directory has such a record.
    #[must_use]
    pub fn is_in(directory: &Path) -> bool {
        directory.join(FILE).exists()
    }

    /// Reads the record of a directory.
    ///
    /// # Errors
    /// When there is none, it is damaged, or of another format.
    pub fn read(directory: &Path) -> Result<Self> {
        let path = directory.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read '{}'", path.display()))?;
        let record: Self = serde_json::from_str(&text).with_context(|| format!("'{}' is damaged", path.display()))?;
        if record.schema != SCHEMA {
            bail!(
                "'{}' has format {}, this program reads {SCHEMA}",
                path.display(),
                record.schema
            );
        }
        Ok(record)
    }

    /// Writes it into a directory, which is made where it is not there.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn write(&self, directory: &Path) -> Result<PathBuf> {
        let path = directory.join(FILE);
        fs::create_dir_all(directory).with_context(|| format!("cannot write into '{}'", directory.display()))?;
        write_whole(&path, &(serde_json::to_string_pretty(self)? + "\n"))?;
        Ok(path)
    }
}
