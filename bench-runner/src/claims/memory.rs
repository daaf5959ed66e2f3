//! Claims 6 and 8: what a connection takes, and what a coroutine takes more than a thread.

use loadgen::units::{bytes, grouped};

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, WATCHED};
use super::reading::Reading;
use crate::stats::{Estimate, in_one_gib};

/// What "about 100,000" still is, and what it is no more.
const ABOUT: u64 = 90_000;
const FAR_BELOW: u64 = 50_000;
/// A thread that takes so many times as much is far larger; where three of one fit in the place of one of the other.
const FAR: f64 = 3.0;
/// Below this they are alike: the kernel's part of one and the same server differs by some 15 % from round to round.
const ALIKE: f64 = 1.5;
/// Fewer connections say nothing of memory: what a server takes once would be most of it.
const FEWEST: u64 = 1000;

/// All counts that one of these servers may be measured with: the largest that was is taken.
const COUNTS: &[u64] = &[1000, 10_000];

pub(super) const GIB: Claim = Claim {
    id: 6,
    title: "1 GiB for 100,000 connections",
    words: "1 GiB of memory is enough for epoll to watch about 100,000 connections.",
    how: "Growth of a server's memory (PSS) and of the kernel's (slab, stacks, page tables) with up to 10,000 connections \
          that have talked and are silent. Both ends are on this machine, so half of the kernel's part is counted for the \
          server. What 1 GiB holds is extrapolated from that.",
    rule: "For the larger of the two epoll servers: confirmed from 90,000 connections a GiB on (about), refuted below \
           50,000 (half). Else it depends on what else a connection holds.",
    parts: &[],
    watches: &[("epoll-level", COUNTS), ("epoll-edge", COUNTS), ("thread", COUNTS)],
    judge: gib,
};

pub(super) const SMALL: Claim = Claim {
    id: 8,
    title: "coroutines share one thread, and are small",
    words: "Coroutines share the memory of one thread, and are far smaller than threads.",
    how: "Processes, threads and memory of the servers with a coroutine and with a thread for each connection, at the same \
          number of connections. What an epoll server takes at that number is taken off: that is the connection, not the \
          coroutine.",
    rule: "Confirmed if the coroutine servers are one process with one thread, and a thread takes at least 3 times what the \
           larger of the two kinds of coroutine takes. Refuted if they need more threads, or a thread takes less than 1.5 \
           times, for rounds of one server differ by 15 %. Else it depends on what is called far.",
    parts: &[],
    watches: &[
        ("thread", COUNTS),
        ("green-thread", COUNTS),
        ("coroutine", COUNTS),
        ("epoll-edge", COUNTS),
    ],
    judge: small,
};

/// The largest count that all of these servers were measured with.
fn most(measured: &Measured, servers: &[&str]) -> Result<u64, String> {
    let count = |server: &&str| {
        measured
            .counts(server)
            .last()
            .copied()
            .ok_or_else(|| measured.why_not(WATCHED))
    };
    let counts: Vec<u64> = servers.iter().map(count).collect::<Result<_, _>>()?;
    let most = counts.into_iter().min().unwrap_or(0);
    if most < FEWEST {
        return Err(format!("memory says something from {} connections on", grouped(FEWEST)));
    }
    Ok(most)
}

/// A value of a server that serves all; one that does not would be flattered by those that it has not taken.
fn of(measured: &Measured, server: &str, conns: u64, value: fn(&Reading) -> Option<f64>) -> Result<Estimate, String> {
    let known = measured.busy(WATCHED, server, conns, value);
    known.map_err(|_| {
        format!(
            "the memory of {server} with {} connections is not known",
            grouped(conns)
        )
    })
}

fn all_of(reading: &Reading) -> Option<f64> {
    reading.memory_bytes_per_connection.filter(|_| reading.serves_all())
}

/// The server's own, and half of what the kernel keeps for both ends.
fn one_end(reading: &Reading) -> Option<f64> {
    let (user, kernel) = (reading.user_bytes_per_connection?, reading.kernel_bytes_per_connection?);
    all_of(reading)
        .map(|_| user.max(0.0) + kernel / 2.0)
        .filter(|&all| all > 0.0)
}

