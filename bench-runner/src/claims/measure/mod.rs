//! Measuring what the claims need: each part once, whichever of them want it.
//!
//! What a server does is measured by real servers through the machinery of a run (`cells`), what the kernel does by its
//! calls. A part that fails leaves its reason, and the others go on.

mod bursts;
mod calls;
mod cells;
mod clients;
mod descriptors;
mod edges;
mod epoll;
mod faulty;
mod leftovers;
mod scripts;
mod sharing;
mod stalls;
mod switches;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use loadgen::interrupt;
use tempfile::TempDir;

use self::cells::Set;
use super::measured::{Measured, Part, WATCHED};
use super::{Claim, Watch};
use crate::catalog::{Catalog, Entry};
use crate::environment::affinity;
use crate::execute::binaries::Binaries;
use crate::execute::cpus::Placement;
use crate::execute::{Failure, Launch, launches, verify};
use crate::progress::{about, say};
use crate::record::Settings;

/// Why a part is missing that the user did not wait for.
const INTERRUPTED: &str = "interrupted before it was measured";

/// What the parts need to be measured.
#[derive(Debug)]
pub struct Laboratory {
    /// Whether to be short: fewer connections, one round.
    pub quick: bool,
    /// The name of all of it in rows.
    pub run_id: String,
    /// Seed of the order of cells.
    pub seed: u64,
    /// Which CPUs each side has.
    pub placement: Placement,
    /// The load generator.
    pub loadgen: PathBuf,
    binaries: Binaries,
    catalog: Catalog,
    /// CPUs that this process could use before it kept to the generator's.
    allowed: Vec<usize>,
    nofile: u64,
    /// How each server is started that was checked, or why it cannot be.
    checked: BTreeMap<String, Result<Launch, Failure>>,
    _scripts: TempDir,
}

impl Laboratory {
    /// With the programs of `binaries`. Call it before this process is pinned.
    ///
    /// # Errors
    /// When there is no load generator, or servers in Python cannot be unpacked.
    pub fn new(binaries: Binaries, placement: Placement, seed: u64, quick: bool) -> Result<Self> {
        let mut catalog = Catalog::own()?;
        let scripts = scripts::unpack(&mut catalog)?;
        let nofile = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
        Ok(Self {
            quick,
            run_id: String::new(),
            seed,
            placement,
            loadgen: binaries.find("loadgen")?,
            binaries,
            catalog,
            allowed: affinity::allowed().unwrap_or_default(),
            nofile: nofile.map_or(1024, |(soft, _)| soft),
            checked: BTreeMap::new(),
            _scripts: scripts,
        })
    }

    /// The servers that these claims need, as the catalogue has them.
    #[must_use]
    pub fn entries(&self, claims: &[&Claim]) -> Vec<Entry> {
        let watched = watches(claims);
        let mut names: Vec<&str> = watched.iter().map(|(server, _)| *server).collect();
        for part in parts(claims) {
            match (part, Set::of(self, part)) {
                (_, Some(Ok(set))) => names.extend(set.servers()),
                (Part::Bursts, _) => names.push(bursts::SERVER),
                (Part::Stalls, _) => names.extend(stalls::servers()),
                _ => {}
            }
        }
        let own = self.catalog.entries.iter();
        own.filter(|entry| names.contains(&&*entry.name)).cloned().collect()
    }

