//! `gate`: whether a server got slower. Base and head side by side, pair by pair, then a verdict that noise cannot turn
//! red.

mod accept;
mod budget;
mod sides;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use loadgen::ask::{self, End, Patience};
use loadgen::{Arrivals, Bytes, Ending, Protocol};
use rand::SeedableRng;
use rand::rngs::StdRng;

use self::accept::Accepted;
use self::budget::Clock;
use self::sides::{Entry, Sides, sides};
use super::Usage;
use crate::cli::{Color, FailOn, GateArgs};
use crate::environment::{Inputs, capture};
use crate::execute::binaries::Binaries;
use crate::execute::cpus::{Placement, pin_self};
use crate::execute::{Broken, Contest, Due, SLICE, Server, adopt_orphans, verify};
use crate::machine::raise_soft_limits;
use crate::progress::{about, say};
use crate::record::{
    Alarms, Campaign, GATE_SCHEMA, GateMetric, GateRun, GateStore, GateVerdict, Line, PairRow, SelfTest, Settings,
    Side, Trial, TrialLoad, keep_self_test, runner, self_tests, write_whole,
};
use crate::render::gate::{self as render, Style};
use crate::stats::gate::{Judged, Rule, Verdict, judge_each, paired, rate_bound, typical, visible_effect};

/// What head may be worse by where no flag says otherwise.
const LIMITS: [(GateMetric, f64); 2] = [(GateMetric::Cpu, 0.05), (GateMetric::Memory, 0.10)];
/// What metrics that are only shown are held against.
const SHOWN: f64 = 0.05;
/// Memory comes in pages: less than so many bytes in all make no difference that could be told.
const FEW_PAGES: f64 = 65_536.0;
/// Standard deviation of a pair of the default length, where nothing is known of this runner yet: what was seen on two
/// virtual processors.
const USUAL_SD: f64 = 0.02;

/// One server under one load.
struct Task<'a> {
    entry: &'a Entry,
    load: TrialLoad,
    due: Option<Due>,
    counted: bool,
    pairs: Vec<PairRow>,
}

/// Compares base with head and says what got slower.
///
/// # Errors
/// For usage errors, when something cannot be built or recorded, or the user interrupts. A server that dies is a result.
pub fn gate(args: &GateArgs, color: Color) -> Result<ExitCode> {
    let limits = limits(args)?;
    let settings = settings(args)?;
    let mut clean = args.clone();
    clean.load.protocol = settings.protocol;
    clean.load.check(&[])?;
    let seed = args
        .seed
        .unwrap_or_else(|| Timestamp::now().as_nanosecond() as u64 % 1_000_000);
    raise_soft_limits();
    adopt_orphans();
    let placement = Placement::choose(
        args.server_cpus.clone().map(|cpus| cpus.0),
        args.client_cpus.clone().map(|cpus| cpus.0),
    );
    let loadgen = Binaries::locate(None)?.find("loadgen")?;
    let sides = sides(args)?;
    let settings = Settings {
        shards: placement.generator.len().max(1) as u64,
        ..settings
    };
    let environment = capture(Inputs {
        command_line: std::env::args().collect(),
        seed,
        binaries: vec![("loadgen".to_owned(), loadgen.clone())],
        server_cpus: placement.server.clone(),
        generator_cpus: placement.generator.clone(),
    });
    let started_at = environment.started_at;
    let directory = args.out.clone().unwrap_or_else(|| {
        PathBuf::from(super::RESULTS).join(format!("gate-{}", started_at.strftime("%Y-%m-%d-%H%M%S")))
    });
    let mut gate = Gate {
        args,
        limits,
        settings,
        placement,
        loadgen,
        store: GateStore::create(&directory)?,
    };
    let tasks = gate.tasks(&sides)?;
    let (trials, broken) = if tasks.is_empty() {
        (Vec::new(), None)
    } else {
        pin_self(&gate.placement.generator);
        match gate.measure(&sides, tasks, seed) {
            Ok(trials) => (trials, None),
            Err(error) => match error.downcast::<Broken>() {
                Ok(broken) => (Vec::new(), Some(broken.to_string())),
                Err(error) => return Err(error),
            },
        }
    };
    let mut run = GateRun {
        schema: GATE_SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at,
        finished_at: Timestamp::now(),
        sides: sides.records,
        itself: args.itself,
        settings: gate.settings.clone(),
        pairs: args.pairs,
        slice_s: SLICE.as_secs_f64(),
        alpha: args.alpha,
        limits: gate
            .limits
            .iter()
            .map(|(metric, limit)| (metric.name().to_owned(), *limit))
            .collect(),
        budget_s: args.budget.as_secs_f64(),
        seed,
        trials,
        identical: sides.identical,
        only_in: sides.only_in,
        broken,
        alarms: Alarms::default(),
        environment,
    };
    run.alarms = alarms(args, &run)?;
    finish(&run, &directory, args, color)
}

