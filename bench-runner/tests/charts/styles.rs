//! What is the same in every chart, however it is made: outlines look like letters, models are brought forward, and a chart
//! that is built up does not jump.

use std::collections::BTreeSet;

use bench_runner::charts::check::text_problems;
use bench_runner::charts::{BuildStep, Chart, Letters, Picture, Style, theme};
use bench_runner::words::Lang;
use resvg::tiny_skia::Pixmap;

use crate::support::{MODELS, models};
use crate::{clocks, families, offered, others, parts, ruler, served, watched};

/// One of each kind of chart.
fn all() -> Vec<Box<dyn Chart>> {
    vec![
        Box::new(served::served_all()),
        Box::new(watched::watched_with(&models(), &watched::COUNTS)),
        Box::new(watched::watched_with(&models(), &[10_000])),
        Box::new(parts::memory_of_all()),
        Box::new(others::others_of_all()),
        Box::new(clocks::clocks(1)),
        Box::new(offered::offered(&models())),
        Box::new(ruler::ruler_with("One ruler", ruler::all())),
        Box::new(families::families_with(families::four())),
    ]
}

fn drawn(chart: &dyn Chart, style: &Style) -> Picture {
    let picture = chart.draw(style).unwrap();
    assert_eq!(text_problems(&picture.svg), Vec::<String>::new(), "{}", chart.title());
    picture
}

#[test]
fn outlines_look_like_letters() {
    for chart in [&all()[0], &all()[1]] {
        let style = |letters| Style {
            letters,
            lang: Lang::Zh,
            ..Style::default()
        };
        let paths = chart.draw(&style(Letters::Paths)).unwrap();
        assert!(
            !paths.svg.contains("<text") && !paths.svg.contains("font"),
            "it needs no font"
        );
        let pixels = |picture: &Picture| Pixmap::decode_png(&picture.png().unwrap()).unwrap().take();
        let (with_paths, with_letters) = (pixels(&paths), pixels(&drawn(&**chart, &style(Letters::Fonts))));
        let differing = with_paths
            .iter()
            .zip(&with_letters)
            .filter(|(a, b)| a.abs_diff(**b) > 64)
            .count();
        // Rounding moves an edge by less than a pixel here and there; a letter elsewhere has hundreds of them.
        assert!(differing < 200, "{differing} values in '{}'", chart.title());
    }
}

/// The colours of filled and stroked shapes, and of texts.
fn colours(svg: &str) -> BTreeSet<&str> {
    let attributes = svg
        .split(['"', ' '])
        .filter(|word| word.len() == 7 && word.starts_with('#'));
    attributes.collect()
}

fn hex(color: plotters::style::RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)
}

#[test]
fn models_that_are_brought_forward_are_the_only_ones_in_colour() {
    for theme in [theme::LIGHT, theme::DARK] {
        let style = Style {
            highlight: ["epoll-edge", "select"].map(str::to_owned).into(),
            ..theme.into()
        };
        for (i, chart) in all().iter().enumerate() {
            let picture = drawn(&**chart, &style);
            let seen = colours(&picture.svg);
            let of = |model: &str| seen.contains(&*hex(theme.color_of(model)));
            // A clock is no model, and an io_uring that failed has no colour to lose.
            let coloured: Vec<&str> = MODELS.into_iter().filter(|model| of(model)).collect();
            let expected: &[&str] = match i {
                5 => &[],
                _ => &["select", "epoll-edge"],
            };
            let expected = if i == 3 { &expected[1..] } else { expected };
            assert_eq!(coloured, expected, "{}", chart.title());
        }
    }
}

/// Lines of an SVG that are in no other place in another one.
fn added<'a>(less: &str, more: &'a str) -> Vec<&'a str> {
    let less: BTreeSet<&str> = less.lines().collect();
    more.lines().filter(|line| !less.contains(line)).collect()
}

#[test]
fn nothing_moves_in_a_chart_that_is_built_up() {
    for chart in all() {
        let parts = chart.parts();
        let step = |n: usize| Style {
            step: Some(BuildStep {
                shown: parts[..n].iter().map(|part| (*part).to_owned()).collect(),
                topic: "What it is about".to_owned(),
            }),
            ..Style::default()
        };
        let whole = drawn(&*chart, &Style::default());
        let empty = drawn(&*chart, &step(0));
        let unlike = added(&whole.svg, &empty.svg);
        assert!(
            unlike
                .iter()
                .all(|line| line.contains("What it is about") || line.contains("<text x=\"64\"")),
            "what is there from the start stays: {unlike:?}"
        );
        let mut before = empty;
        for n in 1..=parts.len() {
            let now = drawn(&*chart, &step(n));
            let gone = added(&now.svg, &before.svg);
            assert_eq!(
                gone,
                Vec::<&str>::new(),
                "{}: step {n} takes nothing away",
                chart.title()
            );
            before = now;
        }
        let lost = added(&before.svg, &whole.svg);
        let title: Vec<&&str> = lost.iter().filter(|line| !line.starts_with('<')).collect();
        assert!(
            !title.is_empty() && title.len() <= 2,
            "the last step has all but the title: {title:?}"
        );
    }
}
