//! How far servers are apart by what they cost: CPU and memory.

use loadgen::units::three_digits;

use super::rates::Apart;
use super::{Message, Named, serving};
use crate::stats::{Estimate, Line, Summary};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// What there is to say about costs.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Costs {
    /// CPU per request while all talk, in nanoseconds.
    Cpu(Spread),
    /// Memory per connection, in bytes.
    Memory(Spread),
    /// The same from the other side, for a title: how many connections a GiB holds.
    Holds(Spread),
    /// The title where none serves all, so that there is nothing to compare.
    Uncompared { cost: Cost, conns: u64 },
    /// The title where no cost is known.
    Untold(Cost),
}

/// What is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Cost {
    /// CPU per request.
    Cpu,
    /// Memory per connection.
    Memory,
}

/// How far values are apart.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Spread {
    /// There is only one.
    One { server: String, value: f64 },
    /// No clear difference between the least and the most.
    Alike { least: f64, most: f64 },
    /// The least and the most of those that are clearly different, and who has them.
    Apart { low: (f64, Named), high: (f64, Named) },
}

/// CPU per request holds whichever side was used up.
pub(super) fn cpu_of(line: &Line) -> Option<Estimate> {
    line.busy.cpu_ns_per_request.filter(|_| !line.busy.unsound)
}

pub(super) fn memory_of(line: &Line) -> Option<Estimate> {
    line.memory_bytes_per_connection
}

/// CPU per request while all talk.
pub(super) fn cpu(lines: &[&Line]) -> Option<Costs> {
    spread(lines, cpu_of).map(Costs::Cpu)
}

/// Memory per connection.
pub(super) fn memory(lines: &[&Line]) -> Option<Costs> {
    spread(lines, memory_of).map(Costs::Memory)
}

/// The title of the chart of CPU per request.
#[must_use]
pub fn cpu_title(summary: &Summary) -> Message {
    let title = cpu(&serving(summary));
    Message::Costs(title.unwrap_or_else(|| uncompared(summary, cpu_of, Cost::Cpu)))
}

/// The title of the chart of memory per connection: the other side of the same number.
#[must_use]
pub fn memory_title(summary: &Summary) -> Message {
    let title = spread(&serving(summary), memory_of).map(Costs::Holds);
    Message::Costs(title.unwrap_or_else(|| uncompared(summary, memory_of, Cost::Memory)))
}

/// What is said where no server that serves all connections has a value.
fn uncompared(summary: &Summary, value: fn(&Line) -> Option<Estimate>, cost: Cost) -> Costs {
    let conns = summary.most_conns();
    if summary.at(conns).any(|line| value(line).is_some()) {
        Costs::Uncompared { cost, conns }
    } else {
        Costs::Untold(cost)
    }
}

/// How many connections of that size a GiB holds, to the three digits that are known.
#[must_use]
pub fn in_one_gib(bytes: f64) -> u64 {
    three_digits(GIB / bytes)
}

fn spread(lines: &[&Line], value: fn(&Line) -> Option<Estimate>) -> Option<Spread> {
    let valued: Vec<(&Line, Estimate)> = lines.iter().filter_map(|line| Some((*line, value(line)?))).collect();
    let medians = || valued.iter().map(|(_, value)| value.median);
    let (least, most) = (medians().min_by(f64::total_cmp)?, medians().max_by(f64::total_cmp)?);
    if let [(only, value)] = &*valued {
        return Some(Spread::One {
            server: only.server.clone(),
            value: value.median,
        });
    }
    Some(match Apart::of(lines, value) {
        Some(apart) => Spread::Apart {
            low: apart.low(),
            high: apart.high(),
        },
        None => Spread::Alike { least, most },
    })
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