/// Writes what there is, says it, and ends with what it comes to.
fn finish(run: &GateRun, directory: &Path, args: &GateArgs, color: Color) -> Result<ExitCode> {
    write_whole(&directory.join("gate.json"), serde_json::to_string_pretty(run)? + "\n")?;
    let markdown = render::summary(run, Style::Markdown);
    write_whole(&directory.join("summary.md"), &markdown)?;
    super::print(&render::summary(
        run,
        Style::Terminal {
            color: super::colored(color),
        },
    ))?;
    super::print(&format!("\nrecords in {}\n", directory.display()))?;
    if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        use std::io::Write;
        let summary = std::fs::OpenOptions::new().create(true).append(true).open(&path);
        summary
            .and_then(|mut file| file.write_all(markdown.as_bytes()))
            .with_context(|| format!("cannot write GITHUB_STEP_SUMMARY '{}'", Path::new(&path).display()))?;
    }
    if std::env::var_os("GITHUB_ACTIONS").is_some() {
        super::print(&render::annotations(run))?;
    }
    let worst = worst(run);
    Ok(ExitCode::from(match worst {
        _ if run.broken.is_some() => 5,
        Some(GateVerdict::Regression) => 3,
        Some(GateVerdict::Inconclusive | GateVerdict::NotConfirmed) if args.fail_on == FailOn::Inconclusive => 4,
        _ => 0,
    }))
}

/// The worst that is said of what is gated.
fn worst(run: &GateRun) -> Option<GateVerdict> {
    let lines = run.trials.iter().flat_map(|trial| &trial.lines);
    lines.filter(|line| line.gated).map(|line| line.verdict).min()
}

/// What is known of false alarms on this kind of runner, this run among them if it is one that can tell.
fn alarms(args: &GateArgs, run: &GateRun) -> Result<Alarms> {
    let kind = runner(&run.environment);
    if args.itself && run.broken.is_none() && !run.trials.is_empty() {
        let cpu = |trial: &Trial| trial.lines.iter().find(|line| line.gated).and_then(|line| line.sd);
        let red = [GateVerdict::Regression, GateVerdict::Improvement];
        let lines = run.trials.iter().flat_map(|trial| &trial.lines);
        let test = SelfTest {
            at: run.finished_at,
            runner: kind.clone(),
            servers: run.trials.iter().map(|trial| trial.server.clone()).collect(),
            pairs: run.pairs,
            budget_s: run.budget_s,
            // To call a build better than itself is as wrong as to call it worse.
            red: lines.filter(|line| line.gated).any(|line| red.contains(&line.verdict)),
            sd: run.trials.iter().map(cpu).collect(),
        };
        keep_self_test(&args.self_tests, &test)?;
    }
    let known = self_tests(&args.self_tests)?;
    let own: Vec<&SelfTest> = known.iter().filter(|test| test.runner == kind).collect();
    let (runs, red) = (own.len() as u64, own.iter().filter(|test| test.red).count() as u64);
    Ok(Alarms {
        runs,
        red,
        below: rate_bound(red, runs),
    })
}

