//! Chart 4: one slow handler.

use super::{capitalised, footer, load};
use crate::charts::{Others, Panel, Point, Series};
use crate::record::Run;
use crate::stats::{self, Summary, others_title};

/// The data of the chart "one slow handler"; none where all requests are alike.
#[must_use]
pub fn others(run: &Run, summary: &Summary) -> Option<Others> {
    let mut families: Vec<&str> = Vec::new();
    for other in &summary.others {
        if !families.contains(&&*other.family) {
            families.push(&other.family);
        }
    }
    let panel = |family: &str| Panel {
        heading: capitalised(family),
        series: summary
            .others
            .iter()
            .filter(|other| other.family == family)
            .map(series)
            .collect(),
    };
    let settings = &run.settings;
    (!families.is_empty()).then(|| Others {
        title: others_title(summary),
        subtitle: format!(
            "One request in {} asks for work {}; {}",
            settings.slow_every,
            settings.work,
            load(run)
        ),
        footer: footer(run),
        panels: families.into_iter().map(panel).collect(),
    })
}

fn series(other: &stats::Others) -> Series {
    let point = |&(at_s, ns): &(f64, u64)| Point {
        x: (at_s * 1e3).round() as u64,
        y: ns as f64,
        low: ns as f64,
        high: ns as f64,
        bound: None,
    };
    Series {
        name: other.server.clone(),
        points: other.p99_ns.iter().map(point).collect(),
        ended: None,
        ring: None,
    }
}
