//! `benches.json`: what single steps cost, exported from the criterion benchmarks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const FILE: &str = "benches.json";
/// Version of the format of benches.json.
const SCHEMA: u32 = 1;

/// Micro-benchmarks, and where they were run; this need not be where the run beside them was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benches {
    /// Version of this format.
    pub schema: u32,
    /// When the newest of them was measured (UTC).
    pub measured_at: Timestamp,
    /// Revision of the source.
    pub revision: Option<String>,
    /// Whether the source had changes that were not committed.
    pub dirty: Option<bool>,
    /// The compiler.
    pub rustc: Option<String>,
    /// The kernel's release.
    pub kernel_release: Option<String>,
    /// The processor's name.
    pub cpu_model: Option<String>,
    /// CPUs online.
    pub cpus: Option<u64>,
    /// The command that measured.
    pub command: String,
    /// The benchmarks.
    pub benches: Vec<Bench>,
}

/// One benchmark: what a single iteration takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// What kind of step it is: `readiness`, `switch`, `spawn`, `request-path`.
    pub group: String,
    /// The step.
    pub function: String,
    /// Its variant or its size, where it has one.
    pub parameter: Option<String>,
    /// Median over the samples, in nanoseconds for an iteration.
    pub time_ns: f64,
    /// Lower end of the median's confidence interval.
    pub low_ns: f64,
    /// Upper end.
    pub high_ns: f64,
    /// The interval's level, as a share.
    pub confidence: f64,
    /// Samples.
    pub samples: Option<u64>,
}

/// The benchmarks beside a run; `None` where none were exported.
///
/// # Errors
/// When the file is there and cannot be read.
pub(super) fn read_benches(directory: &Path) -> Result<Option<Benches>> {
    let path = directory.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read '{}'", path.display()))?;
    let benches: Benches = serde_json::from_str(&text).with_context(|| format!("'{}' is damaged", path.display()))?;
    if benches.schema != SCHEMA {
        bail!(
            "'{}' has format {}, this program reads {SCHEMA}",
            path.display(),
            benches.schema
        );
    }
    Ok(Some(benches))
}
