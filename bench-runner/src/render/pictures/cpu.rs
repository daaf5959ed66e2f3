//! Chart 7: CPU per request, in user mode and in the kernel.

use super::failure;
use crate::charts::{Parts, PartsBar, PartsValue};
use crate::record::Run;
use crate::stats::{Estimate, Line, Summary, cpu_title};
use crate::words::{Lang, remarks, subtitles};

const MICROSECOND: f64 = 1e3;

/// The data of the chart "CPU per request".
#[must_use]
pub fn cpu(run: &Run, summary: &Summary, lang: Lang) -> Parts {
    let conns = summary.most_conns();
    Parts {
        title: cpu_title(summary).text(lang),
        subtitle: subtitles::cpu(run, conns, lang),
        footer: subtitles::footer(run, lang),
        unit: "µs".to_owned(),
        parts: remarks::cpu_parts(lang),
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
    let Some(cpu) = line.busy.cpu_ns_per_request else {
        return bar(None, remarks::not_told(lang));
    };
    let user = line.busy.cpu_user_share.map(|share| share.median);
    let value = PartsValue {
        whole: cpu.median / MICROSECOND,
        low: cpu.low / MICROSECOND,
        high: cpu.high / MICROSECOND,
        first: user,
    };
    // One who serves fewer clients pays for fewer.
    let few = !line.serves_all();
    let remark = match user {
        _ if line.busy.unsound => remarks::not_trusted(lang),
        _ if few => remarks::serves_of(line.served, line.conns, lang),
        user => {
            let parts = user.map(|user| (value.whole * user, value.whole * (1.0 - user)));
            let median = |estimate: Option<Estimate>| estimate.map(|estimate| estimate.median);
            let calls = median(line.system_calls_per_request);
            remarks::costs(parts, calls, median(line.busy.switches_per_request), lang)
        }
    };
    PartsBar {
        aside: few || line.busy.unsound,
        ..bar(Some(value), remark)
    }
}
