//! The verdicts on a row, each with its evidence.

use std::collections::BTreeMap;

use loadgen::units::{grouped, time};
use loadgen::{Generator, Histogram, KEEPS_UP, LittlesLaw};

use super::limit::Limit;
use super::steady::trend;
use crate::record::{Connections, Verdict};

/// The generator is used up when it used this share of its CPUs, or used some and waited for its turn in the rest: what it
/// would have done with that it had no time for.
const USED_UP: f64 = 0.95;
/// Below this share the server had room to spare; from here on it counts as used up beside a generator that is.
const HAD_ROOM: f64 = 0.90;
/// A window is stalled when this share of its clients had waited for more than half of it when it ended.
const STALLED: f64 = 0.01;

/// In an open loop the generator was too late when one request in a thousand was sent later than this part of the
/// response time's 99th percentile: that percentile is then its own as much as the server's.
const TOO_LATE: f64 = 0.5;

/// What only an open loop shows.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// Requests that were due inside the window.
    pub offered: u64,
    /// Correct replies inside it.
    pub achieved: u64,
    /// 99th percentile of the response time; `None` where it is not known.
    pub response_p99_ns: Option<u64>,
    /// 99.9th percentile of the generator's lateness.
    pub lateness_p999_ns: Option<u64>,
}

impl Open {
    /// Whether the server answered fewer requests than were due.
    fn is_behind(&self) -> bool {
        (self.achieved as f64) < KEEPS_UP * self.offered as f64
    }

    /// Whether the generator sent too late for the response times to be the server's.
    fn is_late(&self) -> bool {
        let times = self.lateness_p999_ns.zip(self.response_p99_ns);
        times.is_some_and(|(late, response)| late as f64 >= TOO_LATE * response as f64)
    }
}

/// What a window showed, as far as verdicts are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Connections by state.
    pub connections: &'a Connections,
    /// The limit that was met.
    pub limit: Option<&'a Limit>,
    /// The generator's account of itself.
    pub generator: &'a Generator,
    /// Time for which the generator was ready to run and did not, over the time that passed; of the shard that waited most.
    /// `None` where it shares CPUs with the server, for which it then waits.
    pub generator_wait_share: Option<f64>,
    /// The server's CPU time over the time that passed, for each of its CPUs.
    pub server_share: Option<f64>,
    /// The generator's check by Little's law.
    pub littles_law: Option<LittlesLaw>,
    /// Length of the window in seconds.
    pub elapsed_s: f64,
    /// Ages of the requests of served clients that the window's end cut off.
    pub unfinished: &'a Histogram,
    /// Requests that a connection has under way at once.
    pub pipeline: u64,
    /// Correct replies in each tenth of a second.
    pub requests: &'a [u64],
    /// What only an open loop shows; `None` in a closed one.
    pub open: Option<Open>,
}

/// All verdicts that hold, best first, with why. `Valid` stands alone.
#[must_use]
pub fn judge(evidence: &Evidence) -> BTreeMap<Verdict, String> {
    let mut verdicts: BTreeMap<_, _> = [
        bottleneck(evidence),
        late(evidence),
        behind(evidence),
        unsteady(evidence),
        stalled(evidence),
        unsound(evidence),
    ]
    .into_iter()
    .chain(connections(evidence))
    .flatten()
    .collect();
    if verdicts.is_empty() {
        let text = format!("every connection was held and served; {}", checked(evidence));
        verdicts.insert(Verdict::Valid, text);
    }
    verdicts
}

type Judged = Option<(Verdict, String)>;

/// Whether the generator was used up, and if so what that says of the rate.
fn bottleneck(evidence: &Evidence) -> Judged {
    let (generator, server) = (evidence.generator, evidence.server_share?);
    // One that spins uses up its cores whatever the server does, so its CPU proves nothing; in an open loop it spins for
    // a moment before each request that is due, and its lateness tells.
    if generator.spin || evidence.open.is_some() || evidence.wanted() < USED_UP {
        return None;
    }
    let verdict = if server < HAD_ROOM {
        Verdict::ClientBound
    } else {
        Verdict::SaturatedPair
    };
    Some((
        verdict,
        format!("{}, server at {:.0} %", used(evidence), server * 100.0),
    ))
}

/// Whether an open loop's generator was too late for its response times to be the server's.
fn late(evidence: &Evidence) -> Judged {
    let open = evidence.open.filter(Open::is_late)?;
    let (late, response) = open.lateness_p999_ns.zip(open.response_p99_ns)?;
    let text = format!(
        "the generator sent one request in 1,000 more than {} too late, and the response time's 99th percentile is {}: \
         response times are upper bounds",
        time(late as f64),
        time(response as f64)
    );
    Some((Verdict::ClientBound, text))
}

