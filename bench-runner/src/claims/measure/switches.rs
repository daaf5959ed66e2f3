//! Switches a second: between coroutines in one thread, and between two threads on one CPU.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};

use crate::claims::measured::{Spread, Switches};
use crate::environment::affinity;

/// As in the coroutine servers.
const STACK_BYTES: usize = 64 * 1024;
/// Coroutines in the ring, where there is room for them.
const RING: usize = 10_000;
const BLOCKS: usize = 5;
const BLOCK: Duration = Duration::from_millis(100);
/// Hand-overs of the first block of threads, by which the others are sized.
const FIRST: u64 = 500;

pub(super) fn measure() -> Result<Switches, String> {
    let failed = |error| format!("no stack for a coroutine: {error}");
    let one = ring(1).map_err(failed)?;
    // As many as the mappings of a process allow: two for each.
    let sizes = [RING, RING / 4, RING / 16];
    let many = sizes.iter().find_map(|&size| Some((size, ring(size).ok()?)));
    let (size, ring_per_s) = many.ok_or("no room for many coroutines")?;
    let threads = (0..BLOCKS).map(|_| hand_overs_per_s());
    Ok(Switches {
        one_per_s: one,
        ring: size as u64,
        ring_per_s,
        thread_per_s: Spread::of(threads).ok_or("no block was measured")?,
    })
}

/// Switches a second round a ring: into each coroutine and out of it are two.
fn ring(size: usize) -> std::io::Result<Spread> {
    let done = Rc::new(Cell::new(false));
    let member = |_| {
        let (stack, done) = (DefaultStack::new(STACK_BYTES)?, Rc::clone(&done));
        Ok(Coroutine::with_stack(stack, move |caller: &Yielder<(), ()>, ()| {
            while !done.get() {
                caller.suspend(());
            }
        }))
    };
    let mut ring = (0..size).map(member).collect::<std::io::Result<Vec<_>>>()?;
    let mut go_round = || {
        for one in &mut ring {
            one.resume(());
        }
    };
    // Untimed: each begins, and touches its stack.
    go_round();
    let rounds = (2000 / size).max(1);
    let mut block = || {
        let (start, mut switches) = (Instant::now(), 0_u64);
        while start.elapsed() < BLOCK {
            (0..rounds).for_each(|_| go_round());
            switches += 2 * (rounds * size) as u64;
        }
        switches as f64 / start.elapsed().as_secs_f64()
    };
    let blocks: Vec<f64> = (0..BLOCKS).map(|_| block()).collect();
    // To their ends: one that is dropped before would have to be unwound.
    done.set(true);
    go_round();
    Spread::of(blocks).ok_or_else(|| std::io::Error::other("no block was measured"))
}

/// Hand-overs a second of a turn between two threads on one CPU, by park and unpark, that is, by futex(2).
fn hand_overs_per_s() -> f64 {
    let first = hand_over(FIRST);
    let trips = BLOCK.as_secs_f64() / first.as_secs_f64() * FIRST as f64;
    let trips = (trips as u64).max(FIRST);
    // There and back are two.
    2.0 * trips as f64 / hand_over(trips).as_secs_f64()
}

fn hand_over(trips: u64) -> Duration {
    let theirs = AtomicBool::new(false);
    let hand_to = |thread: &Thread, other: bool| {
        theirs.store(other, Ordering::Release);
        thread.unpark();
    };
    let wait_for = |other: bool| {
        while theirs.load(Ordering::Acquire) != other {
            thread::park();
        }
    };
    let cpus = affinity::allowed().unwrap_or_default();
    let one = cpus.get(..1).unwrap_or_default();
    // Two threads of their own: this one keeps its CPUs.
    thread::scope(|scope| {
        let driver = scope.spawn(move || {
            affinity::keep_to(one);
            let this = thread::current();
            thread::scope(|scope| {
                let partner = scope.spawn(|| {
                    affinity::keep_to(one);
                    for _ in 0..=trips {
                        wait_for(true);
                        hand_to(&this, false);
                    }
                });
                let round_trip = || {
                    hand_to(partner.thread(), true);
                    wait_for(false);
                };
                // Untimed: until the partner is made and pinned.
                round_trip();
                let start = Instant::now();
                for _ in 0..trips {
                    round_trip();
                }
                start.elapsed()
            })
        });
        driver.join().expect("a thread that ends")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_taken() {
        assert!(hand_over(100) > Duration::ZERO);
        let ring = ring(10).unwrap();
        assert!(ring.low > 0.0 && ring.n == BLOCKS as u64);
    }
}
