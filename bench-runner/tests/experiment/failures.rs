//! Servers that fail: each is a row with its reason, and the others are measured.

use std::fs;

use crate::hostile::{contract, foreign};
use crate::support::{Place, bin_dir, output};

#[test]
fn each_way_to_fail_is_a_row_with_its_reason_and_the_others_are_measured() {
    let place = Place::new();
    let mut command = place.short_run("-m poll -c 6 --active 2");
    for (name, server) in [
        ("absent", "/no/such/program {port}".to_owned()),
        (
            "exits",
            "sh -c 'echo starting >&2; echo no port {port} for me >&2; exit 3'".to_owned(),
        ),
        ("wrong", foreign("wrong")),
        ("late-wrong", foreign("late-wrong")),
        ("mortal", foreign("mortal")),
        ("deaf-to-sigterm", foreign("deaf-to-sigterm")),
    ] {
        command.arg("--server").arg(format!("{name}={server}"));
    }
    let run = place.recorded(output(&mut command));
    assert_eq!(run.code, Some(1), "{}", run.told);
    assert_eq!(
        (run.rows.len(), run.keys().len()),
        (14, 14),
        "seven servers, two windows each"
    );
    run.is_measured("poll");
    run.accounts_for_every_cost();
    assert!(run.of("absent").iter().all(|row| row.connections.is_none()));
    run.has_failed("absent", &["cannot start '/no/such/program'", "No such file"]);
    run.has_failed("exits", &["ended with exit code 3", "no port ", " for me"]);
    run.has_failed(
        "wrong",
        &["check 'a request in pieces'", "the reply is wrong from byte 20 on"],
    );
    run.has_failed("late-wrong", &["it answered wrongly 1 times"]);
    run.has_failed(
        "mortal",
        &["ended with exit code 7 while it was measured", "out of luck"],
    );
    run.has_failed("deaf-to-sigterm", &["did not end within 3 s and was killed"]);
    for (server, line) in [("mortal", "out of luck"), ("poll", "")] {
        for row in run.of(server) {
            assert_eq!(row.last_stderr.as_deref().unwrap_or_default(), line);
        }
    }
    assert!(
        run.of("exits")[0]
            .last_stderr
            .as_deref()
            .is_some_and(|line| line.ends_with("for me"))
    );
    assert!(
        run.table.contains("absent failed:") && run.table.contains("poll"),
        "{}",
        run.table
    );
    let chart = fs::read_to_string(place.path("out/1-served.svg")).unwrap();
    assert!(chart.contains("mortal") && chart.contains("poll"));
    place.nothing_left();
}

#[test]
fn a_server_that_breaks_the_contract_is_told_how() {
    let place = Place::new();
    let mut command = place.short_run("-c 6 --active 2");
    let mut catalog = String::new();
    let kinds = ["mute", "babbler", "stubborn", "quitter", "complainer", "noisy"];
    for kind in kinds {
        let binary = contract(&place, kind);
        catalog += &format!("[[model]]\nname = \"{kind}\"\nbinary = \"{binary}\"\n");
    }
    fs::write(place.path("catalog.toml"), catalog).unwrap();
    command.args(["--catalog", "catalog.toml", "-m", &format!("poll,{}", kinds.join(","))]);
    let run = place.recorded(output(&mut command));
    assert_eq!(run.code, Some(1), "{}", run.told);
    run.is_measured("poll");
    run.has_failed("mute", &["it was not ready within 3 s"]);
    run.has_failed("babbler", &["it said 'hello there', which is no line of the contract"]);
    run.has_failed("stubborn", &["did not stop within 3 s and was killed"]);
    run.has_failed("quitter", &["without its `stopped` line"]);
    run.has_failed(
        "complainer",
        &["ended with exit code 4 when it was stopped", "cannot find the exit"],
    );
    run.has_failed("noisy", &["it said 'good bye', which is no line of the contract"]);
    assert_eq!(
        run.of("mute")[0].last_stderr.as_deref(),
        Some("waiting for inspiration")
    );
    assert_eq!(
        run.of("complainer")[0].last_stderr.as_deref(),
        Some("cannot find the exit")
    );
    place.nothing_left();
}

