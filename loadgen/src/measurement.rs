//! What all shards saw together: sums and merged histograms, never averages of percentiles.

use serde::{Deserialize, Serialize};

use crate::histogram::{Histogram, Quantiles};
use crate::knee::{Load, knee};
use crate::outcome::{Outcome, Outcomes};
use crate::series::Series;
use crate::wire::{Extreme, OpenWindow, Opened, Window};

/// One window over all connections. Its JSON form is what `loadgen --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Connections asked for.
    pub requested: u64,
    /// Connections whose handshake was done.
    pub connected: u64,
    /// Connected ones that the server closed without ever answering.
    pub turned_away: u64,
    /// Connected ones that ended after they had been served.
    #[serde(default)]
    pub lost: u64,
    /// Connections that were to send.
    pub active: u64,
    /// Active connections that got at least one correct reply to what they had asked, at the latest in the drain after
    /// the window.
    pub served: u64,
    /// Of the served, those that got nothing in the window but the reply to the request with which they said hello:
    /// `first_reply_ns` has it, `requests` and `latency_ns` do not.
    #[serde(default)]
    pub greeted: u64,
    /// Of the served, those that had to wait for it until after the window.
    pub late: u64,
    /// Active connections that were connected, not turned away, and got none.
    pub starved: u64,
    /// Connections opened inside the window after the first ones, where a connection carries so many requests and no
    /// more (`--requests-per-conn`); null where clients keep theirs.
    #[serde(default)]
    pub reconnects: Option<u64>,
    /// Length of the window in seconds.
    pub elapsed_s: f64,
    /// Correct replies inside the window, without those to a hello.
    pub requests: u64,
    /// Correct replies per second.
    pub rate_per_s: f64,
    /// Service times of these replies: from the send to the reply.
    pub latency_ns: Quantiles,
    /// The part of `latency_ns` whose requests asked for the server's work, where only some do (`--slow-every`); null
    /// where all do.
    #[serde(default)]
    pub slow_ns: Option<Quantiles>,
    /// The other part: how those fare that asked for nothing slow.
    #[serde(default)]
    pub others_ns: Option<Quantiles>,
    /// Replies in `slow_ns`.
    #[serde(default)]
    pub slow_requests: Option<u64>,
    /// Ages at the window's end of the requests that were then under way, on connections that had been served: lower
    /// bounds of latencies that `latency_ns` lacks. A server that hangs until the end shows here and nowhere else.
    #[serde(default)]
    pub unfinished_ns: Quantiles,
    /// Time from connect(2) to the end of the handshake, over the first connections and those of `reconnects`.
    pub connect_ns: Quantiles,
    /// Time from connect(2) to the reply to the first request: for first connections (the hello) whenever that came,
    /// for later ones where it came inside this window or an earlier one.
    pub first_reply_ns: Quantiles,
    /// The window in intervals of a tenth of a second, of a long window in longer ones; latencies are service times in a closed loop, response times in an open one.
    #[serde(default)]
    pub series: Series,
    /// The same over the requests of `others_ns`; null where that is.
    #[serde(default)]
    pub others_series: Option<Series>,
    /// How often each class was met: connection failures as connections, the others as requests.
    pub outcomes: Outcomes,
    /// Jain's index of the replies of each active connection (1: all alike; 1/n: one got everything); null without any.
    pub jain_index: Option<f64>,
    /// Replies of the active connection that got fewest.
    pub fewest: Option<u64>,
    /// Replies of the active connection that got most.
    pub most: Option<u64>,
    /// The connection with the longest mean latency of those that got replies; null without any.
    #[serde(default)]
    pub slowest: Option<Extreme>,
    /// The one with the shortest.
    #[serde(default)]
    pub fastest: Option<Extreme>,
    /// Requests that were due inside the window, in an open loop; null in a closed one.
    #[serde(default)]
    pub offered: Option<u64>,
    /// These per second: the rate that really was offered.
    #[serde(default)]
    pub offered_per_s: Option<f64>,
    /// Response times of the replies inside the window, in an open loop: from the instant when the request was due.
    #[serde(default)]
    pub response_ns: Option<Quantiles>,
    /// Of these, the ones whose requests were not marked, to two digits; null where all were, and in a closed loop, where
    /// `others_ns` tells.
    #[serde(default)]
    pub others_response_ns: Option<Quantiles>,
    /// How late the generator turned to requests that were due, in an open loop.
    #[serde(default)]
    pub lateness_ns: Option<Quantiles>,
    /// The generator's account of itself.
    pub generator: Generator,
    /// Little's law as a check of the generator; null where there is too little to judge.
    pub littles_law: Option<LittlesLaw>,
    /// The service times of `latency_ns`, encoded.
    pub histogram: Histogram,
    /// Of these, the ones of `slow_ns`, encoded; the others are what is left when they are subtracted.
    #[serde(default)]
    pub slow_histogram: Option<Histogram>,
    /// The ages of `unfinished_ns`, encoded. As many values as requests were unfinished on connections that had been
    /// served; `outcomes.unfinished` counts those of connections that never were, too.
    #[serde(default)]
    pub unfinished_histogram: Histogram,
    /// The times to connect, encoded.
    pub connect_histogram: Histogram,
    /// The response times, encoded.
    #[serde(default)]
    pub response_histogram: Option<Histogram>,
    /// The lateness, encoded.
    #[serde(default)]
    pub lateness_histogram: Option<Histogram>,
}

