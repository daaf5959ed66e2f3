//! Chart 4: one slow handler.

use super::left_out;
use crate::charts::{Others, Panel, Point, Series};
use crate::record::Run;
use crate::stats::{self, Summary, others_title};
use crate::words::{self, Lang, subtitles};

/// The data of the chart "one slow handler"; none where all requests are alike.
#[must_use]
pub fn others(run: &Run, summary: &Summary, lang: Lang) -> Option<Others> {
    let mut families: Vec<&str> = Vec::new();
    for other in &summary.others {
        if !families.contains(&&*other.family) {
            families.push(&other.family);
        }
    }
    let panel = |family: &str| Panel {
        heading: words::family(family, lang),
        series: summary
            .others
            .iter()
            .filter(|other| other.family == family)
            .map(series)
            .collect(),
    };
    (!families.is_empty()).then(|| Others {
        title: others_title(summary).text(lang),
        subtitle: subtitles::others(run, lang),
        footer: subtitles::footer(run, lang),
        aside: left_out(
            summary,
            |line| summary.others.iter().any(|other| other.server == line.server),
            lang,
        ),
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
        label: None,
        points: other.p99_ns.iter().map(point).collect(),
        ended: None,
        ring: None,
    }
}
