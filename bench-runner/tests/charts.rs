//! The charts: what they look like (snapshots), that all their texts can be read, and that the check of that can fail.
//!
//! `CHARTS_DIR=some/dir cargo test -p bench-runner --test charts` also writes every picture there as SVG and PNG, to be
//! looked at: a snapshot says that a chart has changed, not that it is good.

use bench_runner::charts::check::text_problems;
use bench_runner::charts::{
    Ended, Panel, Picture, Point, Series, Served, ServedBar, Theme, Watched, served, served_in, theme, watched,
    watched_in,
};

const MODELS: [&str; 17] = [
    "iterative",
    "fork",
    "prefork",
    "thread",
    "thread-pool",
    "busy-poll",
    "select",
    "poll",
    "epoll-level",
    "epoll-edge",
    "epoll-percore",
    "mio",
    "io-uring",
    "coroutine",
    "green-thread",
    "tokio-current",
    "tokio",
];

const SUBTITLE: &str = "3 rounds of 10 s, echo of 64 bytes, closed loop, server and load on 2 cores each, Linux 6.12, \
                        2026-03-14; 13 valid, 4 capped";
const FOOTER: &str = "bench-runner --models all --conns 10000 · run 20260314T101500Z-5f3a · results/reference";

/// Snapshots the picture without its font, and holds it against everything that must be true of any chart.
fn examine(name: &str, snapshot: bool, draw: impl Fn(&Theme) -> anyhow::Result<Picture>) {
    for (theme, suffix) in [(&theme::LIGHT, ""), (&theme::DARK, "-dark")] {
        let picture = draw(theme).unwrap();
        if let Some(dir) = std::env::var_os("CHARTS_DIR").map(std::path::PathBuf::from) {
            std::fs::write(dir.join(format!("{name}{suffix}.svg")), &picture.svg).unwrap();
            std::fs::write(dir.join(format!("{name}{suffix}.png")), picture.png().unwrap()).unwrap();
        }
        assert_eq!(text_problems(&picture.svg), Vec::<String>::new(), "{name}{suffix}");
        assert_eq!(picture.svg.matches("@font-face").count(), 2);
        assert!(!picture.without_font().contains("base64"));
        if snapshot && !theme.dark {
            insta::assert_snapshot!(name, picture.without_font());
        }
    }
}

fn bar(name: &str, connected: u64, served: u64, stopped_by: &str, failed: &str) -> ServedBar {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_string());
    ServedBar {
        name: name.to_string(),
        connected,
        served,
        refused: 0,
        stopped_by: some(stopped_by),
        failed: some(failed),
    }
}

/// A server that closes all that it cannot serve.
fn refusing(name: &str, connected: u64, served: u64, stopped_by: &str) -> ServedBar {
    ServedBar {
        refused: connected - served,
        ..bar(name, connected, served, stopped_by, "")
    }
}

fn served_with(title: &str, asked: u64, bars: Vec<ServedBar>) -> Served {
    Served {
        title: title.to_string(),
        subtitle: SUBTITLE.to_string(),
        footer: FOOTER.to_string(),
        asked,
        bars,
    }
}

fn served_all() -> Served {
    let bars = MODELS.iter().map(|&name| match name {
        "iterative" => bar(name, 4_098, 1, "accept backlog 4,096", ""),
        "prefork" => bar(name, 4_113, 16, "accept backlog 4,096", ""),
        "thread-pool" => bar(name, 4_225, 128, "accept backlog 4,096", ""),
        "select" => refusing(name, 10_000, 1_019, "FD_SETSIZE"),
        "thread" => refusing(name, 10_000, 8_160, "max_map_count"),
        "busy-poll" => bar(name, 10_000, 7_311, "one pass takes longer than the window", ""),
        "fork" => bar(name, 312, 312, "", "died: signal 9 (SIGKILL) after 2.1 s"),
        "io-uring" => bar(name, 0, 0, "", "cannot start: io_uring_setup: operation not permitted"),
        name => bar(name, 10_000, 10_000, "", ""),
    });
    served_with(
        "select stops at 1,019; 9 of 17 serve all 10,000",
        10_000,
        bars.collect(),
    )
}

fn forty() -> Vec<String> {
    let foreign = (MODELS.len()..40).map(|i| format!("foreign-{i}-{}", ["nginx", "HAProxy 3.1", "caddy"][i % 3]));
    MODELS.iter().map(ToString::to_string).chain(foreign).collect()
}

#[test]
fn served_by_seventeen() {
    examine("served-17", true, |theme| served_in(&served_all(), theme));
}