/// What the generator spent, and how it worked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// CPU time inside the window in seconds, over all shards.
    pub cpu_s: f64,
    /// CPU time over the time that passed: of the shard that used most, or of all of them for each of their CPUs where
    /// that is more, because they share them. 1 when the generator, or a part of it, had nothing left.
    pub cpu_share: f64,
    /// Processes.
    pub shards: u64,
    /// Whether it polled without sleeping.
    pub spin: bool,
}

/// In a closed loop, mean latency × rate = requests under way (J. D. C. Little, 1961), where the latencies are taken as
/// far as they lie inside the window, those of requests without a reply too. A histogram that disagrees by more than
/// 2 % was stamped in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    /// Connections that talked × pipeline depth, without the places that were empty: a client that thinks is not busy.
    pub expected: f64,
    /// Latencies inside the window ÷ its length.
    pub observed: f64,
    /// Whether they agree within 2 %.
    pub holds: bool,
}

impl Measurement {
    /// Puts together what the shards saw, which had `cpus` CPUs among them.
    #[must_use]
    pub fn merge(
        requested: u64,
        pipeline: u64,
        spin: bool,
        cpus: u64,
        elapsed_ns: u64,
        opened: &[Opened],
        windows: &[Window],
    ) -> Self {
        let sum = |of: fn(&Window) -> u64| windows.iter().map(of).sum::<u64>();
        let (mut latency, mut unfinished) = <(Histogram, Histogram)>::default();
        let (mut connect, mut first_reply) = <(Histogram, Histogram)>::default();
        let (mut slow, mut reconnects) = <(Option<Histogram>, Option<u64>)>::default();
        let mut open: Option<OpenWindow> = None;
        let mut outcomes = Outcomes::default();
        for shard in opened {
            connect.merge(&shard.connect);
            outcomes.merge(&shard.outcomes);
        }
        for shard in windows {
            latency.merge(&shard.latency);
            if let Some(part) = &shard.slow {
                slow.get_or_insert_default().merge(part);
            }
            connect.merge(&shard.connect);
            if let Some(own) = shard.reconnects {
                *reconnects.get_or_insert(0) += own;
            }
            unfinished.merge(&shard.unfinished);
            if let Some(own) = &shard.open {
                let all = open.get_or_insert_default();
                all.offered += own.offered;
                all.response.merge(&own.response);
                all.lateness.merge(&own.lateness);
            }
            first_reply.merge(&shard.first_reply);
            outcomes.merge(&shard.outcomes);
        }
        // Shards share the window, but one that heard of it late has recorded for a shorter time.
        let recorded = || windows.iter().filter(|w| w.elapsed_ns > 0);
        let elapsed_s = recorded().map(|w| w.elapsed_ns).max().unwrap_or(elapsed_ns) as f64 / 1e9;
        let rate_per_s = recorded().map(|w| w.latency.len() as f64 / (w.elapsed_ns as f64 / 1e9));
        let rate_per_s = rate_per_s.fold(0.0, |all, own| all + own);
        let (active, served, requests) = (sum(|w| w.asked), sum(|w| w.served), latency.len());
        let squares = sum(|w| w.sum_of_squares) as f64;
        let replies = sum(|w| w.replies) as f64;
        let cpu_ns = sum(|w| w.cpu_ns);
        let over_ns = windows.iter().map(|w| w.cpu_over_ns).max().unwrap_or(0).max(1);
        let busiest = windows
            .iter()
            .map(|w| w.cpu_ns as f64 / w.cpu_over_ns.max(1) as f64)
            .fold(0.0, f64::max);
        Self {
            requested,
            connected: sum(|w| w.connected),
            turned_away: sum(|w| w.turned_away),
            lost: sum(|w| w.lost),
            active,
            served,
            greeted: sum(|w| w.greeted),
            late: sum(|w| w.late),
            starved: sum(|w| w.starved),
            reconnects,
            elapsed_s,
            requests,
            rate_per_s,
            latency_ns: latency.quantiles(),
            slow_ns: slow.as_ref().map(Histogram::quantiles),
            others_ns: slow.as_ref().map(|slow| latency.without(slow).quantiles()),
            slow_requests: slow.as_ref().map(Histogram::len),
            unfinished_ns: unfinished.quantiles(),
            connect_ns: connect.quantiles(),
            first_reply_ns: first_reply.quantiles(),
            series: Series::merge(windows, |shard| &shard.series),
            others_series: slow
                .is_some()
                .then(|| Series::merge(windows, |shard| &shard.others_series)),
            outcomes,
            jain_index: (squares > 0.0).then(|| {
                // Whoever had nothing to ask for was not treated unfairly.
                let asked = active - sum(|w| w.unasked);
                replies * replies / (asked as f64 * squares)
            }),
            fewest: windows.iter().filter_map(|w| w.fewest).min(),
            most: windows.iter().filter_map(|w| w.most).max(),
            slowest: windows.iter().filter_map(|w| w.slowest).reduce(Extreme::slower),
            fastest: windows.iter().filter_map(|w| w.fastest).reduce(Extreme::faster),
            offered: open.as_ref().map(|open| open.offered),
            offered_per_s: open.as_ref().map(|open| open.offered as f64 / elapsed_s),
            response_ns: open.as_ref().map(|open| open.response.quantiles()),
            others_response_ns: (open.is_some() && slow.is_some()).then(|| {
                let mut all = Histogram::coarse();
                let intervals = windows.iter().flat_map(|shard| &shard.others_series);
                intervals.for_each(|interval| all.merge(interval));
                all.quantiles()
            }),
            lateness_ns: open.as_ref().map(|open| open.lateness.quantiles()),
            generator: Generator {
                cpu_s: cpu_ns as f64 / 1e9,
                cpu_share: busiest.max(cpu_ns as f64 / (over_ns * cpus.max(1)) as f64),
                shards: windows.len() as u64,
                spin,
            },
            littles_law: littles_law(pipeline, windows),
            histogram: latency,
            slow_histogram: slow,
            unfinished_histogram: unfinished,
            connect_histogram: connect,
            response_histogram: open.as_ref().map(|open| open.response.clone()),
            lateness_histogram: open.map(|open| open.lateness),
        }
    }

