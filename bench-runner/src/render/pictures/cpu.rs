//! Chart 7: CPU per request, in user mode and in the kernel.

use loadgen::units::grouped;

use super::{failure, footer, load};
use crate::charts::{Parts, PartsBar, PartsValue};
use crate::record::Run;
use crate::stats::{Line, Summary, cpu_title};

const MICROSECOND: f64 = 1e3;

/// The data of the chart "CPU per request".
#[must_use]
pub fn cpu(run: &Run, summary: &Summary) -> Parts {
    let conns = summary.most_conns();
    Parts {
        title: cpu_title(summary),
        subtitle: format!(
            "The server's whole process tree; {} connections that all talk; {}",
            grouped(conns),
            load(run)
        ),
        footer: footer(run),
        unit: "µs".to_owned(),
        parts: ["in user mode".to_owned(), "in the kernel".to_owned()],
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
    let Some(cpu) = line.busy.cpu_ns_per_request else {
        return bar(None, "not told".to_owned());
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
        _ if line.busy.unsound => "not to be trusted".to_owned(),
        _ if few => format!("serves {} of {}", grouped(line.served), grouped(line.conns)),
        user => {
            let mut said = Vec::new();
            said.extend(user.map(|user| {
                let (user, kernel) = (value.whole * user, value.whole * (1.0 - user));
                format!("{user:.1} user + {kernel:.1} kernel")
            }));
            let calls = line.system_calls_per_request;
            said.extend(calls.map(|calls| format!("{:.2} system calls", calls.median)));
            let switches = line.busy.switches_per_request;
            said.extend(switches.map(|switches| format!("{:.2} switches", switches.median)));
            said.join(", ")
        }
    };
    PartsBar {
        aside: few || line.busy.unsound,
        ..bar(Some(value), remark)
    }
}
