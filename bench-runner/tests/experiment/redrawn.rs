//! `report` draws from records alone, in the ways that it is told to.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Output;

use flate2::read::MultiGzDecoder;

use crate::support::{Place, output};

/// A place with the records of the reference run and none of its pictures.
fn place() -> Place {
    let place = Place::new();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference");
    fs::create_dir(place.path("run")).unwrap();
    for name in ["run.json", "rows.jsonl.gz", "benches.json"] {
        fs::copy(reference.join(name), place.path("run").join(name)).unwrap();
    }
    place
}

fn report(place: &Place, arguments: &str) -> Output {
    output(&mut place.bare(&format!("report run {arguments}")))
}

/// What is drawn into `out`; the report must succeed and have nothing to complain of.
fn drawn(place: &Place, arguments: &str) -> Vec<String> {
    let told = report(place, &format!("{arguments} --out out"));
    assert_eq!(String::from_utf8(told.stderr).unwrap(), "", "{arguments}");
    assert_eq!(told.status.code(), Some(0), "{arguments}");
    let mut names = Vec::new();
    let mut directories = vec![place.path("out")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(place.path("out")).unwrap();
                names.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    fs::remove_dir_all(place.path("out")).unwrap();
    names.sort();
    names
}

#[test]
fn one_chart_in_both_themes_and_another_language_has_names_of_its_own() {
    let place = place();
    let only = drawn(&place, "--only 7 --theme both");
    assert_eq!(only, ["7-cpu-dark.png", "7-cpu-dark.svg", "7-cpu.png", "7-cpu.svg"]);
    assert_eq!(
        drawn(&place, "--only served --lang zh"),
        ["1-served-zh.png", "1-served-zh.svg"]
    );
    assert_eq!(
        drawn(&place, "--only 8-steps --theme dark"),
        ["8-steps-dark.png", "8-steps-dark.svg"]
    );
    let left: Vec<_> = fs::read_dir(place.path("run")).unwrap().collect();
    assert_eq!(left.len(), 3, "nothing but the records where pictures go elsewhere");
}

#[test]
fn pictures_are_as_large_as_they_are_wanted() {
    let place = place();
    let told = report(&place, "--only 1 --size 1280x720 --out out --text paths");
    assert_eq!(told.status.code(), Some(0));
    let png = fs::read(place.path("out/1-served.png")).unwrap();
    assert_eq!(&png[16..24], [1280_u32.to_be_bytes(), 720_u32.to_be_bytes()].concat());
    let svg = fs::read_to_string(place.path("out/1-served.svg")).unwrap();
    assert!(svg.contains(" width=\"1280\" height=\"720\" viewBox=\"0 0 1920 1080\" "));
    assert!(!svg.contains("<text") && !svg.contains("@font-face"), "--text paths");
}

#[test]
fn a_chart_is_built_up_in_steps_of_one_model() {
    let place = place();
    let steps = drawn(&place, "--only 3 --build-up");
    assert_eq!(steps.len(), 2 * 17);
    assert_eq!(steps[0], "build-up/3-memory-01.png");
    assert_eq!(steps[33], "build-up/3-memory-17.svg");
    let forward = drawn(&place, "--only 3 --build-up --highlight epoll,select");
    assert_eq!(forward.len(), 2 * 3, "all the others first, then these two");
}

#[test]
fn the_readme_and_the_findings_are_in_the_language_that_was_asked_for() {
    let place = place();
    let told = report(&place, "--lang zh");
    assert_eq!(told.status.code(), Some(0));
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("个连接") && text.contains("README-zh.md"), "{text}");
    let readme = fs::read_to_string(place.path("run/README-zh.md")).unwrap();
    assert!(readme.contains("-zh.svg)") && readme.contains("测量方法"), "{readme}");
    assert!(!place.path("run/README.md").exists(), "the English one is left alone");
}

#[test]
fn what_cannot_be_drawn_is_refused_with_what_can_be() {
    let place = place();
    for (arguments, says) in [
        ("--only 9", &["'9'", "1-served", "throughput"][..]),
        ("--size 100x100", &["100x100", "640x480"]),
        ("--size big", &["'big'", "1920x1080"]),
        ("--highlight nobody", &["nobody", "epoll-edge"]),
        ("--theme pink", &["pink", "light"]),
        ("--lang fr", &["fr", "zh"]),
    ] {
        let told = report(&place, arguments);
        let text = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(2), "{arguments}: {text}");
        for word in says {
            assert!(text.contains(word), "{arguments}: '{word}' is not in: {text}");
        }
    }
    assert!(!place.path("run/README.md").exists());
}

#[test]
fn a_name_in_letters_that_no_font_has_is_drawn_all_the_same_and_told() {
    let place = place();
    let packed = fs::read(place.path("run/rows.jsonl.gz")).unwrap();
    let mut rows = String::new();
    MultiGzDecoder::new(&*packed).read_to_string(&mut rows).unwrap();
    fs::remove_file(place.path("run/rows.jsonl.gz")).unwrap();
    fs::write(
        place.path("run/rows.jsonl"),
        rows.replace("\"epoll-edge\"", "\"epoll-ฬ龘\""),
    )
    .unwrap();
    let run = fs::read_to_string(place.path("run/run.json")).unwrap();
    fs::write(
        place.path("run/run.json"),
        run.replace("\"epoll-edge\"", "\"epoll-ฬ龘\""),
    )
    .unwrap();
    let told = report(&place, "--only 1 --out out");
    let text = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(0), "{text}");
    for word in ["'ฬ' (U+0E2C)", "'龘' (U+9F98)", "epoll-ฬ龘"] {
        assert_eq!(
            text.matches(word).count(),
            if word.starts_with('e') { 2 } else { 1 },
            "{word}: {text}"
        );
    }
    let svg = fs::read_to_string(place.path("out/1-served.svg")).unwrap();
    assert!(svg.contains("epoll-□□"));
}

#[test]
fn the_short_help_of_every_subcommand_fits_a_screen() {
    let place = Place::new();
    let help = output(&mut place.bare("--help"));
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.contains(&"report") && names.len() > 6, "{names:?}");
    for name in names {
        let short = output(&mut place.bare(&format!("{name} -h")));
        let lines = short.stdout.split(|&byte| byte == b'\n').count();
        assert!(lines <= 31, "{name} -h has {lines} lines");
    }
}
