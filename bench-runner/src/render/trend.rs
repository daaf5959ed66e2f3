//! The table of a history: a line a course, in groups of those that may be held against each other.

use loadgen::units::{counted, grouped, short};

use super::notes::broken;
use crate::stats::{ChangePoint, Course, Group, percent};

/// What stands in a line before its changes.
const HEADS: [&str; 5] = ["model", "conns", "load", "points", "last"];
/// Spaces between columns.
const GAP: usize = 2;
/// The least room that changes have.
const LEAST: usize = 30;

/// All groups, the newest first, in lines of at most `width` characters where that can be.
#[must_use]
pub fn trend(groups: &[Group], width: u16) -> String {
    let width = usize::from(width.max(80));
    let tables = groups.iter().map(|group| {
        let heading = heading(group, &groups[0]);
        let heading: String = heading
            .iter()
            .map(|text| broken(text, width).join("\n") + "\n")
            .collect();
        format!("{heading}\n{}", table(group, width))
    });
    tables.collect::<Vec<_>>().join("\n")
}

/// What is told, of what, and why it is apart from the newest group.
fn heading(group: &Group, newest: &Group) -> Vec<String> {
    let build = match &group.reference_sha256 {
        Some(sha256) => format!(" (build {})", sha256.chars().take(8).collect::<String>()),
        None => " (a program without a hash: whether it stayed the same, nobody knows)".to_owned(),
    };
    let (metric, reference) = (group.metric.words(), &group.reference);
    let mut lines = vec![
        format!("{metric} ÷ that of {reference}{build} in the same run"),
        format!("{}; {}", group.load, group.environment_class),
    ];
    let differs = [
        (
            group.environment_class != newest.environment_class,
            "another class of machines",
        ),
        (group.load != newest.load, "another load"),
        (group.reference != newest.reference, "another pinned server"),
        (
            group.reference == newest.reference && group.reference_sha256 != newest.reference_sha256,
            "another build of the pinned server",
        ),
    ];
    let why: Vec<&str> = differs
        .iter()
        .filter(|(differs, _)| *differs)
        .map(|(_, what)| *what)
        .collect();
    if !why.is_empty() {
        lines.push(format!("apart from the above: {}", why.join(", ")));
    }
    lines
}

fn table(group: &Group, width: usize) -> String {
    let rows: Vec<[String; 5]> = group.courses.iter().map(cells).collect();
    let widths: Vec<usize> = (0..HEADS.len())
        .map(|i| {
            let cells = rows.iter().map(|row| row[i].chars().count());
            cells.max().unwrap_or(0).max(HEADS[i].len())
        })
        .collect();
    let line = |cells: &[&str], rest: &str| {
        let mut text = String::new();
        for (i, (cell, &width)) in cells.iter().zip(&widths).enumerate() {
            // Names to the left, numbers to the right.
            text += &match i {
                0 | 2 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            };
            text += &" ".repeat(GAP);
        }
        (text + rest).trim_end().to_owned() + "\n"
    };
    let before: usize = widths.iter().map(|width| width + GAP).sum();
    let room = width.saturating_sub(before).max(LEAST);
    let mut text = line(&HEADS, "changes, the newest first");
    for (row, course) in rows.iter().zip(&group.courses) {
        let told = changes(group, course);
        let parts = told.iter().flat_map(|told| broken(told, room));
        for (i, part) in parts.enumerate() {
            let cells: Vec<&str> = row.iter().map(|cell| if i == 0 { &**cell } else { "" }).collect();
            text += &line(&cells, &part);
        }
    }
    text
}

fn cells(course: &Course) -> [String; 5] {
    let point = course.last();
    let points = match course.older {
        0 => grouped(course.points.len() as u64),
        older => format!(
            "{} of {}",
            course.points.len(),
            grouped((course.points.len() + older) as u64)
        ),
    };
    let last = format!("{}×", short(point.ratio));
    [point.server.clone(), grouped(point.conns), course.talk(), points, last]
}

fn changes(group: &Group, course: &Course) -> Vec<String> {
    if course.changes.is_empty() {
        return vec![course.told()];
    }
    course
        .changes
        .iter()
        .rev()
        .map(|change| told(group, course, change))
        .collect()
}

/// A change with all that is known of it.
#[must_use]
pub fn told(group: &Group, course: &Course, change: &ChangePoint) -> String {
    let worse = if group.is_worse(change) { "worse" } else { "better" };
    let same = if course.is_same_program(change) {
        ", by the same program"
    } else {
        ""
    };
    format!(
        "{} {} ({worse}{same}; {} ago, p {})",
        percent(change.size),
        course.when(change),
        counted(course.since(change) as u64, "point"),
        change.p
    )
}
