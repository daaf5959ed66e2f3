//! What a run shows, in words: one rule set for terminal, charts, README and report.
//!
//! A difference is named only when the ranges of the rounds are apart and it exceeds a fifth
//! ([`Estimate::clearly_above`]); what is not clearly different is not ranked.

mod choice;
mod costs;
mod open;
mod others;
mod rates;
mod served;
mod steps;

use loadgen::units::grouped;

pub use self::choice::{Aim, Choice, Standing, choices};
use self::costs::{cpu, memory};
pub use self::costs::{cpu_title, in_one_gib, memory_title};
pub use self::open::{clocks_title, offered_title};
use self::open::{keeping_up, knees, response};
pub use self::others::others_title;
use self::others::waiting;
use self::rates::{burning, collapse, scaling, unranked, watched};
use self::served::{all_served, late, stopped};
pub use self::steps::ruler_title;
use super::summary::{Line, Summary};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Who serves how many.
    Served,
    /// Throughput while all talk and while few do.
    Watched,
    /// Response time under an offered rate.
    Response,
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

/// All that can be said of a run, at its largest connection count, without servers that are wrong on purpose.
#[must_use]
pub fn findings(summary: &Summary) -> Vec<Finding> {
    let summary = &summary.compared();
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
    say(Topic::Watched, scaling(summary));
    for line in &served {
        say(Topic::Watched, collapse(line, summary.active));
    }
    say(Topic::Response, keeping_up(&served));
    say(Topic::Response, response(&served));
    say(Topic::Response, knees(&served));
    say(Topic::Response, waiting(&served));
    say(Topic::Response, summary.stall.as_ref().and_then(open::stopped));
    say(Topic::Cpu, burning(&lines));
    say(Topic::Cpu, cpu(&served));
    say(Topic::Memory, memory(&served));
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
        .filter(|line| line.rounds > 0 && line.served < line.conns && line.served > 1);
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
        Some(_) => "No two rates can be held against each other".to_owned(),
        None => "No server serves all connections".to_owned(),
    })
}

/// The title of the chart of throughput against connections.
#[must_use]
pub fn scaling_title(summary: &Summary) -> String {
    let title = scaling(summary).map(|text| text.trim_end_matches('.').to_owned());
    title.unwrap_or_else(|| "No server's throughput can be followed up to the largest number of connections".to_owned())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
pub(super) mod tests;
