//! Chart 3: what 1 GiB holds.

use super::failure;
use crate::charts::{Parts, PartsBar, PartsValue};
use crate::record::Run;
use crate::stats::{Line, Summary, in_one_gib, memory_title};
use crate::words::{Lang, remarks, subtitles};

const KIB: f64 = 1024.0;

/// The data of the chart "memory per connection".
#[must_use]
pub fn memory(run: &Run, summary: &Summary, lang: Lang) -> Parts {
    let conns = summary.most_conns();
    Parts {
        title: memory_title(summary).text(lang),
        subtitle: subtitles::memory(run, conns, lang),
        footer: subtitles::footer(run, lang),
        unit: "KiB".to_owned(),
        parts: remarks::memory_parts(lang),
        bars: super::smallest_first(summary.at(conns).map(|line| bar(line, lang)).collect()),
    }
}

fn bar(line: &Line, lang: Lang) -> PartsBar {
    let bar = |value, remark: String| PartsBar {
        name: line.server.clone(),
        value,
        remark,
        ..PartsBar::default()
    };
    if let Some(why) = failure(line, lang) {
        return PartsBar {
            failed: true,
            ..bar(None, why)
        };
    }
    let Some(memory) = line.memory_bytes_per_connection else {
        let why = if line.served < line.held {
            remarks::serves_of_held(line.served, line.held, lang)
        } else {
            remarks::not_told(lang)
        };
        return bar(None, why);
    };
    let value = PartsValue {
        whole: memory.median / KIB,
        low: memory.low / KIB,
        high: memory.high / KIB,
        first: line.memory_user_share.map(|share| share.median),
    };
    let aside = !line.serves_all();
    let remark = remarks::in_one_gib(in_one_gib(memory.median), aside.then_some(line.served), lang);
    PartsBar {
        aside,
        ..bar(Some(value), remark)
    }
}
