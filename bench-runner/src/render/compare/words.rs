//! Values, ratios and reasons, as they stand in a cell.

use loadgen::units::{bytes, grouped, short, time};

use crate::stats::Estimate;
use crate::stats::compare::{Bound, Change, Judgement, Key, Metric, Ratio, Why};

/// What stands above a metric's values.
pub(super) fn head(metric: Metric) -> &'static str {
    match metric {
        Metric::Rate => "req/s",
        Metric::Cpu => "CPU/req",
        Metric::Memory => "mem/conn",
        Metric::Calls => "calls/req",
        Metric::Switches => "sw/req",
        named => named.name(),
    }
}

/// Which window.
pub(super) fn window(key: &Key) -> String {
    key.rate_per_s
        .map_or_else(|| key.window.name().to_owned(), |rate| format!("{}/s", short(rate)))
}

/// A value with its unit.
fn value(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Served => grouped(value.round() as u64),
        Metric::Rate => short(value),
        // It falls among clients, or requests, that got no reply.
        Metric::P99 if value.is_infinite() => "✗".to_owned(),
        Metric::P99 | Metric::Cpu => time(value).replace(' ', ""),
        Metric::Memory => bytes(value).replace(' ', ""),
        Metric::Calls | Metric::Switches if value < 0.1 => format!("{value:.4}"),
        Metric::Calls | Metric::Switches => format!("{value:.2}"),
    }
}

/// The median of the rounds, with their range where there is room.
pub(super) fn estimate(metric: Metric, estimate: Option<&Estimate>, wide: bool) -> String {
    let Some(estimate) = estimate else {
        return "–".to_owned();
    };
    let write = |of| value(metric, of);
    let (low, high) = (write(estimate.low), write(estimate.high));
    if wide && low != high {
        format!("{} ({low}–{high})", write(estimate.median))
    } else {
        write(estimate.median)
    }
}

/// Current ÷ base, with a sign where the truth lies beyond it.
pub(super) fn ratio(ratio: Option<&Ratio>) -> String {
    let Some(ratio) = ratio else {
        return "–".to_owned();
    };
    let sign = match ratio.bound {
        Some(Bound::AtLeast) => "≥",
        Some(Bound::AtMost) => "≤",
        None => "",
    };
    format!("{sign}{}", factor(ratio.estimate))
}

/// Its ends; nothing where one side has no number.
pub(super) fn interval(ratio: Option<&Ratio>) -> String {
    match ratio {
        Some(ratio) if ratio.estimate.is_finite() && ratio.estimate > 0.0 => {
            format!("({}–{})", factor(ratio.low), factor(ratio.high))
        }
        _ => String::new(),
    }
}

/// Two digits behind the point, fewer of what is large and more of what is small.
pub(super) fn factor(ratio: f64) -> String {
    match ratio {
        ratio if ratio.is_nan() => "–".to_owned(),
        ratio if ratio.is_infinite() => "∞".to_owned(),
        ratio if ratio >= 99.5 => short(ratio),
        ratio if ratio >= 9.95 => format!("{ratio:.1}"),
        0.0 => "0".to_owned(),
        ratio if ratio < 0.1 => format!("{ratio:.3}"),
        ratio => format!("{ratio:.2}"),
    }
}

/// From which ratio on it would have been told.
pub(super) fn from(change: &Change) -> String {
    match (change.judgement, change.visible) {
        (Judgement::CannotTell, Some(visible)) => factor(visible),
        _ => String::new(),
    }
}

/// How many rounds each side had.
pub(super) fn rounds(change: &Change) -> String {
    let of = |side: Option<Estimate>| side.map_or(0, |side| side.rounds);
    format!("{} + {}", of(change.base), of(change.current))
}

/// Why, as a remark.
pub(super) fn why(why: &Why) -> String {
    match why {
        Why::Failed(reason) => format!("failed: {reason}"),
        Why::Mended(reason) => format!("before: failed: {reason}"),
        Why::Limit(limit) => limit.clone(),
        Why::OtherClients => "other clients were served".to_owned(),
        Why::Bounded => "the load generator gave out first".to_owned(),
        Why::Unsound => "the load generator contradicted itself".to_owned(),
        Why::OtherSource(sources) => format!("read from elsewhere: {sources}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_keep_the_digits_that_tell() {
        let told = [0.0, 0.0123, 0.97, 1.0, 3.456, 12.34, 1234.0, f64::INFINITY, f64::NAN].map(factor);
        assert_eq!(told, ["0", "0.012", "0.97", "1.00", "3.46", "12.3", "1.23k", "∞", "–"]);
    }

    #[test]
    fn values_bear_their_units_and_fit_their_columns() {
        let told = [
            (Metric::Served, 10_000.0),
            (Metric::Rate, 144_000.0),
            (Metric::P99, 1.2e6),
            (Metric::P99, f64::INFINITY),
            (Metric::Cpu, 6_700.0),
            (Metric::Memory, 10_752.0),
            (Metric::Calls, 3.0),
            (Metric::Switches, 0.0003),
        ]
        .map(|(metric, number)| value(metric, number));
        assert_eq!(
            told,
            ["10,000", "144k", "1.20ms", "✗", "6.70µs", "10.5KiB", "3.00", "0.0003"]
        );
    }
}
