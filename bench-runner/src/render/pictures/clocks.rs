//! Chart 5: one run, two clocks.

use crate::charts::{Clocks, Panel, Point, Series};
use crate::record::Run;
use crate::stats::{Stall, Summary, clocks_title};
use crate::words::subtitles::{self, Shown};
use crate::words::{Lang, remarks};

/// The data of the chart "one run, two clocks", of the servers that stopped and kept up all the same; none where no
/// server was stopped.
#[must_use]
pub fn clocks(run: &Run, summary: &Summary, lang: Lang) -> Option<Clocks> {
    let stall = summary.stall.as_ref()?;
    Some(Clocks {
        title: clocks_title(stall).text(lang),
        subtitle: subtitles::load(run, Shown::MedianAndRange, lang),
        footer: subtitles::footer(run, lang),
        panels: vec![panel(stall, lang)],
    })
}

fn panel(stall: &Stall, lang: Lang) -> Panel {
    let series = |name: fn(Lang) -> String, times: &[(u64, u64)]| Series {
        // The colour of a clock is the same in all languages.
        name: name(Lang::En),
        label: Some(name(lang)),
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
        heading: remarks::under(&stall.server, stall.offered_per_s, lang),
        series: vec![
            series(remarks::response_time, &stall.response),
            series(remarks::service_time, &stall.service),
        ],
    }
}
