//! How far servers are apart by what they cost: CPU and memory.

use loadgen::units::{bytes, grouped, three_digits};

use super::rates::ends;
use crate::stats::{Estimate, Line, Summary};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// CPU per request holds whichever side was used up.
fn cpu_of(line: &Line) -> Option<Estimate> {
    line.busy.cpu_ns_per_request.filter(|_| !line.busy.unsound)
}

fn memory_of(line: &Line) -> Option<Estimate> {
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
    title.unwrap_or_else(|| "No server's CPU per request could be told".to_owned())
}

/// The title of the chart of memory per connection: the other side of the same number.
#[must_use]
pub fn memory_title(summary: &Summary) -> String {
    let lines = serving(summary);
    let Some((most, least)) = ends(&lines, memory_of) else {
        return "No server's memory per connection could be told".to_owned();
    };
    let (Some(high), Some(low)) = (memory_of(most), memory_of(least)) else {
        return String::new();
    };
    let holds = |estimate: Estimate| grouped(in_one_gib(estimate.median));
    if most.server == least.server {
        format!("1 GiB holds {} connections of {}", holds(low), least.server)
    } else if high.clearly_above(&low) {
        format!(
            "1 GiB holds {} connections of {}, {} of {}",
            holds(low),
            with_its_like(&lines, least, memory_of),
            holds(high),
            most.server
        )
    } else {
        format!(
            "1 GiB holds {} to {} connections: no clear difference",
            holds(high),
            holds(low)
        )
    }
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

/// The name of `least`, and how many others it is not clearly below: which of them is the first is chance.
fn with_its_like(lines: &[&Line], least: &Line, value: impl Fn(&Line) -> Option<Estimate>) -> String {
    let name = &least.server;
    let Some(low) = value(least) else { return name.clone() };
    let like = |line: &&&Line| line.server != *name && value(line).is_some_and(|other| !other.clearly_above(&low));
    match lines.iter().filter(like).count() {
        0 => name.clone(),
        others => format!("{name} and {others} like it"),
    }
}

fn spread(
    lines: &[&Line],
    what: &str,
    value: impl Fn(&Line) -> Option<Estimate>,
    write: &dyn Fn(f64) -> String,
) -> Option<String> {
    let (most, least) = ends(lines, &value)?;
    let (high, low) = (value(most)?, value(least)?);
    if most.server == least.server {
        return Some(format!("{what}: {} in {}.", write(low.median), least.server));
    }
    if !high.clearly_above(&low) {
        return Some(format!(
            "{what}: no clear difference, {} to {}.",
            write(low.median),
            write(high.median)
        ));
    }
    Some(format!(
        "{what}: {} in {}, {} in {}.",
        write(low.median),
        with_its_like(lines, least, &value),
        write(high.median),
        most.server
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
