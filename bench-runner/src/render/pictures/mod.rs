//! From a summary to the data of each chart, one chart a file, and from there to files ([`draw()`]).

mod claims;
mod clocks;
mod courses;
mod cpu;
mod details;
mod draw;
mod families;
mod kind;
mod memory;
mod offered;
mod others;
mod ruler;
mod served;
mod watched;

pub use claims::watching;
pub use clocks::clocks;
pub use courses::courses;
pub use cpu::cpu;
pub use details::{connecting, fairness, percentiles, timeline};
pub use draw::{Drawn, Titled, Wanted, draw, draw_one, only};
pub use families::families;
pub use kind::Kind;
pub use memory::memory;
pub use offered::offered;
pub use others::others;
pub use ruler::ruler;
pub use served::served;
pub use watched::watched;

use crate::charts::PartsBar;
use crate::record::{Benches, Run};
use crate::stats::{Line, Summary};
use crate::words::{Lang, remarks};

/// All charts that a run has data for, in a language. None has a server that is wrong on purpose.
#[must_use]
pub fn charts(run: &Run, summary: &Summary, benches: Option<&Benches>, lang: Lang) -> Vec<Titled> {
    let summary = &summary.compared();
    if summary.lines.is_empty() {
        return Vec::new();
    }
    let closed = summary.rates_per_s.is_empty();
    let mut charts: Vec<Titled> = vec![(Kind::Served, Box::new(served(run, summary, lang)))];
    if closed {
        charts.push((Kind::Watched, Box::new(watched(run, summary, lang))));
    }
    // With few connections memory is told of none of them.
    let told = |line: &Line| line.memory_bytes_per_connection.is_some();
    if summary.at(summary.most_conns()).any(told) {
        charts.push((Kind::Memory, Box::new(memory(run, summary, lang))));
    }
    if let Some(others) = others(run, summary, lang) {
        charts.push((Kind::Slow, Box::new(others)));
    }
    if let Some(clocks) = clocks(run, summary, lang) {
        charts.push((Kind::Clocks, Box::new(clocks)));
    }
    if closed {
        charts.push((Kind::Cpu, Box::new(cpu(run, summary, lang))));
    } else if summary.rates_per_s.len() > 1 {
        // A curve of one point is what the table says.
        charts.push((Kind::Offered, Box::new(offered(run, summary, lang))));
    }
    if let Some(benches) = benches {
        charts.push((Kind::Steps, Box::new(ruler(benches, lang))));
    }
    // One count of connections draws dots, and those are in chart 2.
    if closed && summary.conns.len() > 1 {
        charts.push((Kind::Throughput, Box::new(families(run, summary, lang))));
    }
    if let Some(percentiles) = percentiles(run, summary, lang) {
        charts.push((Kind::Percentiles, Box::new(percentiles)));
    }
    if let Some(fairness) = fairness(run, summary, lang) {
        charts.push((Kind::Fairness, Box::new(fairness)));
    }
    if let Some(timeline) = timeline(run, summary, lang) {
        charts.push((Kind::Timeline, Box::new(timeline)));
    }
    if let Some(connecting) = connecting(run, summary, lang) {
        charts.push((Kind::Connecting, Box::new(connecting)));
    }
    charts
}

/// Why a server has no number in a chart, where something went wrong.
fn failure(line: &Line, lang: Lang) -> Option<String> {
    let failed = line.rounds == 0;
    failed.then(|| line.failures.first().cloned().unwrap_or_else(|| remarks::no_row(lang)))
}

/// Which servers a chart does not show at the largest connection count, for they do not serve all; those that have failed
/// are told elsewhere.
fn left_out(summary: &Summary, is_shown: impl Fn(&Line) -> bool, lang: Lang) -> String {
    let lines = summary.at(summary.most_conns());
    let out: Vec<&str> = lines
        .filter(|line| line.rounds > 0 && !line.serves_all() && !is_shown(line))
        .map(|line| &*line.server)
        .collect();
    remarks::left_out(&out, lang)
}

/// Bars in the order in which they are read: the smallest first, then those that stand back, then those without a value.
fn smallest_first(mut bars: Vec<PartsBar>) -> Vec<PartsBar> {
    let whole = |bar: &PartsBar| bar.value.map_or(f64::INFINITY, |value| value.whole);
    bars.sort_by(|a, b| {
        let place = |bar: &PartsBar| (bar.value.is_none(), bar.aside);
        place(a).cmp(&place(b)).then(whole(a).total_cmp(&whole(b)))
    });
    bars
}