#[test]
fn served_by_forty() {
    let names = forty();
    let bars = names.iter().enumerate().map(|(i, name)| match i % 7 {
        3 => bar(name, 4_098, 1, "accept backlog 4,096", ""),
        5 => bar(name, 20_000, 19_000 + i as u64, "the window was over", ""),
        _ => bar(
            name,
            20_000 - 400 * i as u64,
            20_000 - 400 * i as u64,
            "RLIMIT_NOFILE",
            "",
        ),
    });
    let data = served_with("Forty servers in one chart", 20_000, bars.collect());
    examine("served-40", false, |theme| served_in(&data, theme));
}

#[test]
fn served_by_servers_with_much_to_say() {
    let long = "a server from elsewhere with a name that nobody wanted to shorten, version 12.4.1-rc3+deadbeef";
    let reason =
        "exited with status 101 while connections were being opened: thread 'main' panicked at src/main.rs:42:17";
    let bars = vec![
        bar(long, 9_990, 4, &reason.repeat(2), ""),
        bar("<b>&\"quoted\"", 0, 0, "", &format!("{reason}\n\twith a second line")),
        bar("all", 10_000, 10_000, "", ""),
        bar("all but one", 10_000, 9_999, "", ""),
        bar("more than asked", 10_001, 10_001, "", ""),
        bar("none", 0, 0, "nothing listens", ""),
    ];
    let title = "A title that goes on and on, because somebody found four things at once and wanted to say all of \
                 them, and then a fifth, with numbers: 1,019; 4,098; 8,160; 10,000";
    let data = Served {
        subtitle: SUBTITLE.repeat(3),
        footer: FOOTER.repeat(4),
        ..served_with(title, 10_000, bars)
    };
    examine("served-long", true, |theme| served_in(&data, theme));
}

#[test]
fn served_by_one_or_none() {
    let one = served_with(
        "epoll-edge serves 100 of 100",
        100,
        vec![bar("epoll-edge", 100, 100, "", "")],
    );
    examine("served-1", false, |theme| served_in(&one, theme));
    let none = served_with("Nothing ran", 0, Vec::new());
    examine("served-0", false, |theme| served_in(&none, theme));
    let nothing_asked = served_with("Nothing asked", 0, vec![bar("tokio", 0, 0, "", "")]);
    examine("served-asked-0", false, |theme| served_in(&nothing_asked, theme));
}

fn point(conns: u64, rate_per_s: f64, spread: f64) -> Point {
    let (low, high) = (rate_per_s * (1.0 - spread), rate_per_s * (1.0 + spread));
    Point {
        conns,
        rate_per_s,
        low,
        high,
        lower_bound: false,
    }
}

/// A plausible rate: readiness by scanning pays for every connection watched, the others hardly.
fn plausible(model: &str, conns: u64, idle: bool) -> f64 {
    let n = conns as f64;
    let i = MODELS.iter().position(|m| *m == model).unwrap_or(model.len()) as f64;
    let base = 118_000.0 * (1.0 - 0.012 * i) / (1.0 + n / 60_000.0);
    match model {
        "select" | "poll" | "busy-poll" if idle => base / (1.0 + n / 700.0),
        "iterative" => 21_000.0,
        "fork" | "thread" => base * 0.7 / (1.0 + n / 30_000.0),
        _ => base,
    }
}

fn series(name: &str, counts: &[u64], idle: bool) -> Series {
    let limit = match name {
        "select" => Some((1_019, "FD_SETSIZE")),
        "thread" => Some((8_160, "max_map_count")),
        "iterative" | "prefork" | "thread-pool" => Some((4_098, "accept backlog")),
        _ => None,
    };
    let within = |conns: u64| limit.is_none_or(|(most, _)| conns <= most);
    let points = counts
        .iter()
        .filter(|&&c| within(c) || counts.len() == 1)
        .map(|&conns| Point {
            lower_bound: name == "io-uring" && !idle,
            ..point(
                limit.map_or(conns, |(most, _)| conns.min(most)),
                plausible(name, conns, idle),
                0.03,
            )
        });
    let reached = counts.iter().max().is_some_and(|&most| !within(most));
    let ended = limit.filter(|_| reached).map(|(conns, label)| Ended {
        conns,
        label: label.to_string(),
    });
    Series {
        name: name.to_string(),
        points: points.collect(),
        ended,
    }
}

fn watched_with(names: &[String], counts: &[u64]) -> Watched {
    let panel = |heading: &str, idle| Panel {
        heading: heading.to_string(),
        series: names.iter().map(|name| series(name, counts, idle)).collect(),
    };
    Watched {
        title: "All talk: 8 % apart; 1 % talks: 12 ×".to_string(),
        subtitle: SUBTITLE.to_string(),
        footer: FOOTER.to_string(),
        panels: [
            panel("all connections talk", false),
            panel("100 talk, the others are idle", true),
        ],
    }
}

fn models() -> Vec<String> {
    MODELS.map(String::from).to_vec()
}

