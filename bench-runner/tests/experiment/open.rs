//! The open loop: a window for each rate, response times beside service times, and what a stop does to both.

use std::fs;
use std::process::Stdio;

use bench_runner::record::{Verdict, Window};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Place, ended, output, until};

#[test]
fn each_rate_has_a_window_and_a_point_of_the_curve() {
    let place = Place::new();
    let run = place.recorded(output(
        &mut place.short_run("-m epoll,iterative -c 12 --rate 300,100,200 --arrivals poisson --seed 7"),
    ));
    assert_eq!(run.code, Some(0), "{}", run.told);
    let rows = run.of("epoll-edge");
    let rates: Vec<Option<f64>> = rows.iter().map(|row| row.load.rate_per_s).collect();
    assert_eq!(rates, [Some(100.0), Some(200.0), Some(300.0)], "ascending");
    for row in rows {
        assert_eq!(
            (row.window, &*row.load.mode, row.load.active),
            (Window::Open, "open", 12)
        );
        let (response, lateness) = (row.response_ns.unwrap(), row.lateness_ns.unwrap());
        assert!(row.offered.unwrap() > 0 && row.offered_per_s.is_some());
        // A request is due before it is sent, and the generator turns to it no later than it is answered.
        assert!(
            response.max >= row.reply_latency_ns.max,
            "{response:?} {:?}",
            row.reply_latency_ns
        );
        assert!(lateness.p50 <= response.p50, "{lateness:?} {response:?}");
        assert!(
            row.response_histogram
                .as_ref()
                .is_some_and(|all| all.len() == row.requests.unwrap())
        );
    }
    // Eleven of twelve requests fall to connections that are never served.
    for row in run.of("iterative") {
        assert_eq!(row.response_ns.unwrap().p50, None, "{:?}", row.response_ns);
        assert!(
            row.verdicts.contains(&Verdict::Behind) && row.verdicts.contains(&Verdict::Starved),
            "{:?}",
            row.verdicts
        );
    }
    assert!(
        run.table.contains("p99 at") && run.table.contains("knee"),
        "{}",
        run.table
    );
    assert!(run.table.contains("behind"), "{}", run.table);
    for (chart, there) in [
        ("1-served", true),
        ("6-offered", true),
        ("2-watched", false),
        ("7-cpu", false),
    ] {
        assert_eq!(place.path(&format!("out/{chart}.svg")).exists(), there, "{chart}");
    }
    // Read again, the record has all of them still.
    let again = output(&mut place.bare("report out"));
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.success() && told.is_empty(), "{told}");
    let readme = fs::read_to_string(place.path("out/README.md")).unwrap();
    let head = readme
        .lines()
        .find(|line| line.starts_with("model"))
        .unwrap_or_default();
    assert!(["100", "200", "300"].iter().all(|rate| head.contains(rate)), "{readme}");
    assert!(readme.contains("open loop, poisson arrivals"), "{readme}");
    place.nothing_left();
}

#[test]
fn a_stop_shows_in_the_response_times_and_hardly_in_the_service_times() {
    let place = Place::new();
    let run = place.recorded(output(
        &mut place.short_run("-m epoll,fork -c 10 --rate 1000 --duration 2s --stall 600ms"),
    ));
    assert_eq!(run.code, Some(0), "{}", run.told);
    // A process per connection: all of them stop, and all go on.
    for server in ["epoll-edge", "fork"] {
        let row = run.of(server)[0];
        assert_eq!(row.load.stall_s, 0.6);
        let (response, service) = (row.response_ns.unwrap(), row.reply_latency_ns);
        // Requests due over 600 of 2,000 ms waited for up to 600 ms: a tenth for more than 400.
        assert!(response.p90.unwrap() > 200_000_000, "{server}: {response:?}");
        // Of those sent, one for each of the ten connections met the stop.
        assert!(
            service.p90.unwrap() < response.p90.unwrap(),
            "{server}: {service:?} {response:?}"
        );
        assert!(service.max.unwrap() > 500_000_000, "{server}: {service:?}");
        assert!(row.requests.unwrap() > 1000, "it goes on: {server}");
    }
    assert!(place.path("out/5-clocks.svg").exists());
    assert!(run.table.contains("was stopped for 600 ms"), "{}", run.table);
    place.nothing_left();
}

#[test]
fn ctrl_c_during_a_stop_leaves_nothing_stopped() {
    let place = Place::new();
    let mut command = place.short_run("-m fork -c 4 --rate 100 --duration 60s --stall 25s");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stopped = || {
        let states = place.processes().into_iter().filter_map(|(pid, _)| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            Some(stat.rsplit_once(") ")?.1.starts_with('T'))
        });
        states.filter(|stopped| *stopped).count()
    };
    until("five stopped processes", || stopped() >= 5);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(ended(child).status.code(), Some(1));
    place.nothing_left();
}

#[test]
fn one_slow_handler_is_told_over_time() {
    let place = Place::new();
    let run = place.recorded(output(&mut place.short_run(
        "-m epoll,thread -c 20 --rate 1000 --duration 1s --work wait:100ms --slow-every 50",
    )));
    assert_eq!(run.code, Some(0), "{}", run.told);
    for server in ["epoll-edge", "thread"] {
        let row = run.of(server)[0];
        let (all, others) = (row.series.as_ref().unwrap(), row.others_series.as_ref().unwrap());
        assert_eq!(all.requests.len(), others.requests.len());
        let sum = |of: &[u64]| of.iter().sum::<u64>();
        assert!(sum(&others.requests) < sum(&all.requests), "{server}: some were slow");
        let (told, slow) = (row.others_response_ns.unwrap(), row.slow_ns.unwrap());
        assert!(told.p50.unwrap() < slow.p50.unwrap(), "{server}: {told:?} {slow:?}");
    }
    assert!(place.path("out/4-slow.svg").exists());
    assert!(run.table.contains("who asked for nothing slow"), "{}", run.table);
}
