//! The measuring: both sides checked, base's capacity found, pair after pair, and what was red once more.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use loadgen::ask::{self, End, Patience};
use loadgen::{Bytes, Ending};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::budget::{self, Clock};
use super::sides::{Entry, Sides};
use super::verdicts::{confirm, says};
use super::{Gate, Task};
use crate::commands::Usage;
use crate::execute::{Broken, Contest, Due, Server, verify};
use crate::progress::say;
use crate::record::{Campaign, GateVerdict, Line, Side, Trial, TrialLoad};

impl Gate<'_> {
    fn contest<'c>(&'c self, task: &'c Task<'_>) -> Contest<'c> {
        self.contest_of(task.entry, task.due.as_ref(), task.counted)
    }

    pub(super) fn measure(&mut self, sides: &Sides, mut tasks: Vec<Task<'_>>, seed: u64) -> Result<Vec<Trial>> {
        let began = Instant::now();
        let mut start = Duration::ZERO;
        for task in &mut tasks {
            start = start.max(self.prepare(task)?);
        }
        budget::check_start(self.args.budget, self.args.pairs, tasks.len(), start)?;
        let all = self.args.pairs * tasks.len() as u32;
        let allowed = budget::first(self.args.budget).saturating_sub(began.elapsed());
        let mut random = StdRng::seed_from_u64(seed);
        let clock = self.campaign(&mut tasks, Campaign::First, Clock::new(allowed, all), &mut random)?;
        let mut trials = self.judge(sides, &tasks, seed)?;
        let red: Vec<bool> = trials
            .iter()
            .map(|trial| says(trial, GateVerdict::Regression))
            .collect();
        if red.contains(&true) {
            let again = trials
                .iter()
                .zip(&red)
                .filter(|(_, red)| **red)
                .map(|(trial, _)| trial.server.as_str());
            say(&format!(
                "confirming on fresh pairs: {}\n",
                again.collect::<Vec<_>>().join(", ")
            ));
            let mut fresh: Vec<Task<'_>> = Vec::new();
            for (task, _) in tasks.iter().zip(&red).filter(|(_, red)| **red) {
                fresh.push(Task {
                    due: task.due.clone(),
                    pairs: Vec::new(),
                    ..*task
                });
            }
            let rest = budget::rest(self.args.budget) + clock.left();
            let clock = Clock::new(rest, self.args.pairs * fresh.len() as u32);
            self.campaign(&mut fresh, Campaign::Confirmation, clock, &mut random)?;
            let confirmed = self.judge(sides, &fresh, seed.wrapping_add(1))?;
            confirm(&mut trials, &confirmed);
        }
        for (trial, task) in trials.iter_mut().zip(&tasks) {
            let explains = [GateVerdict::Regression, GateVerdict::Improvement, GateVerdict::Accepted];
            if explains.iter().any(|verdict| says(trial, *verdict)) {
                match self.contest(task).counts(task.load) {
                    Ok(counts) => trial.per_request = Some(counts),
                    Err(_) if loadgen::interrupt::requested() => bail!("interrupted"),
                    // What explains a verdict is not worth losing it for.
                    Err(error) => say(&format!("what changed with it could not be counted: {error:#}\n")),
                }
            }
        }
        // The worst first; a sort keeps the order of equals, which is the catalogue's.
        for trial in &mut trials {
            trial
                .lines
                .sort_by(|one, other| badness(one).total_cmp(&badness(other)));
        }
        let worst = |trial: &Trial| trial.lines.first().map_or(f64::INFINITY, badness);
        trials.sort_by(|one, other| worst(one).total_cmp(&worst(other)));
        Ok(trials)
    }

    /// Checks both sides, and finds out what the rest needs to know of them; tells how long one of them takes to start.
    fn prepare(&self, task: &mut Task<'_>) -> Result<Duration> {
        say(&format!("{}: checking both sides\n", task.entry.name));
        for side in Side::BOTH {
            let due = self.check(task.entry, side)?;
            // What base answers is what head must answer.
            if side == Side::Base {
                task.due = due;
            }
        }
        let start;
        (task.counted, start) = self.contest(task).needs_counting()?;
        if let TrialLoad::Offered(rate) = &mut task.load {
            let capacity = self
                .contest_of(task.entry, task.due.as_ref(), task.counted)
                .capacity()?;
            *rate = two_digits(capacity / 2.0);
            say(&format!(
                "{}: base answers {} req/s of {} connections; half of that is offered to both\n",
                task.entry.name,
                loadgen::units::short(capacity),
                self.args.conns
            ));
        }
        Ok(start)
    }

    fn contest_of<'c>(&'c self, entry: &'c Entry, due: Option<&'c Due>, counted: bool) -> Contest<'c> {
        Contest {
            settings: &self.settings,
            placement: &self.placement,
            loadgen: &self.loadgen,
            server: &entry.name,
            launches: entry.launches.each_ref(),
            conns: self.args.conns,
            due,
            spins: entry.spins,
            counted,
        }
    }

    /// Whether a side answers rightly at all, and what.
    fn check(&self, entry: &Entry, side: Side) -> Result<Option<Due>> {
        let launch = &entry.launches[side as usize];
        let broken = |reason: String| Broken {
            side,
            server: entry.name.clone(),
            reason,
        };
        if let Some(file) = &self.args.request_file {
            let request =
                std::fs::read(file).map_err(|error| Usage(format!("--request-file '{}': {error}", file.display())))?;
            let own = |error: anyhow::Error| match loadgen::interrupt::requested() {
                true => anyhow::anyhow!("interrupted"),
                false => broken(format!("{error:#}")).into(),
            };
            let server = Server::start(launch, &self.settings, &self.placement.server).map_err(own)?;
            let end = match &self.args.reply_until {
                Some(Ending(bytes)) => End::With(bytes.clone()),
                None => End::After(self.args.load.reply_bytes),
            };
            let patience = Patience {
                connect: self.args.load.connect_timeout,
                reply: self.args.load.timeout,
            };
            let reply = ask::raw(server.address, &request, &end, patience).map_err(own)?;
            return Ok(Some(Due::Raw {
                request: Bytes(request),
                reply,
            }));
        }
        let report = verify::verify(launch, &self.settings, &self.placement.server, entry.spins);
        if loadgen::interrupt::requested() {
            bail!("interrupted");
        }
        let report = report.map_err(|error| broken(format!("{error:#}")))?;
        match report.failure() {
            Some(failure) => Err(broken(failure.to_string()).into()),
            None => Ok(report.expected.map(Due::Http)),
        }
    }

    /// All pairs of all tasks, in turn, so that whatever drifts meets all of them.
    fn campaign(
        &mut self,
        tasks: &mut [Task<'_>],
        campaign: Campaign,
        mut clock: Clock,
        random: &mut StdRng,
    ) -> Result<Clock> {
        for pair in 1..=self.args.pairs {
            for task in &mut *tasks {
                let slices = clock.slices();
                let row = self.contest(task).pair(task.load, campaign, pair, slices, random)?;
                self.store.append(&row)?;
                task.pairs.push(row);
            }
            if pair % 4 == 0 || pair == self.args.pairs {
                say(&format!("{pair} of {} pairs\n", self.args.pairs));
            }
        }
        Ok(clock)
    }
}

/// In which order lines are read: what is gated before what is shown, by verdict, and by how much of its limit it has used
/// up; less is worse.
fn badness(line: &Line) -> f64 {
    let used = line.change.unwrap_or(0.0) / line.limit;
    f64::from(line.verdict as u8) - (used.clamp(-1e3, 1e3) / 2e3)
}

/// A rate that can be told and set again.
fn two_digits(rate: f64) -> f64 {
    let unit = 10_f64.powf(rate.max(1.0).log10().floor() - 1.0);
    ((rate / unit).round() * unit).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_two_digits() {
        for (rate, told) in [(34_567.0, 35_000.0), (99.6, 100.0), (0.3, 1.0), (7.0, 7.0)] {
            assert!((two_digits(rate) - told).abs() < 1e-6, "{rate}: {}", two_digits(rate));
        }
    }
}
