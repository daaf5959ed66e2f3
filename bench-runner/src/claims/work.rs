//! Claim 9: who suits work that computes, and work that waits.

use loadgen::units::{grouped, short};

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part};

/// Clients of the cells in which requests compute: enough that no worker waits for one.
pub(super) const COMPUTING: u64 = 16;
/// Clients of the cells in which requests wait: as many as the pools have workers.
pub(super) const WAITING: u64 = 64;
/// What each of them waits for, in milliseconds.
pub(super) const WAIT_MS: u64 = 20;

/// Servers with a process, a thread and a coroutine for each, and with one loop for all.
pub(super) const MODELS: [&str; 7] = [
    "fork",
    "prefork",
    "thread",
    "thread-pool",
    "coroutine",
    "green-thread",
    "epoll-edge",
];
/// The same in Python.
pub(super) const LOCKED: [&str; 2] = ["python-fork", "python-thread"];

/// Processes that gain less from a second CPU than this say nothing of who uses it.
const GAINS: f64 = 1.3;
/// From this share of the processes' rate on threads do as well.
const AS_WELL: f64 = 0.8;
/// Up to this share they do not.
const WORSE: f64 = 2.0 / 3.0;
/// From this share of what the waits allow on nobody is held up.
const IDEAL: f64 = 0.8;

