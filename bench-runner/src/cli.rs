//! The command line.

mod compare;
mod gate;
mod records;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use loadgen::http::Request;
use loadgen::units::{parse_bytes, parse_duration, parse_positive, parse_rates};
use loadgen::{Arrivals, Protocol};

use crate::environment::{affinity, parse_cpu_list};
use crate::record::NO_WORK;

pub use self::compare::{CompareArgs, CompareFormat};
pub(crate) use self::gate::parse_change;
pub use self::gate::{Change, GateArgs};
pub use self::records::{ClaimsArgs, ExportArgs, ReportArgs, ThemeChoice, TrendArgs, TrendFailOn};

/// See what each way of writing a concurrent TCP server costs, and where each breaks
#[derive(Parser, Debug)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    override_usage = "bench-runner [OPTIONS] [COMMAND]",
    long_about = "Opens thousands of real TCP connections against one server after the other, lets all of them talk and then \
        only a few, and says for every concurrency model how many connections it held and served, what stopped it, \
        its throughput and latency, and what it cost. Without a subcommand it runs.",
    after_long_help = "\
Examples:
  bench-runner --models all --conns 10000           the whole comparison
  bench-runner --quick                              the same in a minute or two, one short round
  bench-runner -m epoll,poll,select --sweep         three models at 1, 10, 100, 1k and 10k connections
  bench-runner -m all,-fork -c 1k,5k --rounds 5     two counts, five rounds, without fork
  bench-runner -c 1k --rate 10k..200k:8             response time against offered rate, and the knees
  bench-runner -m epoll,mine --server 'mine=./my-server --port {port}'
                                                    your own server beside ours
  bench-runner demo                                 five models in a minute
  bench-runner doctor                               what this machine can and cannot do
  bench-runner compare before latest                what got worse since another run
  bench-runner gate --base-rev HEAD~1               whether a commit made a server slower, for CI
  bench-runner report                               draw the charts of the latest run again

Exit codes: 0 every cell has a row and none has failed (being capped or starved is a result), 1 otherwise, 2 usage."
)]
pub struct Cli {
    /// What to do; without it, run
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of a run
    #[command(flatten)]
    pub run: RunArgs,
    /// Colour in the terminal
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, hide_short_help = true)]
    pub color: Color,
}

/// When to write colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Subcommands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Measure (what happens without a subcommand)
    #[command(after_long_help = "\
Examples:
  bench-runner run --models all --conns 10000       the whole comparison
  bench-runner run --quick -m epoll,poll            two models, one short round
  bench-runner run -c 1k,5k,10k --rounds 5          three connection counts, five rounds
  bench-runner run -c 1k --rate 10k..200k:8         response time against offered rate, and the knees
  bench-runner run -c 1k --rate 20k --stall 500ms   what a stop of half a second does to the clients
  bench-runner run --dry-run                        what would be done, and how long it would take
  bench-runner run --server-cpus 0 --client-cpus 1-3
                                                    which CPUs each side has
  bench-runner run -m all --server 'mine=./my-server --port {port}'
                                                    your own server beside ours")]
    Run(Box<RunArgs>),
    /// See it in a minute: five models, 1,500 connections, enough for select to break
    Demo(DemoArgs),
    /// Show the servers that can be chosen
    List(ListArgs),
    /// Say what this machine can and cannot do, and what to change
    Doctor(DoctorArgs),
    /// Check that servers answer rightly, without measuring
    Verify(VerifyArgs),
    /// Draw charts, README and report.html of a recorded run again
    #[command(after_long_help = "\
Examples:
  bench-runner report                               the latest run
  bench-runner report --only 2 --theme dark         one chart, for a dark slide
  bench-runner report --lang zh --size 1280x720     all of them in Chinese, for a smaller one
  bench-runner report --highlight epoll,select      two models before all others
  bench-runner report --only 1 --build-up -o talk   a picture for each step of a talk")]
    Report(ReportArgs),
    /// Write a recorded run in a format that other programs read
    #[command(after_long_help = "\
Examples:
  bench-runner export --format csv > rows.csv       every number of every row of the latest run
  bench-runner export -f bmf -o bmf.json            for `bencher run --adapter json --file bmf.json`
  bench-runner export -f benchstat base -o base.txt for `benchstat base.txt head.txt`
  bench-runner export -f hgrm -m epoll -c 10k -w idle -o epoll.hgrm
                                                    one latency distribution, for HdrHistogram's plotter
  bench-runner export -f hgrm -c 10k -o hgrm/       all of them, a file each

