//! What it says.

use serde_json::Value;

use crate::support::{Place, reference, rounds, run, two_runs};

fn same_everywhere(arguments: &str, place: &Place) {
    let told = place.compare(arguments);
    assert_eq!((told.code, &*told.errors), (Some(0), ""), "{arguments}");
    for words in [
        "the same run",
        "do not differ in anything that is recorded",
        "by its SHA-256: all servers",
        "\n0 worse, 0 better, ",
        " 0 cannot be told",
        "weak evidence",
    ] {
        let one_line = told.text.replace("\n         ", " ");
        assert!(
            one_line.contains(words),
            "{arguments}: '{words}' is not in:\n{}",
            told.text
        );
    }
    for heading in ["\nWorse", "\nBetter", "\nCannot be told\n"] {
        assert!(!told.text.contains(heading), "{arguments}: {heading}");
    }
}

#[test]
fn the_reference_runs_are_no_different_from_themselves() {
    let place = Place::new();
    for name in ["", "offered", "slow", "stop"] {
        let directory = reference().join(name);
        let directory = directory.display();
        same_everywhere(
            &format!("'{directory}' '{directory}' --all --fail-on inconclusive"),
            &place,
        );
    }
}

#[test]
fn what_is_worse_stands_first_with_how_well_it_is_known() {
    let place = two_runs(&[8e3, 8.1e3, 8.2e3]);
    let told = place.compare("before after");
    let worse: Vec<&str> = told
        .text
        .lines()
        .skip_while(|line| *line != "Worse")
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(
        worse,
        [
            "Worse",
            "server  conns  window  metric     base  current  ratio",
            // As much worse by the one as by the other.
            "select    100  busy    req/s      200k     123k   0.62  (0.61–0.63)",
            "select    100  busy    CPU/req  5.01µs   8.10µs   1.62  (1.59–1.64)",
        ],
        "{}",
        told.text
    );
    assert!(told.text.contains("2 worse, 0 better, "), "{}", told.text);
    assert!(!told.text.contains("\x1b["), "no terminal, no colours");
    let painted = place.compare("before after --color always").text;
    assert!(painted.contains("\x1b[31mselect"), "{painted}");
}

#[test]
fn rounds_enough_have_an_interval() {
    let place = two_runs(&[5.5e3, 5.51e3, 5.52e3, 5.53e3, 5.54e3]);
    let told = place.compare("before after");
    assert!(told.text.contains("rank-sum test"), "{}", told.text);
    assert!(told.text.contains("1.10  (1.09–1.11)"), "{}", told.text);
    let few = two_runs(&[5.5e3, 5.51e3, 5.52e3]).compare("before after");
    assert!(
        !few.text.contains("rank-sum test") && few.text.contains("\n0 worse"),
        "{}",
        few.text
    );
}

#[test]
fn limits_are_told_where_they_decide() {
    let place = two_runs(&[8e3, 8.1e3, 8.2e3]);
    assert!(!place.compare("before after").text.contains("limits:"));
    let told = place.compare("before after --metric cpu,p99 --limit cpu=12.5%").text;
    assert!(told.contains("\nlimits: p99 50 %, cpu 12.5 % (--limit)\n"), "{told}");
}

#[test]
fn the_circumstances_come_before_the_numbers() {
    let place = two_runs(&[5e3, 5.01e3, 5.02e3]);
    let mut other = run("other", &["poll", "select"]);
    other.environment.cpu.model = Some("Another CPU".to_owned());
    other.settings.duration_s = 1.0;
    for binary in &mut other.environment.binaries {
        if binary.name == "select" {
            binary.sha256 = Some("00".to_owned());
        }
    }
    let rows = [rounds("poll", &[5e3; 3]), rounds("select", &[9e3; 3])].concat();
    place.record("other", &other, &rows);
    let text = place.compare("before other").text;
    let mut rest = &*text;
    for words in [
        "machine   CPU: AMD EPYC → Another CPU\n",
        "settings  window: 4 s → 1 s\n",
        "The machine is not the same",
        "by its SHA-256: poll;",
        "Another program: select.",
        "Worse",
        "weak evidence",
    ] {
        let at = rest
            .find(words)
            .unwrap_or_else(|| panic!("'{words}' is not in its place in:\n{text}"));
        rest = &rest[at..];
    }
    assert!(!text.contains("kernel:"), "what is the same is not listed");
}

