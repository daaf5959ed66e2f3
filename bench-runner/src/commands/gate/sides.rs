//! What is compared: two revisions, two directories, or two commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::catalog::Catalog;
use crate::cli::{GateArgs, parse_change};
use crate::commands::{Usage, usage};
use crate::environment::Binary;
use crate::execute::{Launch, Workshop};
use crate::progress::say;
use crate::record::{Side, SideRecord};

use super::accept::Accepted;

/// A server that both sides have.
pub(super) struct Entry {
    pub(super) name: String,
    /// Of base and of head.
    pub(super) launches: [Launch; 2],
    pub(super) spins: bool,
}

/// What is to be compared.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) records: [SideRecord; 2],
    pub(super) entries: Vec<Entry>,
    /// Servers that are the same on both sides.
    pub(super) identical: Vec<String>,
    pub(super) only_in: BTreeMap<String, Side>,
    pub(super) accepted: Vec<Accepted>,
    /// Holds the lock on what was built: another gate would put other programs in its place.
    workshop: Option<Workshop>,
}

/// The sides that the flags name; revisions are built.
pub(super) fn sides(args: &GateArgs) -> Result<Sides> {
    let mut sides = match (&args.base_rev, &args.base_dir, &args.base_cmd) {
        (Some(base), _, _) => revisions(args, base)?,
        (_, Some(base), _) => {
            let head = head(args, args.head_dir.as_ref(), base, "--head-dir")?;
            let named = [base, head].map(|directory| SideRecord {
                named: directory.display().to_string(),
                ..SideRecord::default()
            });
            directories(args, &[base.clone(), head.clone()], named)?
        }
        (_, _, Some(base)) => {
            let head = head(args, args.head_cmd.as_ref(), base, "--head-cmd")?;
            commands([base, head])?
        }
        (None, None, None) if args.itself => {
            let beside = std::env::current_exe()?.parent().unwrap_or(Path::new(".")).to_owned();
            let named = std::array::from_fn(|_| SideRecord {
                named: "the servers beside bench-runner".to_owned(),
                ..SideRecord::default()
            });
            directories(args, &[beside.clone(), beside], named)?
        }
        (None, None, None) => {
            let forms = "--base-rev REV, --base-dir DIR with --head-dir, or --base-cmd COMMAND with --head-cmd";
            return Err(Usage(format!("there is nothing to compare with; give {forms}, or --self")).into());
        }
    };
    for change in &args.accept {
        sides.accepted.push(Accepted {
            server: None,
            change: *change,
        });
    }
    if !args.itself {
        let (same, different): (Vec<Entry>, Vec<Entry>) = sides.entries.drain(..).partition(is_same);
        sides.entries = different;
        sides.identical = same.into_iter().map(|entry| entry.name).collect();
    }
    Ok(sides)
}

fn head<'a, T>(args: &GateArgs, head: Option<&'a T>, base: &'a T, flag: &str) -> Result<&'a T> {
    match head {
        Some(head) => Ok(head),
        None if args.itself => Ok(base),
        None => Err(Usage(format!("{flag} is needed too, or --self")).into()),
    }
}

fn revisions(args: &GateArgs, base: &str) -> Result<Sides> {
    let workshop = Workshop::open().map_err(|error| usage(&error))?;
    let named = [
        base,
        match &args.head_rev {
            Some(head) => head,
            None if args.itself => base,
            None => "HEAD",
        },
    ];
    let commits = [workshop.commit(named[0]), workshop.commit(named[1])];
    let [base, head] = commits.map(|commit| commit.map_err(|error| usage(&error)));
    let commits = [base?, head?];
    // Before anything is built: one that is not understood ends it.
    let messages = workshop.messages(&commits[0], &commits[1])?;
    let accepted = super::accept::trailers(&messages, parse_change).map_err(Usage)?;
    let catalog = Catalog::own()?;
    for name in accepted.iter().filter_map(|accepted| accepted.server.as_ref()) {
        let known = catalog.select(std::slice::from_ref(name));
        known.map_err(|error| usage(&error.context(format!("Perf-Accept: {name}"))))?;
    }
    if workshop.is_dirty()? {
        say("there are changes that are not committed; they are in neither side\n");
    }
    let programs: Vec<String> = entries(args)?.iter().filter_map(|entry| entry.binary.clone()).collect();
    let build = |side: Side| {
        let commit = &commits[side as usize];
        say(&format!(
            "building {} {}\n",
            side.name(),
            &commit[..12.min(commit.len())]
        ));
        workshop.build(side, commit, &programs)
    };
    let built = [build(Side::Base)?, build(Side::Head)?];
    let records = std::array::from_fn(|i| SideRecord {
        named: named[i].to_owned(),
        revision: Some(commits[i].clone()),
        ..SideRecord::default()
    });
    let mut sides = directories(args, &built, records)?;
    sides.accepted = accepted;
    sides.workshop = Some(workshop);
    Ok(sides)
}