pub(super) const CLAIM: Claim = Claim {
    id: 9,
    title: "processes compute, threads wait",
    words: "Processes suit work that computes; threads and coroutines suit work that waits.",
    how: "Throughput of servers with processes, threads, pools, coroutines and one loop, in Rust, which has no global lock: \
          first every request computes a fixed amount, on at least two CPUs, then every request waits for 20 ms. And with \
          requests that compute a server with threads and one with processes in Python, which has such a lock.",
    rule: "Threads do as well as processes from 0.8 of their rate on, and worse up to 2/3 (fresh processes differ by 10 %); \
           processes must gain at least 1.3 from the CPUs, or nothing can be told. Waiting suits whoever reaches 0.8 of \
           what the waits allow. Confirmed if threads are worse in both languages, refuted if they are in neither, or if \
           threads or coroutines hold up those who wait. Else it depends.",
    parts: &[Part::Compute, Part::Waits, Part::Lock],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let rate =
        |part: Part, server: &str, conns| measured.busy(part.name(), server, conns, |reading| reading.rate_per_s);
    let computes = |server: &str| rate(Part::Compute, server, COMPUTING);
    let (fork, thread, green) = (computes("fork")?, computes("thread")?, computes("green-thread")?);
    let cpus = measured.first(Part::Compute.name(), "fork", COMPUTING)?.server_cpus;
    if cpus < 2 {
        return Err("it takes two CPUs to tell who can use a second one".to_owned());
    }
    let gain = fork.median / green.median;
    if gain < GAINS {
        return Err(format!(
            "{cpus} CPUs made processes no more than {gain:.2} times as fast as one: they are not the server's alone"
        ));
    }
    let ideal = WAITING as f64 * 1000.0 / WAIT_MS as f64;
    let waits = |server: &str| rate(Part::Waits, server, WAITING).map(|rate| rate.median / ideal);
    let mut figures = vec![Figure::new("CPUs for requests that compute", cpus as f64, "CPUs", 1)];
    let mut waited: Vec<(&str, f64)> = Vec::new();
    for server in MODELS {
        if let Ok(rate) = computes(server) {
            let name = format!("{server}, requests that compute");
            figures.push(Figure::new(name, rate.median, "per s", rate.rounds as u64));
        }
        let share = waits(server)?;
        waited.push((server, share));
        figures.push(Figure::new(
            format!("{server}, share of what waits of {WAIT_MS} ms allow"),
            share,
            "",
            1,
        ));
    }
    let lock = LOCKED.map(|server| rate(Part::Lock, server, COMPUTING));
    let locked = match &lock {
        [Ok(processes), Ok(threads)] => {
            for (server, rate) in LOCKED.iter().zip([processes, threads]) {
                let name = format!("{server}, requests that compute");
                figures.push(Figure::new(name, rate.median, "per s", rate.rounds as u64));
            }
            Ok(threads.median / processes.median)
        }
        [Err(why), _] | [_, Err(why)] => Err(why.clone()),
    };
    let ratio = thread.median / fork.median;
    figures.push(Figure::new("thread ÷ fork, computing", ratio, "", 1));
    let python = locked.as_ref().map_or_else(
        |why| format!("Python could not be tested ({why})"),
        |ratio| format!("{ratio:.2} of them in Python"),
    );
    let least = waited.iter().map(|(_, share)| *share).fold(f64::INFINITY, f64::min);
    let number = format!(
        "computing on {cpus} CPUs (n = {}): {} requests a second with processes, {} with threads ({ratio:.2}), {} with \
         coroutines in one thread; threads make {python}; waiting: each of {} models has {:.0} % or more of {}",
        fork.rounds,
        short(fork.median),
        short(thread.median),
        short(green.median),
        MODELS.len(),
        100.0 * least,
        grouped(ideal as u64)
    );
    let held_up = waited
        .iter()
        .find(|(server, share)| ["thread", "coroutine", "green-thread"].contains(server) && *share < IDEAL);
    let rust_threads_lose = ratio <= WORSE;
    let rust_threads_do = ratio >= AS_WELL;
    let judgement = match (held_up, &locked) {
        (Some((server, share)), _) => {
            let stage = format!(
                "Where requests wait, {server} does {:.0} % of what the waits allow.",
                100.0 * share
            );
            Judgement::new(Finding::Refuted, number, stage)
        }
        (None, _) if !rust_threads_do && !rust_threads_lose => {
            return Err(format!(
                "threads made {ratio:.2} of what processes made, which is neither as well nor worse"
            ));
        }
        (None, Ok(locked)) if rust_threads_do && *locked <= WORSE => {
            let stage = format!(
                "In Python threads make {locked:.2} of what processes make with work that computes, for one lock is around \
                 all of it. In Rust they make {ratio:.2}: the rule is one of the language, not of threads. What computes \
                 on one CPU in any language are coroutines in one thread. And to wait, all are good: they differ by what \
                 they take (claim 8)."
            );
            Judgement::depends(
                "on the language: on whether a global lock lets only one thread run",
                number,
                stage,
            )
        }
        (None, locked) if rust_threads_do => {
            let (reach, stage) = match locked {
                Ok(_) => (
                    "",
                    "Threads compute as well as processes here, in Python too: no lock holds them.",
                ),
                Err(_) => (
                    " (for a language without a global lock; none with one could be tested)",
                    "Without a global lock threads compute as well as processes.",
                ),
            };
            Judgement::new(Finding::Refuted, number + reach, stage)
        }
        (None, Ok(locked)) if *locked >= AS_WELL => {
            let on = "on the language: threads lose in Rust and not in Python";
            Judgement::depends(
                on,
                number,
                "Threads compute worse than processes here, and no lock is to blame.",
            )
        }
        (None, _) => Judgement::new(Finding::Confirmed, number, "Threads compute worse than processes here."),
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::reading::Reading;
    use crate::claims::reading::tests::reading;

    /// What each made a second while computing in Rust and in Python, and what share of the waits' the thread server had.
    fn told(rust: [f64; 3], python: Option<[f64; 2]>, thread_waits: f64, cpus: u64) -> Judgement {
        let own = |part: Part, server: &str, conns, rate| Reading {
            rate_per_s: Some(rate),
            server_cpus: cpus,
            ..reading(part.name(), server, conns, conns)
        };
        let mut readings = Vec::new();
        for (server, rate) in ["fork", "thread", "green-thread"].into_iter().zip(rust) {
            readings.push(own(Part::Compute, server, COMPUTING, rate));
        }
        for server in MODELS {
            let share = if server == "thread" { thread_waits } else { 0.97 };
            readings.push(own(Part::Waits, server, WAITING, 3200.0 * share));
        }
        for (server, rate) in LOCKED.into_iter().zip(python.into_iter().flatten()) {
            readings.push(own(Part::Lock, server, COMPUTING, rate));
        }
        CLAIM.judged(&Measured {
            readings,
            missing: [("lock".to_owned(), "no python3".to_owned())].into(),
            ..Measured::default()
        })
    }

    #[test]
    fn it_depends_on_a_global_lock() {
        let judgement = told([400.0, 390.0, 200.0], Some([300.0, 150.0]), 0.97, 2);
        assert_eq!(judgement.verdict, Finding::Depends);
        assert!(
            judgement
                .told()
                .starts_with("depends on the language: on whether a global lock"),
            "{}",
            judgement.told()
        );
        let number = judgement.number.unwrap();
        assert!(
            number.contains("390 with threads (0.97)") && number.contains("0.50 of them in Python"),
            "{number}"
        );
    }

    #[test]
    fn it_is_refuted_where_threads_do_as_well() {
        let none = told([400.0, 390.0, 200.0], None, 0.97, 2);
        assert_eq!(none.verdict, Finding::Refuted);
        let number = none.number.unwrap();
        assert!(number.contains("Python could not be tested (no python3)"), "{number}");
        assert!(number.ends_with("none with one could be tested)"), "{number}");
        assert_eq!(
            told([400.0, 390.0, 200.0], Some([300.0, 290.0]), 0.97, 2).verdict,
            Finding::Refuted
        );
        let waiting = told([400.0, 390.0, 200.0], Some([300.0, 150.0]), 0.5, 2);
        assert_eq!(waiting.verdict, Finding::Refuted, "threads hold up those who wait");
    }

    #[test]
    fn it_is_confirmed_where_threads_lose_everywhere() {
        assert_eq!(
            told([400.0, 210.0, 200.0], Some([300.0, 150.0]), 0.97, 2).verdict,
            Finding::Confirmed
        );
        assert_eq!(
            told([400.0, 210.0, 200.0], Some([300.0, 290.0]), 0.97, 2).verdict,
            Finding::Depends
        );
    }

    #[test]
    fn nothing_is_told_without_a_second_cpu_or_by_a_gap() {
        assert_eq!(told([400.0, 390.0, 400.0], None, 0.97, 1).verdict, Finding::Untested);
        let shared = told([400.0, 390.0, 390.0], None, 0.97, 2);
        assert!(shared.told().contains("not the server's alone"), "{}", shared.told());
        assert_eq!(told([400.0, 290.0, 200.0], None, 0.97, 2).verdict, Finding::Untested);
    }
}
