//! `report.html`: whatever run it is of, it is one document that is whole, loads nothing and lets nobody's text be
//! anything but text. What it looks like and whether it works in a browser `scripts/check-report` tells.

mod hostile;
mod support;

use std::collections::BTreeSet;

use bench_runner::record::{Row, Verdict};
use bench_runner::render::pictures::charts;
use bench_runner::stats::summarise;
use bench_runner::words::Lang;

use crate::support::{LARGEST, Page, Recorded, failed};

/// Everything that has to be true of any report.
fn examine(name: &str, run: &Recorded) -> Page {
    let page = Page::of(run);
    assert_eq!(page.parse_errors(), Vec::<String>::new(), "{name}");
    assert!(page.text.len() < LARGEST, "{name}: {} bytes", page.text.len());
    assert_eq!(page.loads(), Vec::<String>::new(), "{name}");
    assert_eq!(page.repeated_ids(), Vec::<String>::new(), "{name}");
    let switches: BTreeSet<String> = page.values("[data-switch]", "data-switch").into_iter().collect();
    let told: BTreeSet<String> = run.run.servers.iter().cloned().collect();
    assert_eq!(switches, told, "{name}: a switch for each server");
    for model in page.values("[data-model]", "data-model") {
        assert!(switches.contains(&model), "{name}: '{model}' cannot be switched");
    }
    assert_eq!(
        page.count("table.rows tbody tr"),
        run.rows.len(),
        "{name}: each row is there"
    );
    let lines = page.count("table.matrix tbody tr");
    assert_eq!(lines, run.run.servers.len(), "{name}: each server is in the matrix");
    // An SVG that a page holds many of has its font once.
    assert_eq!(page.text.matches("@font-face").count(), 2, "{name}");
    assert!(
        !page.text.contains("#161A1F\""),
        "{name}: a chart has a colour that does not follow the theme"
    );
    page
}

#[test]
fn the_report_of_the_reference_run_is_whole() {
    let run = Recorded::reference("");
    let page = examine("reference", &run);
    let titles = page.texts("figure > h3");
    let drawn = charts(
        &run.run,
        &summarise(&run.run, &run.rows),
        run.benches.as_ref(),
        Lang::En,
    );
    let drawn: Vec<&str> = drawn.iter().map(|(_, chart)| chart.title()).collect();
    assert_eq!(titles, drawn);
    assert_eq!(page.count("figure .chart > svg"), titles.len());
    assert!(page.count("svg g[data-model]") > 100, "strokes of models are marked");
    assert!(
        page.count("figure .values li") > 100,
        "and their values are there to be read"
    );
    // What a newcomer has to be able to say.
    let findings = page.texts("#findings").concat();
    for answer in [
        "10,000 mostly idle connections",
        "select serves 1,019 of 10,000",
        "thread",
    ] {
        assert!(findings.contains(answer), "'{answer}' is not in {findings}");
    }
    let models = page.texts("#models").concat();
    assert!(
        models.contains("select(2) is handed sets of 1,024 bits"),
        "why select fails"
    );
    let trust = page.texts("#trust").concat();
    assert!(trust.contains("rank by CPU per request"), "which numbers not to trust");
}

#[test]
fn so_are_those_of_the_open_loop() {
    for (name, chart) in [("offered", "6-offered"), ("slow", "4-slow"), ("stop", "5-clocks")] {
        let page = examine(name, &Recorded::reference(name));
        assert_eq!(page.count(&format!("figure[id='chart-{chart}'] svg")), 1, "{name}");
        // Two clocks of one server are no two models.
        let marked = page.count(&format!("figure[id='chart-{chart}'] svg [data-model]"));
        assert_eq!(marked == 0, chart == "5-clocks", "{name}: {marked}");
    }
}

#[test]
fn one_model_one_count_one_round_no_row() {
    let whole = Recorded::reference("");
    let of = |keep: &dyn Fn(&Row) -> bool| {
        let mut run = whole.clone();
        run.rows.retain(keep);
        run
    };
    let mut one = of(&|row| row.server == "poll");
    one.run.servers.retain(|server| server == "poll");
    assert!(examine("one model", &one).texts("h1")[0].starts_with("poll with up to"));

    let mut count = of(&|row| row.conns == 1000);
    count.run.settings.conns = vec![1000];
    examine("one count", &count);

    let round = of(&|row| row.round == 1);
    assert!(examine("one round", &round).texts("#trust")[0].contains("There was one round"));

    let nothing = of(&|_| false);
    assert!(examine("no row", &nothing).texts("#findings")[0].contains("Nothing was measured"));
}

#[test]
fn a_run_of_nothing_but_failures_says_why() {
    let mut run = Recorded::reference("");
    run.rows.retain(|row| row.conns == 10_000);
    run.rows = run
        .rows
        .into_iter()
        .map(|row| failed(row, "it answered wrongly"))
        .collect();
    let page = examine("failures", &run);
    let findings = page.texts("#findings").concat();
    assert_eq!(
        findings.matches("failed: it answered wrongly").count(),
        run.run.servers.len()
    );
    assert!(page.texts("#trust").concat().contains(Verdict::Failed.name()));
    assert_eq!(page.count("table.rows tbody .verdict.no"), run.rows.len());
    let data = page.data();
    assert_eq!(
        data["cells"].as_array().map(Vec::len),
        Some(0),
        "no curve of what was not measured"
    );
}

#[test]
fn what_a_number_is_worth_stands_beside_it() {
    let mut run = Recorded::reference("");
    run.rows.retain(|row| row.server == "poll" || row.server == "select");
    for row in run.rows.iter_mut().filter(|row| row.server == "poll") {
        (row.verdict, row.verdicts) = (Verdict::ClientBound, vec![Verdict::ClientBound]);
    }
    let page = examine("bounded", &run);
    let title = |sign: &str| {
        let marks = page.titled("table.rows .mark", "aria-hidden");
        marks.into_iter().find(|(text, _)| text == sign).map(|(_, title)| title)
    };
    assert!(
        title("≥")
            .unwrap()
            .starts_with("at least this much: the load generator gave out first")
    );
    assert!(
        title("✗")
            .unwrap()
            .starts_with("no value: falls among clients without a reply")
    );
    assert!(title("*").unwrap().starts_with("over fewer clients than were to talk"));
}
