//! `loadgen`: opens N concurrent TCP clients against a server and says what became of every one of them.

mod speech;
mod summary;

use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use loadgen::ask::Patience;
use loadgen::clock::{nanoseconds, now_ns};
use loadgen::units::{grouped, parse_duration, parse_positive, parse_rates};
use loadgen::{
    Arrivals, Config, Connected, DEEPEST_PIPELINE, Fleet, MOST_CONNS, MOST_REQUESTS_PER_CONN, Measurement, Protocol,
    RAREST_SLOW, interrupt,
};
use nix::sys::resource::{Resource, getrlimit};
use serde::Serialize;

use speech::Speech;

/// With how it was built in it: whoever finds these words in a program need not run it to know that it is no measure.
const VERSION: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), " (debug build)")
} else {
    concat!(env!("CARGO_PKG_VERSION"), " (release build)")
};

/// Open N concurrent TCP clients against a server, check every reply, and say what became of each
#[derive(Parser, Debug)]
#[command(
    version = VERSION,
    after_help = "\
Examples:
  loadgen --target 127.0.0.1:9000 --conns 100
  loadgen --target 127.0.0.1:9000 --conns 10k --active 100 --duration 30s
  loadgen --target 127.0.0.1:9000 --conns 1k --think 50ms --slow-every 100
  loadgen --target 127.0.0.1:9000 --conns 50 --requests-per-conn 1
  loadgen --target 127.0.0.1:9000 --rate 20k --arrivals poisson --spin
  loadgen --target 127.0.0.1:9000 --rate 10k..200k:8 --duration 3s
  loadgen --target 127.0.0.1:9000 --conns 1k --pipeline 8 --json | jq .rate_per_s
  loadgen --target 127.0.0.1:8080 --path /index.html --header 'Accept: text/html'
  loadgen --target 127.0.0.1:6379 --request-file ping --reply-until '\\r\\n'"
)]
struct Cli {
    /// The server, as HOST:PORT
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9000")]
    target: String,
    /// Connections to open
    #[arg(short, long, value_name = "N", default_value = "100", value_parser = parse_positive)]
    conns: u64,
    /// Connections that talk; the others stay open and silent [default: all]
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    active: Option<u64>,
    /// Length of the measured window
    #[arg(short, long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    duration: Duration,
    /// Load before the window that is not recorded
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = parse_duration)]
    warmup: Duration,
    /// Time over which the connections are opened [default: 100 µs a connection]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    ramp: Option<Duration>,
    /// Time that each connection has to be established
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = parse_duration)]
    connect_timeout: Duration,
    /// Time that each reply has to come; then its connection is closed
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    timeout: Duration,
    /// What is said
    #[command(flatten)]
    speech: Speech,
    /// Requests that a connection has under way at once
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_positive)]
    pipeline: u64,
    /// Replies after which a connection is closed and another one opened: accepting is then part of what is measured
    /// [default: each client keeps its connection]
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    requests_per_conn: Option<u64>,
    /// Pause of each connection between a reply and its next request; with a pipeline, of each place in it; after the
    /// last of --requests-per-conn, between one connection and the next
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    think: Duration,
    /// Have only every Kth request of each connection ask for the server's work (its --work), and tell the latency of
    /// these apart from the others' [default: every request asks]
    #[arg(long, value_name = "K", value_parser = parse_positive)]
    slow_every: Option<u64>,
    /// Send at this rate whether or not replies come (open loop), in requests a second; several rates (10k,20k) or a
    /// range (10k..200k:8) are measured one after the other [default: closed loop]
    #[arg(long, value_name = "RATE", value_parser = parse_rates_list)]
    rate: Option<Rates>,
    /// How requests at a --rate follow each other
    #[arg(long, value_enum, default_value_t = Arrivals::Uniform, requires = "rate")]
    arrivals: Arrivals,
    /// Seed of random arrivals
    #[arg(long, value_name = "N", default_value_t = 1, requires = "rate")]
    seed: u64,
    /// Poll without sleeping: on a virtual machine, waking an idle core takes longer than most replies
    #[arg(long)]
    spin: bool,
    /// Processes to spread the connections over [default: as few as their descriptors allow]
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    shards: Option<u64>,
    /// Allow a target that is not on this machine's loopback
    #[arg(long)]
    allow_remote: bool,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    json: bool,
    /// Run as a part of another loadgen, which speaks JSON on standard input
    #[arg(long, hide = true)]
    shard: bool,
}

