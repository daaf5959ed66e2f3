//! Ratios over time, of the newest group of a history.

use loadgen::units::{counted, short};

use crate::charts::{CoursePanel, Courses, Level, MOST_PANELS};
use crate::stats::{Course, Estimate, Group, percent};

/// The data of the chart "ratios over time". Where there are more courses than it has room for, those that changed last
/// come first.
#[must_use]
pub fn courses(group: &Group) -> Courses {
    let mut courses: Vec<&Course> = group.courses.iter().collect();
    // Stable: those without a change stay in their order.
    courses.sort_by_key(|course| std::cmp::Reverse(changed_at(course)));
    let all = courses.len();
    courses.truncate(MOST_PANELS);
    let some = if all > MOST_PANELS {
        format!("; {MOST_PANELS} of {all}, the last to change first")
    } else {
        String::new()
    };
    let build = group.reference_sha256.as_ref().map_or_else(String::new, |sha256| {
        format!(" (build {})", sha256.chars().take(8).collect::<String>())
    });
    let points = || group.courses.iter().flat_map(|course| &course.points);
    let day = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string());
    let (first, last) = (
        points().map(|point| point.at).min(),
        points().map(|point| point.at).max(),
    );
    Courses {
        title: group.title(),
        subtitle: format!(
            "{} ÷ that of {}{build} in the same run, median of the rounds; {}{some}",
            group.metric.words(),
            group.reference,
            group.load,
        ),
        footer: format!(
            "{} · {} to {} · bench-runner {}",
            group.environment_class,
            day(first),
            day(last),
            env!("CARGO_PKG_VERSION")
        ),
        panels: courses.into_iter().map(|course| panel(group, course)).collect(),
    }
}

/// When a course changed last.
fn changed_at(course: &Course) -> Option<jiff::Timestamp> {
    Some(course.points[course.changes.last()?.index].at)
}

fn panel(group: &Group, course: &Course) -> CoursePanel {
    let last = course.last();
    let ratios: Vec<f64> = course.points.iter().map(|point| point.ratio).collect();
    let short_of_points = if course.is_short() {
        format!(": {}", course.told())
    } else {
        String::new()
    };
    let starts: Vec<usize> = std::iter::once(0)
        .chain(course.changes.iter().map(|change| change.index))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([ratios.len()]);
    let level = |(i, (&start, end)): (usize, (&usize, usize))| {
        let change = i.checked_sub(1).map(|i| &course.changes[i]);
        Level {
            start,
            median: Estimate::of(ratios[start..end].iter().copied()).map_or(1.0, |level| level.median),
            change: change.map_or_else(String::new, |change| {
                format!("{} {}", percent(change.size), course.between(change))
            }),
            worse: change.is_some_and(|change| group.is_worse(change)),
        }
    };
    CoursePanel {
        heading: group.name(course),
        remark: format!(
            "{}, last {}×{short_of_points}",
            counted(ratios.len() as u64, "point"),
            short(last.ratio)
        ),
        model: last.server.clone(),
        days: course
            .points
            .iter()
            .map(|point| point.at.strftime("%Y-%m-%d").to_string())
            .collect(),
        levels: starts.iter().zip(ends).enumerate().map(level).collect(),
        ratios,
    }
}
