//! What single steps cost, from the micro-benchmarks.

use super::Message;
use crate::record::{Bench, Benches};

/// The median time of one benchmark.
fn of<'b>(benches: &'b Benches, group: &str, function: &str, parameter: Option<&str>) -> Option<&'b Bench> {
    benches
        .benches
        .iter()
        .find(|bench| bench.group == group && bench.function == function && bench.parameter.as_deref() == parameter)
}

/// The largest number of descriptors over which both calls were measured, and what each took.
fn asked<'b>(benches: &'b Benches, a: &str, b: &str) -> Option<(u64, &'b Bench, &'b Bench)> {
    let sizes = benches
        .benches
        .iter()
        .filter(|bench| bench.group == "readiness" && bench.function == a);
    let sizes = sizes.filter_map(|bench| bench.parameter.as_deref()?.parse::<u64>().ok());
    let both = |size: u64| {
        let parameter = Some(size.to_string());
        let one = |function| of(benches, "readiness", function, parameter.as_deref());
        Some((size, one(a)?, one(b)?))
    };
    sizes.filter_map(both).max_by_key(|(size, ..)| *size)
}

/// What people come for, as far as it was measured: all in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Steps {
    /// Who of so many has something: by poll, by epoll_wait.
    pub asked: Option<(u64, f64, f64)>,
    /// A switch between coroutines, between threads.
    pub switch: Option<(f64, f64)>,
    /// A fork.
    pub fork: Option<f64>,
}

/// The title of the chart of single steps.
#[must_use]
pub fn ruler_title(benches: &Benches) -> Message {
    let time = |group, function, parameter| Some(of(benches, group, function, parameter)?.time_ns);
    let asked = asked(benches, "poll", "epoll_wait");
    Message::Steps(Steps {
        asked: asked.map(|(size, poll, epoll)| (size, poll.time_ns, epoll.time_ns)),
        switch: time("switch", "coroutine", None).zip(time("switch", "thread", Some("one-core"))),
        fork: time("spawn", "fork", None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    fn bench(group: &str, function: &str, parameter: Option<&str>, time_ns: f64) -> Bench {
        Bench {
            group: group.to_owned(),
            function: function.to_owned(),
            parameter: parameter.map(str::to_owned),
            time_ns,
            low_ns: time_ns,
            high_ns: time_ns,
            confidence: 0.95,
            samples: Some(100),
        }
    }

    fn all(benches: Vec<Bench>) -> Benches {
        Benches {
            schema: 1,
            measured_at: jiff::Timestamp::UNIX_EPOCH,
            revision: None,
            dirty: None,
            rustc: None,
            kernel_release: None,
            cpu_model: None,
            cpus: None,
            command: String::new(),
            benches,
        }
    }

    #[test]
    fn the_title_says_what_was_measured_and_nothing_else() {
        let title = |benches| ruler_title(&all(benches)).text(Lang::En);
        assert_eq!(title(vec![]), "What a single step costs");
        let fork = || bench("spawn", "fork", None, 172_000.0);
        assert_eq!(title(vec![fork()]), "A fork: 172 µs");
        let watched = |function: &str, n: &str, ns| bench("readiness", function, Some(n), ns);
        let several = vec![
            watched("poll", "1000", 174e3),
            watched("epoll_wait", "1000", 480.0),
            // Not the largest that both were measured at.
            watched("poll", "10000", 8e6),
            bench("switch", "coroutine", None, 9.1),
            bench("switch", "thread", Some("one-core"), 3_400.0),
            fork(),
        ];
        assert_eq!(
            title(several),
            "Who of 1,000 has something: 174 µs by poll, 480 ns by epoll_wait; a switch: 9.10 ns between coroutines, \
             3.40 µs between threads; a fork: 172 µs"
        );
    }
}
