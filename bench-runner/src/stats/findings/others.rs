//! What a slow request does to the others.

use loadgen::units::time;

use super::rates::Apart;
use crate::stats::{Estimate, Line, Summary};

fn others_of(line: &Line) -> Option<Estimate> {
    line.others_p99_ns
}

/// How long the others wait, with whom they wait least and with whom longest.
pub(super) fn waiting(lines: &[&Line]) -> Option<String> {
    let known: Vec<(&str, Estimate)> = lines
        .iter()
        .filter_map(|line| Some((&*line.server, others_of(line)?)))
        .collect();
    let text = match (Apart::of(lines, others_of), &*known) {
        (Some(apart), _) => {
            let ((low, quick), (high, slow)) = (apart.low(), apart.high());
            format!("p99 is {} with {quick}, {} with {slow}", time(low), time(high))
        }
        (None, []) => return None,
        (None, [(only, p99)]) => format!("p99 is {} with {only}", time(p99.median)),
        (None, _) => "no clear difference in p99".to_owned(),
    };
    Some(format!("For those who asked for nothing slow, {text}."))
}

/// The title of the chart of one slow handler.
#[must_use]
pub fn others_title(summary: &Summary) -> String {
    let lines: Vec<&Line> = summary
        .at(summary.most_conns())
        .filter(|line| line.serves_all())
        .collect();
    let title = waiting(&lines).map(|text| text.trim_end_matches('.').to_owned());
    title.unwrap_or_else(|| "No server answered those who asked for nothing slow".to_owned())
}
