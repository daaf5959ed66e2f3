//! Chart 8: one ruler for single steps, from the micro-benchmarks.

use crate::charts::{Ruler, Step, Time};
use crate::record::{Bench, Benches};
use crate::stats::ruler_title;
use crate::words::remarks::Step as Name;
use crate::words::{Lang, subtitles};

/// A benchmark: group, function, variant, what it is called, and the model whose colour it has. Where the variant is none, a
/// parameter is a size.
const STEPS: [(&str, &str, Option<&str>, Name, &str); 13] = [
    ("switch", "coroutine", None, Name::SwitchCoroutine, "coroutine"),
    ("switch", "task", None, Name::SwitchTask, "tokio-current"),
    (
        "switch",
        "thread",
        Some("one-core"),
        Name::SwitchThreadOneCore,
        "thread",
    ),
    (
        "switch",
        "thread",
        Some("two-cores"),
        Name::SwitchThreadTwoCores,
        "thread",
    ),
    (
        "switch",
        "process",
        Some("one-core"),
        Name::SwitchProcessOneCore,
        "fork",
    ),
    (
        "switch",
        "process",
        Some("two-cores"),
        Name::SwitchProcessTwoCores,
        "fork",
    ),
    ("readiness", "select", None, Name::AskSelect, "select"),
    ("readiness", "poll", None, Name::AskPoll, "poll"),
    ("readiness", "epoll_wait", None, Name::AskEpoll, "epoll-edge"),
    ("spawn", "coroutine", None, Name::SpawnCoroutine, "coroutine"),
    ("spawn", "task", None, Name::SpawnTask, "tokio-current"),
    ("spawn", "thread", None, Name::SpawnThread, "thread"),
    ("spawn", "fork", None, Name::SpawnFork, "fork"),
];

/// The data of the chart "one ruler".
#[must_use]
pub fn ruler(benches: &Benches, lang: Lang) -> Ruler {
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
                name: name.name(lang).to_owned(),
                model: model.to_owned(),
                times,
            }
        })
        .filter(|step| !step.times.is_empty())
        .collect();
    // By what they take at their worst.
    let worst = |step: &Step| step.times.iter().map(|time| time.ns).fold(0.0, f64::max);
    steps.sort_by(|a, b| worst(a).total_cmp(&worst(b)));
    Ruler {
        title: ruler_title(benches).text(lang),
        subtitle: subtitles::steps(lang),
        footer: subtitles::steps_footer(benches, lang),
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
