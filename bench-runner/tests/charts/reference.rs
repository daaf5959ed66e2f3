//! The reference run: its charts can be read in both themes, and those that are committed are those of its records.

use std::fs;
use std::path::PathBuf;

use bench_runner::charts::{check::text_problems, theme};
use bench_runner::record;
use bench_runner::render::pictures::charts;
use bench_runner::stats::summarise;

/// Holds the pictures in a directory of the reference run against its rows; they are those of these `names`.
fn drawn_from_its_records(run: &str, names: &[&str]) {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../results/reference")
        .join(run);
    let recorded = record::read(&directory).unwrap();
    assert_eq!(recorded.damage, Vec::<String>::new());
    let summary = summarise(&recorded.run, &recorded.rows);
    let charts = charts(&recorded.run, &summary, recorded.benches.as_ref());
    assert_eq!(charts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    for (name, chart) in &charts {
        for theme in [&theme::LIGHT, &theme::DARK] {
            let picture = chart.draw(theme).unwrap();
            assert_eq!(text_problems(&picture.svg), Vec::<String>::new(), "{name}");
            if !theme.dark {
                let committed = fs::read_to_string(directory.join(format!("{name}.svg"))).unwrap();
                assert!(
                    committed == picture.svg,
                    "{name}.svg is not what its records show; draw it again: bench-runner report results/reference/{run}"
                );
            }
        }
    }
}

#[test]
fn the_reference_runs_charts_are_drawn_from_its_records() {
    drawn_from_its_records(
        "",
        &["1-served", "2-watched", "3-memory", "7-cpu", "8-steps", "throughput"],
    );
}

#[test]
fn so_are_those_of_the_open_loop() {
    drawn_from_its_records("offered", &["1-served", "3-memory", "6-offered"]);
    drawn_from_its_records("slow", &["1-served", "4-slow"]);
    drawn_from_its_records("stop", &["1-served", "5-clocks"]);
}
