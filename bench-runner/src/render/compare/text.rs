//! The comparison for a terminal: fits 80 columns, says more where there is room.

use super::columns::{Column, fitting, lines};
use super::notes::{apart, headline, missing, same, side};
use super::reading::{DRIFT, reading};
use super::{Document, words};
use crate::render::notes::broken;
use crate::render::paint::{Tone, painted};
use crate::stats::compare::{Change, Judgement, Metric};

/// All of it in lines of at most `width`, but for 80.
#[must_use]
pub fn text(document: &Document, width: u16, color: bool) -> String {
    let width = usize::from(width.max(80));
    let mut text = String::new();
    let (base, current) = (document.base, document.current);
    text += &hanging("base     ", &side(base.0, base.1), width);
    let current_side = format!("{}, {}", side(current.0, current.1), apart(base.1, current.1));
    text += &hanging("current  ", &current_side, width);
    text.push('\n');
    differences(&mut text, document, width, color);
    text.push('\n');
    for paragraph in same(document.comparison).iter().chain(&missing(document)) {
        text += &hanging("", paragraph, width);
    }
    text.push('\n');
    for line in broken(&headline(document), width) {
        text += &(painted(&line, Tone::Bold, color) + "\n");
    }
    text.push('\n');
    text += &summary(document, color);
    let mut section = |judgement: Judgement, heading: &str, tone| {
        let changes: Vec<&Change> = document.comparison.of(judgement).collect();
        if !changes.is_empty() {
            text += &format!("\n{}\n", painted(heading, Tone::Bold, color));
            text += &list(&changes, width, tone, color);
        }
    };
    section(Judgement::Worse, "Worse", Some(Tone::Bad));
    section(Judgement::Better, "Better", Some(Tone::Good));
    if document.all {
        section(Judgement::CannotTell, "Cannot be told", Some(Tone::Heed));
        section(Judgement::NoDifference, "No difference", None);
    }
    text.push('\n');
    for note in reading(document) {
        text += &(broken(&note, width - 2).join("\n  ") + "\n");
    }
    text.push('\n');
    text + &hanging("", DRIFT, width)
}

/// What differs in the circumstances, by groups.
fn differences(text: &mut String, document: &Document, width: usize, color: bool) {
    let differences = &document.comparison.differences;
    if differences.is_empty() {
        *text += "Their environments and settings do not differ in anything that is recorded.\n";
        return;
    }
    let heading = painted("What differs between them beside the numbers", Tone::Bold, color);
    *text += &format!("{heading}\n");
    let mut last = None;
    for difference in differences {
        let group = if last == Some(difference.group) {
            ""
        } else {
            difference.group.name()
        };
        last = Some(difference.group);
        let words = format!("{}: {} → {}", difference.name, difference.base, difference.current);
        *text += &hanging(&format!("{group:<9} "), &words, width);
    }
}

/// A line for each metric: how often what is said.
fn summary(document: &Document, color: bool) -> String {
    let of = |metric: Metric| {
        let own = document
            .comparison
            .changes
            .iter()
            .filter(move |change| change.metric == metric);
        own.collect::<Vec<_>>()
    };
    let metrics: Vec<Metric> = document
        .options
        .metrics()
        .filter(|&metric| !of(metric).is_empty())
        .collect();
    let column = |head, right, cell: &dyn Fn(Metric) -> String| Column {
        head,
        right,
        cells: metrics.iter().map(|&metric| cell(metric)).collect(),
    };
    let count = |judgement| {
        move |metric| {
            let count = of(metric).iter().filter(|change| change.judgement == judgement).count();
            count.to_string()
        }
    };
    let columns = [
        column("metric", false, &|metric| words::head(metric).to_owned()),
        column("compared", true, &|metric| of(metric).len().to_string()),
        column("worse", true, &count(Judgement::Worse)),
        column("better", true, &count(Judgement::Better)),
        column("no difference", true, &count(Judgement::NoDifference)),
        column("cannot tell", true, &count(Judgement::CannotTell)),
        column("from", true, &|metric| typical(&of(metric))),
    ];
    let (heads, rows) = lines(&columns);
    painted(&heads, Tone::Bold, color) + "\n" + &rows.join("\n") + "\n"
}

/// The middle one of the ratios from which on changes that could not be told would have been.
fn typical(changes: &[&Change]) -> String {
    let unseen = changes
        .iter()
        .filter(|change| change.judgement == Judgement::CannotTell);
    let mut visible: Vec<f64> = unseen.filter_map(|change| change.visible).collect();
    visible.sort_by(f64::total_cmp);
    visible
        .get(visible.len() / 2)
        .map_or_else(String::new, |&ratio| words::factor(ratio))
}

/// Changes, each with its reason: behind it where there is room, else below.
fn list(changes: &[&Change], width: usize, tone: Option<Tone>, color: bool) -> String {
    let (heads, rows) = lines(&fitting(changes, width));
    let mut text = painted(&heads, Tone::Bold, color) + "\n";
    for (row, change) in rows.iter().zip(changes) {
        let mut row = row.clone();
        if let Some(why) = &change.why {
            let why = words::why(why);
            if row.chars().count() + 2 + why.chars().count() <= width {
                row = format!("{row}  {why}");
            } else {
                row = format!("{row}\n  {}", broken(&why, width - 2).join("\n  "));
            }
        }
        text += &tone.map_or_else(|| row.clone(), |tone| painted(&row, tone, color));
        text.push('\n');
    }
    text
}

/// Words behind `first`, all of their lines beginning where the first does.
fn hanging(first: &str, words: &str, width: usize) -> String {
    let indent = first.chars().count();
    let lines = broken(words, width - indent);
    format!("{first}{}\n", lines.join(&format!("\n{}", " ".repeat(indent))))
}
