//! The verdicts on a row, each with its evidence, and the name of the limit that was met.

use std::collections::BTreeMap;

use loadgen::units::grouped;
use loadgen::{Generator, Histogram, Outcome, Outcomes};

use crate::record::{Connections, Ready, Stopped, Verdict};

/// The generator is used up from this share of its CPUs on.
const USED_UP: f64 = 0.95;
/// Below this share the server had room to spare; from here on it counts as used up beside a generator that is.
const HAD_ROOM: f64 = 0.90;
/// A window is stalled when this share of its clients had waited for more than half of it when it ended.
const STALLED: f64 = 0.01;

/// What a window showed, as far as verdicts are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Connections by state.
    pub connections: &'a Connections,
    /// The limit that was met.
    pub limited_by: Option<&'a str>,
    /// The generator's account of itself.
    pub generator: &'a Generator,
    /// The server's CPU time over the time that passed, for each of its CPUs.
    pub server_share: Option<f64>,
    /// Length of the window in seconds.
    pub elapsed_s: f64,
    /// Ages of the requests of served clients that the window's end cut off.
    pub unfinished: &'a Histogram,
}

/// All verdicts that hold, best first, with why. `Valid` stands alone.
#[must_use]
pub fn judge(evidence: &Evidence) -> BTreeMap<Verdict, String> {
    let Evidence {
        connections: c,
        generator,
        ..
    } = evidence;
    let mut verdicts = BTreeMap::new();
    let because = evidence
        .limited_by
        .map(|limit| format!(", because of {limit}"))
        .unwrap_or_default();
    let held = c.connected - c.refused - c.lost;
    if held < c.requested {
        verdicts.insert(
            Verdict::Capped,
            format!(
                "{} of {} connections held{because}",
                grouped(held),
                grouped(c.requested)
            ),
        );
    }
    if c.starved > 0 {
        let text = format!(
            "{} of {} active connections were held and got no reply{because}",
            grouped(c.starved),
            grouped(c.active)
        );
        verdicts.insert(Verdict::Starved, text);
    }
    let half_ns = evidence.elapsed_s * 1e9 / 2.0;
    let long = evidence.unfinished.counts().filter(|&(age, _)| age as f64 > half_ns);
    let waiting: u64 = long.map(|(_, count)| count).sum();
    if waiting > 0 && waiting as f64 >= STALLED * c.active as f64 {
        let text = format!(
            "{} requests of {} active connections had waited for more than {:.1} s when the window ended",
            grouped(waiting),
            grouped(c.active),
            half_ns / 1e9
        );
        verdicts.insert(Verdict::Stalled, text);
    }
    let doubt = match evidence.server_share {
        // A spinning generator uses up its cores whatever the server does, so its CPU proves nothing.
        _ if generator.spin => Some("the generator spins, so its CPU time does not tell whether it was the limit"),
        None => Some("the server's CPU time is missing, so the generator may have been the limit"),
        Some(server) if generator.cpu_share >= USED_UP => {
            let verdict = if server < HAD_ROOM {
                Verdict::ClientBound
            } else {
                Verdict::SaturatedPair
            };
            let text = format!(
                "generator at {:.0} % of its CPUs, server at {:.0} %",
                generator.cpu_share * 100.0,
                server * 100.0
            );
            verdicts.insert(verdict, text);
            None
        }
        Some(_) => None,
    };
    if verdicts.is_empty() {
        let doubt = doubt.map(|doubt| format!("; {doubt}")).unwrap_or_default();
        verdicts.insert(Verdict::Valid, format!("every connection was held and served{doubt}"));
    }
    verdicts
}

