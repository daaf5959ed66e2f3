//! Claim 10: who polls without blocking burns a core.

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, WATCHED};

/// Connections that are open and silent.
const CONNS: u64 = 100;
/// From so much of one CPU on it is a whole one: what is missing went to others on the machine.
const WHOLE: f64 = 0.9;
/// Below this it is none.
const HALF: f64 = 0.5;
/// Who sleeps uses no more than this.
const ASLEEP: f64 = 0.05;

const SLEEPERS: [&str; 3] = ["poll", "epoll-edge", "thread"];

pub(super) const CLAIM: Claim = Claim {
    id: 10,
    title: "non-blocking polling burns a core",
    words: "Polling non-blocking sockets in a loop burns a whole core while nothing happens.",
    how: "CPU time of the server over 200 ms in which 100 connections are open and nobody talks, for a loop that asks each \
          socket (busy-poll) and for coroutines that are switched by hand; beside them servers that block in poll, \
          epoll_wait and read.",
    rule: "Confirmed from 0.9 CPUs on (the rest goes to others on the machine) while those that block use no more than \
           0.05; refuted below 0.5. Between that something else wanted the CPU, and nothing is told.",
    parts: &[],
    watches: &[
        ("busy-poll", &[CONNS]),
        ("coroutine", &[CONNS]),
        ("poll", &[CONNS]),
        ("epoll-edge", &[CONNS]),
        ("thread", &[CONNS]),
    ],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let silent = |server: &str| measured.busy(WATCHED, server, CONNS, |reading| reading.silent_cpus);
    let spins = silent("busy-poll")?;
    let coroutine = silent("coroutine").ok();
    let mut figures = vec![Figure::new(
        "busy-poll while nobody talks",
        spins.median,
        "CPUs",
        spins.rounds as u64,
    )];
    if let Some(coroutine) = coroutine {
        figures.push(Figure::new(
            "coroutine by hand",
            coroutine.median,
            "CPUs",
            coroutine.rounds as u64,
        ));
    }
    let mut most: f64 = 0.0;
    for server in SLEEPERS {
        let asleep = silent(server)?;
        most = most.max(asleep.median);
        figures.push(Figure::new(
            format!("{server} while nobody talks"),
            asleep.median,
            "CPUs",
            asleep.rounds as u64,
        ));
    }
    let number = format!(
        "{:.2} CPUs while nobody talks, {most:.3} at most in those that block (n = {} rounds)",
        spins.median, spins.rounds
    );
    let judgement = if most > ASLEEP {
        return Err(format!(
            "a server that blocks used {most:.2} CPUs too: the 200 ms were not silent"
        ));
    } else if spins.median >= WHOLE {
        let too = match coroutine {
            Some(coroutine) if coroutine.median >= WHOLE => {
                " So do coroutines that are switched by hand: what they lack is somebody who knows who can go on."
            }
            _ => "",
        };
        let stage = format!(
            "Nobody says a word, and the loop asks on: {:.2} CPUs, for nothing.{too}",
            spins.median
        );
        Judgement::new(Finding::Confirmed, number, stage)
    } else if spins.median < HALF {
        Judgement::new(Finding::Refuted, number, "The loop leaves the core to others.")
    } else {
        return Err(format!(
            "the loop got {:.2} CPUs: something else wanted the rest",
            spins.median
        ));
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::reading::Reading;
    use crate::claims::reading::tests::reading;

    fn told(spins: f64, asleep: f64) -> Judgement {
        let own = |server, cpus| Reading {
            silent_cpus: Some(cpus),
            ..reading(WATCHED, server, CONNS, CONNS)
        };
        CLAIM.judged(&Measured {
            readings: vec![
                own("busy-poll", spins),
                own("coroutine", spins),
                own("poll", 0.0),
                own("epoll-edge", asleep),
                own("thread", 0.0),
            ],
            ..Measured::default()
        })
    }

    #[test]
    fn a_whole_core_confirms_and_little_refutes() {
        let usual = told(0.99, 0.001);
        assert_eq!(usual.verdict, Finding::Confirmed);
        assert_eq!(
            usual.number.unwrap(),
            "0.99 CPUs while nobody talks, 0.001 at most in those that block (n = 1 rounds)"
        );
        assert_eq!(told(0.1, 0.001).verdict, Finding::Refuted);
    }

    #[test]
    fn a_machine_that_was_not_still_tells_nothing() {
        assert!(told(0.7, 0.001).told().contains("something else wanted the rest"));
        assert!(told(0.99, 0.3).told().contains("were not silent"));
    }
}
