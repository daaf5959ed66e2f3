//! Claim 13: a small backlog and a burst.

use loadgen::units::time;

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Burst, Measured, Part};

/// The backlogs of textbooks, and one that has room for every client of a burst.
pub(super) const BACKLOGS: [u64; 3] = [3, 5, 4096];
const ROOMY: u64 = 4096;

pub(super) const CLAIM: Claim = Claim {
    id: 13,
    title: "a backlog of 3 or 5 loses nothing",
    words: "A small accept backlog, 3 or 5 as in the examples, loses nothing under a burst.",
    how: "100 clients connect at once to a server behind a backlog of 3, of 5 and of 4,096, and each sends a request: once \
          while the server accepts as fast as it can, once while it does not for 200 ms, as in a slow handler. Each waits \
          for 8 s for its reply.",
    rule: "Late is a reply after more than half a second, for the kernel tries a dropped handshake again after one. \
           Confirmed if nobody is late or lost behind the small backlogs, refuted if somebody has no reply in 8 s; if some \
           are late, it depends on how long a client waits. If somebody is late behind 4,096 too, nothing can be told.",
    parts: &[Part::Bursts],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let bursts = measured.part(Part::Bursts, &measured.bursts)?;
    let (roomy, small): (Vec<&Burst>, Vec<&Burst>) = bursts.iter().partition(|burst| burst.backlog >= ROOMY);
    if small.is_empty() || roomy.is_empty() {
        return Err("not all backlogs were tried".to_owned());
    }
    if let Some(burst) = roomy.iter().find(|burst| burst.late + burst.lost > 0) {
        return Err(format!(
            "{} of {} clients were late or lost behind a backlog of {} too",
            burst.late + burst.lost,
            burst.clients,
            burst.backlog
        ));
    }
    let name = |burst: &Burst| {
        let what = if burst.held_ms > 0 {
            "server busy"
        } else {
            "server free"
        };
        format!("backlog {}, {what}", burst.backlog)
    };
    let mut figures = Vec::new();
    for burst in bursts {
        let figure =
            |what, value: u64, unit| Figure::new(format!("{}: {what}", name(burst)), value as f64, unit, burst.clients);
        figures.push(figure("late", burst.late, "clients"));
        figures.push(figure("lost", burst.lost, "clients"));
        figures.extend(
            burst
                .slowest_ns
                .map(|slowest| figure("longest wait for a reply", slowest, "ns")),
        );
    }
    let told: Vec<String> = small
        .iter()
        .map(|burst| format!("{}: {} late, {} lost", name(burst), burst.late, burst.lost))
        .collect();
    let n = small[0].clients;
    let slowest = small.iter().filter_map(|burst| burst.slowest_ns).max().unwrap_or(0);
    let number = format!(
        "of {n} clients at once {}; longest wait for a reply {} (n = {n} clients each)",
        told.join("; "),
        time(slowest as f64)
    );
    let (late, lost) = small
        .iter()
        .fold((0, 0), |(late, lost), burst| (late + burst.late, lost + burst.lost));
    let most = small.iter().map(|burst| burst.late).max().unwrap_or(0);
    let judgement = if lost > 0 {
        let stage = format!(
            "Of {n} clients that come at once behind a backlog of 3 or 5 some have no reply in {} s, and up to {most} had to \
             wait for a second or more, because their handshake was dropped and is tried again. Behind 4,096 all are \
             answered in time.",
            small[0].patience_ms / 1000
        );
        Judgement::new(Finding::Refuted, number, stage)
    } else if late > 0 {
        let stage = format!(
            "Nobody is lost who waits long enough. But of {n} clients that come at once up to {most} wait for a second or \
             more, {} at most, because their handshake was dropped and is tried again. Whoever gives up after half a second \
             has lost, and no log of the server's says so. Behind 4,096 all are answered in time.",
            time(slowest as f64)
        );
        let on = "on how long a client waits: nothing is lost for good, and much is a second or more late";
        Judgement::depends(on, number, stage)
    } else {
        Judgement::new(Finding::Confirmed, number, "Nobody was even late behind it.")
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(backlog: u64, held_ms: u64, late: u64, lost: u64) -> Burst {
        Burst {
            backlog,
            held_ms,
            clients: 100,
            prompt: 100 - late - lost,
            late,
            lost,
            patience_ms: 8000,
            slowest_ns: Some(if late > 0 { 3_050_000_000 } else { 2_000_000 }),
        }
    }

    fn told(held: (u64, u64), roomy: u64) -> Judgement {
        CLAIM.judged(&Measured {
            bursts: Some(vec![
                burst(3, 0, 0, 0),
                burst(5, 200, held.0, held.1),
                burst(4096, 200, roomy, 0),
            ]),
            ..Measured::default()
        })
    }

    #[test]
    fn it_depends_on_patience_where_some_are_late() {
        let judgement = told((94, 0), 0);
        assert_eq!(judgement.verdict, Finding::Depends);
        let number = judgement.number.unwrap();
        assert!(number.contains("backlog 5, server busy: 94 late, 0 lost"), "{number}");
        assert!(number.contains("longest wait for a reply 3.05 s"), "{number}");
    }

    #[test]
    fn it_is_confirmed_refuted_or_not_decided() {
        assert_eq!(told((0, 0), 0).verdict, Finding::Confirmed);
        assert_eq!(told((90, 2), 0).verdict, Finding::Refuted);
        assert_eq!(
            told((94, 0), 3).verdict,
            Finding::Untested,
            "the machine is slow by itself"
        );
        assert_eq!(CLAIM.judged(&Measured::default()).verdict, Finding::Untested);
    }
}