/// Whether the server answered fewer requests than were due.
fn behind(evidence: &Evidence) -> Judged {
    let open = evidence.open.filter(Open::is_behind)?;
    let share = open.achieved as f64 / open.offered as f64 * 100.0;
    let text = format!(
        "{} of {} requests that were due were answered in time ({share:.0} %)",
        grouped(open.achieved),
        grouped(open.offered)
    );
    Some((Verdict::Behind, text))
}

impl Evidence<'_> {
    /// The share of its CPUs that the generator had use for. What shards wait for each other is in what the others use.
    fn wanted(&self) -> f64 {
        let waited = self.generator_wait_share.filter(|_| self.generator.shards <= 1);
        self.generator.cpu_share + waited.unwrap_or(0.0)
    }
}

fn used(evidence: &Evidence) -> String {
    let used = evidence.generator.cpu_share;
    let waited = evidence.wanted() - used;
    let waited = match used < USED_UP && waited >= 0.005 {
        true => format!(" and kept from them for {:.0} %", waited * 100.0),
        false => String::new(),
    };
    format!("generator at {:.0} % of its CPUs{waited}", used * 100.0)
}

fn stalled(evidence: &Evidence) -> Judged {
    let (c, half_ns) = (evidence.connections, evidence.elapsed_s * 1e9 / 2.0);
    let long = evidence.unfinished.counts().filter(|&(age, _)| age as f64 > half_ns);
    let waiting: u64 = long.map(|(_, count)| count).sum();
    // In an open loop the queue of a server that is behind grows, which is told as that.
    let places = evidence.open.map_or(c.active * evidence.pipeline, |open| open.offered);
    if evidence.open.is_some_and(|open| open.is_behind()) {
        return None;
    }
    (waiting > 0 && waiting as f64 >= STALLED * places as f64).then(|| {
        let text = format!(
            "{} requests of {} active connections had waited for more than {:.1} s when the window ended",
            grouped(waiting),
            grouped(c.active),
            half_ns / 1e9
        );
        (Verdict::Stalled, text)
    })
}

fn unsteady(evidence: &Evidence) -> Judged {
    let trend = trend(evidence.requests)?;
    let text = format!(
        "the rate {} by {:.0} % from the window's beginning to its end (Mann and Kendall's z is {:.1})",
        if trend.change > 0.0 { "rose" } else { "fell" },
        trend.change.abs() * 100.0,
        trend.z
    );
    Some((Verdict::Unsteady, text))
}

fn unsound(evidence: &Evidence) -> Judged {
    let law = evidence.littles_law.filter(|law| !law.holds)?;
    let text = format!(
        "mean latency × rate is {:.1} where {:.0} requests were under way",
        law.observed, law.expected
    );
    Some((Verdict::Unsound, text))
}

fn connections(evidence: &Evidence) -> [Judged; 2] {
    let c = evidence.connections;
    let because = evidence
        .limit
        .map(|limit| format!(", because of {} ({})", limit.name, limit.evidence))
        .unwrap_or_default();
    let capped = (c.held() < c.requested).then(|| {
        let (held, requested) = (grouped(c.held()), grouped(c.requested));
        (
            Verdict::Capped,
            format!("{held} of {requested} connections held{because}"),
        )
    });
    let starved = (c.starved > 0).then(|| {
        let text = format!(
            "{} of {} active connections were held and got no reply{because}",
            grouped(c.starved),
            grouped(c.active)
        );
        (Verdict::Starved, text)
    });
    [capped, starved]
}

