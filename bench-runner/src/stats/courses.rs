//! Histories put together: a course for each thing that is followed, and where it changed.

use loadgen::units::{counted, grouped, short};

use super::change_points::{ChangePoint, FEWEST, change_points};
use crate::record::{Metric, Point, Window};

/// Of a longer course the newest points are looked at: the time that it takes grows with their square, and what happened
/// years ago stands in what was said then.
const MOST: usize = 500;

/// Courses whose points may be held against each other, for nothing but the servers and what was asked of them differs.
#[derive(Clone, Debug)]
pub struct Group {
    /// What is followed.
    pub metric: Metric,
    /// The class of machines.
    pub environment_class: String,
    /// What was sent, in words.
    pub load: String,
    /// The pinned server.
    pub reference: String,
    /// SHA-256 of its program; `None` where nobody knows it.
    pub reference_sha256: Option<String>,
    /// A course a server, connection count and window, as they came.
    pub courses: Vec<Course>,
}

/// One server under one load over time.
#[derive(Clone, Debug)]
pub struct Course {
    /// Its points, the oldest first; at most the newest 500.
    pub points: Vec<Point>,
    /// How many older ones there are.
    pub older: usize,
    /// Where it changed, the oldest first.
    pub changes: Vec<ChangePoint>,
}

/// The courses of `metric` among `points`, the group with the newest point first. The same `seed` gives the same changes.
#[must_use]
pub fn courses(points: &[&Point], metric: Metric, seed: u64) -> Vec<Group> {
    let mut sorted: Vec<&Point> = points.iter().copied().filter(|point| point.metric == metric).collect();
    // Runs may have been added in any order; those of one time stay as they are in the file.
    sorted.sort_by_key(|point| point.at);
    let mut groups: Vec<Vec<Vec<&Point>>> = Vec::new();
    for point in sorted {
        let Some(group) = groups.iter_mut().find(|group| are_comparable(group[0][0], point)) else {
            groups.push(vec![vec![point]]);
            continue;
        };
        match group.iter_mut().find(|course| is_same_course(course[0], point)) {
            Some(course) => course.push(point),
            None => group.push(vec![point]),
        }
    }
    let newest = |group: &Vec<Vec<&Point>>| group.iter().flatten().map(|point| point.at).max();
    groups.sort_by_key(|group| std::cmp::Reverse(newest(group)));
    groups.into_iter().map(|group| whole(group, seed)).collect()
}

fn are_comparable(a: &Point, b: &Point) -> bool {
    a.environment_class == b.environment_class
        && a.load == b.load
        && a.reference == b.reference
        && a.reference_sha256 == b.reference_sha256
}

fn is_same_course(a: &Point, b: &Point) -> bool {
    (&a.server, a.conns, a.window, a.active) == (&b.server, b.conns, b.window, b.active) && a.rate_per_s == b.rate_per_s
}

fn whole(group: Vec<Vec<&Point>>, seed: u64) -> Group {
    let first = group[0][0].clone();
    let course = |points: Vec<&Point>| {
        let older = points.len().saturating_sub(MOST);
        let points: Vec<Point> = points[older..].iter().map(|&point| point.clone()).collect();
        let ratios: Vec<f64> = points.iter().map(|point| point.ratio).collect();
        Course {
            changes: change_points(&ratios, seed),
            points,
            older,
        }
    };
    Group {
        metric: first.metric,
        environment_class: first.environment_class,
        load: first.load,
        reference: first.reference,
        reference_sha256: first.reference_sha256,
        courses: group.into_iter().map(course).collect(),
    }
}

impl Course {
    /// The newest point.
    ///
    /// # Panics
    /// Never: a course has points.
    #[must_use]
    pub fn last(&self) -> &Point {
        self.points.last().expect("a course has points")
    }

    /// What talked in its windows: `all talk`, `100 talk`, `20.0k req/s offered`.
    #[must_use]
    pub fn talk(&self) -> String {
        let point = self.last();
        match point.window {
            Window::Busy => "all talk".to_owned(),
            Window::Idle => format!("{} talk", grouped(point.active)),
            Window::Open => format!("{} req/s offered", short(point.rate_per_s.unwrap_or_default())),
        }
    }

