//! Which lines keep their colour when there are more than a room can follow.

use std::collections::BTreeSet;

use super::super::palette;
use super::super::style::Style;
use super::Panel;

/// More lines than this in full colour are a tangle.
const MOST: usize = 7;

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
/// them; then the fastest of each family, because that is the comparison that people come with; then those that
/// broke, because that is the story; then the rest, fastest first. Foreign servers count as a family.
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

    let mut chosen = BTreeSet::new();
    for &i in ranked
        .first()
        .into_iter()
        .chain(slowest)
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
}