const COUNTS: [u64; 5] = [100, 500, 1_000, 4_000, 10_000];

#[test]
fn watched_at_one_count() {
    let mut data = watched_with(&models(), &[10_000]);
    data.panels[1].series[1] = Series {
        name: "fork".to_string(),
        points: Vec::new(),
        ended: Some(Ended {
            conns: 10_000,
            label: "pids.max".to_string(),
        }),
    };
    data.panels[0].series.retain(|s| s.name != "mio");
    examine("watched-dots-17", true, |theme| watched_in(&data, theme));
}

#[test]
fn watched_at_five_counts() {
    let seven = [
        "thread",
        "select",
        "poll",
        "epoll-edge",
        "io-uring",
        "green-thread",
        "tokio",
    ]
    .map(String::from);
    examine("watched-lines-7", true, |theme| {
        watched_in(&watched_with(&seven, &COUNTS), theme)
    });
    examine("watched-lines-17", true, |theme| {
        watched_in(&watched_with(&models(), &COUNTS), theme)
    });
}

#[test]
fn watched_by_one() {
    let one = ["epoll-edge".to_string()];
    examine("watched-lines-1", true, |theme| {
        watched_in(&watched_with(&one, &COUNTS), theme)
    });
    examine("watched-dots-1", false, |theme| {
        watched_in(&watched_with(&one, &[1_000]), theme)
    });
}

#[test]
fn watched_by_forty() {
    examine("watched-dots-40", false, |theme| {
        watched_in(&watched_with(&forty(), &[10_000]), theme)
    });
    examine("watched-lines-40", false, |theme| {
        watched_in(&watched_with(&forty(), &COUNTS), theme)
    });
}

#[test]
fn watched_where_all_failed() {
    let mut data = watched_with(&models(), &[10_000]);
    for series in data.panels.iter_mut().flat_map(|panel| &mut panel.series) {
        series.points.clear();
        series.ended = Some(Ended {
            conns: 10_000,
            label: "cannot start: no such file or directory".to_string(),
        });
    }
    data.title = "Nothing could be measured".to_string();
    examine("watched-failed", true, |theme| watched_in(&data, theme));
    data.panels[0].series.truncate(1);
    data.panels[1].series.truncate(1);
    examine("watched-failed-1", false, |theme| watched_in(&data, theme));
    data.panels[0].series.clear();
    data.panels[1].series.clear();
    examine("watched-none", false, |theme| watched_in(&data, theme));
}

#[test]
fn watched_at_the_extremes() {
    let long = "a server from elsewhere with a name that nobody wanted to shorten, version 12.4.1-rc3+deadbeef";
    let names = ["one", "a billion", "nothing", "same", "same again", "poll", long].map(String::from);
    let extreme = |name: &str, conns: u64| match name {
        "one" => point(conns, 1.0, 0.0),
        "a billion" => point(conns, 1e9, 0.0),
        "nothing" => point(conns, 0.0, 0.0),
        "same" | "same again" => Point {
            lower_bound: true,
            ..point(conns, 50_000.0, 0.4)
        },
        _ => Point {
            low: 0.0,
            ..point(conns, 1_000.0, 0.9)
        },
    };
    for (counts, name) in [
        (&[10_000][..], "watched-dots-extreme"),
        (&[1, 1_000_000][..], "watched-lines-extreme"),
    ] {
        let mut data = watched_with(&names, counts);
        for series in data.panels.iter_mut().flat_map(|panel| &mut panel.series) {
            let points: Vec<Point> = counts.iter().map(|&conns| extreme(&series.name, conns)).collect();
            series.points = points;
            let broke = series.name.len() > 40;
            series.ended = broke.then(|| Ended {
                conns: counts[0] * 30,
                label: "a reason as long as its name".repeat(3),
            });
        }
        // The left panel has nothing to draw at all.
        if counts.len() > 1 {
            data.panels[0]
                .series
                .iter_mut()
                .for_each(|series| series.points.clear());
        }
        examine(name, true, |theme| watched_in(&data, theme));
    }
}

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
        let data = served_with(&dice.words(40), asked, bars);
        assert_eq!(
            text_problems(&served(&data).unwrap().svg),
            Vec::<String>::new(),
            "served, seed {seed}"
        );

        let counts: Vec<u64> = (0..=dice.roll(6))
            .map(|i| 10u64.pow(i as u32) * (dice.roll(9) + 1))
            .collect();
        let mut series = |name: &String| {
            let last = dice.roll(counts.len() as u64 + 1) as usize;
            let points = counts[..last].iter().map(|&conns| {
                let rate = dice.rate();
                Point {
                    lower_bound: dice.roll(4) == 0,
                    ..point(conns, rate, dice.roll(100) as f64 / 100.0)
                }
            });
            let points = points.collect();
            let ended = (dice.roll(3) == 0).then(|| Ended {
                conns: counts[0] + dice.roll(9_999),
                label: dice.words(5),
            });
            Series {
                name: name.clone(),
                points,
                ended,
            }
        };
        let mut panel = || Panel {
            heading: "these talk".to_string(),
            series: names.iter().map(&mut series).collect(),
        };
        let panels = [panel(), panel()];
        let data = Watched {
            title: dice.words(40),
            subtitle: dice.words(60),
            footer: dice.words(60),
            panels,
        };
        assert_eq!(
            text_problems(&watched(&data).unwrap().svg),
            Vec::<String>::new(),
            "watched, seed {seed}"
        );
    }
}

