//! Chart 8: one ruler.

use bench_runner::charts::{Ruler, Step, Time};

use crate::support::{FOOTER, SUBTITLE, examine, refusal};

fn time(size: Option<u64>, ns: f64) -> Time {
    Time {
        size,
        ns,
        low_ns: ns * 0.97,
        high_ns: ns * 1.04,
    }
}

fn step(name: &str, model: &str, times: &[(Option<u64>, f64)]) -> Step {
    Step {
        name: name.to_owned(),
        model: model.to_owned(),
        times: times.iter().map(|&(size, ns)| time(size, ns)).collect(),
    }
}

pub(crate) fn ruler_with(title: &str, steps: Vec<Step>) -> Ruler {
    Ruler {
        title: title.to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        steps,
    }
}

pub(crate) fn all() -> Vec<Step> {
    let sizes = |base: f64, growth: f64, n: usize| -> Vec<(Option<u64>, f64)> {
        let one = |i: usize| (Some(10u64.pow(i as u32 + 1)), base * growth.powi(i as i32));
        (0..n).map(one).collect()
    };
    vec![
        step("switch: coroutine", "coroutine", &[(None, 1.0)]),
        step("switch: async task", "tokio-current", &[(None, 77.0)]),
        step("spawn: async task", "tokio-current", &[(None, 241.0)]),
        step("ask: epoll_wait", "epoll-edge", &sizes(300.0, 1.01, 4)),
        step("switch: thread, one core", "thread", &[(None, 1_730.0)]),
        step("switch: process, one core", "fork", &[(None, 2_300.0)]),
        step("spawn: coroutine", "coroutine", &[(None, 8_100.0)]),
        step("switch: thread, two cores", "thread", &[(None, 18_700.0)]),
        step("switch: process, two cores", "fork", &[(None, 22_600.0)]),
        step("spawn: thread", "thread", &[(None, 22_900.0)]),
        step("spawn: process (fork)", "fork", &[(None, 111_000.0)]),
        step("ask: select", "select", &sizes(2_180.0, 9.0, 3)),
        step("ask: poll", "poll", &sizes(1_970.0, 13.0, 4)),
    ]
}

#[test]
fn all_steps() {
    let title = "Who of 10,000 has something: 4.20 ms by poll, 290 ns by epoll_wait; a switch: 1.00 ns between \
                 coroutines, 1.73 µs between threads; a fork: 111 µs";
    examine("ruler-13", true, &ruler_with(title, all()));
}

#[test]
fn one_step_or_none() {
    examine("ruler-1", true, &ruler_with("One", all().split_off(12)));
    examine("ruler-0", false, &ruler_with("None", Vec::new()));
    let empty = vec![step("ask: poll", "poll", &[])];
    examine("ruler-empty", false, &ruler_with("Nothing", empty));
}

#[test]
fn steps_at_the_extremes() {
    let long = "a step with a name that nobody wanted to shorten, and that goes on for longer than any column";
    let steps = vec![
        step("a tenth", "coroutine", &[(None, 0.1)]),
        step("ties", "poll", &[(Some(1), 50.0), (Some(1_000_000_000), 50.0)]),
        step(long, "select", &[(Some(10), 1e3), (Some(20), 1e9)]),
    ];
    examine(
        "ruler-extreme",
        true,
        &ruler_with("From a tenth of a nanosecond to a second", steps),
    );
}

#[test]
fn what_is_no_time_is_refused() {
    for ns in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let steps = vec![step("ask: poll", "poll", &[(Some(10), ns)])];
        assert!(
            refusal(&ruler_with("No", steps)).contains("for 'ask: poll' is no time"),
            "{ns}"
        );
    }
}