    /// The path of the program of a server, or of the generator.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        self.binaries.find(name).ok()
    }

    /// The most connections that any of the claims opens.
    #[must_use]
    pub fn most_conns(&self, claims: &[&Claim]) -> u64 {
        let most = watches(claims).iter().flat_map(|(_, counts)| counts.iter()).max();
        most.copied().unwrap_or(100).min(self.nofile)
    }

    /// How long all of it takes, about.
    #[must_use]
    pub fn expected(&self, claims: &[&Claim]) -> Duration {
        let each = |part: &Part| match Set::of(self, *part) {
            Some(Ok(set)) => set.expected(self),
            Some(Err(_)) => Duration::ZERO,
            None => Duration::from_millis(alone_ms(*part, self.quick)),
        };
        let parts: Duration = parts(claims).iter().map(each).sum();
        let watched = watches(claims);
        let watched = if watched.is_empty() {
            Duration::ZERO
        } else {
            Set::watched(self, &watched).expected(self)
        };
        parts + watched
    }

    /// Measures what these claims need.
    #[must_use]
    pub fn measure(&mut self, claims: &[&Claim]) -> Measured {
        let mut measured = Measured {
            nofile: self.nofile,
            ..Measured::default()
        };
        let parts = parts(claims);
        let watched = watches(claims);
        let all = parts.len() + usize::from(!watched.is_empty());
        for (done, part) in (1..).zip(&parts) {
            self.tell(done, all, part.name(), words(*part));
            if let Err(why) = self.part(*part, &mut measured) {
                self.fails(&mut measured, part.name(), why);
            }
        }
        if !watched.is_empty() {
            self.tell(all, all, WATCHED, "servers of whose connections few talk");
            if let Err(why) = self
                .uninterrupted()
                .and_then(|()| Set::watched(self, &watched).run(self, &mut measured))
            {
                self.fails(&mut measured, WATCHED, why);
            }
        }
        measured
    }

    fn part(&mut self, part: Part, measured: &mut Measured) -> Result<(), String> {
        self.uninterrupted()?;
        if let Some(set) = Set::of(self, part) {
            return set?.run(self, measured);
        }
        match part {
            Part::Descriptors => measured.descriptors = Some(descriptors::measure(self.nofile)?),
            Part::Calls => measured.calls = Some(calls::measure(self.nofile)?),
            Part::Edges => measured.edges = Some(edges::measure()?),
            Part::Switches => measured.switches = Some(switches::measure()?),
            Part::Sharing => measured.sharing = Some(sharing::measure()?),
            Part::Leftovers => measured.leftovers = Some(leftovers::measure()?),
            Part::Bursts => measured.bursts = Some(bursts::measure(self)?),
            Part::Faulty => measured.faulty = Some(faulty::measure(self)?),
            Part::Stalls => measured.stalls = Some(stalls::measure(self)?),
            Part::Cap | Part::Single | Part::Visits | Part::Compute | Part::Waits | Part::Lock | Part::Slow => {
                return Err("it has no cells".to_owned());
            }
        }
        Ok(())
    }

    fn uninterrupted(&self) -> Result<(), String> {
        if interrupt::requested() {
            return Err(INTERRUPTED.to_owned());
        }
        Ok(())
    }

    fn tell(&self, done: usize, all: usize, name: &str, words: &str) {
        if !interrupt::requested() {
            say(&format!("[{done}/{all}] {name}: {words}\n"));
        }
    }

    fn fails(&self, measured: &mut Measured, name: &str, why: String) {
        if why != INTERRUPTED {
            say(&format!("{name}: {why}\n"));
        }
        measured.missing.insert(name.to_owned(), why);
    }

    /// How a server is started.
    fn start_of(&self, name: &str) -> Result<Launch, Failure> {
        let entries = self
            .catalog
            .select(&[name.to_owned()])
            .map_err(|error| Failure::of(&error))?;
        let launch = launches(&entries, &self.binaries).into_iter().next();
        launch.unwrap_or_else(|| {
            Err(Failure {
                reason: format!("there is no server called '{name}'"),
                last_stderr: None,
            })
        })
    }

    /// How a server is started that answers rightly; it is checked once, as every server is before it is measured.
    fn launch(&mut self, name: &str, settings: &Settings) -> Result<Launch, Failure> {
        if let Some(known) = self.checked.get(name) {
            return known.clone();
        }
        let checked = self.checked_launch(name, settings);
        // What the user has broken off has not failed.
        if !interrupt::requested() {
            self.checked.insert(name.to_owned(), checked.clone());
        }
        checked
    }

    fn checked_launch(&self, name: &str, settings: &Settings) -> Result<Launch, Failure> {
        let launch = self.start_of(name)?;
        let spins = self
            .catalog
            .entries
            .iter()
            .any(|entry| entry.name == name && entry.spins);
        // How many come and how they ask is nothing that the checks depend on, but what a server does for a request is.
        let settings = Settings {
            work: settings.work.clone(),
            ..Settings::default()
        };
        let report = verify::verify(&launch, &settings, &self.placement.server, spins)
            .with_context(|| format!("cannot check '{name}'"))
            .map_err(|error| Failure::of(&error))?;
        report.failure().map_or(Ok(launch), Err)
    }
}

/// The parts that these claims need, each once.
fn parts(claims: &[&Claim]) -> Vec<Part> {
    let needed = |part: &Part| claims.iter().any(|claim| claim.parts.contains(part));
    Part::ALL.into_iter().filter(needed).collect()
}

fn watches(claims: &[&Claim]) -> Vec<Watch> {
    claims.iter().flat_map(|claim| claim.watches.iter().copied()).collect()
}

/// How long a part takes that has no cells, about, in milliseconds.
fn alone_ms(part: Part, quick: bool) -> u64 {
    match part {
        Part::Calls => 1600,
        Part::Switches => 2000,
        Part::Leftovers => 400,
        Part::Bursts if quick => 20_000,
        Part::Bursts => 60_000,
        Part::Stalls => 3000,
        Part::Faulty => 30_000,
        _ => 50,
    }
}

/// What a part is, for whoever waits for it.
fn words(part: Part) -> &'static str {
    match part {
        Part::Descriptors => "select by its system call, with descriptors from 1,024 up",
        Part::Calls => "what one call of select, poll and epoll_wait takes",
        Part::Edges => "what is reported again",
        Part::Switches => "switches between coroutines and between threads",
        Part::Sharing => "who sees what a thread, a coroutine and a process write",
        Part::Bursts => "clients that come at once behind a small backlog",
        Part::Leftovers => "one read for each edge, and room to send",
        Part::Faulty => "servers with these faults, put through verify",
        Part::Stalls => "who is answered while one handler is busy",
        Part::Cap => "select and poll with 1,500 connections",
        Part::Single => "a server of one client at a time",
        Part::Visits => "the same with clients that leave",
        Part::Compute => "requests that compute, on two CPUs or more",
        Part::Waits => "requests that wait",
        Part::Lock => "requests that compute, in Python",
        Part::Slow => "how long others wait beside slow requests",
    }
}

/// How long it takes and what it writes, before it begins.
pub fn announce(lab: &Laboratory, claims: &[&Claim], directory: &std::path::Path) {
    say(&format!(
        "{}, about {}; records in {}\n",
        loadgen::units::counted(claims.len() as u64, "claim"),
        about(lab.expected(claims)),
        directory.display()
    ));
}
