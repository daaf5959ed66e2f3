//! The reference run: its charts can be read in both themes, and those that are committed are those of its records.

use std::fs;
use std::path::PathBuf;

use bench_runner::charts::{check::text_problems, theme};
use bench_runner::record;
use bench_runner::render::pictures::charts;
use bench_runner::stats::summarise;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../results/reference")
}

#[test]
fn the_reference_runs_charts_are_drawn_from_its_records() {
    let recorded = record::read(&directory()).unwrap();
    assert_eq!(recorded.damage, Vec::<String>::new());
    let summary = summarise(&recorded.run, &recorded.rows);
    let charts = charts(&recorded.run, &summary, recorded.benches.as_ref());
    let names: Vec<&str> = charts.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["1-served", "2-watched", "3-memory", "7-cpu", "8-steps", "throughput"]
    );
    for (name, chart) in &charts {
        for theme in [&theme::LIGHT, &theme::DARK] {
            let picture = chart.draw(theme).unwrap();
            assert_eq!(text_problems(&picture.svg), Vec::<String>::new(), "{name}");
            if !theme.dark {
                let committed = fs::read_to_string(directory().join(format!("{name}.svg"))).unwrap();
                assert!(
                    committed == picture.svg,
                    "{name}.svg is not what its records show; draw it again: bench-runner report results/reference"
                );
            }
        }
    }
}