    /// The offered rate at the knee of an open loop's windows at several rates, as [`knee()`] has it.
    #[must_use]
    pub fn knee(windows: &[Self]) -> Option<f64> {
        let load = |m: &Self| {
            Some(Load {
                offered_per_s: m.offered_per_s?,
                achieved_per_s: m.rate_per_s,
                response_ns: m.response_ns?.mean?,
            })
        };
        knee(&windows.iter().filter_map(load).collect::<Vec<_>>())
    }

    /// Connections and requests that failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.outcomes.failures().into_iter().map(|(_, n)| n).sum()
    }

    /// Requests whose reply was wrong.
    #[must_use]
    pub fn mismatches(&self) -> u64 {
        self.outcomes.count(Outcome::Mismatch)
    }
}

fn littles_law(pipeline: u64, windows: &[Window]) -> Option<LittlesLaw> {
    let (mut expected, mut observed) = (0.0, 0.0);
    for window in windows.iter().filter(|window| window.elapsed_ns > 0) {
        let replied_ns = window.latency.mean() * window.latency.len() as f64;
        let inside_ns = replied_ns - window.early_ns as f64 + window.cut_ns as f64;
        let busy_ns = (pipeline * window.talked_ns).saturating_sub(window.idle_ns);
        expected += busy_ns as f64 / window.elapsed_ns as f64;
        observed += inside_ns / window.elapsed_ns as f64;
    }
    // Without a reply nothing was stamped.
    if expected == 0.0 || windows.iter().all(|window| window.latency.is_empty()) {
        return None;
    }
    Some(LittlesLaw {
        expected,
        observed,
        holds: (observed / expected - 1.0).abs() <= 0.02,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(latencies: &[u64], asked: u64) -> Window {
        let mut window = Window {
            asked,
            served: asked,
            connected: asked,
            replies: latencies.len() as u64,
            elapsed_ns: 1_000_000_000,
            talked_ns: asked * 1_000_000_000,
            ..Window::default()
        };
        latencies.iter().for_each(|&ns| window.latency.record(ns));
        window
    }

    #[test]
    fn littles_law_finds_latencies_that_were_stamped_in_the_wrong_place() {
        // One connection, 1,000 requests of 1 ms in a second.
        let right = Measurement::merge(1, 1, false, 1, 1_000_000_000, &[], &[window(&[1_000_000; 1000], 1)]);
        assert!(right.littles_law.expect("enough to judge").holds);
        let half = Measurement::merge(1, 1, false, 1, 1_000_000_000, &[], &[window(&[500_000; 1000], 1)]);
        assert!(!half.littles_law.expect("enough to judge").holds);
        let none = Measurement::merge(1, 1, false, 1, 1_000_000_000, &[], &[window(&[], 1)]);
        assert_eq!(none.littles_law, None);
    }

    #[test]
    fn littles_law_holds_for_a_server_that_stalls_at_the_edges_of_the_window() {
        // Sent 2.5 s before the window, answered after 0.3 s of it; the next one is never answered.
        let stalled = Window {
            early_ns: 2_500_000_000,
            cut_ns: 700_000_000,
            ..window(&[2_800_000_000], 1)
        };
        let law = |window| Measurement::merge(1, 1, false, 1, 1_000_000_000, &[], &[window]).littles_law;
        assert!(law(stalled.clone()).expect("enough to judge").holds);
        assert!(!law(Window { cut_ns: 0, ..stalled }).expect("enough to judge").holds);
    }

    #[test]
    fn a_generator_is_used_up_when_its_cpus_are_or_when_one_of_its_shards_is() {
        let shard = |cpu_ns| Window {
            cpu_ns,
            cpu_over_ns: 1_000_000_000,
            ..window(&[100], 1)
        };
        let share = |cpus, shards: &[Window]| {
            Measurement::merge(1, 1, false, cpus, 1_000_000_000, &[], shards)
                .generator
                .cpu_share
        };
        let third = 330_000_000;
        assert_eq!(
            share(1, &[shard(third), shard(third), shard(third)]),
            0.99,
            "three on one CPU"
        );
        assert_eq!(
            share(2, &[shard(980_000_000), shard(0)]),
            0.98,
            "the other one cannot help it"
        );
        assert_eq!(share(2, &[shard(500_000_000), shard(400_000_000)]), 0.5);
    }

    #[test]
    fn a_shard_that_began_late_counts_for_the_time_in_which_it_recorded() {
        let late = Window {
            elapsed_ns: 500_000_000,
            ..window(&[100; 50], 1)
        };
        let all = Measurement::merge(2, 1, false, 1, 1_000_000_000, &[], &[window(&[100; 100], 1), late]);
        assert_eq!((all.elapsed_s, all.requests, all.rate_per_s), (1.0, 150, 200.0));
    }

    #[test]
    fn percentiles_come_from_the_merged_histogram() {
        let all = Measurement::merge(
            2,
            1,
            false,
            2,
            1_000_000_000,
            &[],
            &[window(&[100; 99], 1), window(&[900], 1)],
        );
        assert_eq!(
            (all.requests, all.latency_ns.p50, all.latency_ns.p99, all.latency_ns.max),
            (100, Some(100), Some(100), Some(900))
        );
        assert_eq!(all.served, 2);
    }

    #[test]
    fn jains_index_is_one_when_all_get_the_same_and_one_nth_when_one_gets_all() {
        let fair = Window {
            asked: 4,
            replies: 40,
            sum_of_squares: 400,
            ..window(&[], 4)
        };
        let unfair = Window {
            asked: 4,
            replies: 40,
            sum_of_squares: 1600,
            ..window(&[], 4)
        };
        let jain = |w: Window| Measurement::merge(4, 1, false, 1, 1, &[], &[w]).jain_index;
        assert_eq!((jain(fair), jain(unfair)), (Some(1.0), Some(0.25)));
        assert_eq!(jain(window(&[], 4)), None);
    }
}