#[test]
fn a_server_that_dies_in_its_second_window_keeps_the_first() {
    let place = Place::new();
    let mut command = place.short_run("-m -all -c 4 --active 1 --duration 1200ms");
    command
        .arg("--server")
        .arg(format!("mortal={}", foreign("mortal-later")));
    let run = place.recorded(output(&mut command));
    assert_eq!(run.code, Some(1), "{}", run.told);
    let [busy, idle] = run.of("mortal")[..] else {
        panic!("{:?}", run.keys())
    };
    assert_eq!(
        (
            busy.window.name(),
            busy.connections.unwrap().served,
            busy.reason.as_deref()
        ),
        ("busy", 4, None)
    );
    assert_eq!((idle.window.name(), idle.verdict.name()), ("idle", "failed"));
    assert!(
        idle.reason
            .as_ref()
            .is_some_and(|reason| reason.contains("out of luck")),
        "{:?}",
        idle.reason
    );
    assert_eq!(
        (idle.rate_per_s, idle.requests),
        (None, None),
        "no number where there is none"
    );
}

#[test]
fn each_check_before_a_measurement_can_fail() {
    let place = Place::new();
    let mut command = place.command("verify -m epoll");
    let checks = [
        ("hasty", "check 'a request in pieces'"),
        ("curt", "check 'requests in one piece'"),
        ("small", "check 'more than all buffers hold'"),
        (
            "talkative",
            "check 'half-closed connection': bytes come after the last reply",
        ),
        ("few", "check 'a burst of connections'"),
        (
            "startled",
            // Whether it meets the signal within the check that stops it, or is only found dead by the next, is up to the
            // scheduler.
            "it ended with exit code 5 while it was measured: epoll_wait: Interrupted system call (os error 4); it had been \
             stopped and continued, after which a wait may end with EINTR: wait again",
        ),
    ];
    for (kind, _) in checks {
        command.arg("--server").arg(format!("{kind}={}", foreign(kind)));
    }
    // On a busy machine the pieces of a request may reach a server together, however long the pauses between them.
    let text = (0..10).find_map(|_| {
        let output = output(&mut command);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        text.contains(checks[0].1).then_some(text)
    });
    let text = text.expect("a server that cannot wait for the second piece is found out");
    // The further faults of a server stand below its first.
    let block = |name: &str| {
        let mut lines = text.lines().skip_while(|line| !line.starts_with(name));
        let first = lines.next().unwrap_or_default().to_owned();
        lines
            .take_while(|line| line.starts_with(' '))
            .fold(first, |all, line| all + line)
    };
    assert!(block("epoll-edge").ends_with("answers rightly"), "{text}");
    for (kind, told) in checks {
        assert!(
            block(kind).contains("✗ check '") && block(kind).contains(told),
            "{kind}: '{told}' is not in:\n{text}"
        );
    }
    place.nothing_left();
}

#[test]
fn a_server_that_is_not_there_is_a_failed_row_and_all_of_them_an_error() {
    let place = Place::new();
    fs::create_dir(place.path("bin")).unwrap();
    let none = output(&mut place.bare("-m poll -c 3 --bin-dir bin --out out"));
    let told = String::from_utf8(none.stderr).unwrap();
    assert_eq!(
        (none.status.code(), &*told),
        (Some(1), "bench-runner: 'loadgen' is not in 'bin'\n")
    );

    let link = |name: &str| std::os::unix::fs::symlink(bin_dir().join(name), place.path("bin").join(name)).unwrap();
    link("loadgen");
    let none = output(&mut place.bare("-m poll,thread -c 3 --bin-dir bin --out out"));
    let told = String::from_utf8(none.stderr).unwrap();
    assert_eq!(none.status.code(), Some(1));
    assert!(
        told.ends_with("no server can be started: 'server-thread' is not in 'bin'\n"),
        "{told}"
    );
    assert!(!place.path("out").exists());

    link("server-poll");
    let arguments = "-m poll,thread -c 3 --bin-dir bin --out out -r 1 --duration 200ms --warmup 20ms";
    let run = place.recorded(output(&mut place.bare(arguments)));
    assert_eq!(run.code, Some(1));
    run.is_measured("poll");
    run.has_failed("thread", &["'server-thread' is not in 'bin'"]);
}

#[test]
fn a_foreign_server_that_never_listens_is_given_up() {
    let place = Place::new();
    // A port as a number of seconds.
    let run = place.measure("-m poll -c 3 --server 'deaf=sleep {port}'");
    assert_eq!(run.code, Some(1));
    run.is_measured("poll");
    run.has_failed("deaf", &["it did not listen on 127.0.0.1:", "within 3 s"]);
    place.nothing_left();
}
