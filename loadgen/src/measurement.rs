//! What all shards saw together: sums and merged histograms, never averages of percentiles.

use serde::{Deserialize, Serialize};

use crate::histogram::{Histogram, Quantiles};
use crate::outcome::{Outcome, Outcomes};
use crate::wire::{Opened, Window};

/// One window over all connections. Its JSON form is what `loadgen --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Connections asked for.
    pub requested: u64,
    /// Connections whose handshake was done.
    pub connected: u64,
    /// Connected ones that the server closed without ever answering.
    pub turned_away: u64,
    /// Connections that were to send.
    pub active: u64,
    /// Active connections that got at least one correct reply inside the window.
    pub served: u64,
    /// Active connections that were connected, not turned away, and got none.
    pub starved: u64,
    /// Length of the window in seconds.
    pub elapsed_s: f64,
    /// Correct replies inside the window.
    pub requests: u64,
    /// Correct replies per second.
    pub rate_per_s: f64,
    /// Service times of these replies: from the send to the reply.
    pub latency_ns: Quantiles,
    /// Time from connect(2) to the end of the handshake.
    pub connect_ns: Quantiles,
    /// Time from connect(2) to the reply to the first request.
    pub first_reply_ns: Quantiles,
    /// How often each class was met: connection failures as connections, the others as requests.
    pub outcomes: Outcomes,
    /// Jain's index of the replies of each active connection (1: all alike; 1/n: one got everything); null without any.
    pub jain_index: Option<f64>,
    /// Replies of the active connection that got fewest.
    pub fewest: Option<u64>,
    /// Replies of the active connection that got most.
    pub most: Option<u64>,
    /// The generator's account of itself.
    pub generator: Generator,
    /// Little's law as a check of the generator; null where there is too little to judge.
    pub littles_law: Option<LittlesLaw>,
    /// The service times, encoded.
    pub histogram: Histogram,
    /// The times to connect, encoded.
    pub connect_histogram: Histogram,
}

/// What the generator spent, and how it worked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// CPU time inside the window in seconds, over all shards.
    pub cpu_s: f64,
    /// CPU time over the time that passed, averaged over the shards: 1 when each had a core to itself and used it up.
    pub cpu_share: f64,
    /// Processes.
    pub shards: u64,
    /// Whether it polled without sleeping.
    pub spin: bool,
}

/// In a closed loop, mean latency × rate = requests under way (J. D. C. Little, 1961). A histogram that disagrees by
/// more than 2 % was stamped in the wrong place, or the window was too short for its latencies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    /// Requests under way: served connections × pipeline depth.
    pub expected: f64,
    /// Mean latency × rate.
    pub observed: f64,
    /// Whether they agree within 2 %.
    pub holds: bool,
}

impl Measurement {
    /// Puts together what the shards saw.
    #[must_use]
    pub fn merge(
        requested: u64,
        pipeline: u64,
        spin: bool,
        elapsed_ns: u64,
        opened: &[Opened],
        windows: &[Window],
    ) -> Self {
        let sum = |of: fn(&Window) -> u64| windows.iter().map(of).sum::<u64>();
        let (mut latency, mut connect, mut first_reply) = <(Histogram, Histogram, Histogram)>::default();
        let mut outcomes = Outcomes::default();
        for shard in opened {
            connect.merge(&shard.connect);
            first_reply.merge(&shard.first_reply);
            outcomes.merge(&shard.outcomes);
        }
        for shard in windows {
            latency.merge(&shard.latency);
            outcomes.merge(&shard.outcomes);
        }
        let elapsed_s = elapsed_ns as f64 / 1e9;
        let (active, served, requests) = (sum(|w| w.asked), sum(|w| w.served), latency.len());
        let rate_per_s = requests as f64 / elapsed_s;
        let squares = sum(|w| w.sum_of_squares) as f64;
        let replies = sum(|w| w.replies) as f64;
        let cpu_ns = sum(|w| w.cpu_ns);
        Self {
            requested,
            connected: sum(|w| w.connected),
            turned_away: sum(|w| w.turned_away),
            active,
            served,
            starved: sum(|w| w.starved),
            elapsed_s,
            requests,
            rate_per_s,
            latency_ns: latency.quantiles(),
            connect_ns: connect.quantiles(),
            first_reply_ns: first_reply.quantiles(),
            outcomes,
            jain_index: (squares > 0.0).then(|| replies * replies / (active as f64 * squares)),
            fewest: windows.iter().filter_map(|w| w.fewest).min(),
            most: windows.iter().filter_map(|w| w.most).max(),
            generator: Generator {
                cpu_s: cpu_ns as f64 / 1e9,
                cpu_share: cpu_ns as f64 / sum(|w| w.cpu_over_ns).max(1) as f64,
                shards: windows.len() as u64,
                spin,
            },
            littles_law: littles_law(served * pipeline, &latency, rate_per_s),
            histogram: latency,
            connect_histogram: connect,
        }
    }

    /// The fraction of replies that were wrong or lost, over all that were asked for and are known to have ended.
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

fn littles_law(under_way: u64, latency: &Histogram, rate_per_s: f64) -> Option<LittlesLaw> {
    // A request that began before the window counts whole; with few requests a connection that is no longer small.
    if under_way == 0 || latency.len() < 20 * under_way {
        return None;
    }
    let (expected, observed) = (under_way as f64, latency.mean() / 1e9 * rate_per_s);
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
            ..Window::default()
        };
        latencies.iter().for_each(|&ns| window.latency.record(ns));
        window
    }

    #[test]
    fn littles_law_finds_latencies_that_were_stamped_in_the_wrong_place() {
        // One connection, 1,000 requests of 1 ms in a second.
        let right = Measurement::merge(1, 1, false, 1_000_000_000, &[], &[window(&[1_000_000; 1000], 1)]);
        assert!(right.littles_law.expect("enough to judge").holds);
        let half = Measurement::merge(1, 1, false, 1_000_000_000, &[], &[window(&[500_000; 1000], 1)]);
        assert!(!half.littles_law.expect("enough to judge").holds);
        let few = Measurement::merge(1, 1, false, 1_000_000_000, &[], &[window(&[500_000; 10], 1)]);
        assert_eq!(few.littles_law, None);
    }

    #[test]
    fn percentiles_come_from_the_merged_histogram() {
        let all = Measurement::merge(
            2,
            1,
            false,
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
        let jain = |w: Window| Measurement::merge(4, 1, false, 1, &[], &[w]).jain_index;
        assert_eq!((jain(fair), jain(unfair)), (Some(1.0), Some(0.25)));
        assert_eq!(jain(window(&[], 4)), None);
    }
}
