//! What builds that were compared with themselves were said to be: a line for each such gate, so that every summary can
//! tell how often this kind of runner cries wolf.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A gate that compared a build with itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// When it ended (UTC).
    pub at: Timestamp,
    /// The class of its machine, as a history has it.
    pub runner: String,
    /// The servers.
    pub servers: Vec<String>,
    /// Process pairs.
    pub pairs: u32,
    /// Time that was allowed.
    pub budget_s: f64,
    /// The chance of a false alarm that was allowed.
    #[serde(default)]
    pub alpha: f64,
    /// What head might have been worse by.
    #[serde(default)]
    pub limits: BTreeMap<String, f64>,
    /// Connections.
    #[serde(default)]
    pub conns: u64,
    /// Whether it was red, which could only be wrong: a regression, or a server that could not be measured.
    pub red: bool,
    /// Whether it called the build better than itself, which is as wrong and turns nothing red.
    #[serde(default)]
    pub improved: bool,
    /// Standard deviations of the paired data, in the order of the servers.
    pub sd: Vec<Option<f64>>,
}

/// All of them that can be read; a damaged line is none.
///
/// # Errors
/// When there is a file and it cannot be read.
pub fn self_tests(path: &Path) -> Result<Vec<SelfTest>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read '{}'", path.display())),
    }
}

/// Adds one.
///
/// # Errors
/// When it cannot be written.
pub fn keep(path: &Path, test: &SelfTest) -> Result<()> {
    let attempt = || -> Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut line = serde_json::to_vec(test)?;
        line.push(b'\n');
        Ok(OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?
            .write_all(&line)?)
    };
    attempt().with_context(|| format!("cannot write '{}'", path.display()))
}
