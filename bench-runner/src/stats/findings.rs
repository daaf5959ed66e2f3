//! What a run shows, in words: one rule set for terminal, charts, README and report.
//!
//! A difference is named only when the ranges of the rounds are apart and it exceeds a fifth
//! ([`Estimate::clearly_above`]); what is not clearly different is not ranked.

use loadgen::units::{bytes, grouped, short};

use super::summary::{Estimate, Line, Summary};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Who serves how many.
    Served,
    /// Throughput while all talk and while few do.
    Watched,
    /// CPU per request.
    Cpu,
    /// Memory per connection.
    Memory,
    /// What has failed.
    Failed,
    /// What is not to be trusted.
    Suspect,
}

/// One thing that a run shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub topic: Topic,
    /// In words.
    pub text: String,
}

/// All that can be said of a run, at its largest connection count.
#[must_use]
pub fn findings(summary: &Summary) -> Vec<Finding> {
    let lines: Vec<&Line> = summary.at(summary.most_conns()).collect();
    let mut found = Vec::new();
    let mut say = |topic, text: Option<String>| found.extend(text.map(|text| Finding { topic, text }));
    for line in lines.iter().filter(|line| !line.failures.is_empty()) {
        say(
            Topic::Failed,
            Some(format!("{} failed: {}.", line.server, line.failures.join("; "))),
        );
    }
    say(Topic::Served, all_served(&lines, summary.most_conns()));
    for line in lines.iter().filter(|line| line.rounds > 0 && !line.serves_all()) {
        say(Topic::Served, stopped(line));
    }
    for line in lines.iter().filter(|line| line.late > 0 && line.serves_all()) {
        say(Topic::Served, Some(late(line)));
    }
    let served: Vec<&Line> = lines.iter().copied().filter(|line| line.serves_all()).collect();
    say(Topic::Watched, watched(&served, summary.active));
    say(Topic::Watched, unranked(&served));
    for line in &served {
        say(Topic::Watched, collapse(line, summary.active));
    }
    let microseconds = |ns: f64| format!("{:.1} µs", ns / 1e3);
    say(
        Topic::Cpu,
        spread(&served, "CPU per request while all talk", busy_cpu, &microseconds),
    );
    let memory = |line: &Line| line.memory_bytes_per_connection;
    say(
        Topic::Memory,
        spread(
            &served,
            "Memory per connection, user and kernel with both ends",
            memory,
            &bytes,
        ),
    );
    for suspect in &summary.suspect {
        say(Topic::Suspect, Some(format!("Not to be trusted: {suspect}.")));
    }
    found
}

/// The title of the chart of connections served.
#[must_use]
pub fn served_title(summary: &Summary) -> String {
    let conns = summary.most_conns();
    let lines: Vec<&Line> = summary.at(conns).collect();
    let all = all_served(&lines, conns).map(|text| text.trim_end_matches('.').to_owned());
    // The most telling limit is one that a server met by itself and that has a number to quote.
    let capped = lines
        .iter()
        .filter(|line| line.rounds > 0 && !line.serves_all() && line.served > 1);
    match (capped.max_by_key(|line| line.refused), all) {
        (Some(line), Some(all)) => format!(
            "{} stops at {}; {}",
            line.server,
            grouped(line.served),
            lower_first(&all)
        ),
        (None, Some(all)) => all,
        (_, None) => "No server could be measured".to_owned(),
    }
}

/// The title of the chart of throughput against connections watched.
#[must_use]
pub fn watched_title(summary: &Summary) -> String {
    let lines: Vec<&Line> = summary
        .at(summary.most_conns())
        .filter(|line| line.serves_all())
        .collect();
    let title = watched(&lines, summary.active).map(|text| text.trim_end_matches('.').to_owned());
    title.unwrap_or_else(|| match lines.first() {
        Some(line) if lines.len() == 1 => format!("{} serves {} connections", line.server, grouped(line.conns)),
        Some(_) => "Nothing to rank: the load generator gave out first".to_owned(),
        None => "No server serves all connections".to_owned(),
    })
}

fn all_served(lines: &[&Line], conns: u64) -> Option<String> {
    let measured = lines.iter().filter(|line| line.rounds > 0).count();
    let all = lines.iter().filter(|line| line.serves_all()).count();
    let conns = grouped(conns);
    match (lines, all) {
        _ if measured == 0 => None,
        ([line], 1) => Some(format!("{} serves all {conns} connections.", line.server)),
        ([line], _) => Some(format!("{} does not serve all {conns} connections.", line.server)),
        (_, 0) => Some(format!("None of {} serves all {conns} connections.", lines.len())),
        (_, all) if all == lines.len() => Some(format!("All {all} serve {conns} connections.")),
        (_, 1) => Some(format!("1 of {} serves all {conns} connections.", lines.len())),
        (_, all) => Some(format!("{all} of {} serve all {conns} connections.", lines.len())),
    }
}

