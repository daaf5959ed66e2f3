//! What watching costs: the chart of claims 2, 3 and 5.

use bench_runner::charts::{Ended, Panel, Series, Watching};

use crate::support::{FOOTER, SUBTITLE, examine, forty, refusal};
use crate::watched::point;

const COUNTS: [u64; 3] = [100, 1000, 10_000];

/// A line whose values are a fixed part and one for each that is watched.
fn line(name: &str, fixed: f64, each: f64, most: u64) -> Series {
    let counts = COUNTS.into_iter().filter(|&count| count <= most);
    Series {
        label: None,
        name: name.to_owned(),
        points: counts
            .map(|count| point(count, fixed + each * count as f64, 0.05))
            .collect(),
        ended: (most < 10_000).then(|| Ended {
            x: 1500,
            label: "1,019 at most".to_owned(),
        }),
        ring: None,
    }
}

fn watching() -> Watching {
    let calls = [
        ("select", 250.0, 9.0),
        ("poll", 250.0, 28.0),
        ("epoll-level", 240.0, 0.0),
    ];
    let servers = [
        ("busy-poll", 4300.0, 5.3, 10_000),
        ("select", 4300.0, 0.7, 1000),
        ("poll", 4200.0, 0.83, 10_000),
        ("epoll-level", 4400.0, 0.0, 10_000),
        ("epoll-edge", 4300.0, 0.1, 10_000),
    ];
    Watching {
        title: "From 100 to 10,000 watched: busy-poll pays × 12, epoll-level × 1.0".to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        panels: vec![
            Panel {
                heading: "The call that each makes, one ready".to_owned(),
                series: calls.map(|(name, fixed, each)| line(name, fixed, each, 10_000)).into(),
            },
            Panel {
                heading: "A server's request, 100 of them talk".to_owned(),
                series: servers
                    .map(|(name, fixed, each, most)| line(name, fixed, each, most))
                    .into(),
            },
        ],
    }
}

#[test]
fn calls_beside_servers() {
    examine("watching-2", true, &watching());
}

#[test]
fn one_panel_many_and_none() {
    let with = |panels| Watching { panels, ..watching() };
    examine("watching-1", false, &with(watching().panels[1..].to_vec()));
    let many = forty().iter().map(|name| line(name, 4e3, 1.0, 10_000)).collect();
    let many = Panel {
        heading: "A server's request".to_owned(),
        series: many,
    };
    examine("watching-40", false, &with(vec![many]));
    examine("watching-0", false, &with(Vec::new()));
}

#[test]
fn what_has_no_place_is_refused() {
    let mut data = watching();
    data.panels[0].series[0].points[0].x = 0;
    assert!(refusal(&data).contains("at 0"));
}