    /// Whether there are too few points to find anything.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.points.len() < FEWEST
    }

    /// How many points there are since a change, those of its new level.
    #[must_use]
    pub fn since(&self, change: &ChangePoint) -> usize {
        self.points.len() - change.index
    }

    /// Between which revisions a change came: the last of the old level and the first of the new one.
    #[must_use]
    pub fn between(&self, change: &ChangePoint) -> String {
        let (before, after) = (&self.points[change.index - 1], &self.points[change.index]);
        if before.revision.is_some() && before.revision == after.revision && before.dirty == after.dirty {
            return format!("within {}", revision(after));
        }
        format!("{}..{}", revision(before), revision(after))
    }

    /// Whether the server's program was the same before and after a change, so that it does not come from its code.
    #[must_use]
    pub fn is_same_program(&self, change: &ChangePoint) -> bool {
        let (before, after) = (&self.points[change.index - 1], &self.points[change.index]);
        before.server_sha256.is_some() && before.server_sha256 == after.server_sha256
    }

    /// What can be said of it in a few words, the newest change of it at the most.
    #[must_use]
    pub fn told(&self) -> String {
        match self.changes.last() {
            Some(change) => format!("{} {}", percent(change.size), self.when(change)),
            None if self.is_short() => format!("fewer than {FEWEST} points: no change could be found"),
            None => "no change".to_owned(),
        }
    }

    /// `since 3ab12cd..9f0cd12`.
    #[must_use]
    pub fn when(&self, change: &ChangePoint) -> String {
        match self.between(change) {
            within if within.starts_with("within") => within,
            between => format!("since {between}"),
        }
    }
}

impl Group {
    /// What a course is called: its server, and its load where the group has others of that server.
    #[must_use]
    pub fn name(&self, course: &Course) -> String {
        let point = course.last();
        let alike = self.courses.iter().filter(|other| other.last().server == point.server);
        if alike.count() > 1 {
            let conns = counted(point.conns, "connection");
            format!("{} ({conns}, {})", point.server, course.talk())
        } else {
            point.server.clone()
        }
    }

    /// Whether a change is for the worse.
    #[must_use]
    pub fn is_worse(&self, change: &ChangePoint) -> bool {
        (change.size > 0.0) == self.metric.is_a_cost()
    }

    /// The finding, which is the title of the chart: the newest change, and how many courses have any.
    #[must_use]
    pub fn title(&self) -> String {
        let metric = self.metric.words();
        let changed: Vec<&Course> = self
            .courses
            .iter()
            .filter(|course| !course.changes.is_empty())
            .collect();
        let newest = |course: &&&Course| Some(course.points[course.changes.last()?.index].at);
        let many = self.courses.len();
        if let Some(course) = changed.iter().max_by_key(newest) {
            let (name, told) = (self.name(course), course.told());
            let all = match changed.len() {
                1 => String::new(),
                others => format!("; {others} of {many} have changed"),
            };
            return format!("{name}: {metric} {told}{all}");
        }
        let most = self.courses.iter().map(|course| course.points.len()).max().unwrap_or(0);
        match &*self.courses {
            [only] if only.is_short() => format!("{}: {metric}: {}", self.name(only), only.told()),
            [only] => format!("{}: no change of {metric} in {most} points", self.name(only)),
            all if all.iter().all(Course::is_short) => {
                format!("No change of {metric} could be found: fewer than {FEWEST} points")
            }
            _ => format!("No change of {metric} in any of {many}, of up to {most} points"),
        }
    }
}

/// A revision as people write it, with `+` where it was not all; the day where it is not known.
fn revision(point: &Point) -> String {
    let dirty = if point.dirty == Some(true) { "+" } else { "" };
    match &point.revision {
        Some(revision) => {
            let short: String = revision.chars().take(7).collect();
            short + dirty
        }
        None => point.at.strftime("%Y-%m-%d").to_string(),
    }
}

/// A change in words: `+8.1 %`, `−23 %`.
#[must_use]
pub fn percent(size: f64) -> String {
    let (sign, size) = (if size < 0.0 { "−" } else { "+" }, size.abs() * 100.0);
    if size < 9.95 {
        format!("{sign}{size:.1} %")
    } else {
        format!("{sign}{size:.0} %")
    }
}

#[cfg(test)]
mod tests;
