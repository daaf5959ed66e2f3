//! How far the rounds of one cell lie apart: what a single number of the table is worth.

use super::summary::{Estimate, Line, Summary};

/// What the findings call a difference (see [`Estimate::clearly_above`]): rounds that are further apart than that would
/// make two servers of one.
const APART: f64 = 1.2;

/// The spread of the rounds: of their rates in a closed loop, of their 99th percentiles in an open one, where the rate is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Whether it is that of 99th percentiles, in nanoseconds.
    pub of_p99: bool,
    /// Windows of which there is more than one round.
    pub windows: usize,
    /// Those of them whose largest value is more than a fifth above the smallest.
    pub apart: usize,
    /// The one that is widest: server, connections, and its values.
    pub widest: (String, u64, Estimate),
}

/// The spread of the rounds; `None` where there was but one.
#[must_use]
pub fn spread(summary: &Summary) -> Option<Spread> {
    let of_p99 = !summary.rates_per_s.is_empty();
    let values = |line: &Line| -> Vec<Estimate> {
        let windows = [Some(&line.busy), line.idle.as_ref()].into_iter().flatten();
        // Of a server that is behind they tell of the length of the window.
        let points = line.curve.iter().filter(|point| !point.behind);
        if of_p99 {
            points.filter_map(|point| point.p99_range_ns).collect()
        } else {
            windows.filter_map(|window| window.rate_per_s).collect()
        }
    };
    let windows = summary.lines.iter().flat_map(|line| {
        let own = move |value| (&line.server, line.conns, value);
        values(line).into_iter().map(own)
    });
    let several: Vec<_> = windows
        .filter(|(_, _, value)| value.rounds > 1 && value.low > 0.0)
        .collect();
    let ratio = |value: &Estimate| value.high / value.low;
    let (server, conns, value) = several.iter().max_by(|a, b| ratio(&a.2).total_cmp(&ratio(&b.2)))?;
    Some(Spread {
        of_p99,
        windows: several.len(),
        apart: several.iter().filter(|(_, _, value)| ratio(value) > APART).count(),
        widest: ((*server).clone(), *conns, *value),
    })
}

#[cfg(test)]
mod tests {
    use super::super::findings::tests::{line, summary};
    use super::*;

    #[test]
    fn rounds_that_lie_apart_are_counted_and_the_widest_is_named() {
        let told = spread(&summary(vec![
            line("poll", [100.0, 110.0, 119.0], [50.0; 3]),
            line("mio", [100.0, 110.0, 160.0], [50.0; 3]),
        ]))
        .unwrap();
        assert_eq!((told.windows, told.apart), (4, 1));
        assert_eq!((&*told.widest.0, told.widest.2.high), ("mio", 160.0));
    }

    #[test]
    fn one_round_has_no_spread() {
        let mut once = line("poll", [1.0; 3], [1.0; 3]);
        once.busy.rate_per_s = Estimate::of([5.0]);
        once.idle = None;
        assert_eq!(spread(&summary(vec![once])), None);
    }
}