docs/EXPORT.md says who reads each format, what is in it and what is left out; that is told here on standard error.")]
    Export(ExportArgs),
    /// Hold two recorded runs against each other
    #[command(after_long_help = "\
Examples:
  bench-runner compare before latest                what differs between two runs under results/
  bench-runner compare before latest --all          with what is no difference, and what cannot be told
  bench-runner compare a b -m epoll -c 10k --metric cpu,memory
                                                    of one server, at one count, two metrics
  bench-runner compare a b --fail-on regression --metric cpu --limit cpu=20%
                                                    an exit code of its own where something got worse
  bench-runner compare a b --format json            for machines

Two runs one after the other are weak evidence, for the machine drifts between them.

Exit codes: 0 always, unless --fail-on is given; then 0 nothing got worse, 3 something did, 4 it cannot be told (with
--fail-on inconclusive), 5 a server failed or answered wrongly that did not in BASE. 1 an internal error, 2 usage.")]
    Compare(CompareArgs),
    /// Say whether a server got slower: two builds measured side by side, for CI
    #[command(after_long_help = "\
Examples:
  bench-runner gate --base-rev HEAD~1               this repository's servers against the commit before
  bench-runner gate --base-rev main -m epoll-edge --budget 2m
  bench-runner gate --base-cmd './old --port {port}' --head-cmd './new --port {port}'
                                                    any two servers, in any language
  bench-runner gate --base-dir old/bin --head-dir new/bin --limit cpu=3% --limit throughput=10%
  bench-runner gate --self                          a build against itself: how often is it red for nothing?

Exit codes: 0 nothing got slower (or it cannot be told, with a warning), 1 internal error, 2 usage, 3 regression,
4 it cannot be told and --fail-on inconclusive, 5 a server died or answered wrongly.")]
    Gate(Box<GateArgs>),
    /// Follow ratios to a pinned server over many runs, and find where they changed
    #[command(after_long_help = "\
The pinned server is one whose program stays the same, measured in each run beside the others: what the machine does to \
        both is in no ratio. A build that was put aside serves best, as an entry of a catalogue file (docs/TREND.md):

  [[model]]
  name = \"pinned\"
  binary = \"/opt/pinned/server-epoll-edge\"

Examples:
  bench-runner --catalog pinned.toml -m pinned,epoll,poll -c 1k --rounds 5
                                                    a run with a pinned build in it
  bench-runner trend --append                       add the latest run, and show the history
  bench-runner trend --metric cpu,p99 -m epoll      what it shows of one server
  bench-runner trend --append --history perf/history.jsonl --fail-on worse
                                                    in CI, with the history in a branch or a cache

Exit codes: 0 whatever is found, 1 when something cannot be read or drawn, 2 usage; with --fail-on worse, 3 for a \
        change for the worse among the newest points.")]
    Trend(TrendArgs),
    /// Test what textbooks say of these models: confirmed, refuted, or on what it depends
    #[command(after_long_help = "\
Examples:
  bench-runner claims                               all fifteen, in about five minutes
  bench-runner claims --quick                       with fewer connections, in two
  bench-runner claims --only 1,7                    two of them
  bench-runner claims --list                        their words, tests and rules, without measuring
  bench-runner claims --from results/reference      verdicts again, from the numbers of a record

Exit codes: 0 every claim has a verdict, 1 otherwise, 2 usage.")]
    Claims(ClaimsArgs),
    /// Write what makes a shell complete this command line
    #[command(after_long_help = "\
Examples:
  bench-runner completions bash > ~/.local/share/bash-completion/completions/bench-runner
  bench-runner completions zsh > \"${fpath[1]}/_bench-runner\"
  bench-runner completions fish > ~/.config/fish/completions/bench-runner.fish")]
    Completions(CompletionsArgs),
}

/// Which servers.
#[derive(Args, Clone, Debug)]
pub struct Selection {
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
    /// A program of yours too, with {port} in it (repeatable)
    #[arg(long, value_name = "NAME=COMMAND", hide_short_help = true)]
    pub server: Vec<String>,
    /// More servers, from a catalogue file (repeatable); they take part when --models names them
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub catalog: Vec<PathBuf>,
    /// Where the programs are [default: beside this one, then PATH]
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub bin_dir: Option<PathBuf>,
}

