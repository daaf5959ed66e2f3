//! Flags of the gate.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadgen::Ending;
use loadgen::units::{parse_duration, parse_positive};

use super::{Cpus, FailOn, LoadArgs, parse_cpus};
use crate::record::GateMetric;

/// Flags of `gate`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct GateArgs {
    /// Revision to compare with: its servers are built
    #[arg(long, value_name = "REV", conflicts_with_all = ["base_dir", "base_cmd"])]
    pub base_rev: Option<String>,
    /// Revision that is judged [default: HEAD, where there is --base-rev]
    #[arg(long, value_name = "REV", requires = "base_rev")]
    pub head_rev: Option<String>,
    /// Directory of the servers to compare with
    #[arg(long, value_name = "DIR", conflicts_with = "base_cmd")]
    pub base_dir: Option<PathBuf>,
    /// Directory of those that are judged
    #[arg(long, value_name = "DIR", requires = "base_dir")]
    pub head_dir: Option<PathBuf>,
    /// Command of a server to compare with, with {port} in it
    #[arg(long, value_name = "COMMAND")]
    pub base_cmd: Option<String>,
    /// Command of the one that is judged
    #[arg(long, value_name = "COMMAND", requires = "base_cmd")]
    pub head_cmd: Option<String>,
    /// Compare base with itself, and keep whether that was red
    #[arg(long = "self", conflicts_with_all = ["head_rev", "head_dir", "head_cmd"])]
    pub itself: bool,
    /// Servers, of revisions and directories
    #[arg(
        short,
        long,
        value_name = "NAMES",
        default_value = "thread,poll,epoll-edge,tokio-current",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub models: Vec<String>,
    /// Connections, all of which talk
    #[arg(short, long, value_name = "N", default_value = "100", value_parser = parse_positive)]
    pub conns: u64,
    /// Time that all of it may take, builds aside
    #[arg(long, value_name = "TIME", default_value = "8m", value_parser = parse_duration)]
    pub budget: Duration,
    /// What head may be worse by: cpu=5%, answered=5%, memory=10%, throughput=N%, p50=N%, p99=N% (repeatable)
    #[arg(long, value_name = "METRIC=N%", value_parser = parse_change)]
    pub limit: Vec<Change>,
    /// What it is meant to be worse by, as Perf-Accept in a commit message (repeatable)
    #[arg(long, value_name = "METRIC=N%", value_parser = parse_change)]
    pub accept: Vec<Change>,
    /// What ends with an exit code
    #[arg(long, value_enum, default_value_t = FailOn::Regression)]
    pub fail_on: FailOn,
    /// Fresh process pairs of each server
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000), hide_short_help = true)]
    pub pairs: u32,
    /// Chance of a false alarm among all that is gated, before it is confirmed
    #[arg(long, value_name = "P", default_value_t = 0.01, hide_short_help = true)]
    pub alpha: f64,
    /// Seed of all coins [default: from the clock]
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub seed: Option<u64>,
    /// What is kept of builds that were compared with themselves
    #[arg(
        long,
        value_name = "FILE",
        default_value = "results/self-tests.jsonl",
        hide_short_help = true
    )]
    pub self_tests: PathBuf,
    /// CPUs of the servers, as 0 or 0,2 or 0-3 [default: half of those there are]
    #[arg(long, value_name = "LIST", value_parser = parse_cpus, hide_short_help = true)]
    pub server_cpus: Option<Cpus>,
    /// CPUs of the load generator [default: the other half]
    #[arg(long, value_name = "LIST", value_parser = parse_cpus, hide_short_help = true)]
    pub client_cpus: Option<Cpus>,
    /// Directory of the records [default: results/gate-DATE-HHMMSS]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is sent of another protocol: a file with one request, whose reply has --reply-bytes or ends with --reply-until
    #[arg(long, value_name = "FILE", help_heading = "Load", hide_short_help = true)]
    pub request_file: Option<PathBuf>,
    /// With which bytes its reply ends (\\r\\n, END\\n, \\x00)
    #[arg(long, value_name = "BYTES", value_parser = Ending::parse, requires = "request_file", help_heading = "Load", hide_short_help = true)]
    pub reply_until: Option<Ending>,
    /// What is sent
    #[command(flatten)]
    pub load: LoadArgs,
}

/// By how much a metric may change, as a part of base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Which.
    pub metric: GateMetric,
    /// By how much, above 0.
    pub by: f64,
}

/// Reads `cpu=5%`; in a commit message also `cpu +5%`.
pub(crate) fn parse_change(text: &str) -> Result<Change, String> {
    let names = GateMetric::ALL.map(GateMetric::name).join(", ");
    let bad = || format!("'{text}' is no change of a metric; write it as cpu=5%, of {names}");
    let (name, percent) = text.split_once(['=', ' ']).ok_or_else(bad)?;
    let metric = GateMetric::ALL.into_iter().find(|metric| metric.name() == name.trim());
    let number = percent
        .trim()
        .trim_start_matches('+')
        .strip_suffix('%')
        .ok_or_else(bad)?;
    let by = number
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|by| *by > 0.0 && *by <= 1000.0);
    Ok(Change {
        metric: metric.ok_or_else(bad)?,
        by: by.ok_or_else(bad)? / 100.0,
    })
}
