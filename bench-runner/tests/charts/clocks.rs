//! Chart 5: one run, two clocks.

use bench_runner::charts::{Clocks, Panel, Series};

use crate::support::{FOOTER, SUBTITLE, examine};
use crate::watched::point;

fn series(name: &str, times: &[(u64, f64)]) -> Series {
    Series {
        name: name.to_owned(),
        points: times.iter().map(|&(one_in, ns)| point(one_in, ns, 0.0)).collect(),
        ended: None,
        ring: None,
        label: None,
    }
}

pub(crate) fn clocks(panels: usize) -> Clocks {
    let response = [(2, 61e3), (10, 0.4e9), (100, 1.1e9), (1_000, 1.39e9), (10_000, 1.4e9)];
    let service = [(2, 58e3), (10, 81e3), (100, 120e3), (1_000, 2.1e6), (10_000, 1.4e9)];
    let panel = |i| Panel {
        heading: format!("epoll-edge, {i}0.0k requests a second"),
        series: vec![
            series("response time", &response),
            series("service time", &service[..5 - i]),
        ],
    };
    Clocks {
        title:
            "epoll-edge was stopped for 1.40 s: from when requests were due p99 is 1.10 s, from when they were sent \
                120 µs"
                .to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        panels: (0..panels).map(panel).collect(),
    }
}

#[test]
fn one_server_two_and_none() {
    examine("clocks-1", true, &clocks(1));
    examine("clocks-2", false, &clocks(2));
    examine("clocks-0", false, &clocks(0));
}