/// What a row without any fault was held against, and what not.
fn checked(evidence: &Evidence) -> String {
    let generator = evidence.generator;
    let bottleneck = if let Some(open) = evidence.open {
        let late = open.lateness_p999_ns.map_or(0, |ns| ns);
        format!(
            "the generator sent 999 of 1,000 requests less than {} too late",
            time(late as f64)
        )
    } else if generator.spin {
        "the generator spins, so its CPU time does not tell whether it was the limit".to_owned()
    } else if evidence.server_share.is_none() && evidence.wanted() >= USED_UP {
        format!(
            "{}, which may have been the limit: the server's CPU time is missing",
            used(evidence)
        )
    } else {
        used(evidence)
    };
    match evidence.littles_law {
        Some(_) => bottleneck,
        None => format!("{bottleneck}; too little for a check by Little's law"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const ALL_SERVED: Connections = Connections {
        requested: 100,
        connected: 100,
        refused: 0,
        lost: 0,
        active: 100,
        served: 100,
        late: 0,
        greeted: 0,
        starved: 0,
    };

    const LAW: LittlesLaw = LittlesLaw {
        expected: 100.0,
        observed: 100.0,
        holds: true,
    };

    /// A window of two seconds.
    fn judged(
        connections: Connections,
        generator: (f64, bool),
        server_share: Option<f64>,
        littles_law: Option<LittlesLaw>,
        ages: &[u64],
    ) -> BTreeMap<Verdict, String> {
        let mut unfinished = Histogram::default();
        ages.iter().for_each(|&ns| unfinished.record(ns));
        judge(&Evidence {
            connections: &connections,
            limit: None,
            generator: &Generator {
                cpu_share: generator.0,
                spin: generator.1,
                ..Generator::default()
            },
            generator_wait_share: None,
            server_share,
            littles_law,
            elapsed_s: 2.0,
            unfinished: &unfinished,
            pipeline: 1,
            requests: &[10_000; 40],
            open: None,
        })
    }

    fn verdicts(connections: Connections, generator: f64, server: f64) -> Vec<Verdict> {
        let judged = judged(connections, (generator, false), Some(server), Some(LAW), &[]);
        judged.into_keys().collect()
    }

    #[test]
    fn between_client_bound_and_saturated_there_is_no_gap() {
        assert_eq!(verdicts(ALL_SERVED, 0.5, 1.0), [Verdict::Valid]);
        assert_eq!(verdicts(ALL_SERVED, 0.949, 0.6), [Verdict::Valid]);
        for server in [0.0, 0.6, 0.899] {
            assert_eq!(verdicts(ALL_SERVED, 0.95, server), [Verdict::ClientBound], "{server}");
        }
        for server in [0.90, 0.92, 0.95, 1.0] {
            assert_eq!(verdicts(ALL_SERVED, 0.97, server), [Verdict::SaturatedPair], "{server}");
        }
    }

    #[test]
    fn a_generator_that_is_kept_from_its_cpus_is_used_up_too() {
        let judged = |used, waited, shards, server| {
            judge(&Evidence {
                connections: &ALL_SERVED,
                limit: None,
                generator: &Generator {
                    cpu_share: used,
                    shards,
                    ..Generator::default()
                },
                generator_wait_share: waited,
                server_share: Some(server),
                littles_law: Some(LAW),
                elapsed_s: 2.0,
                unfinished: &Histogram::default(),
                pipeline: 1,
                requests: &[10_000; 40],
                open: None,
            })
        };
        let verdicts = |used, waited, shards, server| -> Vec<Verdict> {
            judged(used, waited, shards, server).into_keys().collect()
        };
        assert_eq!(verdicts(0.65, Some(0.30), 1, 0.70), [Verdict::ClientBound]);
        assert_eq!(verdicts(0.93, Some(0.07), 1, 0.96), [Verdict::SaturatedPair]);
        assert_eq!(
            verdicts(0.60, Some(0.28), 1, 0.70),
            [Verdict::Valid],
            "it slept in between"
        );
        assert_eq!(
            verdicts(0.65, Some(0.30), 2, 0.70),
            [Verdict::Valid],
            "for the other shard, maybe"
        );
        assert_eq!(verdicts(0.90, None, 1, 0.70), [Verdict::Valid]);
        assert_eq!(
            judged(0.65, Some(0.30), 1, 0.70)[&Verdict::ClientBound],
            "generator at 65 % of its CPUs and kept from them for 30 %, server at 70 %"
        );
    }

    #[test]
    fn a_valid_row_says_what_could_not_be_checked() {
        let text = |generator, server, law| judged(ALL_SERVED, generator, server, law, &[])[&Verdict::Valid].clone();
        let spinning = text((1.0, true), Some(0.6), Some(LAW));
        assert!(spinning.contains("spins"), "{spinning}");
        let unknown = text((0.97, false), None, Some(LAW));
        assert!(unknown.contains("missing"), "{unknown}");
        assert_eq!(
            text((0.57, false), None, Some(LAW)),
            "every connection was held and served; generator at 57 % of its CPUs"
        );
        let little = text((0.57, false), Some(0.9), None);
        assert!(little.ends_with("too little for a check by Little's law"), "{little}");
    }

    #[test]
    fn a_generator_that_contradicts_itself_is_unsound() {
        let law = LittlesLaw {
            observed: 51.04,
            holds: false,
            ..LAW
        };
        let judged = judged(ALL_SERVED, (0.97, false), Some(0.6), Some(law), &[]);
        assert_eq!(
            judged.keys().copied().collect::<Vec<_>>(),
            [Verdict::ClientBound, Verdict::Unsound]
        );
        assert_eq!(
            judged[&Verdict::Unsound],
            "mean latency × rate is 51.0 where 100 requests were under way"
        );
    }

    #[test]
    fn a_rate_that_climbs_all_through_the_window_is_unsteady() {
        let climbing: Vec<u64> = (0..40).map(|i| 10_000 + 100 * i).collect();
        let evidence = Evidence {
            connections: &ALL_SERVED,
            limit: None,
            generator: &Generator::default(),
            generator_wait_share: None,
            server_share: Some(0.5),
            littles_law: Some(LAW),
            elapsed_s: 2.0,
            unfinished: &Histogram::default(),
            pipeline: 1,
            requests: &climbing,
            open: None,
        };
        let judged = judge(&evidence);
        assert!(
            judged[&Verdict::Unsteady].starts_with("the rate rose by 29 %"),
            "{}",
            judged[&Verdict::Unsteady]
        );
        let falling: Vec<u64> = climbing.iter().rev().copied().collect();
        let judged = judge(&Evidence {
            requests: &falling,
            ..evidence
        });
        assert!(judged[&Verdict::Unsteady].starts_with("the rate fell by 29 %"));
    }

    /// A window of an open loop: achieved of 1,000, 99th percentile of response time, 99.9th of lateness.
    fn offered(achieved: u64, response_p99_ns: Option<u64>, lateness_p999_ns: u64) -> BTreeMap<Verdict, String> {
        judge(&Evidence {
            connections: &ALL_SERVED,
            limit: None,
            generator: &Generator {
                cpu_share: 1.0,
                ..Generator::default()
            },
            generator_wait_share: None,
            server_share: Some(0.5),
            littles_law: None,
            elapsed_s: 2.0,
            unfinished: &Histogram::default(),
            pipeline: 1,
            requests: &[],
            open: Some(Open {
                offered: 1000,
                achieved,
                response_p99_ns,
                lateness_p999_ns: Some(lateness_p999_ns),
            }),
        })
    }

    #[test]
    fn a_late_generator_bounds_response_times() {
        let verdicts = |late| offered(1000, Some(100_000), late).into_keys().collect::<Vec<_>>();
        assert_eq!(verdicts(49_000), [Verdict::Valid], "whatever its CPU says: it polls");
        assert_eq!(verdicts(50_000), [Verdict::ClientBound]);
        assert_eq!(
            offered(1000, Some(100_000), 90_000)[&Verdict::ClientBound],
            "the generator sent one request in 1,000 more than 90.0 µs too late, and the response time's 99th percentile \
             is 100 µs: response times are upper bounds"
        );
    }

    #[test]
    fn a_server_that_answers_less_than_was_due_is_behind() {
        let verdicts = |achieved| offered(achieved, None, 1_000).into_keys().collect::<Vec<_>>();
        assert_eq!(verdicts(970), [Verdict::Valid]);
        assert_eq!(verdicts(969), [Verdict::Behind]);
    }

    #[test]
    fn clients_that_wait_when_the_window_ends_make_it_stalled() {
        let verdicts = |ages: &[u64]| -> Vec<Verdict> {
            let judged = judged(ALL_SERVED, (0.0, false), Some(0.5), Some(LAW), ages);
            judged.into_keys().collect()
        };
        assert_eq!(verdicts(&[900_000_000; 100]), [Verdict::Valid], "less than half of it");
        assert_eq!(verdicts(&[1_100_000_000]), [Verdict::Stalled], "one of a hundred");
    }

    #[test]
    fn connections_that_are_not_held_or_not_served_are_told() {
        let capped = Connections {
            refused: 40,
            served: 60,
            ..ALL_SERVED
        };
        assert_eq!(verdicts(capped, 0.5, 0.5), [Verdict::Capped]);
        let dropped = Connections { lost: 1, ..ALL_SERVED };
        assert_eq!(
            verdicts(dropped, 0.5, 0.5),
            [Verdict::Capped],
            "served once and dropped later"
        );
        let starved = Connections {
            served: 1,
            starved: 99,
            ..ALL_SERVED
        };
        assert_eq!(verdicts(starved, 0.5, 0.5), [Verdict::Starved]);
        let both = Connections {
            connected: 50,
            served: 1,
            starved: 49,
            ..ALL_SERVED
        };
        assert_eq!(
            verdicts(both, 0.97, 0.97),
            [Verdict::SaturatedPair, Verdict::Capped, Verdict::Starved]
        );
    }
}
