//! The gate over revisions of a repository: which programs are compared, and what commit messages accept. What builds them
//! here is no cargo but a script that copies servers that are built already; the work tree, the locks and the messages
//! are git's and ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use bench_runner::record::GateRun;

use crate::support::{Place, bin_dir, output};

/// Builds as cargo does where the gate has it build: a server whose bytes end with what the revision's source says.
const CARGO: &str = r#"#!/bin/sh
[ -n "$CARGO_TARGET_DIR" ] || exit 0
mkdir -p "$CARGO_TARGET_DIR/release"
for source in servers/src/bin/*.rs; do
  name=server-$(basename "$source" .rs)
  cat "BIN_DIR/$name" "$source" > "$CARGO_TARGET_DIR/release/$name"
  chmod +x "$CARGO_TARGET_DIR/release/$name"
done
"#;

fn git(directory: &Path, words: &[&str]) {
    let who = [
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@localhost",
        "-c",
        "init.defaultBranch=main",
    ];
    let mut command = Command::new("git");
    command.args(who).args(words).current_dir(directory);
    command
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// A repository with a server of two revisions that are the same, and the script that builds it.
fn repository(place: &Place, message: &str) {
    let tree = place.path("project");
    fs::create_dir_all(tree.join("servers/src/bin")).unwrap();
    fs::write(tree.join("servers/src/bin/epoll-edge.rs"), "the same\n").unwrap();
    fs::write(tree.join(".gitignore"), "/target\n/results\n/gate\n").unwrap();
    git(&tree, &["init", "-q"]);
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-qm", "a server"]);
    git(&tree, &["commit", "-q", "--allow-empty", "-m", message]);
    let cargo = place.path("cargo");
    fs::write(&cargo, CARGO.replace("BIN_DIR", &bin_dir().display().to_string())).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
}

fn gate(place: &Place, tree: &str, change: impl FnOnce(&mut Command)) -> (Option<i32>, String, String) {
    let mut command = place.bare("gate --base-rev HEAD~1 -m epoll-edge --out gate --self-tests self.jsonl");
    command.current_dir(place.path(tree)).env("CARGO", place.path("cargo"));
    // The script would write into it, over whatever is really built there.
    command.env_remove("CARGO_TARGET_DIR");
    change(&mut command);
    let done: Output = output(&mut command);
    let _ = fs::remove_dir_all(place.path(tree).join("gate").join("kept"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn revisions_with_the_same_source_are_the_same_program() {
    let place = Place::new();
    repository(&place, "a comment");
    let (code, stdout, stderr) = gate(&place, "project", |_| {});
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let run = fs::read_to_string(place.path("project/gate/gate.json")).unwrap();
    let run: GateRun = serde_json::from_str(&run).unwrap();
    assert_eq!(run.identical, ["epoll-edge"]);
    let revisions = run.sides.map(|side| side.revision.unwrap());
    assert!(revisions[0] != revisions[1] && revisions.iter().all(|revision| revision.len() == 40));
    assert!(!stderr.contains("not committed"), "{stderr}");
}

#[test]
fn what_is_not_committed_is_said_to_be_in_neither() {
    let place = Place::new();
    repository(&place, "a comment");
    fs::write(place.path("project/servers/src/bin/epoll-edge.rs"), "another\n").unwrap();
    let (code, stdout, stderr) = gate(&place, "project", |_| {});
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(
        stderr.contains("there are changes that are not committed; they are in neither side"),
        "{stderr}"
    );
}

#[test]
fn a_repository_that_was_moved_and_a_hook_of_another_do_no_harm() {
    let place = Place::new();
    repository(&place, "a comment");
    let (code, ..) = gate(&place, "project", |_| {});
    assert_eq!(code, Some(0));
    fs::remove_dir_all(place.path("project/gate")).unwrap();
    fs::rename(place.path("project"), place.path("moved")).unwrap();
    // As in a hook of another repository.
    fs::create_dir(place.path("other")).unwrap();
    git(&place.path("other"), &["init", "-q"]);
    let (code, stdout, stderr) = gate(&place, "moved", |command| {
        command.env("GIT_DIR", place.path("other/.git"));
    });
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(!place.path("other/servers").exists());
    let head = fs::read_to_string(place.path("moved/.git/HEAD")).unwrap();
    assert_eq!(head.trim(), "ref: refs/heads/main", "the user's branch is left alone");
}

#[test]
fn a_message_that_accepts_for_no_known_server_is_refused_before_anything_is_built() {
    for (message, says) in [
        ("x\n\nPerf-Accept: epol-edge cpu +8%", "epol-edge"),
        ("x\n\nPerf-Accept: epoll-edge speed +8%", "speed +8%"),
    ] {
        let place = Place::new();
        repository(&place, message);
        let (code, stdout, stderr) = gate(&place, "project", |_| {});
        assert_eq!(code, Some(2), "{stdout}{stderr}");
        assert!(stderr.contains(says) && !stderr.contains("building"), "{stderr}");
    }
}
