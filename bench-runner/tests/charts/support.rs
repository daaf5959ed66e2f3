//! What the charts' tests share.

use std::collections::BTreeMap;

use bench_runner::charts::check::text_problems;
use bench_runner::charts::{Chart, Picture, Size, Style, theme};
use bench_runner::words::Lang;

pub(crate) const MODELS: [&str; 17] = [
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

pub(crate) const SUBTITLE: &str = "3 rounds of 10 s, echo of 64 bytes, closed loop, server and load on 2 cores each, Linux 6.12, \
                        2026-03-14; 13 valid, 4 capped";
pub(crate) const FOOTER: &str =
    "bench-runner --models all --conns 10000 · run 20260314T101500Z-5f3a · results/reference";

/// Snapshots the picture without its font, and holds it against everything that must be true of any chart.
pub(crate) fn examine(name: &str, snapshot: bool, chart: &dyn Chart) {
    for (style, suffix) in styles() {
        let picture = chart
            .draw(&style)
            .unwrap_or_else(|error| panic!("{name}{suffix}: {error:#}"));
        if let Some(dir) = std::env::var_os("CHARTS_DIR").map(std::path::PathBuf::from) {
            std::fs::write(dir.join(format!("{name}{suffix}.svg")), &picture.svg).unwrap();
            std::fs::write(dir.join(format!("{name}{suffix}.png")), picture.png().unwrap()).unwrap();
        }
        assert_eq!(text_problems(&picture.svg), Vec::<String>::new(), "{name}{suffix}");
        let faces = if picture.svg.contains("unicode-range") { 4 } else { 2 };
        assert_eq!(picture.svg.matches("@font-face").count(), faces);
        assert_eq!(picture.missing, BTreeMap::new(), "{name}{suffix}");
        assert!(!picture.without_font().contains("base64"));
        if snapshot && suffix.is_empty() {
            let mut settings = insta::Settings::clone_current();
            settings.set_prepend_module_to_snapshot(false);
            settings.bind(|| insta::assert_snapshot!(name, picture.without_font()));
        }
    }
}

pub(crate) fn forty() -> Vec<String> {
    let foreign = (MODELS.len()..40).map(|i| format!("foreign-{i}-{}", ["nginx", "HAProxy 3.1", "caddy"][i % 3]));
    MODELS.iter().map(ToString::to_string).chain(foreign).collect()
}

pub(crate) fn models() -> Vec<String> {
    MODELS.map(String::from).to_vec()
}

/// All ways in which a picture is made, each with what is added to its name; the first is the one of snapshots.
pub(crate) fn styles() -> Vec<(Style, String)> {
    let mut styles = vec![
        (Style::default(), String::new()),
        (theme::DARK.into(), "-dark".to_owned()),
    ];
    let chinese = Style {
        lang: Lang::Zh,
        ..Style::default()
    };
    styles.push((chinese, "-zh".to_owned()));
    for (width, height) in [(1080, 1080), (1024, 768), (1080, 1920), (2560, 1080)] {
        let size = Size::new(width, height).unwrap();
        let style = Style {
            size,
            ..Style::default()
        };
        styles.push((style, format!("-{size}")));
    }
    styles
}

/// The picture in the light theme.
pub(crate) fn light(chart: &dyn Chart) -> anyhow::Result<Picture> {
    chart.draw(&Style::default())
}

/// Why the picture cannot be drawn.
pub(crate) fn refusal(chart: &dyn Chart) -> String {
    light(chart).unwrap_err().to_string()
}
