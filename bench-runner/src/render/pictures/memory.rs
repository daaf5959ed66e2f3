//! Chart 3: what 1 GiB holds.

use loadgen::units::grouped;

use super::{failure, footer, rounds};
use crate::charts::{Parts, PartsBar, PartsValue};
use crate::record::Run;
use crate::stats::{Line, Summary, in_one_gib, memory_title};

const KIB: f64 = 1024.0;

/// The data of the chart "memory per connection".
#[must_use]
pub fn memory(run: &Run, summary: &Summary) -> Parts {
    let conns = summary.most_conns();
    Parts {
        title: memory_title(summary),
        subtitle: format!(
            "Growth of memory from none to {} connections that have all talked, divided among them; 1 GiB is extrapolated \
             from it; {}",
            grouped(conns),
            rounds(run, "median and range of"),
        ),
        footer: footer(run),
        unit: "KiB".to_owned(),
        parts: [
            "the server's own memory (PSS)".to_owned(),
            "the kernel's, with both ends of each connection, for both are on this machine".to_owned(),
        ],
        bars: super::smallest_first(summary.at(conns).map(bar).collect()),
    }
}

fn bar(line: &Line) -> PartsBar {
    let bar = |value, remark: String| PartsBar {
        name: line.server.clone(),
        value,
        remark,
        ..PartsBar::default()
    };
    if let Some(why) = failure(line) {
        return PartsBar {
            failed: true,
            ..bar(None, why)
        };
    }
    let Some(memory) = line.memory_bytes_per_connection else {
        let (served, held) = (grouped(line.served), grouped(line.held));
        let why = if line.served < line.held {
            format!("serves {served} of the {held} that it holds")
        } else {
            "not told".to_owned()
        };
        return bar(None, why);
    };
    let value = PartsValue {
        whole: memory.median / KIB,
        low: memory.low / KIB,
        high: memory.high / KIB,
        first: line.memory_user_share.map(|share| share.median),
    };
    let holds = format!("{} in 1 GiB", grouped(in_one_gib(memory.median)));
    let aside = !line.serves_all();
    let remark = if aside {
        format!("{holds} (of {} that it serves)", grouped(line.served))
    } else {
        holds
    };
    PartsBar {
        aside,
        ..bar(Some(value), remark)
    }
}