fn gib(measured: &Measured) -> Result<Judgement, String> {
    let servers = ["epoll-level", "epoll-edge"];
    let conns = most(measured, &servers)?;
    let mut worst: Option<(&str, Estimate)> = None;
    for server in servers {
        let own = of(measured, server, conns, one_end)?;
        if worst.is_none_or(|(_, other)| own.median > other.median) {
            worst = Some((server, own));
        }
    }
    let (server, own) = worst.ok_or("no epoll server was measured")?;
    let both = of(measured, server, conns, all_of)?;
    let (held, both_held) = (in_one_gib(own.median), in_one_gib(both.median));
    let mut figures = vec![
        Figure::new(
            format!("{server}, memory per connection, one end"),
            own.median,
            "bytes",
            own.rounds as u64,
        ),
        Figure::new(format!("{server}, both ends"), both.median, "bytes", both.rounds as u64),
        Figure::new("connections held when it was read", conns as f64, "connections", 1),
        Figure::new("1 GiB holds", held as f64, "connections", own.rounds as u64),
        Figure::new(
            "descriptors that a process may have here",
            measured.nofile as f64,
            "",
            1,
        ),
    ];
    // What a thread takes beside the connection is the server's alone, its stack in the kernel too.
    let threads = of(measured, "thread", conns, all_of).ok().map(|all| {
        let other_end = both.median - own.median;
        Estimate {
            median: all.median - other_end,
            low: all.low - other_end,
            high: all.high - other_end,
            ..all
        }
    });
    if let Some(threads) = threads {
        figures.push(Figure::new(
            "thread, one end",
            threads.median,
            "bytes",
            threads.rounds as u64,
        ));
    }
    let number = format!(
        "{} per connection ({server}, one end; {} with both), so {} connections a GiB: extrapolated from {} held (n = {} rounds); \
         RLIMIT_NOFILE is {} here",
        bytes(own.median),
        bytes(both.median),
        grouped(held),
        grouped(conns),
        own.rounds,
        grouped(measured.nofile)
    );
    let contrast = threads.map_or_else(String::new, |threads| {
        format!(
            " With a thread for each it would be {}.",
            grouped(in_one_gib(threads.median))
        )
    });
    let judgement = if held < FAR_BELOW {
        let stage = format!("A GiB is full with {} connections here.{contrast}", grouped(held));
        Judgement::new(Finding::Refuted, number, stage)
    } else if held < ABOUT {
        let on = "on what else a connection holds: it is less than 100,000 and more than half of that";
        Judgement::depends(on, number, format!("A GiB holds {} here.{contrast}", grouped(held)))
    } else {
        let stage = format!(
            "A GiB holds {} silent connections by this measure, and even both ends of {}. Silent, that is: a client that \
             does not read what it is sent can hold megabytes in the socket. And descriptors end earlier, at {} here.\
             {contrast}",
            grouped(held),
            grouped(both_held),
            grouped(measured.nofile)
        );
        Judgement::new(Finding::Confirmed, number, stage)
    };
    Ok(judgement.with(figures))
}

fn small(measured: &Measured) -> Result<Judgement, String> {
    let all = ["thread", "green-thread", "coroutine", "epoll-edge"];
    let conns = most(measured, &all)?;
    let plain = of(measured, "epoll-edge", conns, all_of)?;
    let more = |server| of(measured, server, conns, all_of).map(|all| (all.median - plain.median, all.rounds as u64));
    let ((thread, n), (green, _), (by_hand, _)) = (more("thread")?, more("green-thread")?, more("coroutine")?);
    let coroutine = green.max(by_hand);
    if thread <= 0.0 || coroutine <= 0.0 {
        return Err(
            "a thread or a coroutine took no more than the connection: the machine did something besides".to_owned(),
        );
    }
    let tasks = |server| -> Result<u64, String> {
        let threads = of(measured, server, conns, |reading| {
            reading.threads.map(|threads| threads as f64)
        })?;
        Ok(threads.high as u64)
    };
    let (of_thread, of_green, of_hand) = (tasks("thread")?, tasks("green-thread")?, tasks("coroutine")?);
    let ratio = thread / coroutine;
    let figures = [
        Figure::new("connections held", conns as f64, "connections", 1),
        Figure::new(
            "a connection alone (epoll-edge), both ends",
            plain.median,
            "bytes",
            plain.rounds as u64,
        ),
        Figure::new("a thread more than that", thread, "bytes", n),
        Figure::new("a coroutine of green-thread more than that", green, "bytes", n),
        Figure::new("a coroutine switched by hand more than that", by_hand, "bytes", n),
        Figure::new("threads of the thread server", of_thread as f64, "threads", n),
        Figure::new("threads of green-thread", of_green as f64, "threads", n),
        Figure::new("threads of coroutine", of_hand as f64, "threads", n),
    ];
    let number = format!(
        "beside the connection itself {} for a thread, {} for a coroutine: × {ratio:.1} (n = {n} rounds); with {} connections {} \
         threads against {}",
        bytes(thread),
        bytes(coroutine),
        grouped(conns),
        grouped(of_thread),
        grouped(of_green.max(of_hand)),
    );
    let judgement = if of_green.max(of_hand) > 1 {
        Judgement::new(Finding::Refuted, number, "The coroutines do not share one thread here.")
    } else if ratio < ALIKE {
        Judgement::new(
            Finding::Refuted,
            number,
            "They share one thread, and are no smaller than one.",
        )
    } else if ratio < FAR {
        let on = format!("on what is called far: a thread is {ratio:.1} times as large");
        Judgement::depends(
            on,
            number,
            "They share one thread, and each is smaller than one, but not far.",
        )
    } else {
        let stage = format!(
            "{} coroutines live in one thread, and each takes a {} of what a thread takes. Not a thousandth: the megabytes \
             that a thread is said to have are addresses. What it touches is some pages, and the kernel's own stack.",
            grouped(conns),
            part(ratio)
        );
        Judgement::new(Finding::Confirmed, number, stage)
    };
    Ok(judgement.with(figures))
}