/// The limits of what is gated, and of memory.
fn limits(args: &GateArgs) -> Result<BTreeMap<GateMetric, f64>> {
    let mut limits = BTreeMap::from(LIMITS);
    limits.extend(args.limit.iter().map(|limit| (limit.metric, limit.by)));
    if !(args.alpha > 0.0 && args.alpha < 0.5) {
        return Err(Usage(format!(
            "--alpha {}: a probability above 0 and below 0.5 is needed",
            args.alpha
        ))
        .into());
    }
    Ok(limits)
}

fn settings(args: &GateArgs) -> Result<Settings> {
    let load = &args.load;
    let senseless = [
        ("--think", !load.think.is_zero()),
        ("--requests-per-conn", load.requests_per_conn.is_some()),
        ("--slow-every", load.slow_every > 1),
    ];
    if let Some((flag, _)) = senseless.iter().find(|(_, given)| *given) {
        return Err(Usage(format!(
            "{flag} has no place in a gate: every request must ask for the same"
        ))
        .into());
    }
    let settings = load.settings(Settings {
        conns: vec![args.conns],
        active: args.conns,
        arrivals: Some(Arrivals::Uniform),
        ..Settings::default()
    });
    Ok(match args.request_file {
        Some(_) => Settings {
            protocol: Protocol::Raw,
            ..settings
        },
        None => settings,
    })
}

struct Gate<'a> {
    args: &'a GateArgs,
    limits: BTreeMap<GateMetric, f64>,
    settings: Settings,
    placement: Placement,
    loadgen: PathBuf,
    store: GateStore,
}

