//! Flags of a comparison of two records.

use clap::{Args, ValueEnum};
use loadgen::units::parse_positive;

use super::FailOn;
use crate::stats::compare::Metric as Compared;

/// Flags of `compare`.
#[derive(Args, Clone, Debug)]
pub struct CompareArgs {
    /// The run before: a directory, or a name under results/
    pub base: String,
    /// The run after
    pub current: String,
    /// Servers: all, families, names; -NAME takes one out
    #[arg(
        short,
        long,
        value_name = "NAMES",
        default_value = "all",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub models: Vec<String>,
    /// Connection counts [default: all]
    #[arg(short, long, value_name = "N", value_delimiter = ',', value_parser = parse_positive)]
    pub conns: Vec<u64>,
    /// What is compared [default: all]
    #[arg(long, value_enum, value_name = "METRICS", value_delimiter = ',')]
    pub metric: Vec<Compared>,
    /// How much worse a metric may be; half of it is reported as a difference (repeatable) [default: served 2, calls 5, cpu and memory 10, rate and switches 20, p99 50]
    #[arg(long, value_name = "METRIC=PERCENT", value_delimiter = ',', value_parser = parse_limit)]
    pub limit: Vec<(Compared, f64)>,
    /// Also list what is no difference, and what cannot be told
    #[arg(long)]
    pub all: bool,
    /// How it is written
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    pub format: CompareFormat,
    /// Have the exit code say when something got worse
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For a terminal
    Text,
    /// As GitHub shows it
    Markdown,
    /// One object, with everything in it
    Json,
}

fn parse_limit(text: &str) -> Result<(Compared, f64), String> {
    let bad = || {
        let names = Compared::ALL.map(Compared::name).join(", ");
        format!("'{text}' is no limit; write it as cpu=5%, with one of {names}")
    };
    let (name, percent) = text.split_once('=').ok_or_else(bad)?;
    let metric = Compared::from_str(name, false).map_err(|_| bad())?;
    let percent: f64 = percent.trim_end_matches('%').trim().parse().map_err(|_| bad())?;
    let possible = percent > 0.0 && percent <= 1000.0;
    possible
        .then_some((metric, percent / 100.0))
        .ok_or_else(|| format!("'{text}' is no limit; from above 0 to 1000% are possible"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_metric_and_a_percentage() {
        assert_eq!(parse_limit("cpu=5%"), Ok((Compared::Cpu, 0.05)));
        assert_eq!(parse_limit("p99=12.5"), Ok((Compared::P99, 0.125)));
        for text in [
            "cpu", "cpu=", "speed=5%", "cpu=five", "cpu=0%", "cpu=-3%", "cpu=NaN", "cpu=inf",
        ] {
            let message = parse_limit(text).expect_err(text);
            assert!(message.contains(&format!("'{text}'")), "{message}");
        }
    }
}
