//! Slices: short loads one after the other, of which every request is accounted for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use loadgen::wire::Slice;
use loadgen::{Arrivals, Config, Fleet, Outcome};

use crate::stub::{Stub, close, echo};
use crate::window::{config, launch};

const LENGTH: Duration = Duration::from_millis(100);

fn open_loop(stub: &Stub, conns: u64, shards: u64) -> Fleet {
    let config = Config {
        arrivals: Some(Arrivals::Uniform),
        ..config(stub, conns, 1)
    };
    launch(config, shards)
}

/// One slice, and how many requests the stub saw meanwhile.
fn slice(fleet: &mut Fleet, stub: &Stub, active: u64, rate_per_s: Option<f64>) -> (Slice, u64) {
    let before = stub.total();
    let slice = fleet.slice(active, rate_per_s, LENGTH).unwrap();
    (slice, stub.total() - before)
}

#[test]
fn every_request_of_a_slice_is_answered_before_its_end_is_told() {
    let stub = Stub::echo();
    let mut fleet = open_loop(&stub, 10, 2);
    fleet.connect().unwrap();
    for _ in 0..5 {
        let (slice, seen) = slice(&mut fleet, &stub, 10, Some(2000.0));
        assert_eq!((slice.answered, slice.failures()), (seen, 0));
        // What is due before a shard notices the end is asked too; on a busy machine that may be late.
        assert!((199..=400).contains(&seen), "2,000 a second for 100 ms: {seen}");
        assert!(slice.elapsed_ns >= LENGTH.as_nanos() as u64);
        assert!(slice.latency.len() <= slice.answered && slice.lateness.is_some());
    }
}

#[test]
fn a_slice_of_a_closed_loop_ends_with_nothing_under_way() {
    let stub = Stub::echo();
    let mut fleet = launch(config(&stub, 6, 2), 2);
    fleet.connect().unwrap();
    for active in [6, 2] {
        let (slice, seen) = slice(&mut fleet, &stub, active, None);
        assert_eq!((slice.answered, slice.failures()), (seen, 0));
        assert!(slice.lateness.is_none() && seen > active);
    }
}

#[test]
fn what_is_never_answered_and_what_is_answered_wrongly_is_told() {
    let mute = Arc::new(AtomicBool::new(false));
    let wrong = Arc::new(AtomicBool::new(false));
    let (silent, lies) = (Arc::clone(&mute), Arc::clone(&wrong));
    let stub = Stub::new(move |request, client| {
        if request.id == 1 && lies.load(SeqCst) {
            return close();
        }
        if silent.load(SeqCst) {
            Ok(())
        } else {
            echo(request, client)
        }
    });
    let mut fleet = open_loop(&stub, 4, 1);
    fleet.connect().unwrap();
    let (good, _) = slice(&mut fleet, &stub, 4, Some(1000.0));
    assert_eq!(good.failures(), 0);
    wrong.store(true, SeqCst);
    let (closed, _) = slice(&mut fleet, &stub, 4, Some(1000.0));
    assert!(
        closed.outcomes.count(Outcome::ClosedEarly) >= 1,
        "{:?}",
        closed.outcomes
    );
    assert!(closed.answered > 0, "the other connections go on");
    mute.store(true, SeqCst);
    let (unanswered, _) = slice(&mut fleet, &stub, 4, Some(1000.0));
    assert_eq!(unanswered.answered, 0);
    // About a hundred were due; of those that had no room none was sent, and all of them were given up.
    assert!(unanswered.unanswered >= 90, "{unanswered:?}");
    assert!(unanswered.failures() >= unanswered.unanswered);
}
