//! The project's README shows what the committed reference run shows, and nothing else.

use std::fs;
use std::path::Path;

use crate::support::{Place, output};

const README: &str = include_str!("../../../README.md");

#[test]
fn every_line_of_the_first_screen_is_what_the_reference_run_shows() {
    let place = Place::new();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference");
    fs::create_dir(place.path("reference")).unwrap();
    for name in ["run.json", "rows.jsonl.gz", "benches.json"] {
        fs::copy(reference.join(name), place.path("reference").join(name)).unwrap();
    }
    let report = output(&mut place.bare("report reference"));
    assert_eq!(String::from_utf8(report.stderr).unwrap(), "");
    let shown = String::from_utf8(report.stdout).unwrap();

    let (_, block) = README
        .split_once("```text\n$ ")
        .expect("the README opens with what a run prints");
    let (block, _) = block.split_once("```").unwrap();
    let (command, printed) = block.split_once('\n').unwrap();
    let run: serde_json::Value = serde_json::from_slice(&fs::read(reference.join("run.json")).unwrap()).unwrap();
    let words = run["environment"]["command_line"].as_array().unwrap();
    for flag in command.split(" -- ").nth(1).expect("flags of bench-runner").split(' ') {
        assert!(
            words.iter().any(|word| word == flag),
            "'{flag}' was not given: {words:?}"
        );
    }
    assert!(!README.contains("@@"), "something is still to be filled in");
    let (_, picture) = README.split_once("![").expect("a chart");
    let (title, rest) = picture
        .split_once("](results/reference/")
        .expect("one of the reference run");
    let (name, _) = rest.split_once(')').unwrap();
    let chart = fs::read_to_string(reference.join(name)).unwrap();
    assert!(
        chart.contains(&format!("aria-label=\"{title}\"")),
        "'{title}' is not the title of {name}"
    );
    let mut paragraphs = 0;
    for paragraph in printed.split("\n\n").map(str::trim_end).filter(|text| !text.is_empty()) {
        assert!(
            shown.contains(paragraph),
            "not what the reference run shows:\n{paragraph}\n\nbut:\n{shown}"
        );
        paragraphs += 1;
    }
    assert!(
        paragraphs >= 4,
        "findings, a heading, the table and what its signs mean"
    );
}
