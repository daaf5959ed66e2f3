//! Real servers under a real load, by the machinery of a run: which cells each set has, and how they are made.

use anyhow::Result;
use loadgen::Arrivals;

use super::Laboratory;
use crate::claims::measured::{Measured, Part, WATCHED};
use crate::claims::{ACTIVE, Reading, Watch, capped, one_client, stalls, work};
use crate::execute::cpus::Placement;
use crate::execute::{Bench, run_cell};
use crate::plan::{Cell, cells};
use crate::progress::Progress;
use crate::record::Settings;

/// Connections for which a server or the generator needs a few descriptors more.
const OTHERS: u64 = 64;
/// Without more than so many, a run is no longer a short one.
const QUICK_CONNS: u64 = 1000;

/// Cells that are made alike.
pub(super) struct Set {
    name: &'static str,
    servers: Vec<&'static str>,
    settings: Settings,
    placement: Placement,
    /// Of the product of servers and connection counts, those that are wanted.
    wanted: Vec<(&'static str, u64)>,
}

impl Set {
    fn new(lab: &Laboratory, name: &'static str, servers: &[&'static str], settings: Settings) -> Self {
        let pairs = servers
            .iter()
            .flat_map(|&server| settings.conns.iter().map(move |&conns| (server, conns)));
        Self {
            name,
            servers: servers.to_vec(),
            wanted: pairs.collect(),
            settings,
            placement: lab.placement.clone(),
        }
    }

