//! Claim 7: a coroutine switch is cheap.

use loadgen::units::{grouped, short, time};

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part};

/// So many a second are said to be possible.
const MILLION: f64 = 1e6;

pub(super) const CLAIM: Claim = Claim {
    id: 7,
    title: "over a million switches a second",
    words: "Switching between coroutines is so cheap that a thread makes more than a million switches a second.",
    how: "One thread switches into a coroutine and out of it, then round a ring of as many coroutines as there is room for, \
          up to 10,000, each with a stack of its own, so that the cache does not hold the next one. Beside it two threads \
          on one CPU hand a turn to and fro (futex).",
    rule: "Confirmed if the slowest block of the ring makes more than a million a second, refuted if the fastest block of a \
           single one does not. Between them it depends on how many there are.",
    parts: &[Part::Switches],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let seen = measured.part(Part::Switches, &measured.switches)?;
    let (one, ring, thread) = (seen.one_per_s, seen.ring_per_s, seen.thread_per_s);
    let figures = [
        Figure::new("switches into one coroutine and out of it", one.median, "per s", one.n),
        Figure::new("coroutines in the ring", seen.ring as f64, "coroutines", 1),
        Figure::new("switches round the ring", ring.median, "per s", ring.n),
        Figure::new("switches round the ring, slowest block", ring.low, "per s", ring.n),
        Figure::new(
            "hand-overs between two threads on one CPU",
            thread.median,
            "per s",
            thread.n,
        ),
    ];
    let number = format!(
        "{} switches a second with one coroutine, {} round {} ({} each); {} between two threads (n = {} blocks)",
        short(one.median),
        short(ring.median),
        grouped(seen.ring),
        time(1e9 / ring.median),
        short(thread.median),
        ring.n
    );
    let judgement = if ring.low > MILLION {
        let stage = format!(
            "A million a second is an understatement: {} round a ring of {}, and {} if it is always the same one. Two \
             threads on one CPU hand over {} times a second, so a switch there is {:.0} times as dear.",
            short(ring.median),
            grouped(seen.ring),
            short(one.median),
            short(thread.median),
            ring.median / thread.median
        );
        Judgement::new(Finding::Confirmed, number, stage)
    } else if one.high <= MILLION {
        Judgement::new(
            Finding::Refuted,
            number,
            "Not even one coroutine is switched a million times a second here.",
        )
    } else {
        let on = "on how many there are: with many, each switch waits for memory";
        let stage = format!(
            "A million a second holds for few coroutines, not round a ring of {}.",
            grouped(seen.ring)
        );
        Judgement::depends(on, number, stage)
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::measured::{Spread, Switches};

    fn told(one: [f64; 2], ring: [f64; 2]) -> Judgement {
        CLAIM.judged(&Measured {
            switches: Some(Switches {
                one_per_s: Spread::of(one).unwrap(),
                ring: 10_000,
                ring_per_s: Spread::of(ring).unwrap(),
                thread_per_s: Spread::of([6e5]).unwrap(),
            }),
            ..Measured::default()
        })
    }

    #[test]
    fn it_is_confirmed_refuted_or_depends() {
        let usual = told([4e8, 5e8], [1.1e7, 1.3e7]);
        assert_eq!(usual.verdict, Finding::Confirmed);
        assert!(usual.stage.unwrap().contains("20 times as dear"));
        assert_eq!(
            told([4e8, 5e8], [0.9e6, 1.3e6]).verdict,
            Finding::Depends,
            "one block was slower"
        );
        assert_eq!(told([4e5, 9e5], [1e5, 2e5]).verdict, Finding::Refuted);
        assert_eq!(CLAIM.judged(&Measured::default()).verdict, Finding::Untested);
    }
}
