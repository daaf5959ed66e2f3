//! Ratios over time.

use bench_runner::charts::{CoursePanel, Courses, Level};

use crate::support::{FOOTER, MODELS, SUBTITLE, examine, models, refusal};

/// `n` ratios with these levels: where each begins, how high it is, and what is said of its beginning.
fn course(name: &str, n: usize, levels: &[(usize, f64, &str)]) -> CoursePanel {
    let level_of = |i: usize| levels.iter().rfind(|(start, ..)| *start <= i).unwrap().1;
    let ratio = |i: usize| level_of(i) * (1.0 + 0.008 * ((i * 7 % 11) as f64 - 5.0) / 5.0);
    CoursePanel {
        heading: name.to_owned(),
        remark: format!("{n} points, last {:.2}×", level_of(n - 1)),
        model: name.to_owned(),
        ratios: (0..n).map(ratio).collect(),
        days: (0..n)
            .map(|i| format!("2026-{:02}-{:02}", 1 + i / 28 % 12, 1 + i % 28))
            .collect(),
        levels: levels
            .iter()
            .map(|&(start, median, change)| Level {
                start,
                median,
                change: change.to_owned(),
                worse: change.starts_with('+'),
            })
            .collect(),
    }
}

fn courses_with(title: &str, panels: Vec<CoursePanel>) -> Courses {
    Courses {
        title: title.to_owned(),
        subtitle: SUBTITLE.to_owned(),
        footer: FOOTER.to_owned(),
        panels,
    }
}

const UP: &str = "+8.0 % 3ab12cd..9f0cd12";
const DOWN: &str = "−4.9 % 7711aa0..0b2c3d4";

#[test]
fn one_course_with_two_changes() {
    let panel = course("epoll-edge", 60, &[(0, 1.02, ""), (22, 0.97, DOWN), (41, 1.05, UP)]);
    let title = "epoll-edge: CPU per request +8.0 % since 3ab12cd..9f0cd12";
    examine("courses-1", true, &courses_with(title, vec![panel]));
}

#[test]
fn as_many_courses_as_fit() {
    let panel = |(i, name): (usize, &String)| match i % 4 {
        0 => course(
            name,
            40,
            &[
                (0, 1.0 + i as f64 / 4.0, ""),
                (20 + i, (1.0 + i as f64 / 4.0) * 1.08, UP),
            ],
        ),
        1 => course(name, 40, &[(0, 2.0, ""), (12, 1.9, DOWN)]),
        2 => course(name, 7, &[(0, 3.0, "")]),
        _ => course(name, 120, &[(0, 0.9, "")]),
    };
    let panels: Vec<CoursePanel> = models().iter().enumerate().map(panel).collect();
    let title = "thread-pool: CPU per request +8.0 % since 3ab12cd..9f0cd12; 6 of 17 have changed";
    examine("courses-12", true, &courses_with(title, panels[..12].to_vec()));
    for n in [2, 3, 5, 9] {
        examine(
            &format!("courses-{n}"),
            n == 5,
            &courses_with(title, panels[..n].to_vec()),
        );
    }
    let refused = refusal(&courses_with(title, panels));
    assert_eq!(refused, "cannot draw 17 courses: at most 12 fit");
}

#[test]
fn nothing_little_and_flat() {
    examine("courses-0", false, &courses_with("There is no history", Vec::new()));
    let one = course("poll", 1, &[(0, 1.0, "")]);
    examine("courses-single", false, &courses_with("One point", vec![one.clone()]));
    let flat = CoursePanel {
        ratios: vec![1.0; 20],
        days: vec!["2026-03-14".to_owned(); 20],
        ..one
    };
    examine("courses-flat", false, &courses_with("All alike, in a day", vec![flat]));
}

#[test]
fn more_changes_than_words_have_room_for() {
    let levels: Vec<(usize, f64, &str)> = (0..20)
        .map(|i| (i * 5, 1.0 + i as f64 * 0.1, if i == 0 { "" } else { UP }))
        .collect();
    let panels = MODELS[..12].iter().map(|name| course(name, 100, &levels));
    examine("courses-stairs", true, &courses_with("It climbs", panels.collect()));
    let one = course(
        "a server whose name is far too long to be a heading of anything that anybody would read",
        100,
        &levels,
    );
    examine("courses-stairs-1", false, &courses_with("It climbs", vec![one]));
}

#[test]
fn ratios_at_the_extremes() {
    let panels = [1e-9, 1e-3, 1.0, 1e3, 1e9].map(|size| {
        let mut panel = course("poll", 30, &[(0, size, ""), (15, size * 20.0, UP)]);
        panel.heading = format!("about {size}");
        panel
    });
    examine(
        "courses-extreme",
        false,
        &courses_with("From next to nothing to far too much", panels.to_vec()),
    );
}

#[test]
fn what_has_no_place_is_refused() {
    let with = |change: fn(&mut CoursePanel)| {
        let mut panel = course("poll", 20, &[(0, 1.0, ""), (10, 1.1, UP)]);
        change(&mut panel);
        refusal(&courses_with("No", vec![panel]))
    };
    assert!(with(|panel| panel.ratios[3] = 0.0).contains("a ratio of 0 of 'poll'"));
    assert!(with(|panel| panel.levels[1].median = f64::NAN).contains("a ratio of NaN of 'poll'"));
    assert!(with(|panel| _ = panel.days.pop()).contains("has 19 days for 20 ratios"));
    assert!(with(|panel| panel.levels[1].start = 20).contains("begin at [0, 20] of 20 ratios"));
    assert!(with(|panel| panel.levels.swap(0, 1)).contains("begin at [10, 0]"));
}
