//! What is said of a measurement on a terminal.

use std::net::SocketAddr;

use loadgen::units::{grouped, short, time};
use loadgen::{Exchange, Expected, KEEPS_UP, Measurement, Outcome, Quantiles};

use crate::Cli;
use crate::speech::Speech;

/// What to do about clients that ran out of ports.
const NO_PORTS: &str = "\
  hint         no local port was left: closed connections keep theirs for a second on loopback, for a minute elsewhere
               (TIME_WAIT). Raise --requests-per-conn, lower --conns, widen net.ipv4.ip_local_port_range, or choose a
               target on 127.0.0.0/8, where loadgen connects from as many addresses as it takes";

/// What to do about replies whose bodies differ and may.
const OTHER_BODY: &str = "\
  hint         where bodies may differ from the first, --check length holds replies to its length, --check status not
               even to that";

fn holds_bodies(exchange: &Exchange) -> bool {
    matches!(&exchange.expected, Expected::Http(reply) if reply.length.is_some())
}

/// The summary of one window.
pub(crate) fn one(cli: &Cli, target: SocketAddr, exchange: Option<&Exchange>, m: &Measurement) -> String {
    let mut lines = vec![head(cli, target, exchange, m)];
    let mut connections = format!("{} connected, {} served", grouped(m.connected), grouped(m.served));
    for (count, word) in [
        (m.late, "of them late"),
        (m.starved, "starved"),
        (m.turned_away, "refused"),
        (m.lost, "lost"),
    ] {
        if count > 0 {
            connections += &format!(", {} {word}", grouped(count));
        }
    }
    lines.push(format!("  connections  {connections}"));
    lines.push(format!(
        "  throughput   {} req/s ({} in {:.2} s)",
        short(m.rate_per_s),
        grouped(m.requests),
        m.elapsed_s
    ));
    match (&m.response_ns, &m.lateness_ns, m.offered_per_s) {
        (Some(response), Some(lateness), Some(offered)) => {
            lines.push(format!("  offered      {} req/s", short(offered)));
            lines.push(format!("  response     {}", quantiles(response)));
            lines.push(format!("  service      {}", quantiles(&m.latency_ns)));
            lines.push(format!("  lateness     {}", quantiles(lateness)));
            let unfinished = m.unfinished_histogram.len();
            if unfinished > 0 {
                let oldest = time(m.unfinished_histogram.quantile(1.0) as f64);
                let unfinished = grouped(unfinished);
                lines.push(format!(
                    "  unfinished   {unfinished} were due and without a reply at the end, for up to {oldest}"
                ));
            }
        }
        _ => lines.push(format!("  latency      {}", quantiles(&m.latency_ns))),
    }
    if let (Some(slow), Some(others), Some(count)) = (&m.slow_ns, &m.others_ns, m.slow_requests) {
        let share = format!("{} of {} requests", grouped(count), grouped(m.requests));
        lines.push(format!("    slow       {}  ({share})", quantiles(slow)));
        lines.push(format!("    others     {}", quantiles(others)));
    }
    lines.push(format!("  connect      {}", quantiles(&m.connect_ns)));
    if let (Some(reconnects), Some(quota)) = (m.reconnects, cli.requests_per_conn) {
        lines.push(format!(
            "  churn        {} connections/s after the first ({}), {} request{} each",
            short(reconnects as f64 / m.elapsed_s),
            grouped(reconnects),
            grouped(quota),
            if quota == 1 { "" } else { "s" }
        ));
    }
    let failures = m.outcomes.failures();
    if !failures.is_empty() {
        let failures: Vec<String> = failures
            .into_iter()
            .map(|(how, n)| format!("{} {}", grouped(n), how.words()))
            .collect();
        lines.push(format!("  failures     {}", failures.join(", ")));
    }
    if let (None, Some(reconnects @ 1..)) = (cli.requests_per_conn, m.reconnects) {
        lines.push(format!(
            "  reconnects   {}: the server ended so many connections with a reply (Connection: close)",
            grouped(reconnects)
        ));
    }
    if m.mismatches() > 0 && exchange.is_some_and(holds_bodies) {
        lines.push(OTHER_BODY.to_owned());
    }
    if m.outcomes.count(Outcome::NoPorts) > 0 {
        lines.push(NO_PORTS.to_owned());
    }
    if let Some(jain) = m.jain_index
        && m.active > 1
    {
        let (fewest, most) = (m.fewest.unwrap_or(0), m.most.unwrap_or(0));
        lines.push(format!(
            "  fairness     Jain {jain:.3}, {} to {} replies a connection{}",
            grouped(fewest),
            grouped(most),
            extremes(m),
        ));
    }
    let share = m.generator.cpu_share * 100.0;
    // In an open loop it polls before each instant that it waits for; there its lateness tells.
    let bound = if share >= 95.0 && !m.generator.spin && m.offered.is_none() {
        ": the generator may be what limits the rate"
    } else {
        ""
    };
    lines.push(format!(
        "  generator    {share:.0} % of {} core{}{bound}",
        m.generator.shards,
        if m.generator.shards == 1 { "" } else { "s" }
    ));
    if let Some(law) = m.littles_law.filter(|law| !law.holds) {
        lines.push(format!(
            "  warning      mean latency × rate = {:.1}, but {:.0} requests were under way: the latencies are not to be trusted",
            law.observed, law.expected
        ));
    }
    lines.join("\n") + "\n"
}

