//! Histories that are made up, without noise but for a hundredth that goes up and down.

use jiff::Timestamp;

use super::*;
use crate::record::HISTORY_SCHEMA;

fn point(server: &str, run: u32, ratio: f64) -> Point {
    let wobble = 1.0 + 0.01 * f64::from(run * 7 % 5) / 4.0;
    Point {
        schema: HISTORY_SCHEMA,
        at: Timestamp::from_second(1_700_000_000 + 86_400 * i64::from(run)).unwrap(),
        revision: Some(format!("{run:07x}{}", "0".repeat(33))),
        dirty: Some(false),
        run_id: format!("run-{run}"),
        server: server.to_owned(),
        server_sha256: Some(format!("{run:064x}")),
        metric: Metric::CpuNsPerRequest,
        conns: 10_000,
        window: Window::Busy,
        active: 10_000,
        rate_per_s: None,
        load: "closed loop".to_owned(),
        environment_class: "a machine".to_owned(),
        reference: "pinned".to_owned(),
        reference_sha256: Some("f".repeat(64)),
        rounds: 3,
        value: ratio * wobble,
        reference_value: 1.0,
        ratio: ratio * wobble,
    }
}

/// So many runs, of which those from `at` on are `factor` as dear.
fn steps(server: &str, runs: u32, at: u32, factor: f64) -> Vec<Point> {
    (0..runs)
        .map(|run| point(server, run, if run < at { 2.0 } else { 2.0 * factor }))
        .collect()
}

fn of(points: &[Point]) -> Vec<Group> {
    courses(&points.iter().collect::<Vec<_>>(), Metric::CpuNsPerRequest, 1)
}

fn titled(points: &[Point]) -> String {
    of(points)[0].title()
}

#[test]
fn a_change_is_told_with_its_size_and_the_revisions_that_it_lies_between() {
    let group = &of(&steps("poll", 30, 18, 1.08))[0];
    let course = &group.courses[0];
    let [change] = course.changes[..] else {
        panic!("one change")
    };
    assert_eq!((change.index, course.since(&change)), (18, 12));
    assert!(group.is_worse(&change));
    assert_eq!(course.between(&change), "0000011..0000012");
    assert!(!course.is_same_program(&change));
    assert_eq!(group.title(), "poll: CPU per request +8.0 % since 0000011..0000012");
    let group = &of(&steps("poll", 30, 18, 0.8))[0];
    assert!(!group.is_worse(&group.courses[0].changes[0]));
    assert_eq!(group.title(), "poll: CPU per request −20 % since 0000011..0000012");
}

#[test]
fn more_throughput_is_no_worse() {
    let points: Vec<Point> = steps("poll", 30, 18, 1.08)
        .into_iter()
        .map(|point| Point {
            metric: Metric::RatePerS,
            ..point
        })
        .collect();
    assert!(of(&points).is_empty(), "another metric");
    let group = &courses(&points.iter().collect::<Vec<_>>(), Metric::RatePerS, 1)[0];
    assert!(!group.is_worse(&group.courses[0].changes[0]));
    assert_eq!(group.title(), "poll: throughput +8.0 % since 0000011..0000012");
}

#[test]
fn revisions_that_are_not_all_or_not_known_or_the_same_are_told_as_such() {
    let with = |change: &dyn Fn(u32, &mut Point)| {
        let mut points = steps("poll", 30, 18, 1.08);
        (0..).zip(&mut points).for_each(|(run, point)| change(run, point));
        let course = of(&points)[0].courses[0].clone();
        (
            course.when(&course.changes[0]),
            course.is_same_program(&course.changes[0]),
        )
    };
    assert_eq!(
        with(&|run, point| point.dirty = Some(run == 18)).0,
        "since 0000011..0000012+"
    );
    assert_eq!(
        with(&|_, point| point.revision = None).0,
        "since 2023-12-01..2023-12-02"
    );
    let same =
        with(&|_, point| (point.revision, point.server_sha256) = (Some("3ab12cd9".to_owned()), Some("a".to_owned())));
    assert_eq!(same, ("within 3ab12cd".to_owned(), true));
    let unknown = with(&|_, point| point.server_sha256 = None);
    assert!(!unknown.1, "what is not known is not the same");
}