fn stopped(line: &Line) -> Option<String> {
    let why = line.stopped_by().map(|limit| format!(" ({limit})")).unwrap_or_default();
    if line.served >= line.conns {
        // That a round has failed is told by itself.
        let uneven = || {
            format!(
                "{} does not serve all {} in every round{why}.",
                line.server,
                grouped(line.conns)
            )
        };
        return line.failures.is_empty().then(uneven);
    }
    // Medians of an even number of rounds may add up to more than the whole.
    let never = line.conns.saturating_sub(line.held + line.refused + line.lost);
    let mut parts = vec![format!(
        "{} serves {} of {}",
        line.server,
        grouped(line.served),
        grouped(line.conns)
    )];
    if line.refused > 0 {
        parts.push(format!("refuses {}", grouped(line.refused)));
    }
    if line.lost > 0 {
        parts.push(format!("loses {}", grouped(line.lost)));
    }
    if line.starved > 0 {
        parts.push(format!("{} are connected and starve", grouped(line.starved)));
    }
    if never > 0 {
        parts.push(format!("{} never connect", grouped(never)));
    }
    Some(format!("{}{why}.", parts.join(", ")))
}

fn late(line: &Line) -> String {
    format!(
        "{} serves up to {} of {} clients only after the window in which they asked, though all in the end.",
        line.server,
        grouped(line.late),
        grouped(line.served)
    )
}

/// The lines with the largest and the smallest value, where there are any.
fn ends<'a>(lines: &[&'a Line], value: impl Fn(&Line) -> Option<Estimate>) -> Option<(&'a Line, &'a Line)> {
    let valued = || {
        lines
            .iter()
            .copied()
            .filter_map(|line| Some((line, value(line)?.median)))
    };
    let most = valued().max_by(|a, b| a.1.total_cmp(&b.1))?.0;
    let least = valued().min_by(|a, b| a.1.total_cmp(&b.1))?.0;
    Some((most, least))
}

/// A rate that says something of the server: not one that the generator bounded, or about which it contradicts itself.
fn busy_rate(line: &Line) -> Option<Estimate> {
    line.busy.rate_per_s.filter(|_| line.busy.ranks())
}

fn idle_rate(line: &Line) -> Option<Estimate> {
    let idle = line.idle.as_ref()?;
    idle.rate_per_s.filter(|_| idle.ranks())
}

/// CPU per request holds whichever side was used up.
fn busy_cpu(line: &Line) -> Option<Estimate> {
    line.busy.cpu_ns_per_request.filter(|_| !line.busy.unsound)
}

/// The servers of which a window takes no part in the ranking by rate.
fn unranked(lines: &[&Line]) -> Option<String> {
    let bounded = |line: &&&Line| line.busy.lower_bound || line.idle.as_ref().is_some_and(|idle| idle.lower_bound);
    let names: Vec<&str> = lines.iter().filter(bounded).map(|line| &*line.server).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Not ranked where the load generator gave out first (≥): {}.",
            names.join(", ")
        )
    })
}

/// How far the servers are apart while all talk, and while few do.
fn watched(lines: &[&Line], active: u64) -> Option<String> {
    let conns = lines.first()?.conns;
    let apart = |value: fn(&Line) -> Option<Estimate>| {
        let ranked: Vec<&Line> = lines.iter().copied().filter(|line| value(line).is_some()).collect();
        let (most, least) = ends(&ranked, value).filter(|_| ranked.len() > 1)?;
        let (high, low) = (value(most)?, value(least)?);
        Some((most, least, high.median / low.median, high.clearly_above(&low)))
    };
    let all = apart(busy_rate).map(|(_, _, all, clear)| {
        if clear {
            format!("{} apart", times(all))
        } else {
            "no clear difference".to_owned()
        }
    });
    let few = apart(idle_rate).map(|(most, least, few, clear)| {
        if clear {
            format!("{} is {} {}", most.server, ahead(few), least.server)
        } else {
            "no clear difference".to_owned()
        }
    });
    let few = few.map(|few| format!("{} of {} talk: {few}", grouped(active), grouped(conns)));
    match (all, few) {
        (Some(all), Some(few)) => Some(format!("All talk: {all}; {few}.")),
        (Some(all), None) => Some(format!("All {} talk: {all}.", grouped(conns))),
        (None, few) => Some(format!("{}.", few?)),
    }
}

