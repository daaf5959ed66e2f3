//! `gate.json`: what was compared, how, and what came of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GateMetric, PerRequest, Settings, Side, TrialLoad};
use crate::environment::Environment;

/// A gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateRun {
    /// Version of this format.
    pub schema: u32,
    /// Version of bench-runner.
    pub version: String,
    /// When it began (UTC).
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Base and head.
    pub sides: [SideRecord; 2],
    /// Whether a build was compared with itself.
    pub itself: bool,
    /// What the servers and the generator were told.
    pub settings: Settings,
    /// Process pairs of the first campaign.
    pub pairs: u32,
    /// Length of a slice.
    pub slice_s: f64,
    /// The chance of a false alarm among all gated metrics, before confirmation.
    pub alpha: f64,
    /// What head may be worse by, as a part of base, by metric; the gated ones and memory.
    pub limits: BTreeMap<String, f64>,
    /// Time that was allowed.
    pub budget_s: f64,
    /// Seed of all coins.
    pub seed: u64,
    /// What was measured, worst first.
    pub trials: Vec<Trial>,
    /// Servers that are the same program started by the same words on both sides, and so were not measured.
    pub identical: Vec<String>,
    /// Servers that only one side has: their names and that side.
    pub only_in: BTreeMap<String, Side>,
    /// What could not be measured, in words: a side that died or answered wrongly.
    pub broken: Option<String>,
    /// What this kind of runner has said of builds that were compared with themselves, this run among them.
    pub alarms: Alarms,
    /// The machine, its limits, the build and the call.
    pub environment: Environment,
}

/// Base or head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SideRecord {
    /// As it was named.
    pub named: String,
    /// The revision, where it was one.
    pub revision: Option<String>,
    /// SHA-256 of each program, by the server's name.
    pub programs: BTreeMap<String, String>,
}

/// A server under one load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The server.
    pub server: String,
    /// Connections, all of which talk.
    pub conns: u64,
    /// How it was loaded.
    pub load: TrialLoad,
    /// What is said of each metric.
    pub lines: Vec<Line>,
    /// What base and head did for each request; null where nothing differed that would have to be explained.
    pub per_request: Option<[PerRequest; 2]>,
    /// Slices in which base and head did not answer all that was due, of all slices.
    pub behind: [u64; 3],
}

/// What is said of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Which.
    pub metric: GateMetric,
    /// Whether it decides on red; others are shown only.
    pub gated: bool,
    /// What is said.
    pub verdict: GateVerdict,
    /// What base had: nanoseconds, requests per second or bytes.
    pub base: Option<f64>,
    /// What head had.
    pub head: Option<f64>,
    /// By how much head is worse, as a part of base; negative where it is better.
    pub change: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Confidence of the interval.
    pub confidence: Option<f64>,
    /// One-sided p value that head is worse, adjusted for all gated metrics.
    pub p: Option<f64>,
    /// What head may be worse by.
    pub limit: f64,
    /// What the commit message, or a flag, has accepted beyond that.
    pub accepted: f64,
    /// The smallest change that would have been found nine times in ten.
    pub visible: Option<f64>,
    /// Standard deviation of the paired data.
    pub sd: Option<f64>,
    /// Process pairs.
    pub pairs: u64,
    /// What fresh pairs said of a metric that was red; null where it was not. It is red only where they say so too, and
    /// theirs is the size to quote: the first was chosen for being large.
    #[serde(default)]
    pub again: Option<Again>,
}

/// A metric in the second campaign.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Again {
    /// By how much head is worse, as a part of base.
    pub change: f64,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// One-sided p value that head is worse, adjusted for all that was confirmed.
    pub p: Option<f64>,
}

/// What is said of a metric, after its confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateVerdict {
    /// Head is worse, twice.
    Regression,
    /// Head was worse, and on fresh pairs it was not.
    NotConfirmed,
    /// Noise, or a difference that may lie on either side of the limit.
    Inconclusive,
    /// Head is worse by what was accepted.
    Accepted,
    /// Head is better.
    Improvement,
    /// Head is worse by less than the limit, if at all.
    NoDifference,
    /// Not judged.
    Shown,
}

/// How often builds that were compared with themselves were called different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    /// Runs with the same plan: class of machine, alpha, limits and pairs.
    pub runs: u64,
    /// Of these, the ones that were red.
    pub red: u64,
    /// The ones that called the build better than itself, which turns nothing red.
    #[serde(default)]
    pub improved: u64,
    /// With 95 % confidence the rate of red ones is below this.
    pub below: f64,
}
