//! Chart 1: asked, connected, served.

use loadgen::units::grouped;

use super::{failure, footer, rounds};
use crate::charts::{Served, ServedBar};
use crate::record::Run;
use crate::stats::{Line, Summary, served_title};

/// The data of the chart "asked, connected, served".
#[must_use]
pub fn served(run: &Run, summary: &Summary) -> Served {
    let asked = summary.most_conns();
    let bar = |line: &Line| ServedBar {
        name: line.server.clone(),
        connected: line.held + line.lost + line.refused,
        served: line.served,
        refused: line.refused,
        stopped_by: line.stopped_by(),
        failed: failure(line),
    };
    Served {
        title: served_title(summary),
        subtitle: format!(
            "{} connections asked of each, all talk for {} s; served: at least one correct reply, if only after that; {}",
            grouped(asked),
            run.settings.duration_s,
            rounds(run, "median of"),
        ),
        footer: footer(run),
        asked,
        bars: summary.at(asked).map(bar).collect(),
    }
}
