//! Claim 11: one process that blocks serves one client at a time.

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part};

/// Clients that come.
pub(super) const CLIENTS: u64 = 20;
/// Requests of a client that does not stay.
pub(super) const VISIT: u64 = 10;

pub(super) const CLAIM: Claim = Claim {
    id: 11,
    title: "one blocking process, one client",
    words: "A server of a single process that blocks serves one client at a time.",
    how: "20 clients connect to the server that accepts one, serves it until it leaves, and accepts the next; all of them \
          ask. Then 20 clients each of which leaves after 10 requests and comes again.",
    rule: "Confirmed if one of those who stay is served and all others, connected as they are, have no reply; refuted if \
           more than one is served. A count, without noise.",
    parts: &[Part::Single, Part::Visits],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let stay = measured.first(Part::Single.name(), "iterative", CLIENTS)?;
    let (served, starved) = (
        stay.served.ok_or("nothing is known of the server")?,
        stay.starved.ok_or("nothing is known of those who waited")?,
    );
    let mut figures = vec![
        Figure::new("clients that stay", CLIENTS as f64, "clients", 1),
        Figure::new("of these, served", served as f64, "clients", 1),
        Figure::new("connected and without a reply", starved as f64, "clients", 1),
    ];
    let visits = measured.first(Part::Visits.name(), "iterative", CLIENTS);
    let visits = visits.ok().and_then(|visits| visits.served);
    if let Some(visits) = visits {
        figures.push(Figure::new(
            format!("served, of {CLIENTS} that leave after {VISIT} requests"),
            visits as f64,
            "clients",
            1,
        ));
    }
    let number =
        format!("{served} of {CLIENTS} clients served, {starved} connected and without a reply (n = 1 window)");
    let judgement = match (served, starved) {
        (1, starved) if starved == CLIENTS - 1 => {
            let turns = match visits {
                Some(visits) if visits > 1 => format!(
                    " One at a time, not one for ever: of {CLIENTS} that leave after {VISIT} requests {visits} have their \
                     turn in the same time."
                ),
                _ => String::new(),
            };
            let stage = format!(
                "{CLIENTS} clients are connected, one is served. The kernel shakes hands for a server that never looks, so \
                 the others believe they are in.{turns}"
            );
            Judgement::new(Finding::Confirmed, number, stage)
        }
        (served, _) if served > 1 => Judgement::new(
            Finding::Refuted,
            number,
            "More than one client was served while all of them stayed.",
        ),
        _ => {
            return Err(format!(
                "{served} of {CLIENTS} clients were served and {starved} waited, which do not add up"
            ));
        }
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::reading::Reading;
    use crate::claims::reading::tests::reading;

    fn told(served: u64, starved: u64) -> Judgement {
        let own = |part: Part, served, starved| Reading {
            served: Some(served),
            starved: Some(starved),
            ..reading(part.name(), "iterative", CLIENTS, CLIENTS)
        };
        CLAIM.judged(&Measured {
            readings: vec![own(Part::Single, served, starved), own(Part::Visits, 20, 0)],
            ..Measured::default()
        })
    }

    #[test]
    fn one_served_and_all_others_waiting_confirms_it() {
        let judgement = told(1, 19);
        assert_eq!(judgement.verdict, Finding::Confirmed);
        assert!(
            judgement
                .stage
                .unwrap()
                .contains("of 20 that leave after 10 requests 20 have their turn")
        );
    }

    #[test]
    fn two_served_refute_it_and_clients_that_never_came_decide_nothing() {
        assert_eq!(told(2, 18).verdict, Finding::Refuted);
        assert_eq!(told(1, 3).verdict, Finding::Untested, "16 did not even connect");
        assert_eq!(told(0, 20).verdict, Finding::Untested);
    }
}
