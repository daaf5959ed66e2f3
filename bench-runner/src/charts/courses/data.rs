//! What a chart of ratios over time shows.

use anyhow::ensure;

/// What such a chart shows.
#[derive(Clone, Debug, Default)]
pub struct Courses {
    /// The finding.
    pub title: String,
    /// How it was measured.
    pub subtitle: String,
    /// Where it comes from.
    pub footer: String,
    /// From left to right, then from top to bottom.
    pub panels: Vec<CoursePanel>,
}

/// One course.
#[derive(Clone, Debug, Default)]
pub struct CoursePanel {
    /// What it is of.
    pub heading: String,
    /// What is to be said of it.
    pub remark: String,
    /// The model whose colour and marker it has.
    pub model: String,
    /// The ratios, the oldest first.
    pub ratios: Vec<f64>,
    /// The day of each.
    pub days: Vec<String>,
    /// The levels, of which the first begins with the first ratio.
    pub levels: Vec<Level>,
}

/// A stretch without a change.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// Index of its first ratio.
    pub start: usize,
    /// Its median.
    pub median: f64,
    /// What is said of the change that it begins with; nothing of the first.
    pub change: String,
    /// Whether that change is for the worse.
    pub worse: bool,
}

/// Refuses what has no place on the axes.
pub(super) fn check(panel: &CoursePanel) -> anyhow::Result<()> {
    let CoursePanel {
        heading,
        ratios,
        levels,
        ..
    } = panel;
    let medians = levels.iter().map(|level| &level.median);
    for ratio in ratios.iter().chain(medians) {
        ensure!(
            ratio.is_finite() && *ratio > 0.0,
            "a ratio of {ratio} of '{heading}' has no place on an axis"
        );
    }
    ensure!(
        panel.days.len() == ratios.len(),
        "'{heading}' has {} days for {} ratios",
        panel.days.len(),
        ratios.len()
    );
    let starts: Vec<usize> = levels.iter().map(|level| level.start).collect();
    ensure!(
        starts.is_sorted_by(|a, b| a < b) && starts.iter().all(|&start| start < ratios.len()),
        "the levels of '{heading}' begin at {starts:?} of {} ratios",
        ratios.len()
    );
    Ok(())
}
