//! Data that nobody would think of.

use bench_runner::charts::check::text_problems;
use bench_runner::charts::{
    Bound, Chart, CoursePanel, Courses, Ended, Families, Level, Panel, Parts, PartsBar, PartsValue, Point, Ruler,
    Series, Step, Time, Watched,
};

use crate::served::{bar, served_with};
use crate::support::light;
use crate::watched::point;

/// Numbers that are the same on every run (Knuth's MMIX generator), each below `n`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn words(&mut self, most: u64) -> String {
        let words = [
            "select",
            "RLIMIT_NOFILE",
            "a",
            "reason:",
            "1,019",
            "WAVE",
            "epoll",
            "✗",
            "≥ 4,096",
            "(so)",
            "W",
        ];
        let n = self.roll(most) + 1;
        (0..n)
            .map(|_| words[self.roll(words.len() as u64) as usize])
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn rate(&mut self) -> f64 {
        10f64.powf(self.roll(900) as f64 / 100.0) * self.roll(30).min(1) as f64
    }
}

#[test]
fn no_data_puts_text_on_text() {
    // More of them, when the charts are worked on.
    let rounds = std::env::var("CHARTS_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(6);
    for seed in 0..rounds {
        let mut dice = Dice(seed);
        let dice = &mut dice;
        let n = dice.roll(40) + 1;
        let names: Vec<String> = (0..n).map(|i| format!("{} {i}", dice.words(6))).collect();

        let asked = 10u64.pow(dice.roll(7) as u32) * (dice.roll(9) + 1);
        let bars = names.iter().map(|name| {
            let (connected, reason) = (dice.roll(asked + 1), dice.words(9));
            let (stopped_by, failed) = match dice.roll(4) {
                0 => (reason.as_str(), ""),
                1 => ("", reason.as_str()),
                _ => ("", ""),
            };
            bar(name, connected, dice.roll(connected + 1), stopped_by, failed)
        });
        let bars = bars.collect();
        let served = served_with(&dice.words(40), asked, bars);

        let counts: Vec<u64> = (0..=dice.roll(6))
            .map(|i| 10u64.pow(i as u32) * (dice.roll(9) + 1))
            .collect();
        let series = |dice: &mut Dice, name: &String| {
            let last = dice.roll(counts.len() as u64 + 1) as usize;
            let points = counts[..last].iter().map(|&conns| {
                let rate = dice.rate();
                Point {
                    bound: (dice.roll(4) == 0).then_some(Bound::AtLeast),
                    ..point(conns, rate, dice.roll(100) as f64 / 100.0)
                }
            });
            let points = points.collect();
            let ended = (dice.roll(3) == 0).then(|| Ended {
                x: counts[0] + dice.roll(9_999),
                label: dice.words(5),
            });
            Series {
                ring: None,
                label: None,
                name: name.clone(),
                points,
                ended,
            }
        };
        let panel = |dice: &mut Dice| Panel {
            heading: dice.words(3),
            series: names.iter().map(|name| series(dice, name)).collect(),
        };
        let families = Families {
            title: dice.words(40),
            subtitle: dice.words(60),
            footer: dice.words(60),
            panels: (0..=dice.roll(5)).map(|_| few(panel(dice))).collect(),
        };
        let watched = Watched {
            title: dice.words(40),
            subtitle: dice.words(60),
            footer: dice.words(60),
            panels: [panel(dice), panel(dice)],
        };
        let parts = Parts {
            title: dice.words(40),
            subtitle: dice.words(60),
            footer: dice.words(60),
            unit: "KiB".to_owned(),
            parts: [dice.words(9), dice.words(9)],
            bars: names.iter().map(|name| part(dice, name)).collect(),
        };
        let ruler = Ruler {
            title: dice.words(40),
            subtitle: dice.words(60),
            footer: dice.words(60),
            steps: names.iter().map(|name| step(dice, name)).collect(),
        };
        let courses = Courses {
            title: dice.words(40),
            subtitle: dice.words(60),
            footer: dice.words(60),
            panels: names.iter().take(12).map(|name| course(dice, name)).collect(),
        };
        let charts: [&dyn Chart; 6] = [&served, &watched, &families, &parts, &ruler, &courses];
        for (i, chart) in charts.into_iter().enumerate() {
            assert_eq!(
                text_problems(&light(chart).unwrap().svg),
                Vec::<String>::new(),
                "chart {i}, seed {seed}"
            );
        }
    }
}

/// As many as a small panel has room for.
fn few(panel: Panel) -> Panel {
    let series = panel.series.into_iter().take(8).collect();
    Panel { series, ..panel }
}

fn part(dice: &mut Dice, name: &str) -> PartsBar {
    let value = (dice.roll(4) > 0).then(|| {
        let whole = dice.rate();
        let spread = dice.roll(100) as f64 / 100.0;
        PartsValue {
            whole,
            low: whole * (1.0 - spread),
            high: whole * (1.0 + spread),
            first: (dice.roll(5) > 0).then(|| dice.roll(101) as f64 / 100.0),
        }
    });
    PartsBar {
        name: name.to_owned(),
        value,
        remark: dice.words(7),
        aside: dice.roll(3) == 0,
        failed: dice.roll(5) == 0,
    }
}

fn step(dice: &mut Dice, name: &str) -> Step {
    let sizes = dice.roll(6);
    let times = (0..sizes).map(|i| {
        let ns = 10f64.powf(dice.roll(700) as f64 / 100.0);
        Time {
            size: (sizes > 1).then(|| 10u64.pow(i as u32)),
            ns,
            low_ns: ns * 0.5,
            high_ns: ns * (1.0 + dice.roll(100) as f64 / 100.0),
        }
    });
    Step {
        name: name.to_owned(),
        model: name.to_owned(),
        times: times.collect(),
    }
}

fn course(dice: &mut Dice, name: &str) -> CoursePanel {
    let (n, size) = (
        dice.roll(150) as usize + 1,
        10f64.powf(dice.roll(600) as f64 / 100.0 - 3.0),
    );
    let ratio = |dice: &mut Dice| size * (1.0 + dice.roll(100) as f64 / 200.0);
    let mut levels: Vec<Level> = Vec::new();
    let mut start = 0;
    while start < n {
        levels.push(Level {
            start,
            median: ratio(dice),
            change: dice.words(6),
            worse: dice.roll(2) == 0,
        });
        start += 5 + dice.roll(40) as usize;
    }
    CoursePanel {
        heading: name.to_owned(),
        remark: dice.words(9),
        model: name.to_owned(),
        ratios: (0..n).map(|_| ratio(dice)).collect(),
        days: (0..n).map(|i| format!("2026-01-{:02}", i / 4 % 31 + 1)).collect(),
        levels,
    }
}