impl Gate<'_> {
    /// What is measured: each server at a fixed rate, and in a closed loop too where throughput is gated. One that spins
    /// uses all of its CPU at any rate, so that only a closed loop tells what a request costs it.
    fn tasks<'s>(&self, sides: &'s Sides) -> Result<Vec<Task<'s>>> {
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
        let sd = self.expected_sd()?;
        say(&format!(
            "{} servers, {} pairs each of {slices} × 2 slices of {} ms, about {}; with a paired SD of {:.1} % it sees {:+.1} % \
             of CPU per request nine times in ten\n",
            tasks.len(),
            self.args.pairs,
            SLICE.as_millis(),
            about(self.args.budget),
            sd * 100.0,
            visible_effect(&cpu, sd, self.args.pairs as usize, crate::stats::gate::POWER) * 100.0
        ));
        Ok(tasks)
    }

    /// What pairs of this kind of runner scatter by.
    fn expected_sd(&self) -> Result<f64> {
        let mut known: Vec<f64> = self_tests(&self.args.self_tests)?
            .iter()
            .flat_map(|test| &test.sd)
            .flatten()
            .copied()
            .collect();
        known.sort_by(f64::total_cmp);
        Ok(known.get(known.len() / 2).copied().unwrap_or(USUAL_SD))
    }

    fn gated(&self, task: &Task<'_>) -> Vec<GateMetric> {
        let of_load = |metric: &GateMetric| match task.load {
            TrialLoad::Offered(_) => matches!(metric, GateMetric::Cpu | GateMetric::P50 | GateMetric::P99),
            TrialLoad::Saturated => {
                *metric == GateMetric::Throughput || (*metric == GateMetric::Cpu && task.entry.spins)
            }
        };
        self.limits.keys().copied().filter(of_load).collect()
    }

    fn rule(&self, metric: GateMetric, family: usize) -> Rule {
        let limit = self.limits.get(&metric).copied().unwrap_or(SHOWN);
        Rule {
            alpha: self.args.alpha,
            limit,
            report: limit / 2.0,
            family,
        }
    }

    fn contest<'c>(&'c self, task: &'c Task<'_>) -> Contest<'c> {
        self.contest_of(task.entry, task.due.as_ref(), task.counted)
    }

    fn measure(&mut self, sides: &Sides, mut tasks: Vec<Task<'_>>, seed: u64) -> Result<Vec<Trial>> {
        for task in &mut tasks {
            self.prepare(task)?;
        }
        let all = self.args.pairs * tasks.len() as u32;
        let allowed = budget::first(self.args.budget, tasks.len());
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
                trial.per_request = Some(self.contest(task).counts(task.load)?);
            }
        }
        // The worst first; a sort keeps the order of equals, which is the catalogue's.
        trials.sort_by_key(|trial| {
            trial
                .lines
                .iter()
                .filter(|line| line.gated)
                .map(|line| line.verdict)
                .min()
        });
        Ok(trials)
    }

    /// Checks both sides, and finds out what the rest needs to know of them.
    fn prepare(&self, task: &mut Task<'_>) -> Result<()> {
        say(&format!("{}: checking both sides\n", task.entry.name));
        for side in Side::BOTH {
            let due = self.check(task.entry, side)?;
            // What base answers is what head must answer.
            if side == Side::Base {
                task.due = due;
            }
        }
        task.counted = self.contest(task).needs_counting()?;
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
        Ok(())
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
            let server = Server::start(launch, &self.settings, &self.placement.server);
            let server = server.map_err(|error| broken(format!("{error:#}")))?;
            let end = match &self.args.reply_until {
                Some(Ending(bytes)) => End::With(bytes.clone()),
                None => End::After(self.args.load.reply_bytes),
            };
            let patience = Patience {
                connect: self.args.load.connect_timeout,
                reply: self.args.load.timeout,
            };
            let reply =
                ask::raw(server.address, &request, &end, patience).map_err(|error| broken(format!("{error:#}")))?;
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

    fn judge(&self, sides: &Sides, tasks: &[Task<'_>], seed: u64) -> Result<Vec<Trial>> {
        let gated: Vec<(usize, GateMetric)> = tasks
            .iter()
            .enumerate()
            .flat_map(|(i, task)| self.gated(task).into_iter().map(move |metric| (i, metric)))
            .collect();
        let accepted = |task: usize, metric| Accepted::of(&sides.accepted, &tasks[task].entry.name, metric);
        let data = |task: usize, metric, accepted: f64| -> Vec<f64> {
            paired(&tasks[task].pairs, metric)
                .iter()
                .map(|datum| datum - accepted.ln_1p())
                .collect()
        };
        let rules: Vec<Rule> = gated
            .iter()
            .map(|&(_, metric)| self.rule(metric, gated.len()))
            .collect();
        let family: Vec<Vec<f64>> = gated
            .iter()
            .map(|&(i, metric)| data(i, metric, accepted(i, metric)))
            .collect();
        let judged = judge_each(&family, &rules, seed).map_err(|bad| self.refused(tasks, &gated, &bad))?;
        let mut trials = Vec::new();
        for (i, task) in tasks.iter().enumerate() {
            let mut lines = Vec::new();
            for metric in GateMetric::ALL {
                if metric == GateMetric::Memory {
                    lines.extend(self.memory(task, accepted(i, metric)));
                    continue;
                }
                let rule = self.rule(metric, 1);
                let of_load = match task.load {
                    TrialLoad::Offered(_) => metric != GateMetric::Throughput,
                    TrialLoad::Saturated => !matches!(metric, GateMetric::P50 | GateMetric::P99),
                };
                match gated.iter().position(|&(task, other)| (task, other) == (i, metric)) {
                    Some(at) => lines.push(line(task, metric, &judged[at], rule.limit, accepted(i, metric), true)),
                    None if of_load => {
                        // Shown, whether or not it could be judged.
                        if let Ok(judged) = judge_each(&[data(i, metric, 0.0)], &[rule], seed) {
                            lines.push(line(task, metric, &judged[0], rule.limit, 0.0, false));
                        }
                    }
                    None => {}
                }
            }
            let slices = || task.pairs.iter().flat_map(|pair| &pair.slices);
            trials.push(Trial {
                server: task.entry.name.clone(),
                conns: self.args.conns,
                load: task.load,
                lines,
                per_request: None,
                behind: [
                    slices().filter(|slices| slices.base.unanswered > 0).count() as u64,
                    slices().filter(|slices| slices.head.unanswered > 0).count() as u64,
                    slices().count() as u64,
                ],
            });
        }
        Ok(trials)
    }

    /// Data of which nothing can be said is a side that did not do what it should.
    fn refused(
        &self,
        tasks: &[Task<'_>],
        gated: &[(usize, GateMetric)],
        bad: &crate::stats::gate::Bad,
    ) -> anyhow::Error {
        use crate::stats::gate::Bad;
        match bad {
            Bad::NotFinite { metric, .. } | Bad::Empty { metric } => Broken {
                side: Side::Head,
                server: tasks[gated[*metric].0].entry.name.clone(),
                reason: bad.to_string(),
            }
            .into(),
            _ => anyhow::anyhow!("{bad}"),
        }
    }

    /// Memory does not scatter as time does: the medians of all pairs, and whether they differ by more than pages do.
    fn memory(&self, task: &Task<'_>, accepted: f64) -> Option<Line> {
        let [base, head] = Side::BOTH.map(|side| typical(&task.pairs, GateMetric::Memory, side));
        let (base, head) = (base?, head?);
        let limit = self.limits[&GateMetric::Memory];
        let grown = (head - base) * self.args.conns as f64;
        let allowed = base * (1.0 + limit) * (1.0 + accepted);
        let verdict = match grown {
            grown if grown > FEW_PAGES && head > allowed => GateVerdict::Regression,
            grown if grown > FEW_PAGES && head > base * (1.0 + limit) => GateVerdict::Accepted,
            grown if grown < -FEW_PAGES && head < base / (1.0 + limit) => GateVerdict::Improvement,
            _ => GateVerdict::NoDifference,
        };
        Some(Line {
            metric: GateMetric::Memory,
            gated: true,
            verdict,
            base: Some(base),
            head: Some(head),
            change: (base > 0.0).then(|| head / base - 1.0),
            low: None,
            high: None,
            confidence: None,
            p: None,
            limit,
            accepted,
            visible: None,
            sd: None,
            pairs: task.pairs.len() as u64,
        })
    }
}

fn line(task: &Task<'_>, metric: GateMetric, judged: &Judged, limit: f64, accepted: f64, gated: bool) -> Line {
    let [base, head] = Side::BOTH.map(|side| typical(&task.pairs, metric, side));
    // What was accepted was taken off before it was judged, and is shown again.
    let shown = |ln: f64| (ln + accepted.ln_1p()).exp_m1();
    let verdict = match judged.verdict {
        _ if !gated => GateVerdict::Shown,
        Verdict::Regression => GateVerdict::Regression,
        Verdict::NoDifference if accepted > 0.0 && shown(judged.estimate) > limit / 2.0 => GateVerdict::Accepted,
        Verdict::Improvement if accepted > 0.0 && shown(judged.estimate) > limit / 2.0 => GateVerdict::Accepted,
        Verdict::Improvement => GateVerdict::Improvement,
        Verdict::NoDifference => GateVerdict::NoDifference,
        Verdict::Inconclusive => GateVerdict::Inconclusive,
    };
    Line {
        metric,
        gated,
        verdict,
        base,
        head,
        change: Some(shown(judged.estimate)),
        low: judged.interval.map(|interval| shown(interval.low)),
        high: judged.interval.map(|interval| shown(interval.high)),
        confidence: judged.interval.map(|interval| interval.confidence),
        p: gated.then_some(judged.adjusted_worse),
        limit,
        accepted,
        visible: judged.visible.is_finite().then_some(judged.visible),
        sd: Some(judged.sd),
        pairs: judged.pairs as u64,
    }
}

fn says(trial: &Trial, verdict: GateVerdict) -> bool {
    trial.lines.iter().any(|line| line.gated && line.verdict == verdict)
}

/// A red verdict stays one only where fresh pairs are red too.
fn confirm(first: &mut [Trial], again: &[Trial]) {
    for trial in first {
        let same = again
            .iter()
            .find(|other| other.server == trial.server && same_load(other.load, trial.load));
        for line in trial
            .lines
            .iter_mut()
            .filter(|line| line.verdict == GateVerdict::Regression)
        {
            let second = same.and_then(|other| other.lines.iter().find(|other| other.metric == line.metric));
            if second.is_none_or(|second| second.verdict != GateVerdict::Regression) {
                line.verdict = GateVerdict::NotConfirmed;
            }
        }
    }
}

fn same_load(one: TrialLoad, other: TrialLoad) -> bool {
    one.rate_per_s().is_some() == other.rate_per_s().is_some()
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