fn entries(args: &GateArgs) -> Result<Vec<crate::catalog::Entry>> {
    Catalog::own()?.select(&args.models).map_err(|error| usage(&error))
}

fn directories(args: &GateArgs, places: &[PathBuf; 2], mut records: [SideRecord; 2]) -> Result<Sides> {
    for place in places {
        if !place.is_dir() {
            return Err(Usage(format!("'{}' is no directory", place.display())).into());
        }
    }
    let mut sides = Sides::default();
    for entry in entries(args)? {
        let Some(binary) = &entry.binary else { continue };
        let paths = places.each_ref().map(|place| place.join(binary));
        match paths.each_ref().map(|path| path.is_file()) {
            [true, true] => {
                for (record, path) in records.iter_mut().zip(&paths) {
                    record.programs.insert(entry.name.clone(), digest(path));
                }
                sides.entries.push(Entry {
                    launches: paths.map(Launch::Contract),
                    name: entry.name,
                    spins: entry.spins,
                });
            }
            [true, false] => drop(sides.only_in.insert(entry.name, Side::Base)),
            [false, true] => drop(sides.only_in.insert(entry.name, Side::Head)),
            [false, false] => {
                let places = places.each_ref().map(|place| place.display().to_string());
                return Err(Usage(format!(
                    "'{binary}' is neither in '{}' nor in '{}'; build it there, or choose others with --models",
                    places[0], places[1]
                ))
                .into());
            }
        }
    }
    sides.records = records;
    Ok(sides)
}

fn commands(lines: [&String; 2]) -> Result<Sides> {
    let mut launches = Vec::new();
    for line in lines {
        let words = shlex::split(line).filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| Usage(format!("'{line}' is empty or has an unclosed quote")))?;
        if !line.contains("{port}") {
            return Err(Usage(format!(
                "'{line}' has no {{port}} in it, so it cannot be told where to listen"
            ))
            .into());
        }
        launches.push(Launch::Foreign(words));
    }
    let name = "server".to_owned();
    let record = |i: usize| SideRecord {
        named: lines[i].clone(),
        revision: None,
        programs: BTreeMap::from([(name.clone(), fingerprint(&launches[i]))]),
    };
    Ok(Sides {
        records: [record(0), record(1)],
        entries: vec![Entry {
            launches: [launches[0].clone(), launches[1].clone()],
            name,
            spins: false,
        }],
        ..Sides::default()
    })
}

fn digest(path: &Path) -> String {
    let binary = Binary::read("", path);
    // What cannot be read is like nothing else.
    binary
        .sha256
        .unwrap_or_else(|| format!("unreadable: {}", path.display()))
}

/// Digests of all files that a command names: of the program, and of scripts and settings that it is given.
fn fingerprint(launch: &Launch) -> String {
    let words = match launch {
        Launch::Contract(path) => return digest(path),
        Launch::Foreign(words) => words,
    };
    let program = words.first().and_then(|word| on_path(word));
    let files = program.into_iter().chain(words.iter().skip(1).map(PathBuf::from));
    let digests: Vec<String> = files.filter(|file| file.is_file()).map(|file| digest(&file)).collect();
    digests.join("+")
}

fn on_path(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(program.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|place| place.join(program))
        .find(|file| file.is_file())
}

/// The same bytes, started by the same words: whatever a measurement said, it would be wrong.
fn is_same(entry: &Entry) -> bool {
    let [base, head] = &entry.launches;
    let words = match (base, head) {
        (Launch::Contract(_), Launch::Contract(_)) => true,
        // Files that are named apart may be alike, and what is in a directory is not looked at: the words decide too.
        (base, head) => base == head,
    };
    let prints = [fingerprint(base), fingerprint(head)];
    words && prints[0] == prints[1] && !prints[0].is_empty() && !prints[0].contains("unreadable")
}
