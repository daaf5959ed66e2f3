//! Chart 5: one run, two clocks.

use super::{footer, load};
use crate::charts::{Clocks, Panel, Point, Series};
use crate::record::Run;
use crate::stats::{Stall, Summary, clocks_title};

/// The data of the chart "one run, two clocks", of the servers that stopped and kept up all the same; none where no
/// server was stopped.
#[must_use]
pub fn clocks(run: &Run, summary: &Summary) -> Option<Clocks> {
    let stall = summary.stall.as_ref()?;
    Some(Clocks {
        title: clocks_title(stall),
        subtitle: load(run),
        footer: footer(run),
        panels: vec![panel(stall)],
    })
}

fn panel(stall: &Stall) -> Panel {
    let series = |name: &str, times: &[(u64, u64)]| Series {
        name: name.to_owned(),
        points: times
            .iter()
            .map(|&(one_in, ns)| Point {
                x: one_in,
                y: ns as f64,
                low: ns as f64,
                high: ns as f64,
                bound: None,
            })
            .collect(),
        ended: None,
        ring: None,
    };
    Panel {
        heading: format!(
            "{}, {} requests a second",
            stall.server,
            loadgen::units::short(stall.offered_per_s)
        ),
        series: vec![
            series("response time", &stall.response),
            series("service time", &stall.service),
        ],
    }
}
