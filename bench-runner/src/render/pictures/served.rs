//! Chart 1: asked, connected, served.

use super::failure;
use crate::charts::{Served, ServedBar};
use crate::record::Run;
use crate::stats::{Line, Summary, served_title};
use crate::words::{self, Lang, subtitles};

/// The data of the chart "asked, connected, served".
#[must_use]
pub fn served(run: &Run, summary: &Summary, lang: Lang) -> Served {
    let asked = summary.most_conns();
    let bar = |line: &Line| ServedBar {
        name: line.server.clone(),
        connected: line.held + line.lost + line.refused,
        served: line.served,
        refused: line.refused,
        stopped_by: line.stopped_by().map(|name| words::limit(&name, lang)),
        failed: failure(line, lang),
    };
    Served {
        title: served_title(summary).text(lang),
        subtitle: subtitles::served(run, asked, lang),
        footer: subtitles::footer(run, lang),
        asked,
        bars: summary.at(asked).map(bar).collect(),
    }
}
