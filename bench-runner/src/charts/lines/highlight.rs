//! Which lines keep their colour when there are more than a room can follow.

use std::collections::BTreeSet;

use super::super::palette;
use super::super::style::Style;
use super::Panel;

/// More lines than this in full colour are a tangle.
const MOST: usize = 7;
/// A series that falls or climbs by so many times more than most do has a course of its own.
const BENDS: f64 = 2.0;
/// No more than these are named for it.
const MOST_BENT: usize = 3;

/// The names that stand out in `panel`: those that are to be brought forward, or else those of [`choose`].
pub(in super::super) fn chosen(panel: &Panel, style: &Style) -> BTreeSet<String> {
    if style.highlight.is_empty() {
        return choose(panel);
    }
    let names = panel.series.iter().map(|series| &series.name);
    names.filter(|name| style.highlight.contains(*name)).cloned().collect()
}

/// The names that stand out among the series of `panel`; all of them while they are few.
///
/// First the fastest and the slowest where most connections are open, because the finding is the distance between
/// them; then those that bend away from the others on the way there, because findings name them; then the fastest of
/// each family, because that is the comparison that people come with; then those that broke, because that is the story;
/// then the rest, fastest first. Foreign servers count as a family.
fn choose(panel: &Panel) -> BTreeSet<String> {
    let last = |i: usize| {
        let point = panel.series[i].points.iter().max_by_key(|p| p.x);
        point.map_or((0, 0.0), |p| (p.x, p.y))
    };
    let mut ranked: Vec<usize> = (0..panel.series.len()).collect();
    ranked.sort_by(|&a, &b| {
        let ((a_conns, a_rate), (b_conns, b_rate)) = (last(a), last(b));
        b_conns.cmp(&a_conns).then(b_rate.total_cmp(&a_rate))
    });
    let furthest = ranked.first().map_or(0, |&i| last(i).0);
    let slowest = ranked.iter().rev().find(|&&i| last(i).0 == furthest && furthest > 0);

    let mut families = Vec::new();
    let best: Vec<usize> = ranked
        .iter()
        .copied()
        .filter(|&i| {
            let family = palette::look(&panel.series[i].name).family;
            let new = !families.contains(&family);
            families.push(family);
            new
        })
        .collect();
    let broken = ranked.iter().filter(|&&i| panel.series[i].ended.is_some());
    let bends = bends(panel, furthest);

    let mut chosen = BTreeSet::new();
    for &i in ranked
        .first()
        .into_iter()
        .chain(slowest)
        .chain(&bends)
        .chain(&best)
        .chain(broken)
        .chain(&ranked)
    {
        if chosen.len() < MOST {
            chosen.insert(panel.series[i].name.clone());
        }
    }
    chosen
}

/// The series whose course to `furthest` is another than that of most by [`BENDS`] or more, the most bent first, and no
/// more than [`MOST_BENT`].
fn bends(panel: &Panel, furthest: u64) -> Vec<usize> {
    let course = |i: usize| {
        let by_place = |pick: fn(u64, u64) -> bool| {
            let points = panel.series[i].points.iter().filter(|point| point.y > 0.0);
            points.reduce(|a, b| if pick(b.x, a.x) { b } else { a })
        };
        let (first, last) = (by_place(|a, b| a < b)?, by_place(|a, b| a > b)?);
        (first.x < last.x && last.x == furthest).then(|| (last.y / first.y).ln())
    };
    let courses: Vec<(usize, f64)> = (0..panel.series.len()).filter_map(|i| Some((i, course(i)?))).collect();
    let mut sorted: Vec<f64> = courses.iter().map(|(_, course)| *course).collect();
    sorted.sort_by(f64::total_cmp);
    let Some(&usual) = sorted.get(sorted.len() / 2) else {
        return Vec::new();
    };
    let mut bent: Vec<(usize, f64)> = courses
        .into_iter()
        .map(|(i, course)| (i, (course - usual).abs()))
        .filter(|(_, bend)| *bend >= BENDS.ln())
        .collect();
    bent.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    bent.into_iter().take(MOST_BENT).map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Ended, Point, Series};
    use super::*;

    fn series(name: &str, conns: u64, rate_per_s: f64, ended: Option<&str>) -> Series {
        let point = Point {
            x: conns,
            y: rate_per_s,
            low: rate_per_s,
            high: rate_per_s,
            bound: None,
        };
        let ended = ended.map(|label| Ended {
            x: conns,
            label: label.to_string(),
        });
        Series {
            name: name.to_string(),
            points: vec![point],
            ended,
            ring: None,
            label: None,
        }
    }

    #[test]
    fn the_ends_the_families_and_the_broken_stand_out() {
        let mut all = vec![
            series("epoll-edge", 10_000, 90.0, None),
            series("epoll-level", 10_000, 89.0, None),
            series("poll", 10_000, 5.0, None),
            series("select", 1_000, 20.0, Some("FD_SETSIZE")),
            series("thread", 10_000, 60.0, None),
            series("io-uring", 10_000, 80.0, None),
            series("tokio", 10_000, 70.0, None),
        ];
        let few = Panel {
            heading: String::new(),
            series: all.clone(),
        };
        assert_eq!(choose(&few).len(), 7);
        all.extend(["mio", "fork", "prefork", "tokio-current"].map(|name| series(name, 10_000, 50.0, None)));
        let chosen = choose(&Panel {
            heading: String::new(),
            series: all,
        });
        for name in ["epoll-edge", "poll", "thread", "io-uring", "tokio", "select"] {
            assert!(chosen.contains(name), "{name} in {chosen:?}");
        }
        assert_eq!(chosen.len(), MOST);
    }

    #[test]
    fn those_that_bend_away_from_the_others_stand_out() {
        let course = |name: &str, first: f64, last: f64| {
            let mut series = series(name, 100, first, None);
            series.points.push(Point {
                x: 10_000,
                y: last,
                low: last,
                high: last,
                bound: None,
            });
            series
        };
        let names = [
            "epoll-edge",
            "epoll-level",
            "io-uring",
            "mio",
            "thread",
            "tokio",
            "tokio-current",
            "green-thread",
            "fork",
        ];
        let mut all: Vec<Series> = (0u8..)
            .zip(names)
            .map(|(i, name)| course(name, 200.0, 190.0 - f64::from(i)))
            .collect();
        all.push(course("busy-poll", 200.0, 15.0));
        all.push(course("coroutine", 200.0, 14.0));
        all.push(course("poll", 200.0, 45.0));
        let panel = Panel {
            heading: String::new(),
            series: all,
        };
        assert_eq!(bends(&panel, 10_000), [10, 9, 11], "the most bent first");
        let chosen = choose(&panel);
        for name in ["epoll-edge", "busy-poll", "coroutine", "poll"] {
            assert!(chosen.contains(name), "{name} in {chosen:?}");
        }
    }
}
