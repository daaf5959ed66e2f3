//! Work per request, think time and churn reach servers and generator, and the rows tell what came of them.

use std::time::{Duration, Instant};

use crate::support::{Place, output};

/// Others want the CPUs as well, and then everybody waits: so long is a run waited for in which they do not.
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
fn slow_requests_are_told_apart_and_the_real_waits_recorded() {
    const SLOW: u64 = 20_000_000;
    let end = Instant::now() + PATIENCE;
    loop {
        let place = Place::new();
        let run = place.recorded(output(
            &mut place.short_run("-c 20 --active 5 -m epoll,thread --work wait:20ms --slow-every 10"),
        ));
        assert_eq!(run.code, Some(0), "{}", run.told);
        let mut waited = Vec::new();
        for server in ["epoll-edge", "thread"] {
            let row = run.of(server)[0];
            assert_eq!((row.load.work.as_str(), row.load.slow_every), ("wait:20ms", 10));
            let (slow, others) = (row.slow_ns.unwrap(), row.others_ns.unwrap());
            assert!(slow.p50.unwrap() >= SLOW, "{server}: {slow:?}");
            waited.extend((others.p50.unwrap() >= SLOW).then(|| format!("{server}: {others:?}")));
            let work = row.stopped.as_ref().unwrap().work.unwrap();
            assert!(work.requests >= row.slow_requests.unwrap() && work.requests > 0);
            assert!(work.waited_ns.unwrap() >= work.requests * SLOW);
        }
        if waited.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "nobody waits for another: {waited:?}");
    }
}

#[test]
fn connections_that_come_and_go_and_clients_that_think() {
    let place = Place::new();
    let run = place.recorded(output(
        &mut place.short_run("-c 20 --active 5 -m epoll,fork --requests-per-conn 3 --think 5ms"),
    ));
    assert_eq!(run.code, Some(0), "{}", run.told);
    for server in ["epoll-edge", "fork"] {
        let row = run.of(server)[0];
        assert_eq!((row.load.requests_per_conn, row.load.think_s), (Some(3), 0.005));
        assert!(row.reconnects.unwrap() > 0, "{server}");
        // 20 clients that pause for 5 ms between two requests make no more than 4,000 a second.
        assert!(row.rate_per_s.unwrap() <= 4000.0, "{server}: {:?}", row.rate_per_s);
        assert!(row.stopped.as_ref().unwrap().accepted > 20, "{server}");
    }
    place.nothing_left();
}

#[test]
fn memory_is_not_told_where_nobody_ever_sleeps() {
    let place = Place::new();
    let run = place.recorded(output(
        &mut place.short_run("-c 1000 --active 1000 -m busy-poll,poll --spin --ramp 200ms --duration 100ms"),
    ));
    assert_eq!(run.code, Some(0), "{}", run.told);
    let missing = |server: &str| run.of(server)[0].missing.get("memory_bytes_per_connection").cloned();
    assert!(missing("busy-poll").unwrap().contains("neither side ever sleeps"));
    assert!(!missing("poll").unwrap_or_default().contains("sleeps"));
    run.accounts_for_every_cost();
}

#[test]
fn what_only_one_model_knows_is_in_its_row() {
    let place = Place::new();
    let run = place.recorded(output(
        &mut place.short_run("-c 40 --active 5 -m epoll-percore,prefork,busy-poll,poll --workers 2"),
    ));
    assert_eq!(run.code, Some(0), "{}", run.told);
    let stopped = |server: &str| run.of(server)[0].stopped.clone().unwrap();
    let spread = stopped("epoll-percore").accepted_by_worker.unwrap();
    assert_eq!((spread.len(), spread.iter().sum::<u64>()), (2, 40), "{spread:?}");
    assert_eq!(stopped("prefork").workers_replaced, Some(0));
    assert_eq!(run.of("prefork")[0].limited_by.as_deref(), Some("workers"));
    let silent = |server: &str| run.of(server)[0].server_cost.silent_cpu_share.unwrap();
    assert!(
        silent("busy-poll") > 4.0 * silent("poll"),
        "{} {}",
        silent("busy-poll"),
        silent("poll")
    );
}
