//! How the numbers are to be read, and how far all of it reaches.

use loadgen::units::{counted, grouped};

use super::Document;
use crate::stats::compare::{Change, Judgement, Method, Metric, Ratio};

/// Share of comparisons of equal servers that three rounds of a standard deviation of 10 % name a difference:
/// docs/METHODOLOGY.md, section 3.
const NAMED_BY_CHANCE: f64 = 0.017;

/// Why two runs, one after the other, prove little.
pub(super) const DRIFT: &str = "Two runs one after the other are weak evidence: between them the machine drifts, and no interval knows of that. \
     As measured on a virtual machine with two CPUs, the same program against itself, in fresh blocks of 2 s at \
     saturation, differs with a standard deviation of 7 to 9 %. `bench-runner gate`, which loads both in turns, is the \
     strong way.";

/// How the numbers are to be read, as far as there are such.
pub(super) fn reading(document: &Document) -> Vec<String> {
    let changes = &document.comparison.changes;
    let by = |method| {
        // Clients are counted, and what is beyond the window has no ratio.
        let of = |change: &&Change| {
            let scatters = |ratio: Ratio| ratio.method == method && ratio.estimate.is_finite();
            change.metric != Metric::Served && change.ratio.is_some_and(scatters)
        };
        changes.iter().filter(of).count()
    };
    let (ranges, intervals) = (by(Method::Ranges), by(Method::RankSum));
    let mut told = vec!["ratio: current ÷ base, of the medians of the rounds".to_owned()];
    if ranges > 0 {
        told.push(
            "in brackets: the ratios of the ends of the rounds' ranges. So few rounds give no 95 % interval (four on \
             each side do): a difference is named where the ranges are apart and the medians differ by more than a \
             fifth, or, with one round, by a factor of two"
                .to_owned(),
        );
        let named = (ranges as f64 * NAMED_BY_CHANCE).round() as u64;
        let of_these = match named {
            0 => String::new(),
            named => format!(", of the {} here about {}", grouped(ranges as u64), grouped(named)),
        };
        told.push(format!(
            "by chance alone: of equal servers whose three rounds have a standard deviation of 10 %, {:.1} % are named \
             different{of_these}",
            NAMED_BY_CHANCE * 100.0
        ));
    }
    if intervals > 0 {
        told.push(format!(
            "in brackets, where both have four rounds or more: the exact 95 % interval of the rank-sum test; the ratio \
             is then Hodges and Lehmann's. A difference is named where the interval excludes 1 and the ratio is half \
             the limit away from it, and there is none where the interval lies within the limit. One interval in 20 \
             misses: of {} as many as {}",
            counted(intervals as u64, "comparison"),
            grouped((intervals as u64).div_ceil(20))
        ));
    }
    if intervals > 0 || !document.options.limits.is_empty() {
        told.push(format!("limits: {} (--limit)", limits(document)));
    }
    if changes
        .iter()
        .any(|change| change.visible.is_some() && change.judgement == Judgement::CannotTell)
    {
        told.push("from: the smallest ratio, either way, that rounds like these would have shown".to_owned());
    }
    if changes
        .iter()
        .any(|change| change.ratio.is_some_and(|ratio| ratio.bound.is_some()))
    {
        told.push("≥ ≤: the load generator gave out first on one side, and the true ratio lies beyond".to_owned());
    }
    let lost = |change: &Change| {
        [change.base, change.current]
            .iter()
            .flatten()
            .any(|side| side.median.is_infinite())
    };
    if changes.iter().any(lost) {
        told.push(
            "✗: falls among clients or requests without a reply inside the window, or the server was behind what was \
             offered"
                .to_owned(),
        );
    }
    told
}

/// `cpu 10 %, rate 20 %`.
fn limits(document: &Document) -> String {
    let options = document.options;
    let limit = |metric: Metric| {
        let percent = format!("{:.3}", options.limit(metric) * 100.0);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        format!("{} {percent} %", metric.name())
    };
    options.metrics().map(limit).collect::<Vec<_>>().join(", ")
}
