//! Claim 14: one read for each edge, and interest in room to send.

use loadgen::units::grouped;

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part};

/// So many wake-ups a second with nothing to do are a loop that spins: whoever waits for a timer has a few hundred.
const SPINS_PER_S: f64 = 10_000.0;

pub(super) const CLAIM: Claim = Claim {
    id: 14,
    title: "edge and one read; interest in writing",
    words: "Edge-triggered with one read for each event loses data, and interest in writing that is never dropped spins.",
    how: "More bytes than one read takes come to a socket that is watched by its edges; what lies there after one read, \
          whether it is reported again, and what is found when another byte comes. A silent socket is watched for room to \
          send for 100 ms, by its level, by its edges and not at all. Beside it `verify` is put to servers with these two \
          faults, where python3 is there.",
    rule: "Refuted if nothing is left, or it is reported again, or a level that is always there does not wake at least \
           10,000 times a second. Confirmed if what was left is never found again and edges spin too; it depends if it is \
           found once more comes, or edges do not spin. Counts, without noise.",
    parts: &[Part::Leftovers, Part::Faulty],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let seen = measured.part(Part::Leftovers, &measured.leftovers)?;
    let ms = seen.watched_ms;
    let per_s = |wakes: u64| wakes as f64 * 1000.0 / ms.max(1) as f64;
    let mut figures = vec![
        Figure::new("bytes that came", seen.came as f64, "bytes", 1),
        Figure::new("left after one read", seen.left as f64, "bytes", 1),
        Figure::new("further reports of them", seen.reports as f64, "", 1),
        Figure::new(
            "found, in order, once another byte had come",
            seen.found_later as f64,
            "bytes",
            1,
        ),
        Figure::new("wake-ups for room to send, level", per_s(seen.level_wakes), "per s", 1),
        Figure::new("wake-ups for room to send, edge", per_s(seen.edge_wakes), "per s", 1),
        Figure::new("wake-ups without that interest", per_s(seen.dropped_wakes), "per s", 1),
    ];
    let servers = match measured.part(Part::Faulty, &measured.faulty) {
        Ok(servers) => {
            let found = servers.iter().filter(|server| !server.faults.is_empty()).count();
            figures.push(Figure::new(
                "servers with these faults that verify fails",
                found as f64,
                "servers",
                servers.len() as u64,
            ));
            format!("verify fails {found} of {} servers with these faults", servers.len())
        }
        Err(why) => format!("servers with these faults could not be tested: {why}"),
    };
    let number = format!(
        "{} of {} bytes left after one read, reported {} times more, {} found once another one came; wake-ups for room to send in \
         {ms} ms: level {}, edge {}, without that interest {} (n = 1); {servers}",
        grouped(seen.left),
        grouped(seen.came),
        seen.reports,
        grouped(seen.found_later),
        grouped(seen.level_wakes),
        grouped(seen.edge_wakes),
        grouped(seen.dropped_wakes),
    );
    let spins = per_s(seen.level_wakes) >= SPINS_PER_S && per_s(seen.dropped_wakes) < SPINS_PER_S;
    let (found, edge_spins) = (seen.found_later > 0, per_s(seen.edge_wakes) >= SPINS_PER_S);
    let judgement = if seen.left == 0 || seen.reports > 0 {
        Judgement::new(Finding::Refuted, number, "One read for each event was enough here.")
    } else if !spins {
        Judgement::new(
            Finding::Refuted,
            number,
            "Data is left lying, but interest in writing does not spin.",
        )
    } else if !found && edge_spins {
        Judgement::new(
            Finding::Confirmed,
            number,
            "What one read leaves is gone, and room to send wakes without end.",
        )
    } else {
        let stage = format!(
            "Nothing is lost, and that is the trap: {} bytes lie in the socket, nobody is told of them again, and they come \
             out when the client sends more. A client that waits for its reply sends nothing more, so both wait for ever. \
             Interest in writing spins where it is level-triggered, {} times a second; an edge tells of room once.",
            grouped(seen.left),
            grouped(per_s(seen.level_wakes) as u64)
        );
        let on = match (found, edge_spins) {
            (true, false) => {
                "on the other side: what one read leaves is not lost but lies there until more comes, and only \
                 level-triggered interest spins"
            }
            (true, true) => "on the other side: what one read leaves is not lost but lies there until more comes",
            (false, _) => "on the kind of trigger: only level-triggered interest spins",
        };
        Judgement::depends(on, number, stage)
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::measured::{Faulty, Leftovers};

    const USUAL: Leftovers = Leftovers {
        came: 3000,
        taken: 1024,
        left: 1976,
        reports: 0,
        found_later: 1977,
        watched_ms: 100,
        level_wakes: 200_000,
        edge_wakes: 1,
        dropped_wakes: 0,
    };

    fn told(leftovers: Leftovers) -> Judgement {
        CLAIM.judged(&Measured {
            leftovers: Some(leftovers),
            missing: [("faulty".to_owned(), "no python3 here".to_owned())].into(),
            ..Measured::default()
        })
    }

    #[test]
    fn it_depends_where_nothing_is_lost_for_good() {
        let judgement = told(USUAL);
        assert_eq!(judgement.verdict, Finding::Depends);
        let number = judgement.number.unwrap();
        assert!(
            number.contains("1,976 of 3,000 bytes left") && number.contains("in 100 ms: level 200,000, edge 1,"),
            "{number}"
        );
        assert!(number.ends_with("could not be tested: no python3 here"), "{number}");
        let mut measured = Measured {
            leftovers: Some(USUAL),
            ..Measured::default()
        };
        let server = |faults: &[&str]| Faulty {
            server: "tutorial".to_owned(),
            faults: faults.iter().map(ToString::to_string).collect(),
        };
        measured.faulty = Some(vec![server(&["it spins"]), server(&[])]);
        assert!(
            CLAIM
                .judged(&measured)
                .number
                .unwrap()
                .ends_with("verify fails 1 of 2 servers with these faults")
        );
    }

    #[test]
    fn it_is_refuted_or_confirmed_by_counts() {
        for wrong in [
            Leftovers { left: 0, ..USUAL },
            Leftovers { reports: 1, ..USUAL },
            Leftovers {
                level_wakes: 10,
                ..USUAL
            },
            Leftovers {
                dropped_wakes: 200_000,
                ..USUAL
            },
        ] {
            assert_eq!(told(wrong).verdict, Finding::Refuted, "{wrong:?}");
        }
        let lost = Leftovers {
            found_later: 0,
            edge_wakes: 200_000,
            ..USUAL
        };
        assert_eq!(told(lost).verdict, Finding::Confirmed);
        let trigger = Leftovers {
            found_later: 0,
            ..USUAL
        };
        assert!(told(trigger).told().contains("the kind of trigger"));
        assert_eq!(CLAIM.judged(&Measured::default()).verdict, Finding::Untested);
    }
}
