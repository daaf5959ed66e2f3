//! What earlier versions are known to have recorded wrongly: read as missing, with the reason. The files stay as they are.

use super::Row;

const CALLS: &str = "server_cost.system_calls_per_request";
/// In what these versions wrote of where it comes from: the window had one length for any number of connections.
const SHORT_WINDOW: &str = "a window of 300 ms of its own";
/// With more tasks than this not all were counted from the window's beginning: with 1,000 threads 2 calls came out as 1.93,
/// with 10,000 as 0.14 to 0.87.
const ALL_COUNTED: u64 = 128;

/// A row without what is known to be wrong in it.
pub(super) fn row(mut row: Row) -> Row {
    let cost = &mut row.server_cost;
    let tasks = cost.processes.unwrap_or(0).max(cost.threads.unwrap_or(0));
    let short = row
        .sources
        .get(CALLS)
        .is_some_and(|source| source.contains(SHORT_WINDOW));
    if short && tasks > ALL_COUNTED {
        cost.system_calls_per_request = None;
        row.sources.remove(CALLS);
        let why = "recorded by a version that began to count thousands of tasks after its window had begun";
        row.missing.insert(CALLS.to_owned(), why.to_owned());
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_were_counted_too_late_are_missing_and_others_are_not() {
        let told = |tasks, source: &str| {
            let mut one: Row = serde_json::from_str(include_str!("../stats/warnings/quiet-row.json")).unwrap();
            one.server_cost.system_calls_per_request = Some(0.3);
            one.server_cost.threads = Some(tasks);
            one.sources.insert(CALLS.to_owned(), source.to_owned());
            let read = row(one);
            (
                read.server_cost.system_calls_per_request,
                read.missing.contains_key(CALLS),
            )
        };
        let old =
            "perf's raw_syscalls:sys_enter, inherited by the whole process tree, in a window of 300 ms of its own";
        assert_eq!(told(10_001, old), (None, true));
        assert_eq!(told(65, old), (Some(0.3), false));
        assert_eq!(
            told(10_001, "perf's raw_syscalls:sys_enter, in a window of its own"),
            (Some(0.3), false)
        );
    }
}