/// What is sent.
#[derive(Args, Clone, Debug)]
pub struct LoadArgs {
    /// What the servers speak
    #[arg(long, value_enum, default_value_t = Protocol::Echo, help_heading = "Load", hide_short_help = true)]
    pub protocol: Protocol,
    /// What is asked for under `http` [default: /]
    #[arg(long, value_name = "PATH", value_parser = Request::parse_path, help_heading = "Load", hide_short_help = true)]
    pub path: Option<String>,
    /// Size of a request under `echo` and `reply` (at least 16)
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = parse_bytes, help_heading = "Load", hide_short_help = true)]
    pub request_bytes: u64,
    /// Size of a reply under `reply` (at least 8)
    #[arg(long, value_name = "BYTES", default_value = "16", value_parser = parse_bytes, help_heading = "Load", hide_short_help = true)]
    pub reply_bytes: u64,
    /// Requests that a connection has under way at once
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_positive, help_heading = "Load", hide_short_help = true)]
    pub pipeline: u64,
    /// One request in K asks for the work of --work, the others for none
    #[arg(long, value_name = "K", default_value = "1", value_parser = parse_positive, help_heading = "Load", hide_short_help = true)]
    pub slow_every: u64,
    /// Pause between a reply and its connection's next request
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration, help_heading = "Load", hide_short_help = true)]
    pub think: Duration,
    /// Close each connection after so many replies and open another
    #[arg(long, value_name = "N", value_parser = parse_positive, help_heading = "Load", hide_short_help = true)]
    pub requests_per_conn: Option<u64>,
    /// Time over which connections are opened [default: 100 µs each]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Load", hide_short_help = true)]
    pub ramp: Option<Duration>,
    /// Time that each connection has to be established
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = parse_duration, help_heading = "Load", hide_short_help = true)]
    pub connect_timeout: Duration,
    /// Time that each reply has to come; then its connection is closed
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration, help_heading = "Load", hide_short_help = true)]
    pub timeout: Duration,
    /// Have the generator poll without sleeping
    #[arg(long, help_heading = "Load", hide_short_help = true)]
    pub spin: bool,
    /// Backlog that servers pass to listen(2)
    #[arg(long, value_name = "N", default_value = "4096", value_parser = parse_positive, help_heading = "Load", hide_short_help = true)]
    pub backlog: u64,
    /// Workers of the models that have them [default: 64 in a pool, else the server's CPUs]
    #[arg(long, value_name = "N", value_parser = parse_positive, help_heading = "Load", hide_short_help = true)]
    pub workers: Option<u64>,
}

/// Flags of a run.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Which servers
    #[command(flatten)]
    pub selection: Selection,
    /// Connections to open, one count or several (1k,10k)
    #[arg(short, long, value_name = "N", default_value = "10k", value_delimiter = ',', value_parser = parse_positive)]
    pub conns: Vec<u64>,
    /// Connection counts 1, 10, 100, 1k and 10k, for curves
    #[arg(long, conflicts_with = "conns")]
    pub sweep: bool,
    /// Connections that talk in the mostly-idle window
    #[arg(long, value_name = "N", default_value = "100", value_parser = parse_positive, hide_short_help = true)]
    pub active: u64,
    /// Open loop at these rates instead (20k, 10k,20k or 10k..200k:8)
    #[arg(long, value_name = "RATES", value_parser = parse_rate_list, conflicts_with_all = ["active", "think", "requests_per_conn"])]
    pub rate: Option<Rates>,
    /// How the requests of --rate follow each other
    #[arg(long, value_enum, default_value_t = Arrivals::Uniform, requires = "rate", hide_short_help = true)]
    pub arrivals: Arrivals,
    /// Stop the server for so long in the middle of each window, and see who notices
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration, hide_short_help = true)]
    pub stall: Duration,
    /// Rounds; the order of servers is another in each
    #[arg(short, long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Length of each measured window
    #[arg(short, long, value_name = "TIME", default_value = "4s", value_parser = parse_duration, hide_short_help = true)]
    pub duration: Duration,
    /// Load before each window that is not recorded
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = parse_duration, hide_short_help = true)]
    pub warmup: Duration,
    /// What servers do for each request beside the reply: none, cpu:N or wait:TIME
    #[arg(long, value_name = "WORK", default_value = NO_WORK, value_parser = parse_work, hide_short_help = true)]
    pub work: String,
    /// One round of short windows: --rounds 1 --duration 1s --warmup 200ms
    #[arg(long, conflicts_with_all = ["rounds", "duration", "warmup"])]
    pub quick: bool,
    /// Show the plan and its time, and measure nothing
    #[arg(long, hide_short_help = true)]
    pub dry_run: bool,
    /// Seed of the order of cells [default: from the clock]
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub seed: Option<u64>,
    /// CPUs of the server, as 0 or 0,2 or 0-3 [default: half of those there are]
    #[arg(long, value_name = "LIST", value_parser = parse_cpus, hide_short_help = true)]
    pub server_cpus: Option<Cpus>,
    /// CPUs of the load generator [default: the other half]
    #[arg(long, value_name = "LIST", value_parser = parse_cpus, hide_short_help = true)]
    pub client_cpus: Option<Cpus>,
    /// RLIMIT_NOFILE of the servers [default: the highest there is]
    #[arg(long, value_name = "N", value_parser = parse_positive, hide_short_help = true)]
    pub server_nofile: Option<u64>,
    /// Directory of the records [default: results/DATE-HHMMSS-HOST]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is sent
    #[command(flatten)]
    pub load: LoadArgs,
}

