//! Claim 15: a handler that computes stalls all others of its thread.

use loadgen::units::time;

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part, Stall};

/// Connections of the cells that are called slow.
pub(super) const CONNS: u64 = 100;
/// Servers of these cells.
pub(super) const SERVERS: [&str; 3] = ["green-thread", "thread", "fork"];

/// Up to this share of the others answered before the slow one counts as none: a reply may just have been on its way.
const NONE: f64 = 0.1;
/// From this share on as all.
const ALL: f64 = 0.9;

pub(super) const CLAIM: Claim = Claim {
    id: 15,
    title: "one busy handler stalls all others",
    words: "Green threads as gevent's switch only at I/O, so one handler that computes stalls all the others.",
    how: "Of 20 clients one asks for a request that computes for long; while it is under way the other 19 ask for nothing \
          slow, and it is counted who has its reply before the slow one. The same with a request that waits, and with a \
          thread and a process for each client. Beside it the others' 99th percentile under an offered rate with one slow \
          request in 500.",
    rule: "Confirmed if in green threads at most a tenth is answered before the request that computes and at least nine \
           tenths before the one that waits, while threads and processes answer nine tenths before either. Refuted if \
           green threads answer nine tenths before one that computes. If threads or processes stall too, it depends on \
           more than the switching; in between nothing can be told.",
    parts: &[Part::Stalls, Part::Slow],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let stalls = measured.part(Part::Stalls, &measured.stalls)?;
    let find = |server: &str, computes: bool| -> Result<&Stall, String> {
        let own = |stall: &&Stall| stall.server == server && stall.work.starts_with("cpu:") == computes;
        stalls.iter().find(own).ok_or_else(|| format!("{server} was not tried"))
    };
    let (busy, waits) = (find("green-thread", true)?, find("green-thread", false)?);
    let (thread, fork) = (find("thread", true)?, find("fork", true)?);
    let share = |stall: &Stall| stall.answered_first as f64 / stall.others.max(1) as f64;
    let mut figures = Vec::new();
    for stall in stalls {
        let name = |what| format!("{}, {}: {what}", stall.server, stall.work);
        figures.push(Figure::new(
            name("answered before the slow one"),
            stall.answered_first as f64,
            "clients",
            stall.others,
        ));
        figures.push(Figure::new(
            name("the others' reply, median"),
            stall.others_ns as f64,
            "ns",
            stall.others,
        ));
        figures.push(Figure::new(
            name("the slow reply, median"),
            stall.slow_ns as f64,
            "ns",
            stall.trials,
        ));
    }
    let mut p99 = Vec::new();
    for server in SERVERS {
        let others = measured.busy(Part::Slow.name(), server, CONNS, |reading| {
            reading.others_p99_ns.map(|ns| ns as f64)
        });
        if let Ok(others) = others {
            p99.push(format!("{} with {server}", time(others.median)));
            figures.push(Figure::new(
                format!("{server}, p99 of the others"),
                others.median,
                "ns",
                others.rounds as u64,
            ));
        }
    }
    let beside = if p99.is_empty() {
        String::new()
    } else {
        format!("; p99 of the others with one slow request in 500: {}", p99.join(", "))
    };
    let number = format!(
        "answered before one that computes for {}: {} of {} in green threads, {} of {} in threads, {} of {} in processes; \
         before one that waits: {} of {} in green threads (n = {} trials){beside}",
        time(busy.slow_ns as f64),
        busy.answered_first,
        busy.others,
        thread.answered_first,
        thread.others,
        fork.answered_first,
        fork.others,
        waits.answered_first,
        waits.others,
        busy.trials,
    );
    let any_loop = find("epoll-edge", true).map_or_else(
        |_| String::new(),
        |stall| {
            format!(
                " Any loop does the same: epoll-edge {} of {}.",
                stall.answered_first, stall.others
            )
        },
    );
    let judgement = if share(busy) >= ALL {
        Judgement::new(
            Finding::Refuted,
            number,
            "A handler that computes holds up nobody here.",
        )
    } else if share(busy) > NONE || share(waits) < ALL {
        return Err(format!(
            "of those beside a green thread {} of {} were answered before one that computes and {} of {} before one that \
             waits, which is neither none nor all",
            busy.answered_first, busy.others, waits.answered_first, waits.others
        ));
    } else if share(thread) < ALL || share(fork) < ALL {
        let on = "on more than the switching: threads or processes were held up here too";
        Judgement::depends(
            on,
            number,
            "Green threads stall, and here they are not alone with that.",
        )
    } else {
        let stage = format!(
            "One handler computes for {}, and of {} who asked for nothing {} have their reply before it is done. The hub \
             takes over when somebody waits, and nobody does. If it waits instead, {} of {} go first. A thread or a process \
             for each is interrupted by the kernel: {} of {}.{any_loop}",
            time(busy.slow_ns as f64),
            busy.others,
            busy.answered_first,
            waits.answered_first,
            waits.others,
            thread.answered_first,
            thread.others
        );
        Judgement::new(Finding::Confirmed, number, stage)
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::reading::Reading;
    use crate::claims::reading::tests::reading;

    fn told(busy: u64, waits: u64, thread: u64) -> Judgement {
        let stall = |server: &str, work: &str, answered_first| Stall {
            server: server.to_owned(),
            work: work.to_owned(),
            trials: 3,
            others: 57,
            answered_first,
            slow_ns: 30_000_000,
            others_ns: 29_000_000,
        };
        CLAIM.judged(&Measured {
            stalls: Some(vec![
                stall("green-thread", "cpu:20000000", busy),
                stall("green-thread", "wait:50ms", waits),
                stall("thread", "cpu:20000000", thread),
                stall("fork", "cpu:20000000", 57),
            ]),
            readings: vec![Reading {
                others_p99_ns: Some(28_000_000),
                ..reading("slow", "green-thread", CONNS, CONNS)
            }],
            ..Measured::default()
        })
    }

    #[test]
    fn none_before_and_all_before_confirm_it() {
        let judgement = told(0, 57, 57);
        assert_eq!(judgement.verdict, Finding::Confirmed);
        let number = judgement.number.unwrap();
        assert!(
            number.contains("computes for 30.0 ms: 0 of 57 in green threads, 57 of 57 in threads"),
            "{number}"
        );
        assert!(
            number.ends_with("p99 of the others with one slow request in 500: 28.0 ms with green-thread"),
            "{number}"
        );
    }

    #[test]
    fn it_is_refuted_depends_or_is_not_decided() {
        assert_eq!(told(56, 57, 57).verdict, Finding::Refuted);
        assert_eq!(told(0, 57, 20).verdict, Finding::Depends);
        assert_eq!(told(20, 57, 57).verdict, Finding::Untested);
        assert_eq!(told(0, 5, 57).verdict, Finding::Untested, "something else held them up");
        assert_eq!(CLAIM.judged(&Measured::default()).verdict, Finding::Untested);
    }
}
