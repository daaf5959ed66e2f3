//! What a run shows: one rule set for terminal, charts, README and report.
//!
//! A difference is named only when the ranges of the rounds are apart and it exceeds a fifth
//! ([`Estimate::clearly_above`](super::Estimate::clearly_above)); what is not clearly different is not ranked.
//!
//! Findings are data and know no language; [`crate::words`] puts them into words.

mod choice;
pub(crate) mod costs;
pub(crate) mod details;
pub(crate) mod open;
pub(crate) mod others;
pub(crate) mod rates;
pub(crate) mod served;
pub(crate) mod steps;

pub use self::choice::{Aim, Choice, Standing, choices};
use self::costs::{Costs, cpu, memory};
pub use self::costs::{cpu_title, in_one_gib, memory_title};
use self::details::Detail;
pub use self::details::{connect_title, fairness_title, pace_title, tails_title};
use self::open::{Open, keeping_up, knees, response};
pub use self::open::{clocks_title, offered_title};
pub use self::others::others_title;
use self::others::{Waiting, waiting};
use self::rates::{Rates, burning, collapse, scaling, unranked, watched};
pub use self::rates::{scaling_title, watched_title};
pub use self::served::served_title;
use self::served::{Served, all_served, late, stopped};
use self::steps::Steps;
pub use self::steps::ruler_title;
use super::summary::{Line, Summary, Suspect};

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
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub topic: Topic,
    /// What it says.
    pub message: Message,
}

/// What a finding or a title says, in no language.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A server has failed.
    Failed {
        /// Which.
        server: String,
        /// Why, in the words of whoever found out.
        reasons: Vec<String>,
    },
    /// Who serves how many.
    Served(Served),
    /// How fast they are.
    Rates(Rates),
    /// What an offered rate shows.
    Open(Open),
    /// What a slow request does to the others.
    Waiting(Waiting),
    /// What they cost.
    Costs(Costs),
    /// What else there is to see.
    Detail(Detail),
    /// What single steps cost.
    Steps(Steps),
    /// A window is not to be trusted.
    Suspect(Suspect),
}

/// A server, and how many others are no different from it: which one of them is named is chance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Named {
    /// Its name.
    pub server: String,
    /// The others.
    pub like: usize,
}

/// All that can be said of a run, at its largest connection count, without servers that are wrong on purpose.
#[must_use]
pub fn findings(summary: &Summary) -> Vec<Finding> {
    let summary = &summary.compared();
    let lines: Vec<&Line> = summary.at(summary.most_conns()).collect();
    let mut found = Vec::new();
    let mut say = |topic, message: Option<Message>| found.extend(message.map(|message| Finding { topic, message }));
    for line in lines.iter().filter(|line| !line.failures.is_empty()) {
        let failed = Message::Failed {
            server: line.server.clone(),
            reasons: line.failures.clone(),
        };
        say(Topic::Failed, Some(failed));
    }
    let all = all_served(&lines, summary.most_conns());
    say(Topic::Served, all.map(Message::Served));
    for line in lines.iter().filter(|line| line.rounds > 0 && !line.serves_all()) {
        say(Topic::Served, stopped(line).map(Message::Served));
    }
    for line in lines.iter().filter(|line| line.late > 0 && line.serves_all()) {
        say(Topic::Served, Some(Message::Served(late(line))));
    }
    let served: Vec<&Line> = lines.iter().copied().filter(|line| line.serves_all()).collect();
    say(Topic::Watched, watched(&served, summary.active).map(Message::Rates));
    say(Topic::Watched, unranked(&served).map(Message::Rates));
    say(Topic::Watched, scaling(summary).map(Message::Rates));
    for line in &served {
        say(Topic::Watched, collapse(line, summary.active).map(Message::Rates));
    }
    say(Topic::Response, keeping_up(&served).map(Message::Open));
    say(Topic::Response, response(&served).map(Message::Open));
    say(Topic::Response, knees(&served).map(Message::Open));
    say(Topic::Response, waiting(&served).map(Message::Waiting));
    let stall = summary.stall.as_ref().and_then(open::stopped);
    say(Topic::Response, stall.map(Message::Open));
    say(Topic::Cpu, burning(&lines).map(Message::Rates));
    say(Topic::Cpu, cpu(&served).map(Message::Costs));
    say(Topic::Memory, memory(&served).map(Message::Costs));
    for suspect in &summary.suspect {
        say(Topic::Suspect, Some(Message::Suspect(suspect.clone())));
    }
    found
}

/// The lines that may be held against each other: those of servers that serve all connections, at the largest count.
fn serving(summary: &Summary) -> Vec<&Line> {
    let lines = summary.at(summary.most_conns());
    lines.filter(|line| line.serves_all()).collect()
}

#[cfg(test)]
pub(super) mod tests;
