//! Throughput against connections while all talk, a panel a family.

use super::watched::series;
use super::{capitalised, footer, load};
use crate::charts::{Families, Panel};
use crate::record::Run;
use crate::stats::{Line, Summary, scaling_title};

/// The data of the chart "throughput against connections".
#[must_use]
pub fn families(run: &Run, summary: &Summary) -> Families {
    let mut names: Vec<&str> = Vec::new();
    for line in &summary.lines {
        if !names.contains(&&*line.family) {
            names.push(&line.family);
        }
    }
    let panel = |family: &str| {
        let own: Vec<Line> = summary
            .lines
            .iter()
            .filter(|line| line.family == family)
            .cloned()
            .collect();
        Panel {
            heading: capitalised(family),
            series: series(&own, &|line| Some(line.busy.clone())),
        }
    };
    Families {
        title: scaling_title(summary),
        subtitle: format!("All connections talk; {}", load(run)),
        footer: footer(run),
        panels: names.into_iter().map(panel).collect(),
    }
}