#[test]
fn what_has_no_place_on_an_axis_is_refused() {
    let refusal = |change: &dyn Fn(&mut Watched)| {
        let mut data = watched_with(&models(), &[10_000]);
        change(&mut data);
        watched(&data).unwrap_err().to_string()
    };
    assert!(refusal(&|d| d.panels[0].series[3].points[0].rate_per_s = f64::NAN).contains("of 'thread'"));
    assert!(refusal(&|d| d.panels[1].series[0].points[0].low = -1.0).contains("is no rate"));
    assert!(refusal(&|d| d.panels[1].series[0].points[0].conns = 0).contains("at 0 connections"));
    assert!(refusal(&|d| d.panels[0].series[1].name = "iterative".into()).contains("two series named 'iterative'"));
    let twice = |d: &mut Watched| {
        let point = d.panels[0].series[5].points[0];
        d.panels[0].series[5].points.push(point);
    };
    assert!(refusal(&twice).contains("'busy-poll' has two rates at 10000 connections"));
}

#[test]
fn a_character_that_the_font_lacks_is_refused() {
    let data = served_with("One server", 10, vec![bar("服务器", 10, 10, "", "")]);
    let refusal = served(&data).unwrap_err().to_string();
    assert!(
        refusal.contains("'服' (U+670D)") && refusal.contains("服务器"),
        "{refusal}"
    );
}

#[test]
fn the_png_has_the_size_of_the_sheet() {
    let png = served(&served_all()).unwrap().png().unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[16..24], [1920_u32.to_be_bytes(), 1080_u32.to_be_bytes()].concat());
}

/// What [`text_problems`] says of a small SVG with these elements.
fn problems(body: &str) -> Vec<String> {
    text_problems(&format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='400' height='100'>{body}</svg>"
    ))
}

#[test]
fn the_check_is_silent_about_good_text() {
    let good = "<text x='10' y='40' font-family='Inter' font-size='20'>left</text>\
                <text x='390' y='40' font-family='Inter' font-size='20' text-anchor='end' font-weight='bold'>right</text>\
                <g opacity='0.5'><text x='10' y='64' font-family='Inter' font-size='20'>next line, gjpqy</text></g>";
    assert_eq!(problems(good), Vec::<String>::new());
}

#[test]
fn the_check_finds_text_outside_the_canvas() {
    for place in ["x='380' y='40'", "x='-9' y='40'", "x='10' y='12'", "x='10' y='98'"] {
        let found = problems(&format!(
            "<text {place} font-family='Inter' font-size='20'>gone by</text>"
        ));
        assert!(
            found.len() == 1 && found[0].contains("'gone by' leaves the canvas"),
            "{place}: {found:?}"
        );
    }
}

#[test]
fn the_check_finds_overlapping_texts() {
    let found = problems(
        "<text x='10' y='40' font-family='Inter' font-size='20'>first words</text>\
         <g transform='translate(100 0)'><text x='0' y='45' font-family='Inter' font-size='20'>second</text></g>",
    );
    assert!(
        found.len() == 1 && found[0].contains("'first words' and 'second' overlap"),
        "{found:?}"
    );
}

#[test]
fn the_check_finds_text_that_is_not_drawn() {
    let found = problems(
        "<text x='10' y='40' font-family='Inter' font-size='20'>seen</text>\
         <text x='10' y='80' font-family='Comic Sans MS' font-size='20'>unseen</text>",
    );
    assert!(
        found.len() == 1 && found[0].contains("not drawn: [\"unseen\"]"),
        "{found:?}"
    );
}

#[test]
fn the_check_finds_a_character_without_a_glyph() {
    let found = problems("<text x='10' y='40' font-family='Inter' font-size='20'>fine 好</text>");
    assert!(found.iter().any(|p| p.contains("no glyph for '好'")), "{found:?}");
}

#[test]
fn the_check_finds_what_is_no_svg() {
    assert!(text_problems("<svg")[0].starts_with("not XML"));
    assert!(text_problems("<p/>")[0].starts_with("not SVG"));
}