/// What kept connections from being served: the limit's name, or nothing when none was kept.
#[must_use]
pub fn limited_by(
    c: &Connections,
    outcomes: &Outcomes,
    ready: Option<&Ready>,
    stopped: Option<&Stopped>,
) -> Option<String> {
    let refusals = stopped.and_then(|stopped| stopped.refused.iter().max_by_key(|&(_, n)| n));
    if let Some((limit, _)) = refusals {
        return Some(limit.clone());
    }
    let of_client = [
        (Outcome::NoPorts, "the client's ports"),
        (Outcome::NoDescriptors, "the client's descriptors"),
    ];
    if let Some((_, name)) = of_client.into_iter().find(|&(outcome, _)| outcomes.count(outcome) > 0) {
        return Some(name.to_owned());
    }
    if outcomes.count(Outcome::ConnectTimeout) > 0 {
        return Some("accept backlog".to_owned());
    }
    if outcomes.count(Outcome::Refused) > 0 {
        return Some("connections refused".to_owned());
    }
    let capacity = ready
        .map(|ready| &ready.capacity)
        .filter(|capacity| capacity.connections < c.requested);
    let short = c.starved > 0 || c.refused > 0 || c.connected < c.requested;
    match capacity {
        Some(capacity) if short => Some(capacity.bound_by.clone()),
        _ if c.refused > 0 => Some("closed by the server".to_owned()),
        _ if c.lost > 0 => Some("connections lost while served".to_owned()),
        _ if c.starved > 0 => Some("no reply in time".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_SERVED: Connections = Connections {
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

    fn verdicts(connections: Connections, generator: f64, server: f64, spin: bool) -> Vec<Verdict> {
        let generator = Generator {
            cpu_share: generator,
            spin,
            ..Generator::default()
        };
        let evidence = Evidence {
            connections: &connections,
            limited_by: None,
            generator: &generator,
            server_share: Some(server),
            elapsed_s: 1.0,
            unfinished: &Histogram::default(),
        };
        judge(&evidence).into_keys().collect()
    }

    #[test]
    fn each_verdict_fires_where_it_must_and_is_silent_where_it_must_not() {
        assert_eq!(verdicts(ALL_SERVED, 0.5, 1.0, false), [Verdict::Valid]);
        assert_eq!(verdicts(ALL_SERVED, 0.97, 0.6, false), [Verdict::ClientBound]);
        assert_eq!(verdicts(ALL_SERVED, 0.97, 0.97, false), [Verdict::SaturatedPair]);
        assert_eq!(
            verdicts(ALL_SERVED, 0.97, 0.92, false),
            [Verdict::SaturatedPair],
            "no gap between the two"
        );
        assert_eq!(verdicts(ALL_SERVED, 0.95, 0.90, false), [Verdict::SaturatedPair]);
        assert_eq!(verdicts(ALL_SERVED, 0.95, 0.899, false), [Verdict::ClientBound]);
        assert_eq!(verdicts(ALL_SERVED, 0.949, 0.6, false), [Verdict::Valid]);
        assert_eq!(
            verdicts(ALL_SERVED, 1.0, 0.6, true),
            [Verdict::Valid],
            "a spinning generator proves nothing"
        );
        let capped = Connections {
            refused: 40,
            served: 60,
            ..ALL_SERVED
        };
        assert_eq!(verdicts(capped, 0.5, 0.5, false), [Verdict::Capped]);
        let dropped = Connections { lost: 1, ..ALL_SERVED };
        assert_eq!(
            verdicts(dropped, 0.5, 0.5, false),
            [Verdict::Capped],
            "served once and dropped later"
        );
        let starved = Connections {
            served: 1,
            starved: 99,
            ..ALL_SERVED
        };
        assert_eq!(verdicts(starved, 0.5, 0.5, false), [Verdict::Starved]);
        let both = Connections {
            connected: 50,
            served: 1,
            starved: 49,
            ..ALL_SERVED
        };
        assert_eq!(
            verdicts(both, 0.97, 0.97, false),
            [Verdict::SaturatedPair, Verdict::Capped, Verdict::Starved]
        );
    }

    #[test]
    fn clients_that_wait_when_the_window_ends_make_it_stalled() {
        let verdicts = |ages: &[u64]| -> Vec<Verdict> {
            let mut unfinished = Histogram::default();
            ages.iter().for_each(|&ns| unfinished.record(ns));
            let evidence = Evidence {
                connections: &ALL_SERVED,
                limited_by: None,
                generator: &Generator::default(),
                server_share: Some(0.5),
                elapsed_s: 2.0,
                unfinished: &unfinished,
            };
            judge(&evidence).into_keys().collect()
        };
        assert_eq!(verdicts(&[900_000_000; 100]), [Verdict::Valid], "less than half of it");
        assert_eq!(verdicts(&[1_100_000_000]), [Verdict::Stalled], "one of a hundred");
    }

    #[test]
    fn a_valid_row_says_what_could_not_be_checked() {
        let text = |spin, server_share| {
            let generator = Generator {
                cpu_share: 1.0,
                spin,
                ..Generator::default()
            };
            let verdicts = judge(&Evidence {
                connections: &ALL_SERVED,
                limited_by: None,
                generator: &generator,
                server_share,
                elapsed_s: 1.0,
                unfinished: &Histogram::default(),
            });
            verdicts[&Verdict::Valid].clone()
        };
        assert!(text(true, Some(0.5)).contains("spins"), "{}", text(true, Some(0.5)));
        assert!(text(false, None).contains("missing"), "{}", text(false, None));
    }

    fn ready(connections: u64, bound_by: &str) -> Ready {
        serde_json::from_value(serde_json::json!({
            "model": "x", "address": "127.0.0.1:1", "pid": 1, "backlog": { "requested": 1, "effective": 1 },
            "capacity": { "connections": connections, "bound_by": bound_by }, "workers": 1,
        }))
        .unwrap()
    }

    #[test]
    fn the_limit_is_named_by_whoever_knows_it_best() {
        let none = Outcomes::default();
        assert_eq!(limited_by(&ALL_SERVED, &none, Some(&ready(1, "workers")), None), None);
        let starved = Connections {
            served: 1,
            starved: 99,
            ..ALL_SERVED
        };
        assert_eq!(
            limited_by(&starved, &none, Some(&ready(1, "workers")), None).as_deref(),
            Some("workers")
        );
        assert_eq!(
            limited_by(&starved, &none, None, None).as_deref(),
            Some("no reply in time")
        );
        let dropped = Connections { lost: 1, ..ALL_SERVED };
        assert_eq!(
            limited_by(&dropped, &none, None, None).as_deref(),
            Some("connections lost while served")
        );
        let mut timeouts = Outcomes::default();
        timeouts.add(Outcome::ConnectTimeout, 3);
        assert_eq!(
            limited_by(&starved, &timeouts, Some(&ready(1, "workers")), None).as_deref(),
            Some("accept backlog")
        );
        let stopped = Stopped {
            accepted: 9,
            peak_concurrent: 9,
            refused: [("FD_SETSIZE".to_owned(), 91)].into(),
        };
        let capped = Connections {
            refused: 91,
            served: 9,
            ..ALL_SERVED
        };
        assert_eq!(
            limited_by(&capped, &none, None, Some(&stopped)).as_deref(),
            Some("FD_SETSIZE")
        );
    }
}
