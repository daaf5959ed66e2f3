//! What an open loop shows: who keeps up with which rate, how long clients wait under it, and where the knees are.

use loadgen::units::{grouped, short, time};

use super::rates::Apart;
use crate::stats::{Estimate, Line, RateSummary, Stall, Summary};

/// The point of a line at a rate, where it was measured.
fn at(line: &Line, rate_per_s: f64) -> Option<&RateSummary> {
    line.curve.iter().find(|point| point.rate_per_s == rate_per_s)
}

/// The lowest rate at which a server falls behind, and what it answers there.
fn falls_behind(line: &Line) -> Option<&RateSummary> {
    line.curve.iter().find(|point| point.behind)
}

/// Who keeps up with the offered rates, and who is the first that does not.
pub(super) fn keeping_up(lines: &[&Line]) -> Option<String> {
    let offered: Vec<&&Line> = lines.iter().filter(|line| !line.curve.is_empty()).collect();
    let highest = |line: &Line| line.curve.last().map_or(0.0, |point| point.rate_per_s);
    let most = offered.iter().map(|line| highest(line)).reduce(f64::max)?;
    let keeping = offered.iter().filter(|line| falls_behind(line).is_none()).count();
    let first = offered
        .iter()
        .filter_map(|line| Some((line, falls_behind(line)?)))
        .min_by(|a, b| {
            (a.1.rate_per_s, a.1.achieved_per_s.median)
                .partial_cmp(&(b.1.rate_per_s, b.1.achieved_per_s.median))
                .expect("rates are numbers")
        });
    let (most, all) = (rate(most), offered.len());
    Some(match (first, keeping) {
        (None, 1) if all == 1 => format!("{} keeps up with {most}.", offered[0].server),
        (None, _) => format!("All {all} keep up with {most}."),
        (Some((line, point)), _) if all == 1 => {
            format!(
                "{} falls behind at {} and answers {} of them.",
                line.server,
                rate(point.rate_per_s),
                short(point.achieved_per_s.median)
            )
        }
        (Some((line, point)), keeping) => format!(
            "{} of {all} {} up with {most}; the first to fall behind is {}, which answers {} of {}.",
            if keeping == 0 {
                "None".to_owned()
            } else {
                grouped(keeping as u64)
            },
            if keeping == 1 { "keeps" } else { "keep" },
            line.server,
            short(point.achieved_per_s.median),
            rate(point.rate_per_s),
        ),
    })
}

/// How long clients wait under the highest rate with which most servers keep up.
pub(super) fn response(lines: &[&Line]) -> Option<String> {
    let (at_rate, apart) = compared(lines)?;
    let ((low, quick), (high, slow)) = (apart.low(), apart.high());
    Some(format!(
        "At {} one request in 100 takes more than {} with {quick} and more than {} with {slow}.",
        rate(at_rate),
        time(low),
        time(high)
    ))
}

/// The rate at which most servers can be held against each other, the highest of several, and those furthest apart there.
fn compared<'a>(lines: &[&'a Line]) -> Option<(f64, Apart<'a>)> {
    let p99 =
        |line: &Line, rate: f64| -> Option<Estimate> { at(line, rate).filter(|point| point.ranks())?.p99_range_ns };
    let mut rates: Vec<f64> = lines
        .iter()
        .flat_map(|line| &line.curve)
        .map(|point| point.rate_per_s)
        .collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let ranked = |rate: f64| lines.iter().filter(|line| p99(line, rate).is_some()).count();
    let rate = rates
        .into_iter()
        .max_by(|&a, &b| ranked(a).cmp(&ranked(b)).then(a.total_cmp(&b)))?;
    Some((rate, Apart::of(lines, |line| p99(line, rate))?))
}

/// Where response time begins to climb: the lowest and the highest of the knees.
pub(super) fn knees(lines: &[&Line]) -> Option<String> {
    let known = lines
        .iter()
        .filter_map(|line| Some((line.knee_per_s?, line.server.as_str())));
    let low = known.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let high = known.clone().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let count = known.count();
    Some(match count {
        1 => format!("The knee of {} is at {}.", low.1, rate(low.0)),
        _ if low.0 == high.0 => format!("The knees of {count} are at {}.", rate(low.0)),
        _ => format!(
            "The knees lie between {} ({}) and {} ({}).",
            rate(low.0),
            low.1,
            rate(high.0),
            high.1
        ),
    })
}

/// The title of the chart of response time against offered rate.
#[must_use]
pub fn offered_title(summary: &Summary) -> String {
    let lines: Vec<&Line> = summary
        .at(summary.most_conns())
        .filter(|line| line.serves_all())
        .collect();
    let apart = compared(&lines).map(|(at_rate, apart)| {
        let ((low, quick), (high, slow)) = (apart.low(), apart.high());
        format!(
            "At {} p99 is {} with {quick}, {} with {slow}",
            rate(at_rate),
            time(low),
            time(high)
        )
    });
    let up = keeping_up(&lines).map(|text| text.trim_end_matches('.').to_owned());
    match (apart, up) {
        // Who was the first that did not is for the findings: a title has two lines.
        (Some(apart), Some(up)) => {
            let up = up.split("; ").next().unwrap_or_default();
            format!("{apart}; {}", super::lower_first(up))
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "Nothing was answered under an offered rate".to_owned(),
    }
}

fn rate(per_s: f64) -> String {
    format!("{} req/s", short(per_s))
}

/// What two clocks say of a stop.
pub(super) fn stopped(stall: &Stall) -> Option<String> {
    let (response, service) = stall.p99_ns()?;
    let length = time(stall.stall_s * 1e9);
    Some(format!(
        "{} was stopped for {length}: from when requests were due p99 is {}, from when they were sent {}.",
        stall.server,
        time(response as f64),
        time(service as f64)
    ))
}

/// The title of the chart of two clocks.
#[must_use]
pub fn clocks_title(stall: &Stall) -> String {
    stopped(stall).map_or_else(
        || format!("{} was stopped, and too little was answered to tell", stall.server),
        |text| text.trim_end_matches('.').to_owned(),
    )
}