#[test]
fn what_is_not_compared_is_said() {
    let place = two_runs(&[5e3, 5.01e3, 5.02e3]);
    let mut rows = [rounds("poll", &[5e3, 5.01e3, 5.02e3]), rounds("thread", &[5e3; 3])].concat();
    rows[0].cpu_ns_per_request = None;
    place.record("other", &run("other", &["poll", "thread"]), &rows);
    let text = place.compare("before other").text;
    assert!(text.contains("Only in base: select with 100 connections."), "{text}");
    assert!(text.contains("Only in current: thread with 100 connections."), "{text}");
    // A missing value is no difference.
    assert!(text.contains("0 worse, 0 better"), "{text}");
}

#[test]
fn all_lists_what_cannot_be_told_with_what_would_have_been_seen() {
    let place = two_runs(&[4e3, 5e3, 8e3]);
    let few = place.compare("before after").text;
    let all = place.compare("before after --all").text;
    assert!(
        !few.contains("Cannot be told") && !few.contains("\nNo difference"),
        "{few}"
    );
    let line = all
        .lines()
        .find(|line| line.starts_with("select") && line.contains("CPU/req"))
        .unwrap();
    // 8 ÷ 5 of its own median, and 5.01 ÷ 5 of the other's.
    assert!(line.ends_with("1.60"), "{line}");
    assert!(all.contains("\nNo difference\n"), "{all}");
}

#[test]
fn nothing_is_wider_than_a_terminal_of_80_columns() {
    let place = two_runs(&[4e3, 8e3, 9e3]);
    let mut other = run("other", &["poll", "a-server-with-a-long-name"]);
    other.environment.os.kernel_version = Some("#1 SMP with many words ".repeat(9));
    let mut rows = rounds("poll", &[9e3; 3]);
    crate::support::fail(&mut rows[2], &"it said one thing and then another ".repeat(9));
    place.record("other", &other, &rows);
    for arguments in ["before after --all", "before other --all", "other before --all"] {
        let text = place.compare(arguments).text;
        let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 80, "{arguments}: {widest}");
    }
}

#[test]
fn machines_get_everything_in_one_object() {
    let place = two_runs(&[8e3, 8.1e3, 8.2e3]);
    let text = place.compare("before after --format json --limit cpu=30%").text;
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["schema"], 1);
    assert_eq!(told["base"]["run_id"], "before");
    assert_eq!(told["standing"], "regression");
    assert_eq!(told["limits"]["cpu"], 0.3);
    assert_eq!(told["programs"]["same"][0], "poll");
    let changes = told["changes"].as_array().unwrap();
    let first = changes.iter().find(|change| change["metric"] == "cpu").unwrap();
    assert_eq!(first["server"], "select");
    assert_eq!(
        (&first["judgement"], &first["window"]),
        (&Value::from("worse"), &Value::from("busy"))
    );
    assert_eq!(first["current"]["median"], 8100.0);
    assert_eq!(first["ratio"]["method"], "ranges");
    assert!(first["ratio"]["low"].as_f64().unwrap() < first["ratio"]["estimate"].as_f64().unwrap());
    let judgements = told["changes"].as_array().unwrap().iter();
    assert!(
        judgements
            .filter(|change| change["judgement"] == "no-difference")
            .count()
            > 1
    );
}

#[test]
fn markdown_is_a_table_for_each_kind() {
    let place = two_runs(&[8e3, 8.1e3, 8.2e3]);
    let text = place.compare("before after --format markdown").text;
    assert!(text.starts_with("## 2 worse, 0 better, "), "{text}");
    assert!(text.contains("\n### Worse\n\n| server | conns |"), "{text}");
    let row = text.lines().find(|line| line.starts_with("| select")).unwrap();
    let rule = text.lines().find(|line| line.starts_with("| ---")).unwrap();
    let cells = |line: &str| line.matches(" |").count();
    assert_eq!(cells(row), cells(rule), "{row}\n{rule}");
}
