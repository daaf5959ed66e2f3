//! Who may be chosen for what: the servers that nothing measured tells from the best of them.
//!
//! A single first place would be chance where ranges meet; so those that are no different from the best by the rule of the
//! findings ([`Estimate::clearly_above`]) share it.

use super::costs::{cpu_of, memory_of};
use super::rates::idle_rate;
use crate::stats::{Estimate, Line, Summary, WindowSummary};

/// What a server may be chosen by, at the largest connection count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Requests per second while few talk; more is better.
    FewTalk,
    /// Server CPU per request while few talk, in nanoseconds.
    FewCpu,
    /// The 99th percentile while few talk, in nanoseconds.
    FewWait,
    /// Server CPU per request while all talk, in nanoseconds.
    Cpu,
    /// The 99th percentile while all talk, in nanoseconds.
    Wait,
    /// Memory per connection, in bytes.
    Memory,
    /// The 99th percentile of those who asked for nothing slow while others do, in nanoseconds.
    Others,
}

impl Aim {
    const ALL: [Self; 7] = [
        Self::FewTalk,
        Self::FewCpu,
        Self::FewWait,
        Self::Cpu,
        Self::Wait,
        Self::Memory,
        Self::Others,
    ];

    /// Whether more of it is better.
    fn more_is_better(self) -> bool {
        self == Self::FewTalk
    }

    fn value(self, line: &Line) -> Option<Estimate> {
        match self {
            Self::FewTalk => idle_rate(line),
            Self::FewCpu => {
                let told = |idle: &&WindowSummary| !idle.unsound && !idle.over_fewer();
                line.idle.as_ref().filter(told)?.cpu_ns_per_request
            }
            Self::FewWait => wait(line, line.idle.as_ref()?),
            Self::Cpu => cpu_of(line),
            Self::Wait => wait(line, &line.busy),
            Self::Memory => memory_of(line),
            Self::Others => line.others_p99_ns,
        }
    }

    /// Whether `a` is clearly better than `b`.
    fn clearly_better(self, a: &Estimate, b: &Estimate) -> bool {
        if self.more_is_better() {
            a.clearly_above(b)
        } else {
            b.clearly_above(a)
        }
    }
}

/// The 99th percentile of a window, where it is known in every round and is the server's and not what the generator made
/// late.
fn wait(line: &Line, window: &WindowSummary) -> Option<Estimate> {
    window
        .p99
        .filter(|p99| p99.rounds >= line.rounds && window.ranks() && !window.over_fewer())
}

/// How a server stands by one aim.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The server.
    pub server: String,
    /// What was measured.
    pub value: Estimate,
    /// How many times as much the best has, or as much as the best takes, where that is a clear difference; `None` for the
    /// best and those that are no different from it.
    pub times: Option<f64>,
}

/// The servers by one aim, of those that serve all connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The aim.
    pub aim: Aim,
    /// From the best to the worst, by the median.
    pub standings: Vec<Standing>,
}

impl Choice {
    /// The best, and those that are no different from it.
    pub fn best(&self) -> impl Iterator<Item = &Standing> {
        self.standings.iter().filter(|standing| standing.times.is_none())
    }

    /// How a server stands.
    #[must_use]
    pub fn of(&self, server: &str) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.server == server)
    }
}

/// The choices that a run leaves, an aim each by which two servers or more can be compared.
#[must_use]
pub fn choices(summary: &Summary) -> Vec<Choice> {
    let summary = &summary.compared();
    let lines: Vec<&Line> = summary
        .at(summary.most_conns())
        .filter(|line| line.serves_all())
        .collect();
    let choice = |aim| choice(aim, &lines);
    Aim::ALL.into_iter().filter_map(choice).collect()
}

fn choice(aim: Aim, lines: &[&Line]) -> Option<Choice> {
    let mut valued: Vec<(&Line, Estimate)> = lines
        .iter()
        .filter_map(|line| Some((*line, aim.value(line)?)))
        .collect();
    valued.sort_by(|(_, a), (_, b)| {
        let order = a.median.total_cmp(&b.median);
        if aim.more_is_better() { order.reverse() } else { order }
    });
    let (_, best) = *valued.first().filter(|_| valued.len() > 1)?;
    let standing = |(line, value): (&Line, Estimate)| Standing {
        server: line.server.clone(),
        value,
        times: aim
            .clearly_better(&best, &value)
            .then(|| (best.median / value.median).max(value.median / best.median)),
    };
    Some(Choice {
        aim,
        standings: valued.into_iter().map(standing).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{line, summary};
    use super::*;

    fn stand(choices: &[Choice], aim: Aim) -> Vec<(&str, Option<f64>)> {
        let choice = choices.iter().find(|choice| choice.aim == aim).unwrap();
        choice
            .standings
            .iter()
            .map(|standing| (&*standing.server, standing.times))
            .collect()
    }

    #[test]
    fn those_no_different_from_the_best_share_its_place() {
        let mut lines = vec![
            line("poll", [1e5; 3], [19e3, 20e3, 21e3]),
            line("epoll-edge", [1e5; 3], [180e3, 200e3, 220e3]),
            line("mio", [1e5; 3], [185e3, 190e3, 215e3]),
        ];
        for (line, kib) in lines.iter_mut().zip([9.0, 10.0, 40.0]) {
            line.memory_bytes_per_connection = Estimate::of([kib * 1024.0; 3]);
        }
        let choices = choices(&summary(lines));
        assert_eq!(
            stand(&choices, Aim::FewTalk),
            [("epoll-edge", None), ("mio", None), ("poll", Some(10.0))]
        );
        assert_eq!(
            stand(&choices, Aim::Memory),
            [("poll", None), ("epoll-edge", None), ("mio", Some(40.0 / 9.0))]
        );
        let few = &choices[0];
        assert_eq!((few.aim, few.best().count()), (Aim::FewTalk, 2));
        assert_eq!(few.of("poll").unwrap().value.median, 20e3);
        assert!(choices.iter().all(|choice| choice.aim != Aim::Cpu), "nothing was told");
    }

    #[test]
    fn who_does_not_serve_all_or_is_bounded_by_the_generator_is_no_choice() {
        let few = Line {
            served: 64,
            ..line("pool", [1e5; 3], [900e3; 3])
        };
        let mut bounded = line("mio", [1e5; 3], [900e3; 3]);
        bounded.idle.as_mut().unwrap().lower_bound = true;
        let lines = vec![few, bounded, line("poll", [1e5; 3], [2e4; 3])];
        assert_eq!(choices(&summary(lines.clone())), [], "one alone is no choice");
        let with = [lines, vec![line("epoll-edge", [1e5; 3], [2e5; 3])]].concat();
        let choices = choices(&summary(with));
        assert_eq!(
            stand(&choices, Aim::FewTalk),
            [("epoll-edge", None), ("poll", Some(10.0))]
        );
    }
}
