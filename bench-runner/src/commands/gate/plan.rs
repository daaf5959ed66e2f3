//! What is measured and by which rule it is judged: fixed before anything is seen.

use anyhow::Result;
use loadgen::units::counted;

use super::sides::Sides;
use super::{Gate, SHOWN, Task, budget};
use crate::commands::Usage;
use crate::execute::SLICE;
use crate::progress::{about, say};
use crate::record::{GateMetric, TrialLoad, self_tests};
use crate::stats::gate::{POWER, Rule, visible_effect};

/// Standard deviation of a pair, where nothing is known of this kind of runner yet: about what two virtual processors
/// have shown.
const USUAL_SD: f64 = 0.02;

impl Gate<'_> {
    /// What is measured: each server at a fixed rate, and in a closed loop too where throughput is gated. One that spins
    /// uses all of its CPU at any rate, so that only a closed loop tells what a request costs it.
    pub(super) fn tasks<'s>(&self, sides: &'s Sides) -> Result<Vec<Task<'s>>> {
        let saturated = self.limits.contains_key(&GateMetric::Throughput);
        let mut tasks = Vec::new();
        for entry in &sides.entries {
            let task = |load| Task {
                entry,
                load,
                due: None,
                counted: false,
                pairs: Vec::new(),
            };
            if !entry.spins {
                // The rate is put in when it is known.
                tasks.push(task(TrialLoad::Offered(0.0)));
            }
            if entry.spins || saturated {
                tasks.push(task(TrialLoad::Saturated));
            }
        }
        if tasks.is_empty() {
            return Ok(tasks);
        }
        let slices = budget::check(self.args.budget, self.args.pairs, tasks.len())?;
        let gated: usize = tasks.iter().map(|task| self.gated(task).len()).sum();
        let cpu = self.rule(GateMetric::Cpu, gated);
        cpu.check_plan(self.args.pairs as usize).map_err(Usage)?;
        let known = self.known_sd(sides)?;
        let sd = known.unwrap_or(USUAL_SD);
        // Red takes two campaigns, each of which has to find it.
        let visible = visible_effect(&cpu, sd, self.args.pairs as usize, POWER.sqrt());
        let from = match known {
            Some(_) => "as builds against themselves have shown here",
            None => "assumed, for no build was compared with itself here yet",
        };
        say(&format!(
            "{}, {} pairs each of {slices} × 2 slices of {} ms, about {}; with a paired SD of {:.1} % ({from}) it is red for \
             {:+.1} % of CPU per request nine times in ten\n",
            counted(tasks.len() as u64, "trial"),
            self.args.pairs,
            SLICE.as_millis(),
            about(self.args.budget),
            sd * 100.0,
            visible * 100.0
        ));
        Ok(tasks)
    }

    /// What pairs of these servers scatter by on this kind of runner; of any server, where these were never measured.
    fn known_sd(&self, sides: &Sides) -> Result<Option<f64>> {
        let tests = self_tests(&self.args.self_tests)?;
        let own = || tests.iter().filter(|test| test.runner == self.runner);
        let each = || own().flat_map(|test| test.servers.iter().zip(&test.sd));
        let these = |server: &&String| sides.entries.iter().any(|entry| entry.name == **server);
        let mut known: Vec<f64> = each()
            .filter(|(server, _)| these(server))
            .filter_map(|(_, sd)| *sd)
            .collect();
        if known.is_empty() {
            known = each().filter_map(|(_, sd)| *sd).collect();
        }
        known.sort_by(f64::total_cmp);
        Ok(known.get(known.len() / 2).copied())
    }

    /// What may turn a task red beside memory, and beside whether it answers what is due.
    pub(super) fn gated(&self, task: &Task<'_>) -> Vec<GateMetric> {
        let of_load = |metric: &GateMetric| match task.load {
            TrialLoad::Offered(_) => matches!(metric, GateMetric::Cpu | GateMetric::P50 | GateMetric::P99),
            TrialLoad::Saturated => {
                *metric == GateMetric::Throughput || (*metric == GateMetric::Cpu && task.entry.spins)
            }
        };
        self.limits.keys().copied().filter(of_load).collect()
    }

    pub(super) fn rule(&self, metric: GateMetric, family: usize) -> Rule {
        let limit = self.limits.get(&metric).copied().unwrap_or(SHOWN);
        Rule {
            alpha: self.args.alpha,
            limit,
            report: limit / 2.0,
            family,
        }
    }
}