    /// The cells of the servers that watch connections of which few talk.
    pub(super) fn watched(lab: &Laboratory, watches: &[Watch]) -> Self {
        let most = if lab.quick { QUICK_CONNS } else { u64::MAX }.min(lab.nofile.saturating_sub(OTHERS));
        let all = watches
            .iter()
            .flat_map(|(server, counts)| counts.iter().map(move |&conns| (*server, conns)));
        let mut wanted: Vec<(&'static str, u64)> = all.filter(|(_, conns)| *conns <= most).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut servers: Vec<&'static str> = wanted.iter().map(|(server, _)| *server).collect();
        servers.dedup();
        let mut conns: Vec<u64> = wanted.iter().map(|(_, conns)| *conns).collect();
        conns.sort_unstable();
        conns.dedup();
        let settings = Settings {
            conns,
            active: ACTIVE,
            rounds: if lab.quick { 1 } else { 2 },
            duration_s: if lab.quick { 0.4 } else { 0.8 },
            warmup_s: 0.2,
            ..Settings::default()
        };
        Self {
            wanted,
            ..Self::new(lab, WATCHED, &servers, settings)
        }
    }

    /// The cells of a part that is measured by cells.
    pub(super) fn of(lab: &Laboratory, part: Part) -> Option<Result<Self, String>> {
        let alike = |conns, duration_s| Settings {
            conns: vec![conns],
            active: conns,
            rounds: 1,
            duration_s,
            warmup_s: 0.2,
            ..Settings::default()
        };
        let long = |seconds| if lab.quick { seconds / 2.0 } else { seconds };
        let set = |servers: &[&'static str], settings| Self::new(lab, part.name(), servers, settings);
        Some(Ok(match part {
            Part::Cap if lab.nofile < capped::CONNS + OTHERS => {
                return Some(Err(format!(
                    "RLIMIT_NOFILE is {}: 1,500 connections cannot be had",
                    lab.nofile
                )));
            }
            Part::Cap => set(&["select", "poll"], alike(capped::CONNS, 0.3)),
            Part::Single => set(&["iterative"], alike(one_client::CLIENTS, 0.5)),
            Part::Visits => {
                let settings = Settings {
                    requests_per_conn: Some(one_client::VISIT),
                    ..alike(one_client::CLIENTS, 1.0)
                };
                set(&["iterative"], settings)
            }
            Part::Waits => {
                let settings = Settings {
                    work: format!("wait:{}ms", work::WAIT_MS),
                    ..alike(work::WAITING, long(1.0))
                };
                set(&work::MODELS, settings)
            }
            Part::Compute | Part::Lock => {
                let (servers, steps): (&[&str], u64) = match part {
                    Part::Compute => (&work::MODELS, 5_000_000),
                    _ => (&work::LOCKED, 100_000),
                };
                let settings = Settings {
                    work: format!("cpu:{steps}"),
                    shards: 1,
                    ..alike(work::COMPUTING, long(1.6))
                };
                let Some(placement) = two_cpus(lab) else {
                    return Some(Err("it takes two CPUs to tell who can use a second one".to_owned()));
                };
                Self {
                    placement,
                    ..set(servers, settings)
                }
            }
            Part::Slow => {
                let settings = Settings {
                    rates_per_s: vec![1000.0],
                    arrivals: Some(Arrivals::Uniform),
                    work: "cpu:20000000".to_owned(),
                    slow_every: 500,
                    spin: true,
                    ..alike(stalls::CONNS, long(3.0))
                };
                set(&stalls::SERVERS, settings)
            }
            _ => return None,
        }))
    }

    /// Its servers.
    pub(super) fn servers(&self) -> &[&'static str] {
        &self.servers
    }

    fn cells(&self, lab: &Laboratory) -> Result<Vec<Cell>> {
        let names: Vec<String> = self.servers.iter().map(ToString::to_string).collect();
        // An empty list would stand for all.
        let entries = if names.is_empty() {
            Vec::new()
        } else {
            lab.catalog.select(&names)?
        };
        let mut cells = cells(&entries, &self.settings, lab.seed);
        cells.retain(|cell| {
            self.wanted
                .iter()
                .any(|(server, conns)| cell.server == *server && cell.conns == *conns)
        });
        Ok(cells)
    }

    /// How long it takes, about.
    pub(super) fn expected(&self, lab: &Laboratory) -> std::time::Duration {
        let cells = self.cells(lab).unwrap_or_default();
        cells
            .iter()
            .map(|cell| crate::plan::expected(cell, &self.settings))
            .sum()
    }

    /// Runs all cells. An interruption keeps those that are done.
    pub(super) fn run(&self, lab: &mut Laboratory, measured: &mut Measured) -> Result<(), String> {
        let plan = self.cells(lab).map_err(|error| format!("{error:#}"))?;
        if plan.is_empty() {
            return Err(format!(
                "RLIMIT_NOFILE is {}: too few connections can be had",
                lab.nofile
            ));
        }
        let bench = Bench {
            run_id: lab.run_id.clone(),
            settings: self.settings.clone(),
            placement: self.placement.clone(),
            loadgen: lab.loadgen.clone(),
            expected: Default::default(),
        };
        let mut progress = Progress::new(plan.len(), self.settings.clone());
        for (done, cell) in plan.iter().enumerate() {
            if loadgen::interrupt::requested() {
                break;
            }
            let launch = lab.launch(&cell.server, &self.settings);
            progress.begin(&plan[done..]);
            let Ok(rows) = run_cell(&bench, cell, &launch) else {
                break;
            };
            progress.end(cell, &rows);
            let cpus = bench.placement.server.len();
            measured
                .readings
                .extend(rows.iter().map(|row| Reading::of(self.name, cpus, row)));
        }
        progress.finish();
        if loadgen::interrupt::requested() {
            return Err(super::INTERRUPTED.to_owned());
        }
        Ok(())
    }
}

/// Two CPUs or more for the server. Where it has but one, all that there are, which it shares with the generator: that has
/// next to nothing to do while each request computes for milliseconds.
fn two_cpus(lab: &Laboratory) -> Option<Placement> {
    if lab.placement.server.len() >= 2 {
        return Some(lab.placement.clone());
    }
    let last = *lab.allowed.last().filter(|_| lab.allowed.len() >= 2)?;
    Some(Placement {
        server: lab.allowed.clone(),
        generator: vec![last],
    })
}
