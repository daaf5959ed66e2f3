//! Servers in other languages: rows like all others where the language is there, and what to install where it is not.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Place, output};

/// The root of this tree.
pub(crate) fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

pub(crate) fn has(command: &[&str]) -> bool {
    let status = Command::new(command[0])
        .args(&command[1..])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn the_twenty_lines_of_the_guide_are_a_server() {
    let file = tree().join("scripts/foreign/twenty_lines.py");
    let lines = fs::read_to_string(&file).unwrap();
    assert!(lines.lines().count() <= 20, "the guide promises twenty lines");
    let guide = fs::read_to_string(tree().join("docs/ADDING-A-SERVER.md")).unwrap();
    assert!(
        guide.contains(&format!("```python\n{lines}```")),
        "the guide shows another program"
    );
    if !has(&["python3", "-c", "pass"]) {
        eprintln!("skipped: no python3 here");
        return;
    }
    let place = Place::new();
    let mut command = place.short_run("-c 20 --active 5 -m mine");
    command
        .arg("--server")
        .arg(format!("mine=python3 '{}' {{port}}", file.display()));
    let run = place.recorded(output(&mut command));
    assert_eq!(run.code, Some(0), "{}", run.told);
    run.is_measured("mine");
    run.accounts_for_every_cost();
    place.nothing_left();
}

#[test]
fn our_servers_in_python_are_rows_or_say_what_to_install() {
    let place = Place::new();
    let catalog = tree().join("scripts/foreign/models.toml");
    let servers = [
        "python-fork",
        "python-thread",
        "python-select",
        "python-epoll",
        "python-gevent",
    ];
    let mut command = place.short_run(&format!("-c 20 --active 5 -m poll,{}", servers.join(",")));
    command.arg("--catalog").arg(&catalog);
    let run = place.recorded(output(&mut command));
    run.is_measured("poll");
    let mut all = true;
    for server in servers {
        let needs = if server == "python-gevent" {
            "import gevent"
        } else {
            "pass"
        };
        if has(&["python3", "-c", needs]) {
            run.is_measured(server);
        } else {
            run.has_failed(server, &["it lacks something here", "install"]);
            all = false;
        }
    }
    assert_eq!(run.code, Some(if all { 0 } else { 1 }), "{}", run.told);
    place.nothing_left();
}

#[test]
fn what_is_not_installed_is_a_row_that_says_what_to_install() {
    let place = Place::new();
    let entry = |name: &str, probe: &str| {
        format!(
            "[[model]]\nname = \"{name}\"\ncommand = \"nothing {{port}}\"\nprobe = \"{probe}\"\n\
             install = \"install it from example.org\"\n"
        )
    };
    let failing = "sh -c 'echo no such module >&2; exit 1'";
    let catalog = entry("no-module", failing) + &entry("no-interpreter", "/no/such/interpreter -c pass");
    fs::write(place.path("catalog.toml"), catalog).unwrap();
    let run = place.recorded(output(
        &mut place.short_run("-c 6 --active 2 --catalog catalog.toml -m poll,no-module,no-interpreter"),
    ));
    assert_eq!(run.code, Some(1), "{}", run.told);
    run.is_measured("poll");
    run.has_failed("no-module", &["no such module", "install it from example.org"]);
    run.has_failed(
        "no-interpreter",
        &["/no/such/interpreter", "install it from example.org"],
    );
    let list = output(&mut place.command("list --catalog catalog.toml -m no-module"));
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("no such module; install it from example.org"), "{list}");
}

/// A catalogue finds the programs that lie beside it, wherever it is called from and whatever its folder is called.
#[test]
fn a_catalogue_knows_its_own_folder() {
    let place = Place::new();
    let folder = place.path("a folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("here"), "").unwrap();
    let catalog = "[[model]]\nname = \"beside\"\ncommand = \"sh -c 'echo $0 >&2; exit 9' {dir}/here {port}\"\n\
                   probe = \"test -f {dir}/here\"\n";
    fs::write(folder.join("catalog.toml"), catalog).unwrap();
    let run = place.recorded(output(
        &mut place.short_run("-c 6 --active 2 --catalog 'a folder/catalog.toml' -m beside"),
    ));
    run.has_failed("beside", &["ended with exit code 9", "a folder/here"]);
}