/// From this share of its CPUs on a server is at its limit.
const SATURATED: f64 = 0.9;
/// A server that watches for nothing is not slower when fewer talk. One that scans what it watches loses far more than
/// half; anything less may have another cause.
const COLLAPSE: f64 = 2.0;

/// A server that loses when most of its connections fall silent, though it then has less to do. That it pays for the
/// connections it watches is said only where its CPU shows it: used up, in every round, by far fewer requests.
fn collapse(line: &Line, active: u64) -> Option<String> {
    // While all talk a lower bound does no harm: what the server falls from is even more.
    let (busy, idle) = (line.busy.rate_per_s?, idle_rate(line)?);
    let share = line.idle.as_ref()?.server_share?;
    let pays = !line.busy.unsound
        && busy.clearly_above(&idle)
        && busy.median > COLLAPSE * idle.median
        && share.low >= SATURATED;
    pays.then(|| {
        format!(
            "With {} of {} talking, {} falls from {} to {} requests a second with its CPU used up: it pays for the \
             connections it watches.",
            grouped(active),
            grouped(line.conns),
            line.server,
            short(busy.median),
            short(idle.median)
        )
    })
}

fn spread(
    lines: &[&Line],
    what: &str,
    value: impl Fn(&Line) -> Option<Estimate>,
    write: &dyn Fn(f64) -> String,
) -> Option<String> {
    let (most, least) = ends(lines, &value)?;
    let (high, low) = (value(most)?, value(least)?);
    if most.server == least.server {
        return Some(format!("{what}: {} in {}.", write(low.median), least.server));
    }
    if !high.clearly_above(&low) {
        return Some(format!(
            "{what}: no clear difference, {} to {}.",
            write(low.median),
            write(high.median)
        ));
    }
    Some(format!(
        "{what}: {} in {}, {} in {}.",
        write(low.median),
        least.server,
        write(high.median),
        most.server
    ))
}

/// `12×`, `1.4×`, or a percentage for what is less than half as much again.
fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 9.95 => format!("{ratio:.0}×"),
        ratio if ratio >= 1.5 => format!("{ratio:.1}×"),
        ratio => format!("{:.0} %", (ratio - 1.0) * 100.0),
    }
}