/// What was done, in a line.
fn head(cli: &Cli, target: SocketAddr, exchange: Option<&Exchange>, m: &Measurement) -> String {
    let mut words = match cli.rate {
        None => "closed loop".to_owned(),
        Some(_) => format!("open loop, {} arrivals", cli.arrivals.name()),
    };
    if !cli.think.is_zero() {
        words += &format!(", thinking {}", time(cli.think.as_nanos() as f64));
    }
    if cli.spin {
        words += ", spinning";
    }
    format!(
        "{target}  {} connections, {} talking, {}, {words}",
        grouped(m.requested),
        grouped(m.active),
        cli.speech.sent(exchange),
    ) + &exchange.map_or_else(String::new, |exchange| {
        format!("\n  replies      {}", Speech::expected(exchange))
    })
}

/// The connections that stand out, by their mean latency.
fn extremes(m: &Measurement) -> String {
    match (&m.fastest, &m.slowest) {
        (Some(fastest), Some(slowest)) => format!(
            ", mean {} to {} (the longest {})",
            time(fastest.mean_ns),
            time(slowest.mean_ns),
            time(slowest.max_ns as f64)
        ),
        _ => String::new(),
    }
}

/// A line a rate, and where the knee is.
pub(crate) fn curve(cli: &Cli, target: SocketAddr, exchange: Option<&Exchange>, windows: &[Measurement]) -> String {
    let Some(first) = windows.first() else {
        return String::new();
    };
    let mut text = head(cli, target, exchange, first) + "\n\n";
    text += "  offered  achieved   response p50         p99   service p99  lateness p99\n";
    let quantile = |of: Option<u64>| of.map_or_else(|| "–".to_owned(), |ns| time(ns as f64));
    for m in windows {
        let behind = match m.offered_per_s {
            Some(offered) if m.rate_per_s < KEEPS_UP * offered => "  behind",
            _ => "",
        };
        text += &format!(
            "{:>9} {:>9} {:>14} {:>11} {:>13} {:>13}{behind}\n",
            short(m.offered_per_s.unwrap_or(0.0)),
            short(m.rate_per_s),
            quantile(m.response_ns.and_then(|q| q.p50)),
            quantile(m.response_ns.and_then(|q| q.p99)),
            quantile(m.latency_ns.p99),
            quantile(m.lateness_ns.and_then(|q| q.p99)),
        );
    }
    for m in windows {
        let unfinished = m.unfinished_histogram.len();
        let left = (unfinished > 0 && m.rate_per_s < KEEPS_UP * m.offered_per_s.unwrap_or(0.0))
            .then(|| format!("{} without a reply at the end", grouped(unfinished)));
        let failed = m.outcomes.failures().into_iter();
        let failed = failed.map(|(how, n)| format!("{} {}", grouped(n), how.words()));
        let spoils: Vec<String> = failed.chain(left).collect();
        if !spoils.is_empty() {
            text += &format!(
                "  at {}: {}\n",
                short(m.offered_per_s.unwrap_or(0.0)),
                spoils.join(", ")
            );
        }
    }
    let knee = match Measurement::knee(windows) {
        Some(rate) => format!("{} req/s: more rate costs more time than it is worth", short(rate)),
        None => "none in this range".to_owned(),
    };
    text + &format!("\n  knee         {knee}\n")
}

fn quantiles(q: &Quantiles) -> String {
    let tell = |name: &str, ns: Option<u64>| ns.map(|ns| format!("{name} {}", time(ns as f64)));
    let told = [
        ("p50", q.p50),
        ("p90", q.p90),
        ("p99", q.p99),
        ("p99.9", q.p999),
        ("max", q.max),
    ];
    let told: Vec<String> = told.into_iter().filter_map(|(name, ns)| tell(name, ns)).collect();
    if told.is_empty() {
        "nothing to tell".to_owned()
    } else {
        told.join("  ")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn whoever_runs_out_of_ports_is_told_a_way_out() {
        let cli = Cli::parse_from(["loadgen", "--requests-per-conn", "1"]);
        let mut m = Measurement::merge(100, 1, false, 1, 1_000_000_000, &[], &[]);
        let told = |m: &Measurement| one(&cli, "127.0.0.1:9000".parse().unwrap(), None, m);
        assert!(!told(&m).contains("hint"));
        m.outcomes.add(Outcome::NoPorts, 5);
        let told = told(&m);
        for words in [
            "5 no local port",
            "TIME_WAIT",
            "ip_local_port_range",
            "--requests-per-conn",
        ] {
            assert!(told.contains(words), "'{words}' is not in:\n{told}");
        }
    }
}
