//! docs/COMPARE.md shows what the program says, and names the limits that hold.

use bench_runner::record::{Connections, Run};
use bench_runner::stats::compare::Metric;

use crate::support::{Place, rounds, run};

const GUIDE: &str = include_str!("../../../docs/COMPARE.md");

/// The two runs of the guide: made up, of three servers.
fn runs() -> Place {
    let servers = ["poll", "select", "epoll-edge"];
    let mut base: Run = run("before", &servers);
    base.settings.rounds = 5;
    let mut current = base.clone();
    "after".clone_into(&mut current.run_id);
    current.started_at += jiff::SignedDuration::from_mins(74);
    current.environment.os.kernel_release = Some("6.12.4".to_owned());
    current.environment.source.as_mut().unwrap().revision = Some("0123456789abcdef".to_owned());
    for binary in &mut current.environment.binaries {
        if binary.name == "poll" || binary.name == "select" {
            binary.sha256 = Some("00".repeat(32));
        }
    }
    let steady = [5.02e3, 4.97e3, 5.05e3, 5.0e3, 4.94e3];
    let scattered = [5.2e3, 4.4e3, 5.9e3, 5.0e3, 4.7e3];
    let mut dearer = rounds("select", &steady);
    for row in &mut dearer {
        row.limited_by = Some("FD_SETSIZE".to_owned());
        row.connections = row.connections.map(|c| Connections {
            served: 60,
            refused: 40,
            ..c
        });
        row.latency_ns.p99 = None;
    }
    let place = Place::new();
    let rows = [
        rounds("poll", &steady),
        rounds("select", &steady),
        rounds("epoll-edge", &scattered),
    ];
    place.record("before", &base, &rows.concat());
    let rows = [
        rounds("poll", &steady.map(|cpu| cpu * 1.12)),
        dearer,
        rounds("epoll-edge", &[5.3e3, 4.3e3, 5.7e3, 5.1e3, 4.9e3]),
    ];
    place.record("after", &current, &rows.concat());
    place
}

#[test]
fn the_guide_shows_what_is_said() {
    let (_, block) = GUIDE
        .split_once("```text\n$ bench-runner compare before after\n")
        .expect("an example");
    let (shown, _) = block.split_once("```").unwrap();
    let said = runs().compare("before after").text;
    assert!(shown == said, "the guide shows\n{shown}\nand the program says\n{said}");
}

#[test]
fn the_guide_and_the_help_name_the_limits_that_hold() {
    let help = Place::new().compare("--help").text;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let defaults = help.split_once("[default: served ").expect("the help tells them").1;
    let defaults = format!("served {}", defaults.split_once(']').unwrap().0);
    for metric in Metric::ALL {
        let percent = format!("{:.0}", metric.limit() * 100.0);
        let row = format!("| `{}` |", metric.name());
        let row = GUIDE.lines().find(|line| line.starts_with(&row)).unwrap();
        assert!(row.ends_with(&format!("| {percent} % |")), "{row}");
        let told = defaults.split(", ").any(|group| {
            let (names, limit) = group.rsplit_once(' ').unwrap();
            limit == percent && names.split(" and ").any(|name| name == metric.name())
        });
        assert!(told, "{} {percent} is not in: {defaults}", metric.name());
    }
}
