//! Throughput against connections while all talk, a panel a family.

use super::watched::series;
use crate::charts::{Families, Panel};
use crate::record::Run;
use crate::stats::{Line, Summary, scaling_title};
use crate::words::{self, Lang, subtitles};

/// The data of the chart "throughput against connections".
#[must_use]
pub fn families(run: &Run, summary: &Summary, lang: Lang) -> Families {
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
            heading: words::family(family, lang),
            series: series(&own, &|line| Some(line.busy.clone()), lang),
        }
    };
    Families {
        title: scaling_title(summary).text(lang),
        subtitle: subtitles::all_talk(run, lang),
        footer: subtitles::footer(run, lang),
        panels: names.into_iter().map(panel).collect(),
    }
}