fn ahead(ratio: f64) -> String {
    if ratio >= 1.5 {
        format!("{} as fast as", times(ratio))
    } else {
        format!("{} faster than", times(ratio))
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Verdict;
    use crate::stats::WindowSummary;

    fn window(rates: [f64; 3]) -> WindowSummary {
        WindowSummary {
            rate_per_s: Estimate::of(rates),
            server_share: Estimate::of([0.99; 3]),
            ..WindowSummary::default()
        }
    }

    fn line(server: &str, busy: [f64; 3], idle: [f64; 3]) -> Line {
        Line {
            server: server.to_owned(),
            family: "readiness".to_owned(),
            conns: 10_000,
            rounds: 3,
            busy: window(busy),
            idle: Some(window(idle)),
            held: 10_000,
            served: 10_000,
            starved: 0,
            late: 0,
            refused: 0,
            lost: 0,
            memory_bytes_per_connection: None,
            limited_by: None,
            backlog: Some(4096),
            verdict: Verdict::Valid,
            failures: Vec::new(),
        }
    }

    fn summary(lines: Vec<Line>) -> Summary {
        Summary {
            lines,
            conns: vec![10_000],
            active: 100,
            suspect: Vec::new(),
        }
    }

    fn texts(lines: Vec<Line>) -> Vec<String> {
        findings(&summary(lines))
            .into_iter()
            .map(|finding| finding.text)
            .collect()
    }

    #[test]
    fn clear_differences_are_named_and_others_are_not() {
        let poll = || line("poll", [79e3, 80e3, 81e3], [9e3, 10e3, 11e3]);
        let epoll = || line("epoll-edge", [80e3, 81e3, 83e3], [110e3, 120e3, 130e3]);
        let said = texts(vec![poll(), epoll()]);
        assert_eq!(said[0], "All 2 serve 10,000 connections.");
        assert_eq!(
            said[1],
            "All talk: no clear difference; 100 of 10,000 talk: epoll-edge is 12× as fast as poll."
        );
        assert_eq!(
            said[2],
            "With 100 of 10,000 talking, poll falls from 80.0k to 10.0k requests a second with its CPU used up: it pays for the connections it watches."
        );
        let tie = texts(vec![epoll(), line("mio", [80e3, 81e3, 83e3], [110e3, 121e3, 130e3])]);
        assert_eq!(
            tie[1],
            "All talk: no clear difference; 100 of 10,000 talk: no clear difference."
        );
        assert_eq!(tie.len(), 2);
    }

    #[test]
    fn a_rate_that_the_generator_bounded_is_not_ranked() {
        let slow = || line("slow", [10e3, 11e3, 12e3], [10e3, 11e3, 12e3]);
        let fast = || line("fast", [80e3, 81e3, 82e3], [80e3, 81e3, 82e3]);
        let bounded = |mut line: Line| {
            line.busy.lower_bound = true;
            line
        };
        assert!(texts(vec![slow(), fast()])[1].starts_with("All talk: 7.4× apart; "));
        let said = texts(vec![bounded(slow()), fast()]);
        assert_eq!(said[1], "100 of 10,000 talk: fast is 7.4× as fast as slow.");
        assert_eq!(said[2], "Not ranked where the load generator gave out first (≥): slow.");
        let mut unsound = slow();
        (unsound.busy.unsound, unsound.idle.as_mut().unwrap().unsound) = (true, true);
        assert_eq!(texts(vec![unsound, fast()]).len(), 1, "one alone is not ranked");
        let failed = Line {
            failures: vec!["it died".to_owned()],
            ..slow()
        };
        assert_eq!(
            texts(vec![failed, fast()]),
            ["slow failed: it died.", "1 of 2 serves all 10,000 connections."]
        );
    }

    #[test]
    fn who_pays_for_what_it_watches_is_told_by_its_cpu() {
        let fallen = |share: [f64; 3], idle: [f64; 3]| {
            let mut line = line("x", [80e3, 80e3, 81e3], idle);
            line.idle.as_mut().unwrap().server_share = Estimate::of(share);
            let said = texts(vec![line]);
            said.iter().any(|text| text.contains("it pays"))
        };
        assert!(fallen([0.97, 0.98, 0.99], [9e3, 10e3, 11e3]));
        assert!(!fallen([0.5, 0.98, 0.99], [9e3, 10e3, 11e3]), "it had time to spare");
        assert!(!fallen([0.97, 0.98, 0.99], [58e3, 60e3, 61e3]), "a little slower");
    }

    #[test]
    fn who_is_stopped_is_told_with_the_limit() {
        let select = Line {
            held: 1019,
            served: 1019,
            refused: 8981,
            limited_by: Some("FD_SETSIZE".to_owned()),
            ..line("select", [1.0; 3], [1.0; 3])
        };
        let iterative = Line {
            held: 4098,
            served: 1,
            starved: 4097,
            limited_by: Some("accept backlog".to_owned()),
            ..line("iterative", [1.0; 3], [1.0; 3])
        };
        let poll = line("poll", [1.0; 3], [1.0; 3]);
        let all = summary(vec![iterative, select, poll]);
        let said: Vec<String> = findings(&all).into_iter().map(|finding| finding.text).collect();
        assert_eq!(said[0], "1 of 3 serves all 10,000 connections.");
        assert_eq!(
            said[1],
            "iterative serves 1 of 10,000, 4,097 are connected and starve, 5,902 never connect (backlog 4096)."
        );
        assert_eq!(said[2], "select serves 1,019 of 10,000, refuses 8,981 (FD_SETSIZE).");
        assert_eq!(
            served_title(&all),
            "select stops at 1,019; 1 of 3 serves all 10,000 connections"
        );
    }

    #[test]
    fn titles_are_true_for_one_server_for_none_and_for_failures() {
        let one = summary(vec![line("poll", [1.0; 3], [1.0; 3])]);
        assert_eq!(served_title(&one), "poll serves all 10,000 connections");
        assert_eq!(watched_title(&one), "poll serves 10,000 connections");
        let failed = Line {
            rounds: 0,
            served: 0,
            held: 0,
            failures: vec!["it died".to_owned()],
            ..line("poll", [1.0; 3], [1.0; 3])
        };
        let failed = summary(vec![failed]);
        assert_eq!(served_title(&failed), "No server could be measured");
        assert_eq!(watched_title(&failed), "No server serves all connections");
        assert_eq!(findings(&failed)[0].text, "poll failed: it died.");
    }
}
