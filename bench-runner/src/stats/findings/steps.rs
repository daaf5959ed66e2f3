//! What single steps cost, from the micro-benchmarks.

use loadgen::units::{grouped, time};

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

/// The title of the chart of single steps: as much of what people come for as was measured.
#[must_use]
pub fn ruler_title(benches: &Benches) -> String {
    let mut parts = Vec::new();
    if let Some((size, poll, epoll)) = asked(benches, "poll", "epoll_wait") {
        parts.push(format!(
            "Who of {} has something: {} by poll, {} by epoll_wait",
            grouped(size),
            time(poll.time_ns),
            time(epoll.time_ns)
        ));
    }
    let coroutine = of(benches, "switch", "coroutine", None);
    let thread = of(benches, "switch", "thread", Some("one-core"));
    if let (Some(coroutine), Some(thread)) = (coroutine, thread) {
        parts.push(format!(
            "a switch: {} between coroutines, {} between threads",
            time(coroutine.time_ns),
            time(thread.time_ns)
        ));
    }
    if let Some(fork) = of(benches, "spawn", "fork", None) {
        parts.push(format!("a fork: {}", time(fork.time_ns)));
    }
    let mut title = parts.join("; ");
    if let Some(first) = title.get(..1) {
        title.replace_range(..1, &first.to_uppercase());
    }
    if title.is_empty() {
        "What a single step costs".to_owned()
    } else {
        title
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(ruler_title(&all(vec![])), "What a single step costs");
        let fork = || bench("spawn", "fork", None, 172_000.0);
        assert_eq!(ruler_title(&all(vec![fork()])), "A fork: 172 µs");
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
            ruler_title(&all(several)),
            "Who of 1,000 has something: 174 µs by poll, 480 ns by epoll_wait; a switch: 9.10 ns between coroutines, \
             3.40 µs between threads; a fork: 172 µs"
        );
    }
}
