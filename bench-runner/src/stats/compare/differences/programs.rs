//! How the programs were built and from what, and which of them are the same to the last bit.

use serde::Serialize;

use super::Listing;
use crate::environment::{Binary, Source};
use crate::record::Run;

/// The load generator's name among the programs of a run.
const GENERATOR: &str = "loadgen";
/// Digits of a hash or a revision that people compare.
const DIGITS: usize = 12;

/// Which servers are the same programs, by the SHA-256 of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Programs {
    /// The same in both runs.
    pub same: Vec<String>,
    /// Others.
    pub changed: Vec<String>,
    /// Without a hash in one of the runs: foreign servers, or files that could not be read.
    pub unknown: Vec<String>,
}

/// Compares the programs of the servers that both runs have, as far as they are selected.
pub(in super::super) fn programs(base: &Run, current: &Run, selected: impl Fn(&str) -> bool) -> Programs {
    let mut programs = Programs::default();
    let both = |server: &&String| current.servers.contains(server) && selected(server);
    for server in base.servers.iter().filter(both) {
        let hashes = hash(base, server).zip(hash(current, server));
        let list = match hashes {
            Some((before, after)) if before == after => &mut programs.same,
            Some(_) => &mut programs.changed,
            None => &mut programs.unknown,
        };
        list.push(server.clone());
    }
    programs
}

fn binary<'a>(run: &'a Run, name: &str) -> Option<&'a Binary> {
    run.environment.binaries.iter().find(|binary| binary.name == name)
}

fn hash<'a>(run: &'a Run, name: &str) -> Option<&'a str> {
    binary(run, name)?.sha256.as_deref()
}

pub(super) fn list(listing: &mut Listing, base: &Run, current: &Run) {
    let (b, c) = (&base.environment, &current.environment);
    listing.told("build profile", b.build.profile.clone(), c.build.profile.clone());
    listing.both("build profile of the servers", profiles(base), profiles(current));
    listing.told("optimisation", b.build.opt_level.clone(), c.build.opt_level.clone());
    listing.told("compiler", b.build.rustc.clone(), c.build.rustc.clone());
    listing.told("target", b.build.target.clone(), c.build.target.clone());
    let revision = |run: &Run| {
        let source = run.environment.source.as_ref();
        let revision = source.and_then(|source| source.revision.clone());
        revision
            .or(run.environment.build.revision.clone())
            .map(|revision| short(&revision))
    };
    listing.told("source", revision(base), revision(current));
    listing.told("uncommitted changes", dirty(&b.source), dirty(&c.source));
    let generator = |run| hash(run, GENERATOR).map(short);
    listing.told("load generator", generator(base), generator(current));
    listing.text("bench-runner", base.version.clone(), current.version.clone());
}

fn dirty(source: &Option<Source>) -> Option<&'static str> {
    let dirty = source.as_ref()?.dirty?;
    Some(if dirty { "yes" } else { "no" })
}

/// `release`, or what there is of both, over all programs.
fn profiles(run: &Run) -> Option<String> {
    let told = run
        .environment
        .binaries
        .iter()
        .filter_map(|binary| binary.profile.as_deref());
    let mut profiles: Vec<&str> = told.collect();
    profiles.sort_unstable();
    profiles.dedup();
    (!profiles.is_empty()).then(|| profiles.join(" and "))
}

fn short(text: &str) -> String {
    text.chars().take(DIGITS).collect()
}