/// One of so many parts, in words.
fn part(ratio: f64) -> String {
    match ratio.round() as u64 {
        3 => "third".to_owned(),
        4 => "quarter".to_owned(),
        5 => "fifth".to_owned(),
        6 => "sixth".to_owned(),
        n => format!("{n}th"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::reading::tests::reading;

    fn with_memory(server: &str, conns: u64, user_kib: f64, kernel_kib: f64, threads: u64) -> Reading {
        Reading {
            user_bytes_per_connection: Some(user_kib * 1024.0),
            kernel_bytes_per_connection: Some(kernel_kib * 1024.0),
            memory_bytes_per_connection: Some((user_kib + kernel_kib) * 1024.0),
            threads: Some(threads),
            ..reading(WATCHED, server, conns, conns)
        }
    }

    fn measured(readings: Vec<Reading>) -> Measured {
        Measured {
            nofile: 20_000,
            readings,
            ..Measured::default()
        }
    }

    fn epolls(conns: u64, user_kib: f64, kernel_kib: f64) -> Measured {
        let of = |server| with_memory(server, conns, user_kib, kernel_kib, 1);
        measured(vec![of("epoll-level"), of("epoll-edge")])
    }

    #[test]
    fn a_gib_for_so_many_is_confirmed_refuted_or_depends() {
        let told = |measured| GIB.judged(&measured);
        let usual = told(epolls(10_000, 0.3, 10.2));
        assert_eq!(usual.verdict, Finding::Confirmed, "{usual:?}");
        // 0.3 + 5.1 KiB: 1,048,576 KiB hold 194,000.
        let number = usual.number.unwrap();
        assert!(
            number.contains("5.40 KiB per connection") && number.contains("194,000 connections a GiB"),
            "{number}"
        );
        assert!(
            number.contains("extrapolated from 10,000 held") && number.contains("20,000 here"),
            "{number}"
        );
        assert_eq!(told(epolls(10_000, 10.0, 10.0)).verdict, Finding::Depends);
        assert_eq!(told(epolls(10_000, 20.0, 10.0)).verdict, Finding::Refuted);
        assert_eq!(told(epolls(100, 0.3, 10.2)).verdict, Finding::Untested, "too few");
        let mut starved = epolls(10_000, 0.3, 10.2);
        starved.readings[0].served = Some(9000);
        assert_eq!(
            told(starved).verdict,
            Finding::Untested,
            "what waits in a queue costs nothing"
        );
    }

    #[test]
    fn small_coroutines_are_confirmed_refuted_or_depend() {
        let told = |thread_kib: f64, green_kib: f64, threads| {
            SMALL.judged(&measured(vec![
                with_memory("epoll-edge", 10_000, 0.3, 10.2, 1),
                with_memory("thread", 10_000, thread_kib, 30.0, 10_001),
                with_memory("green-thread", 10_000, green_kib, 10.2, threads),
                with_memory("coroutine", 10_000, 8.0, 10.2, 1),
            ]))
        };
        let usual = told(17.0, 8.6, 1);
        assert_eq!(usual.verdict, Finding::Confirmed, "{usual:?}");
        let number = usual.number.unwrap();
        assert!(
            number.contains("36.5 KiB for a thread, 8.30 KiB for a coroutine: × 4.4"),
            "{number}"
        );
        assert!(usual.stage.unwrap().contains("a quarter of what a thread takes"));
        assert_eq!(told(17.0, 8.6, 4).verdict, Finding::Refuted, "several threads");
        assert_eq!(told(17.0, 30.0, 1).verdict, Finding::Refuted, "as large as a thread");
        assert_eq!(told(17.0, 16.0, 1).verdict, Finding::Depends);
        assert_eq!(told(-25.0, 8.6, 1).verdict, Finding::Untested);
    }
}
