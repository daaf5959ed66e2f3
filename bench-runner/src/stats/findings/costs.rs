//! How far servers are apart by what they cost: CPU and memory.

use loadgen::units::{bytes, grouped, three_digits};

use super::rates::Apart;
use crate::stats::{Estimate, Line, Summary};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// CPU per request holds whichever side was used up.
pub(super) fn cpu_of(line: &Line) -> Option<Estimate> {
    line.busy.cpu_ns_per_request.filter(|_| !line.busy.unsound)
}

pub(super) fn memory_of(line: &Line) -> Option<Estimate> {
    line.memory_bytes_per_connection
}

/// CPU per request while all talk.
pub(super) fn cpu(lines: &[&Line]) -> Option<String> {
    let microseconds = |ns: f64| format!("{:.1} µs", ns / 1e3);
    spread(lines, "CPU per request while all talk", cpu_of, &microseconds)
}

/// Memory per connection.
pub(super) fn memory(lines: &[&Line]) -> Option<String> {
    let what = "Memory per connection, user and kernel with both ends";
    spread(lines, what, memory_of, &bytes)
}

/// The title of the chart of CPU per request.
#[must_use]
pub fn cpu_title(summary: &Summary) -> String {
    let title = cpu(&serving(summary)).map(|text| text.trim_end_matches('.').to_owned());
    title.unwrap_or_else(|| uncompared(summary, cpu_of, "CPU per request"))
}

/// The title of the chart of memory per connection: the other side of the same number.
#[must_use]
pub fn memory_title(summary: &Summary) -> String {
    let lines: Vec<&Line> = serving(summary)
        .into_iter()
        .filter(|line| memory_of(line).is_some())
        .collect();
    let held = |bytes: f64| grouped(in_one_gib(bytes));
    const HOLDS: &str = "1 GiB holds both ends of";
    if let Some(apart) = Apart::of(&lines, memory_of) {
        let ((least, small), (most, large)) = (apart.low(), apart.high());
        return format!(
            "{HOLDS} {} connections of {small}, {} of {large}",
            held(least),
            held(most)
        );
    }
    match ends(&lines, memory_of) {
        None => uncompared(summary, memory_of, "memory per connection"),
        Some((least, most)) if lines.len() > 1 => format!(
            "{HOLDS} {} to {} connections: no clear difference",
            held(most),
            held(least)
        ),
        Some((only, _)) => format!("{HOLDS} {} connections of {}", held(only), lines[0].server),
    }
}

/// What is said where no server that serves all connections has a value.
fn uncompared(summary: &Summary, value: fn(&Line) -> Option<Estimate>, what: &str) -> String {
    let conns = summary.most_conns();
    if summary.at(conns).any(|line| value(line).is_some()) {
        format!(
            "None serves all {} connections, so that {what} is not compared",
            grouped(conns)
        )
    } else {
        format!("No server's {what} could be told")
    }
}

/// The smallest and the largest value.
fn ends(lines: &[&Line], value: impl Fn(&Line) -> Option<Estimate>) -> Option<(f64, f64)> {
    let values = || lines.iter().filter_map(|line| Some(value(line)?.median));
    Some((values().min_by(f64::total_cmp)?, values().max_by(f64::total_cmp)?))
}

/// How many connections of that size a GiB holds, to the three digits that are known.
#[must_use]
pub fn in_one_gib(bytes: f64) -> u64 {
    three_digits(GIB / bytes)
}

/// The servers that may be held against each other: those that serve all connections.
fn serving(summary: &Summary) -> Vec<&Line> {
    let lines = summary.at(summary.most_conns());
    lines.filter(|line| line.serves_all()).collect()
}

fn spread(
    lines: &[&Line],
    what: &str,
    value: impl Fn(&Line) -> Option<Estimate>,
    write: &dyn Fn(f64) -> String,
) -> Option<String> {
    let valued: Vec<&Line> = lines.iter().copied().filter(|line| value(line).is_some()).collect();
    let (least, most) = ends(&valued, &value)?;
    if let [only] = &*valued {
        return Some(format!("{what}: {} in {}.", write(least), only.server));
    }
    let Some(apart) = Apart::of(&valued, &value) else {
        return Some(format!(
            "{what}: no clear difference, {} to {}.",
            write(least),
            write(most)
        ));
    };
    let ((least, small), (most, large)) = (apart.low(), apart.high());
    Some(format!(
        "{what}: {} in {small}, {} in {large}.",
        write(least),
        write(most)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gib_holds_so_many() {
        assert_eq!(in_one_gib(9.76 * 1024.0), 107_000);
        assert_eq!(in_one_gib(138.0 * 1024.0), 7_600);
        assert_eq!(in_one_gib(GIB), 1);
    }
}
