//! The reference run: its charts can be read in both themes and in all languages, and those that are committed are those of its records.

use std::fs;
use std::path::PathBuf;

use bench_runner::charts::{Style, check::text_problems, theme};
use bench_runner::record;
use bench_runner::render::pictures::charts;
use bench_runner::stats::summarise;
use bench_runner::words::Lang;

/// The charts of a report that a run of an open loop has.
const DETAILS: [&str; 3] = ["percentiles", "timeline", "connecting"];

/// Holds the pictures in a directory of the reference run against its rows; they are those of these `names`.
fn drawn_from_its_records(run: &str, names: &[&str]) {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../results/reference")
        .join(run);
    let recorded = record::read(&directory).unwrap();
    assert_eq!(recorded.damage, Vec::<String>::new());
    let summary = summarise(&recorded.run, &recorded.rows);
    for lang in Lang::ALL {
        let charts = charts(&recorded.run, &summary, recorded.benches.as_ref(), lang);
        assert_eq!(charts.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(), names);
        for (name, chart) in &charts {
            for theme in [theme::LIGHT, theme::DARK] {
                let style = Style { lang, ..theme.into() };
                let picture = chart.draw(&style).unwrap();
                assert_eq!(text_problems(&picture.svg), Vec::<String>::new(), "{name} {lang:?}");
                assert_eq!(picture.missing.len(), 0, "{name} {lang:?}: {:?}", picture.missing);
                if (theme.dark, lang) == (false, Lang::En) {
                    let committed = fs::read_to_string(directory.join(format!("{name}.svg"))).unwrap();
                    assert!(
                        committed == picture.svg,
                        "{name}.svg is not what its records show; draw it again: bench-runner report results/reference/{run}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_reference_runs_charts_are_drawn_from_its_records() {
    let stage = ["1-served", "2-watched", "3-memory", "7-cpu", "8-steps", "throughput"];
    let of_reports = ["percentiles", "fairness", "timeline", "connecting"];
    drawn_from_its_records("", &[&stage[..], &of_reports].concat());
}

#[test]
fn so_are_those_of_the_open_loop() {
    drawn_from_its_records(
        "offered",
        &[&["1-served", "3-memory", "6-offered"], &DETAILS[..]].concat(),
    );
    drawn_from_its_records("slow", &[&["1-served", "4-slow"], &DETAILS[..]].concat());
    drawn_from_its_records("stop", &[&["1-served", "5-clocks"], &DETAILS[..]].concat());
}
