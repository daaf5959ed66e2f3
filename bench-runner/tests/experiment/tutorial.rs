//! Servers that are wrong on purpose: each is found out by the check that is there for its fault, and none is compared.

use std::fs;
use std::process::Output;

use crate::languages::{has, tree};
use crate::support::{Place, output};

/// Checks a server of scripts/tutorial; `None` where there is no Python.
fn verified(server: &str, flags: &str) -> Option<Output> {
    if !has(&["python3", "-c", "pass"]) {
        eprintln!("skipped: no python3 here");
        return None;
    }
    let place = Place::new();
    let mut command = place.command(&format!("verify -m tutorial-{server} {flags}"));
    command
        .arg("--catalog")
        .arg(tree().join("scripts/tutorial/models.toml"));
    let output = output(&mut command);
    place.nothing_left();
    Some(output)
}

/// That a server is failed for this fault and for no other, and told the way out.
fn has_one_fault(server: &str, check: &str, words: &[&str]) {
    let Some(output) = verified(server, "") else { return };
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!((text.matches('✗').count(), text.lines().count()), (1, 1), "{text}");
    assert!(text.contains(&format!("✗ check '{check}': ")), "{text}");
    for word in words {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
}

#[test]
fn one_accept_for_each_edge_is_named() {
    let words = [
        "of 32 connected clients got no reply until another one came",
        "accept until EAGAIN",
    ];
    has_one_fault("accept-once", "a burst of connections", &words);
}

#[test]
fn one_read_for_each_edge_is_named() {
    has_one_fault(
        "read-once",
        "requests that pile up",
        &["reads once for each edge", "read until EAGAIN"],
    );
}

#[test]
fn waiting_for_what_is_always_so_is_named() {
    let words = [
        "nobody talked, and none without connections",
        "only while something is left to be sent",
    ];
    has_one_fault("always-writable", "silent connections", &words);
}

#[test]
fn a_list_that_is_changed_while_it_is_walked_is_named() {
    has_one_fault(
        "walked-list",
        "clients that leave",
        &["passes over the next one", "walk through a copy"],
    );
}

#[test]
fn a_small_backlog_is_a_warning_unless_asked_to_be_strict() {
    for (flags, code) in [("", 0), ("--strict", 1)] {
        let Some(output) = verified("listen-five", flags) else {
            return;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), text.contains('✗')),
            (Some(code), false),
            "{text}"
        );
        let warning = "! check 'room for a burst': of 32 clients that come at once 6 get in";
        assert!(text.contains("answers rightly\n") && text.contains(warning), "{text}");
        assert!(text.contains("its backlog is 5; pass more to listen(2)"), "{text}");
    }
}

/// What spins is failed unless its catalogue says that it does so by its model.
#[test]
fn a_server_that_never_waits_is_failed_unless_that_is_its_model() {
    let place = Place::new();
    let entry =
        |name: &str, more: &str| format!("[[model]]\nname = \"{name}\"\nbinary = \"server-busy-poll\"\n{more}\n");
    fs::write(
        place.path("catalog.toml"),
        entry("restless", "") + &entry("frank", "spins = true"),
    )
    .unwrap();
    let output = output(&mut place.command("verify --catalog catalog.toml -m restless,frank"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let (restless, frank) = text.split_once('\n').unwrap();
    assert!(
        frank.starts_with("frank") && frank.ends_with("answers rightly\n"),
        "{text}"
    );
    for word in ["✗ check 'silent connections'", "it never waits", "`spins = true`"] {
        assert!(restless.contains(word), "{text}");
    }
    place.nothing_left();
}

/// A faulty server has rows and a line in the table, whether or not it could be measured. No chart and no finding has
/// it, also when they are made again from the records.
#[test]
fn what_is_wrong_on_purpose_is_in_the_table_and_in_no_chart() {
    let place = Place::new();
    let catalog = "[[model]]\nname = \"wrong-way\"\nbinary = \"server-poll\"\nfaulty = true\n\
                   [[model]]\nname = \"dead-end\"\ncommand = \"false {port}\"\nfaulty = true\n";
    fs::write(place.path("catalog.toml"), catalog).unwrap();
    let run = place.recorded(output(
        &mut place.short_run("-c 6 --active 2 --catalog catalog.toml -m epoll,wrong-way,dead-end"),
    ));
    assert_eq!(run.code, Some(1), "{}", run.told);
    assert_eq!(run.run["faulty"], serde_json::json!(["wrong-way", "dead-end"]));
    run.is_measured("wrong-way");
    run.has_failed("dead-end", &["ended with exit code 1"]);
    let again = output(&mut place.bare("report out"));
    for text in [run.table, String::from_utf8(again.stdout).unwrap()] {
        let (findings, table) = text.split_once("6 connections\n").unwrap();
        assert!(
            !findings.contains("wrong-way") && !findings.contains("dead-end"),
            "{text}"
        );
        assert!(
            table.contains("\nwrong-way ") && table.contains("\ndead-end "),
            "{text}"
        );
        let note = "wrong on purpose, and in no chart and no finding: wrong-way, dead-end";
        assert!(table.contains(note), "{text}");
        assert!(
            table.contains("see below") && table.contains("\ndead-end: it ended with exit code 1"),
            "{text}"
        );
    }
    for chart in ["1-served", "2-watched", "7-cpu"] {
        let chart = fs::read_to_string(place.path(&format!("out/{chart}.svg"))).unwrap();
        assert!(chart.contains("epoll-edge"), "the others are in it");
        assert!(!chart.contains("wrong-way") && !chart.contains("dead-end"));
    }
    place.nothing_left();
}

#[test]
fn where_all_are_wrong_on_purpose_there_is_no_chart() {
    let place = Place::new();
    let catalog = "[[model]]\nname = \"wrong-way\"\nbinary = \"server-poll\"\nfaulty = true\n";
    fs::write(place.path("catalog.toml"), catalog).unwrap();
    let run = place.recorded(output(
        &mut place.short_run("-c 6 --active 2 --catalog catalog.toml -m wrong-way"),
    ));
    assert_eq!(run.code, Some(0), "{}", run.told);
    assert!(place.path("out/README.md").exists() && !place.path("out/1-served.svg").exists());
}
