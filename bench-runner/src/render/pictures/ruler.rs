//! Chart 8: one ruler for single steps, from the micro-benchmarks.

use crate::charts::{Ruler, Step, Time};
use crate::record::{Bench, Benches};
use crate::stats::ruler_title;

/// How a benchmark is called in the chart: group, function, variant, name, and the model whose colour it has. Where the
/// variant is none, a parameter is a size.
const STEPS: [(&str, &str, Option<&str>, &str, &str); 13] = [
    ("switch", "coroutine", None, "switch: coroutine", "coroutine"),
    ("switch", "task", None, "switch: async task", "tokio-current"),
    (
        "switch",
        "thread",
        Some("one-core"),
        "switch: thread, one core",
        "thread",
    ),
    (
        "switch",
        "thread",
        Some("two-cores"),
        "switch: thread, two cores",
        "thread",
    ),
    (
        "switch",
        "process",
        Some("one-core"),
        "switch: process, one core",
        "fork",
    ),
    (
        "switch",
        "process",
        Some("two-cores"),
        "switch: process, two cores",
        "fork",
    ),
    ("readiness", "select", None, "ask: select", "select"),
    ("readiness", "poll", None, "ask: poll", "poll"),
    ("readiness", "epoll_wait", None, "ask: epoll_wait", "epoll-edge"),
    ("spawn", "coroutine", None, "spawn: coroutine", "coroutine"),
    ("spawn", "task", None, "spawn: async task", "tokio-current"),
    ("spawn", "thread", None, "spawn: thread", "thread"),
    ("spawn", "fork", None, "spawn: process (fork)", "fork"),
];

/// The data of the chart "one ruler".
#[must_use]
pub fn ruler(benches: &Benches) -> Ruler {
    let mut steps: Vec<Step> = STEPS
        .iter()
        .map(|&(group, function, variant, name, model)| {
            let own = benches
                .benches
                .iter()
                .filter(|bench| bench.group == group && bench.function == function)
                .filter(|bench| variant.is_none() || bench.parameter.as_deref() == variant);
            let mut times: Vec<Time> = own.map(|bench| time(bench, variant.is_none())).collect();
            times.sort_by_key(|time| time.size);
            Step {
                name: name.to_owned(),
                model: model.to_owned(),
                times,
            }
        })
        .filter(|step| !step.times.is_empty())
        .collect();
    // By what they take at their worst.
    let worst = |step: &Step| step.times.iter().map(|time| time.ns).fold(0.0, f64::max);
    steps.sort_by(|a, b| worst(a).total_cmp(&worst(b)));
    let date = benches.measured_at.strftime("%Y-%m-%d");
    let revision = benches.revision.as_deref().map_or_else(String::new, |revision| {
        let dirty = if benches.dirty == Some(true) { ", changed" } else { "" };
        format!(" · revision {}{dirty}", revision.get(..10).unwrap_or(revision))
    });
    let cpus = benches.cpus.map(|cpus| format!("{cpus} × ")).unwrap_or_default();
    Ruler {
        title: ruler_title(benches),
        subtitle:
            "ask: one call that finds the last of N sockets ready, N over each dot; switch: one way; spawn: from start to \
                   end; criterion's median with its 95 % interval, where wider than its dot"
                .to_owned(),
        footer: format!(
            "{cpus}{}, Linux {} · {date}{revision} · {}",
            benches.cpu_model.as_deref().unwrap_or("unknown CPU"),
            benches.kernel_release.as_deref().unwrap_or("unknown"),
            benches.command
        ),
        steps,
    }
}

fn time(bench: &Bench, sized: bool) -> Time {
    let size = bench.parameter.as_deref().filter(|_| sized);
    Time {
        size: size.and_then(|size| size.parse().ok()),
        ns: bench.time_ns,
        low_ns: bench.low_ns,
        high_ns: bench.high_ns,
    }
}
