//! The chart of claims 2, 3 and 5: what a call and a request cost, by how much is watched.

use crate::charts::{Ended, Panel, Point, Series, Watching};
use crate::claims::{ACTIVE, Measured, Record};
use crate::words::subtitles::machine;
use crate::words::{Lang, watching as words};

/// Servers in the right panel, where they were measured.
const SERVERS: [&str; 6] = ["busy-poll", "select", "poll", "epoll-level", "epoll-edge", "thread"];
/// The calls in the left panel, each in the colour of the server that lives of it.
const CALLS: [(&str, &str); 3] = [("select", "select"), ("poll", "poll"), ("epoll_wait", "epoll-level")];
/// A growth that is told as one.
const GROWS: f64 = 2.0;

/// The data of the chart; `None` where nothing was measured at two counts.
#[must_use]
pub fn watching(record: &Record, lang: Lang) -> Option<Watching> {
    let measured = &record.measured;
    let of_calls = Panel {
        heading: words::of_calls(lang),
        series: CALLS.iter().filter_map(|call| call_series(measured, *call)).collect(),
    };
    let of_servers = Panel {
        heading: words::of_servers(ACTIVE, lang),
        series: SERVERS
            .iter()
            .filter_map(|server| server_series(measured, server, lang))
            .collect(),
    };
    let title = title(&of_servers, lang).or_else(|| title(&of_calls, lang))?;
    let rounds = measured.readings.iter().map(|reading| reading.round).max().unwrap_or(1);
    let date = record.started_at.strftime("%Y-%m-%d");
    Some(Watching {
        title,
        subtitle: words::subtitle(rounds, lang),
        footer: format!(
            "{} · {date} · bench-runner {}",
            machine(&record.environment, lang),
            record.version
        ),
        panels: [of_calls, of_servers]
            .into_iter()
            .filter(|panel| !panel.series.is_empty())
            .collect(),
    })
}

fn call_series(measured: &Measured, (call, name): (&str, &str)) -> Option<Series> {
    let calls = measured.calls.as_ref()?;
    let own = calls.iter().filter(|one| one.call == call && one.ready == 1);
    let points = own.map(|one| Point {
        x: one.watched,
        y: one.ns.median,
        low: one.ns.low,
        high: one.ns.high,
        bound: None,
    });
    series(name, points.collect(), None)
}

fn server_series(measured: &Measured, server: &str, lang: Lang) -> Option<Series> {
    let point = |conns| {
        let cpu = measured.few_cpu_ns(server, conns).ok()?;
        Some(Point {
            x: conns,
            y: cpu.median,
            low: cpu.low,
            high: cpu.high,
            bound: None,
        })
    };
    let points: Vec<Point> = measured.counts(server).into_iter().filter_map(point).collect();
    let capped = measured.readings.iter().find(|reading| {
        reading.set == "cap" && reading.server == server && reading.served.is_some_and(|served| served < reading.conns)
    });
    let ended = capped.map(|reading| Ended {
        x: reading.conns,
        label: words::at_most(reading.served.unwrap_or(0), lang),
    });
    series(server, points, ended)
}

/// A line takes two points.
fn series(name: &str, points: Vec<Point>, ended: Option<Ended>) -> Option<Series> {
    (points.len() > 1).then(|| Series {
        label: None,
        name: name.to_owned(),
        points,
        ended,
        ring: None,
    })
}

/// The line that climbs most beside one that does not.
fn title(panel: &Panel, lang: Lang) -> Option<String> {
    let most = panel
        .series
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.x)
        .max()?;
    let mut grown: Vec<(&str, f64, u64)> = Vec::new();
    for series in &panel.series {
        let (first, last) = (series.points.first()?, series.points.last()?);
        if last.x == most {
            grown.push((&series.name, last.y / first.y, first.x));
        }
    }
    grown.sort_by(|a, b| a.1.total_cmp(&b.1));
    let &(steep, largest, from) = grown.last()?;
    // epoll is what the claims are about; else whoever grows least.
    let epoll = grown.iter().find(|(name, ..)| name.starts_with("epoll"));
    let other = epoll.or(grown.first()).filter(|(name, ..)| *name != steep);
    let growth = words::Growth {
        counts: (from, most),
        steepest: (steep, largest),
        beside: other.map(|&(name, least, _)| (name, least)),
        grows: largest >= GROWS,
    };
    Some(growth.text(lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, points: &[(u64, f64)]) -> Series {
        let point = |&(x, y): &(u64, f64)| Point {
            x,
            y,
            low: y,
            high: y,
            bound: None,
        };
        series(name, points.iter().map(point).collect(), None).unwrap()
    }

    #[test]
    fn the_title_tells_the_steepest_and_the_flattest_of_those_that_get_so_far() {
        let panel = Panel {
            heading: String::new(),
            series: vec![
                line("select", &[(100, 1.0), (1000, 90.0)]),
                line("poll", &[(100, 4.0), (10_000, 12.0)]),
                line("epoll-edge", &[(100, 4.0), (10_000, 4.4)]),
            ],
        };
        let told = title(&panel, Lang::En).unwrap();
        assert_eq!(told, "From 100 to 10,000 watched: poll pays × 3.0, epoll-edge × 1.1");
        let flat = Panel {
            series: vec![line("epoll-edge", &[(100, 4.0), (10_000, 4.4)])],
            ..Panel::default()
        };
        assert_eq!(
            title(&flat, Lang::En).unwrap(),
            "From 100 to 10,000 watched nothing grows by more than × 1.1"
        );
        let alone = Panel {
            series: vec![line("poll", &[(100, 4.0), (10_000, 12.0)])],
            ..Panel::default()
        };
        assert_eq!(
            title(&alone, Lang::En).unwrap(),
            "From 100 to 10,000 watched: poll pays × 3.0"
        );
        assert_eq!(title(&Panel::default(), Lang::En), None);
    }
}
