//! The open loop over real sockets: what a stall does to both clocks, and what the generator says of itself.

use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::stub::{Stub, echo};

fn loadgen(stub: &Stub, flags: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["--target", &stub.address.to_string()])
        .args(flags.split(' '))
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_stall_shows_in_the_response_times_and_not_in_the_service_times() {
    // For half a second of two nobody is answered: of the requests that were due then, half wait for 250 ms or longer.
    let began = Mutex::new(None::<Instant>);
    let stub = Stub::new(move |request, client| {
        let began = *began.lock().unwrap().get_or_insert_with(Instant::now);
        let into = began.elapsed();
        let (from, to) = (Duration::from_millis(900), Duration::from_millis(1400));
        if (from..to).contains(&into) {
            thread::sleep(to - into);
        }
        echo(request, client)
    });
    let m = json(&loadgen(
        &stub,
        "--conns 10 --rate 1000 --duration 2s --warmup 300ms --json",
    ));
    let p90 = |name: &str| m[name]["p90"].as_u64().unwrap();
    // A quarter of all were due in the stall, and waited evenly from none to all of it: 10 % for 300 ms or longer.
    assert!(p90("response_ns") > 200_000_000, "{}", m["response_ns"]);
    // Of the sent ones one a connection met it.
    assert!(p90("latency_ns") < 100_000_000, "{}", m["latency_ns"]);
    let offered = m["offered"].as_u64().unwrap();
    assert!(
        (1990..=2010).contains(&offered),
        "the schedule does not wait: {offered}"
    );
}

#[test]
fn the_rate_is_offered_to_the_connections_in_turn_over_all_shards() {
    let stub = Stub::echo();
    let flags = "--conns 8 --active 4 --shards 3 --rate 2k --arrivals poisson --seed 3 --duration 1s --json";
    let m = json(&loadgen(&stub, flags));
    let offered = m["offered"].as_f64().unwrap();
    // Five standard deviations of a Poisson count.
    assert!((offered - 2000.0).abs() < 5.0 * 2000f64.sqrt(), "{offered}");
    assert_eq!((m["active"].as_u64(), m["served"].as_u64()), (Some(4), Some(4)));
    assert!(m["lateness_ns"]["p50"].is_u64() && m["littles_law"].is_null());
    let (fewest, most) = (m["fewest"].as_u64().unwrap(), m["most"].as_u64().unwrap());
    assert!(fewest > 300 && most < 700, "{fewest} to {most} of about 500 each");
}

#[test]
fn several_rates_are_a_curve() {
    let stub = Stub::echo();
    let curve = json(&loadgen(
        &stub,
        "--conns 4 --rate 100..300:3 --duration 200ms --warmup 50ms --json",
    ));
    let windows = curve["windows"].as_array().unwrap();
    let offered: Vec<f64> = windows.iter().map(|m| m["offered_per_s"].as_f64().unwrap()).collect();
    assert_eq!(offered, [100.0, 200.0, 300.0]);
    assert!(curve.as_object().unwrap().contains_key("knee_per_s"));
    let told = loadgen(&stub, "--conns 4 --rate 100,200,300 --duration 200ms");
    let told = String::from_utf8(told.stdout).unwrap();
    for words in ["open loop, uniform arrivals", "response p50", "lateness p99", "knee"] {
        assert!(told.contains(words), "'{words}' is not in:\n{told}");
    }
}

#[test]
fn what_belongs_to_the_other_loop_is_refused() {
    let stub = Stub::echo();
    for (flags, words) in [
        ("--rate 0", "is no rate"),
        ("--rate 10..5:3", "is no rate"),
        ("--rate 100 --think 1ms", "belongs to the closed loop"),
        ("--rate 100 --requests-per-conn 3", "belongs to the closed loop"),
        ("--arrivals poisson", "--rate"),
    ] {
        let refused = loadgen(&stub, flags);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{flags}: {told}");
        assert!(told.contains(words), "{flags}: {told}");
    }
}
