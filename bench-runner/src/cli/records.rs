//! Flags of what reads records: `report`, `export` and `trend`; and of `claims`, which makes one of its own.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use loadgen::units::parse_positive;

use super::{Rates, parse_rate_list};
use crate::charts::{Letters, Size, Theme, theme};
use crate::export::{Format, Unit};
use crate::record::{Metric, Window};
use crate::words::Lang;

/// Flags of `report`.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// A run's directory, or its name under results/ [default: the latest]
    pub run: Option<String>,
    /// Draw one chart alone: its number, or its name
    #[arg(long, value_name = "N", help_heading = "Charts")]
    pub only: Option<String>,
    /// For bright rooms and paper, for dark slides, or a picture for each
    #[arg(long, value_enum, default_value_t = ThemeChoice::Light, help_heading = "Charts")]
    pub theme: ThemeChoice,
    /// Size of the pictures in pixels
    #[arg(long, value_name = "WxH", default_value_t = Size::default(), help_heading = "Charts")]
    pub size: Size,
    /// Language of findings and charts
    #[arg(long, value_enum, default_value_t = Lang::En, help_heading = "Charts")]
    pub lang: Lang,
    /// What texts are in an SVG: letters with their fonts, or outlines
    #[arg(long, value_enum, default_value_t = Letters::Fonts, help_heading = "Charts")]
    pub text: Letters,
    /// Models to bring forward; all others are grey
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Charts")]
    pub highlight: Vec<String>,
    /// A picture for each step, one model more in each, into build-up/
    #[arg(long, help_heading = "Charts")]
    pub build_up: bool,
    /// Directory of the pictures [default: that of the run]
    #[arg(short, long, value_name = "DIR", help_heading = "Charts")]
    pub out: Option<PathBuf>,
}

/// Which colours charts are drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ThemeChoice {
    Light,
    Dark,
    Both,
}

impl ThemeChoice {
    /// The themes that are meant, each once.
    #[must_use]
    pub fn themes(self) -> Vec<Theme> {
        match self {
            Self::Light => vec![theme::LIGHT],
            Self::Dark => vec![theme::DARK],
            Self::Both => vec![theme::LIGHT, theme::DARK],
        }
    }
}

/// Flags of `export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// A run's directory, or its name under results/ [default: the latest]
    pub run: Option<String>,
    /// What to write
    #[arg(short, long, value_enum)]
    pub format: Format,
    /// File to write, or directory for several files of hgrm [default: standard output]
    #[arg(short, long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Servers: all, families, names; -NAME takes one out
    #[arg(
        short,
        long,
        visible_alias = "server",
        value_name = "NAMES",
        default_value = "all",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub models: Vec<String>,
    /// Connection counts [default: all]
    #[arg(short, long, value_name = "N", value_delimiter = ',', value_parser = parse_positive)]
    pub conns: Vec<u64>,
    /// Windows [default: all]
    #[arg(short, long, value_enum, value_delimiter = ',')]
    pub window: Vec<Window>,
    /// Offered rates of an open loop [default: all]
    #[arg(long, value_name = "RATES", value_parser = parse_rate_list)]
    pub rate: Option<Rates>,
    /// Unit of the values of hgrm [default: ms]
    #[arg(long, value_enum)]
    pub unit: Option<Unit>,
}

/// Flags of `trend`.
#[derive(Args, Clone, Debug)]
pub struct TrendArgs {
    /// The history, which is made where there is none
    #[arg(long, value_name = "FILE", default_value = "results/history.jsonl")]
    pub history: PathBuf,
    /// Add a run to it first: a directory, or a name under results/ [default: the latest]
    #[arg(long, value_name = "RUN", num_args = 0..=1)]
    pub append: Option<Option<String>>,
    /// The server that others are held against [default: pinned if the run has it, else epoll-edge]
    #[arg(long, value_name = "NAME")]
    pub pinned: Option<String>,
    /// Servers to show
    #[arg(short, long, value_name = "NAMES", default_value = "all", value_delimiter = ',')]
    pub models: Vec<String>,
    /// What to show of them, one or several
    #[arg(long, value_enum, default_value = "cpu", value_delimiter = ',')]
    pub metric: Vec<Metric>,
    /// Connection counts to show [default: all]
    #[arg(short, long, value_name = "N", value_delimiter = ',', value_parser = parse_positive)]
    pub conns: Vec<u64>,
    /// Directory of the charts [default: that of the history]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of the permutations
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// End with 3 for a change for the worse among the newest points
    #[arg(long, value_enum)]
    pub fail_on: Option<TrendFailOn>,
    /// How many points are the newest
    #[arg(long, value_name = "N", default_value = "20", value_parser = parse_positive, requires = "fail_on")]
    pub newest: u64,
}

/// What `trend` ends with an error for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TrendFailOn {
    /// A change for the worse
    Worse,
}

/// Flags of `claims`.
#[derive(Args, Clone, Debug)]
pub struct ClaimsArgs {
    /// Numbers of the claims to test, as 1,7 [default: all]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = parse_positive)]
    pub only: Vec<u64>,
    /// Fewer connections, one round
    #[arg(long)]
    pub quick: bool,
    /// Say what they are and how they are tested, and measure nothing
    #[arg(long, conflicts_with = "from")]
    pub list: bool,
    /// Judge again from the claims.json of this directory
    #[arg(long, value_name = "DIR", conflicts_with = "quick")]
    pub from: Option<PathBuf>,
    /// Ground of the chart, or a picture for each
    #[arg(long, value_enum, default_value_t = ThemeChoice::Light)]
    pub theme: ThemeChoice,
    /// Language of the chart; what is said of the claims is English
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
    /// Directory of claims.md and claims.json [default: results/claims-DATE-HHMMSS-HOST]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where the programs are [default: beside this one, then PATH]
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub bin_dir: Option<PathBuf>,
}