/// A list of CPUs from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpus(pub Vec<usize>);

/// Rates from the command line, in requests per second.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates(pub Vec<f64>);

fn parse_rate_list(text: &str) -> Result<Rates, String> {
    parse_rates(text).map(Rates)
}

fn parse_cpus(text: &str) -> Result<Cpus, String> {
    let cpus = parse_cpu_list(text).filter(|cpus| !cpus.is_empty());
    let cpus = cpus.ok_or_else(|| format!("'{text}' is no list of CPUs; write it as 0, 0,2 or 0-3"))?;
    let allowed = affinity::allowed();
    match allowed.and_then(|allowed| Some((*cpus.iter().find(|cpu| !allowed.contains(cpu))?, allowed))) {
        Some((cpu, allowed)) => Err(format!(
            "CPU {cpu} of '{text}' may not be used; this process has {allowed:?}"
        )),
        None => Ok(Cpus(cpus)),
    }
}

/// As servers understand it, with the number written out. What none of them would understand is refused here.
fn parse_work(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        None if text == NO_WORK => Ok(text.to_owned()),
        Some(("cpu", steps)) => Ok(format!("cpu:{}", parse_positive(steps)?)),
        Some(("wait", time)) => {
            let wait = parse_duration(time)?;
            let whole = wait.as_nanos().is_multiple_of(1_000_000) && (1..=1000).contains(&wait.as_millis());
            let refusal = || format!("'{time}' is no wait of whole milliseconds from 1ms to 1s");
            whole
                .then(|| format!("wait:{}ms", wait.as_millis()))
                .ok_or_else(refusal)
        }
        _ => Err("it is none, cpu:N or wait:TIME".to_owned()),
    }
}

/// Flags of `demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Where the programs are [default: beside this one, then PATH]
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub bin_dir: Option<PathBuf>,
    /// Directory of the records [default: results/DATE-HHMMSS-HOST]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Flags of `completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Flags of `list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Which servers
    #[command(flatten)]
    pub selection: Selection,
}

/// Flags of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Which servers
    #[command(flatten)]
    pub selection: Selection,
    /// Connections that are wanted
    #[arg(short, long, value_name = "N", default_value = "10k", value_parser = parse_positive)]
    pub conns: u64,
    /// Backlog that servers pass to listen(2)
    #[arg(long, value_name = "N", default_value = "4096", value_parser = parse_positive)]
    pub backlog: u64,
}

/// Flags of `verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Which servers
    #[command(flatten)]
    pub selection: Selection,
    /// Have warnings (a small backlog) count as faults
    #[arg(long)]
    pub strict: bool,
    /// What is sent
    #[command(flatten)]
    pub load: LoadArgs,
}

/// What ends with an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something got worse
    Regression,
    /// Something got worse, or it cannot be told
    Inconclusive,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_passed_on_as_servers_understand_it() {
        assert_eq!(parse_work("none").unwrap(), "none");
        assert_eq!(parse_work("cpu:100M").unwrap(), "cpu:100000000");
        assert_eq!(parse_work("wait:1s").unwrap(), "wait:1000ms");
        assert_eq!(parse_work("wait:5ms").unwrap(), "wait:5ms");
        assert!(parse_work("wait:500us").is_err());
    }
}
