//! Pauses between a reply and the next request.

use std::thread;
use std::time::Duration;

use loadgen::Outcome;

use crate::run::{Run, loadgen, measure, output};
use crate::stub::{Stub, close, echo};

const THINK: Duration = Duration::from_millis(60);
const WORK: Duration = Duration::from_millis(20);

/// Answers after some work, to each connection for itself.
fn working() -> Stub {
    Stub::new(|request, client| {
        thread::sleep(WORK);
        echo(request, client)
    })
}

/// That `talking` clients, `pipeline` requests at once each, paused between a reply and the next request.
fn paused(run: &Run, talking: u64, pipeline: u64) {
    run.failures(&[]);
    let m = &run.measured;
    assert_eq!((m.active, m.served, m.starved), (talking, talking, 0));
    let places = (talking * pipeline) as f64;
    let cycle = (THINK + WORK).as_secs_f64();
    // No faster than it takes to work and to think, a request more for the edges of the window. A machine that is busy
    // elsewhere makes it slower, but hardly four times.
    let rate = m.requests as f64 / m.elapsed_s;
    let most = places * (1.0 / cycle + 1.0 / m.elapsed_s);
    assert!(
        rate <= most && rate >= places / cycle / 4.0,
        "{rate}/s, at most {most}/s"
    );
    // `Run` has been checked for Little's law; this is what keeps it from being about the pauses too.
    let law = m.littles_law.unwrap();
    let pauses = (m.requests as f64 - places) * THINK.as_secs_f64() / m.elapsed_s;
    assert!(
        law.expected + pauses <= places * 1.001,
        "{law:?} and {pauses} of {places}"
    );
}

#[test]
fn the_rate_is_held_by_the_pauses_and_littles_law_holds() {
    let stub = working();
    paused(
        &measure(stub.address, "--conns 10 --think 60ms --duration 1500ms"),
        10,
        1,
    );
}

#[test]
fn each_place_of_a_pipeline_pauses_for_itself() {
    // Answers one by one would add up: all that have come together are answered together.
    let stub = Stub::echo();
    let run = measure(stub.address, "--conns 4 --pipeline 3 --think 60ms --duration 1500ms");
    run.failures(&[]);
    let m = &run.measured;
    let most = 12.0 * (m.elapsed_s / THINK.as_secs_f64() + 1.0);
    assert!(m.served == 4 && m.requests as f64 <= most, "{} of {most}", m.requests);
    assert!(m.littles_law.unwrap().expected <= 12.0);
}

#[test]
fn only_those_that_talk_think() {
    let stub = working();
    paused(
        &measure(stub.address, "--conns 20 --active 4 --think 60ms --duration 1500ms"),
        4,
        1,
    );
    let silent = stub.seen().values().filter(|&&requests| requests == 1).count();
    assert_eq!(silent, 16, "these said hello and no more");
}

#[test]
fn shards_and_spinning_change_nothing() {
    let stub = working();
    paused(
        &measure(
            stub.address,
            "--conns 9 --shards 2 --spin --think 60ms --duration 1500ms",
        ),
        9,
        1,
    );
}

#[test]
fn whoever_is_closed_while_thinking_is_told_and_the_others_go_on() {
    let stub = Stub::new(|request, client| {
        echo(request, client)?;
        if request.id == 1 && request.sequence == 2 {
            close()
        } else {
            Ok(())
        }
    });
    let run = measure(stub.address, "--conns 4 --think 20ms --duration 1s");
    run.failures(&[(Outcome::ClosedEarly, 1)]);
    assert_eq!((run.measured.connected, run.measured.lost), (4, 1));
    let seen = stub.seen();
    assert_eq!(seen[&1], 3, "nothing is sent after its end");
    assert!([0, 2, 3].iter().all(|id| seen[id] > 3), "{seen:?}");
}

#[test]
fn the_summary_says_how_long_they_think() {
    let stub = Stub::echo();
    let mut command = loadgen();
    command.args(["-c", "2", "-d", "300ms", "--think", "5ms", "--target"]);
    command.arg(stub.address.to_string());
    let text = String::from_utf8(output(command).stdout).unwrap();
    assert!(
        text.contains("closed loop, thinking 5") && !text.contains("warning"),
        "{text}"
    );
}