#[test]
fn the_title_names_the_newest_change_and_counts_the_others() {
    let mut points = steps("fork", 40, 15, 1.3);
    points.extend(steps("poll", 40, 30, 1.05));
    points.extend(steps("thread", 40, 40, 1.0));
    assert_eq!(
        titled(&points),
        "poll: CPU per request +5.0 % since 000001d..000001e; 2 of 3 have changed"
    );
    assert_eq!(
        titled(&points[80..]),
        "thread: no change of CPU per request in 40 points"
    );
    let flat: Vec<Point> = [steps("a", 12, 12, 1.0), steps("b", 30, 30, 1.0)].concat();
    assert_eq!(
        titled(&flat),
        "No change of CPU per request in any of 2, of up to 30 points"
    );
}

#[test]
fn too_few_points_say_that_nothing_could_be_found() {
    let few = steps("poll", 11, 5, 3.0);
    assert_eq!(
        titled(&few),
        "poll: CPU per request: fewer than 12 points: no change could be found"
    );
    assert!(of(&few)[0].courses[0].is_short());
    let both = [few, steps("fork", 3, 3, 1.0)].concat();
    assert_eq!(
        titled(&both),
        "No change of CPU per request could be found: fewer than 12 points"
    );
}

#[test]
fn loads_of_one_server_are_told_apart_in_its_name() {
    let mut points = steps("poll", 30, 18, 1.08);
    points.extend(steps("poll", 30, 30, 1.0).into_iter().map(|point| Point {
        window: Window::Idle,
        active: 100,
        ..point
    }));
    points.extend(steps("fork", 30, 30, 1.0));
    let group = &of(&points)[0];
    let names: Vec<String> = group.courses.iter().map(|course| group.name(course)).collect();
    let expected = [
        "poll (10,000 connections, all talk)",
        "poll (10,000 connections, 100 talk)",
        "fork",
    ];
    assert_eq!(names, expected);
    let open = Point {
        window: Window::Open,
        rate_per_s: Some(2e4),
        ..point("poll", 1, 1.0)
    };
    assert_eq!(of(&[open])[0].courses[0].talk(), "20.0k req/s offered");
}

#[test]
fn what_is_not_comparable_is_never_in_one_course() {
    let with = |change: &dyn Fn(&mut Point)| {
        let mut points = steps("poll", 30, 30, 1.0);
        // Every second run is another, and twice as dear: as one they would be noise, or a change.
        for point in points.iter_mut().skip(1).step_by(2) {
            point.ratio *= 2.0;
            change(point);
        }
        let groups = of(&points);
        let apart = groups
            .iter()
            .flat_map(|group| &group.courses)
            .map(|course| course.points.len());
        (groups.len(), apart.collect::<Vec<_>>())
    };
    let halves = vec![15, 15];
    assert_eq!(
        with(&|point| point.environment_class = "another".to_owned()),
        (2, halves.clone())
    );
    assert_eq!(with(&|point| point.load = "open loop".to_owned()), (2, halves.clone()));
    assert_eq!(
        with(&|point| point.reference = "poll-old".to_owned()),
        (2, halves.clone())
    );
    assert_eq!(
        with(&|point| point.reference_sha256 = Some("0".to_owned())),
        (2, halves.clone())
    );
    assert_eq!(with(&|point| point.reference_sha256 = None), (2, halves.clone()));
    assert_eq!(with(&|point| point.conns = 10), (1, halves.clone()));
    assert_eq!(with(&|point| point.active = 10), (1, halves.clone()));
    assert_eq!(with(&|point| point.window = Window::Idle), (1, halves.clone()));
    assert_eq!(with(&|point| point.rate_per_s = Some(1.0)), (1, halves));
    assert_eq!(with(&|point| point.rounds = 5), (1, vec![30]));
}

#[test]
fn the_newest_group_is_first_and_runs_are_in_the_order_of_time() {
    let mut points = steps("poll", 30, 18, 1.08);
    points.reverse();
    let old = Point {
        environment_class: "an older machine".to_owned(),
        ..point("poll", 5, 1.0)
    };
    points.insert(0, old);
    let groups = of(&points);
    assert_eq!(groups[0].environment_class, "a machine");
    assert_eq!(groups[0].courses[0].changes[0].index, 18);
    assert_eq!(groups[1].environment_class, "an older machine");
}

#[test]
fn of_a_long_course_the_newest_points_are_looked_at() {
    let course = of(&steps("poll", 512, 512, 1.0)).remove(0).courses.remove(0);
    assert_eq!((course.points.len(), course.older), (500, 12));
    assert_eq!(course.points[0].run_id, "run-12");
}

#[test]
fn sizes_have_a_sign_and_no_more_digits_than_they_need() {
    let told = [0.081, -0.034, 0.0996, 0.23, -0.5, 3.0].map(percent);
    assert_eq!(told, ["+8.1 %", "−3.4 %", "+10 %", "+23 %", "−50 %", "+300 %"]);
}