/// Rates to offer, in requests a second.
#[derive(Clone, Debug)]
struct Rates(Vec<f64>);

fn parse_rates_list(text: &str) -> Result<Rates, String> {
    parse_rates(text).map(Rates)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.shard {
        return loadgen::shard_main();
    }
    interrupt::install();
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            // Not `eprintln!`, which panics when nobody reads any more.
            let _ = writeln!(io::stderr(), "loadgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let target = target(cli)?;
    let config = config(cli, target)?;
    let active = cli.active.unwrap_or(cli.conns);
    if active > cli.conns {
        usage(&format!("--active {active} is more than --conns {}", cli.conns));
    }
    let nofile = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(_, hard)| hard);
    let shards = cli.shards.unwrap_or(1).max(loadgen::shards_needed(cli.conns, nofile));
    let binary = std::env::current_exe().context("cannot find this program's own file")?;
    let exchange = config.exchange.clone();
    let mut fleet = Fleet::launch(&binary, config, shards, &[])?;
    let connected = fleet.connect()?;
    let nobody = connected.connected == 0;
    if nobody && !cli.json {
        bail!("no connection to {target} came about: {}", reasons(&connected));
    }
    let rates = match &cli.rate {
        None => vec![None],
        Some(rates) => rates.0.iter().copied().map(Some).collect(),
    };
    let mut measured = Vec::new();
    for rate in rates {
        fleet.start(active, rate)?;
        let start = now_ns() + if nobody { 0 } else { nanoseconds(cli.warmup) };
        // With nobody there to measure, the object that was asked for tells how the connections failed, at once.
        let duration = if nobody { Duration::from_millis(1) } else { cli.duration };
        fleet.measure(start, start + nanoseconds(duration))?;
        measured.push(fleet.collect()?);
    }
    let text = match (&*measured, cli.json) {
        ([one], true) => serde_json::to_string(one)? + "\n",
        (all, true) => serde_json::to_string(&Curve::of(all))? + "\n",
        ([one], false) => summary::one(cli, target, exchange.as_ref(), one),
        (all, false) => summary::curve(cli, target, exchange.as_ref(), all),
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ if measured.iter().all(|m| m.served == 0) => bail!("{target} served nobody: {}", reasons(&connected)),
        _ if measured.iter().any(|m| m.mismatches() > 0) => Ok(ExitCode::FAILURE),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// What is printed of several rates.
#[derive(Serialize)]
struct Curve<'a> {
    /// The offered rate at which time begins to climb; null where the curve has no knee.
    knee_per_s: Option<f64>,
    /// One window a rate.
    windows: &'a [Measurement],
}

impl<'a> Curve<'a> {
    fn of(windows: &'a [Measurement]) -> Self {
        Self {
            knee_per_s: Measurement::knee(windows),
            windows,
        }
    }
}

fn target(cli: &Cli) -> Result<SocketAddr> {
    let resolved = cli.target.to_socket_addrs().map(|mut addresses| addresses.next());
    let Ok(Some(target)) = resolved else {
        usage(&format!(
            "--target '{}' is no address; write it as 127.0.0.1:9000",
            cli.target
        ));
    };
    if !target.ip().is_loopback() && !cli.allow_remote {
        usage(&format!(
            "--target {target} is not on this machine's loopback; a load test of someone else's server is an attack\n\
             hint: give --allow-remote if the server is yours"
        ));
    }
    Ok(target)
}

fn config(cli: &Cli, target: SocketAddr) -> Result<Config> {
    let bounds = [
        ("--conns", cli.conns, 1, MOST_CONNS),
        ("--pipeline", cli.pipeline, 1, DEEPEST_PIPELINE),
        ("--slow-every", cli.slow_every.unwrap_or(1), 1, RAREST_SLOW),
        (
            "--requests-per-conn",
            cli.requests_per_conn.unwrap_or(1),
            1,
            MOST_REQUESTS_PER_CONN,
        ),
    ];
    for (flag, given, least, most) in bounds {
        if !(least..=most).contains(&given) {
            usage(&format!(
                "{flag} {given}: from {} to {} are possible",
                grouped(least),
                grouped(most)
            ));
        }
    }
    if let Some(mistake) = cli.speech.mistake(cli.slow_every.unwrap_or(1)) {
        usage(&mistake);
    }
    if let Some(quota) = cli.requests_per_conn
        && cli.pipeline > quota
    {
        usage(&format!(
            "--pipeline {} is more than --requests-per-conn {quota}: no connection could have so many under way",
            cli.pipeline
        ));
    }
    if cli.rate.is_some() {
        for (flag, given) in [
            ("--think", !cli.think.is_zero()),
            ("--requests-per-conn", cli.requests_per_conn.is_some()),
        ] {
            if given {
                usage(&format!(
                    "{flag} belongs to the closed loop, and --rate makes an open one"
                ));
            }
        }
    }
    if cli.duration.is_zero() {
        usage("--duration 0s leaves nothing to measure");
    }
    let patience = Patience {
        connect: cli.connect_timeout,
        reply: cli.timeout,
    };
    let protocol = cli.speech.protocol();
    let ends = cli.requests_per_conn.is_some() || protocol == Protocol::Http;
    Ok(Config {
        target,
        conns: cli.conns,
        first_id: 0,
        stride: 1,
        protocol,
        exchange: cli.speech.exchange(target, patience)?,
        request_bytes: cli.speech.request_bytes(),
        reply_bytes: cli.speech.reply_bytes(),
        pipeline: cli.pipeline,
        ramp_ns: cli.ramp.map_or(cli.conns * 100_000, nanoseconds),
        connect_timeout_ns: nanoseconds(cli.connect_timeout),
        timeout_ns: nanoseconds(cli.timeout),
        spin: cli.spin,
        sources: Config::sources_needed(target, cli.conns, ends),
        requests_per_conn: cli.requests_per_conn,
        think_ns: nanoseconds(cli.think),
        slow_every: cli.slow_every.unwrap_or(1),
        arrivals: cli.rate.as_ref().map(|_| cli.arrivals),
        seed: cli.seed,
    })
}

fn reasons(connected: &Connected) -> String {
    let reasons: Vec<String> = connected
        .outcomes
        .failures()
        .into_iter()
        .map(|(how, n)| format!("{} {}", grouped(n), how.words()))
        .collect();
    if reasons.is_empty() {
        return format!("{} connected, no reply", grouped(connected.connected));
    }
    reasons.join(", ")
}

fn usage(message: &str) -> ! {
    let bold = if io::stderr().is_terminal() {
        ("\x1b[1m", "\x1b[0m")
    } else {
        ("", "")
    };
    let _ = writeln!(io::stderr(), "{}loadgen:{} {message}", bold.0, bold.1);
    std::process::exit(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_accepted_when_it_is_allowed() {
        let resolved = |flags: &[&str]| {
            target(&Cli::parse_from([&["loadgen"], flags].concat()))
                .unwrap()
                .to_string()
        };
        assert_eq!(
            resolved(&["--target", "192.0.2.1:9000", "--allow-remote"]),
            "192.0.2.1:9000"
        );
        assert_eq!(
            resolved(&["--target", "127.8.9.1:80"]),
            "127.8.9.1:80",
            "all of 127.0.0.0/8 is this machine"
        );
        assert_eq!(resolved(&["--target", "[::1]:80"]), "[::1]:80");
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
