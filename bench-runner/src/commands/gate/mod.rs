//! `gate`: whether a server got slower. Base and head side by side, pair by pair, then a verdict that noise cannot turn
//! red.

mod accept;
mod budget;
mod campaign;
mod plan;
mod sides;
mod verdicts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use jiff::Timestamp;
use loadgen::{Arrivals, Protocol};

use self::sides::{Entry, sides};
use super::Usage;
use crate::cli::{Color, FailOn, GateArgs};
use crate::environment::{Inputs, affinity, capture};
use crate::execute::binaries::Binaries;
use crate::execute::cpus::Placement;
use crate::execute::{Broken, Due, SLICE, adopt_orphans};
use crate::machine::raise_soft_limits;
use crate::record::{
    Alarms, GATE_SCHEMA, GateMetric, GateRun, GateStore, GateVerdict, PairRow, SelfTest, Settings, Side, Trial,
    TrialLoad, keep_self_test, self_tests, write_whole,
};
use crate::render::gate::{self as render, Style};
use crate::stats::gate::rate_bound;

/// What head may be worse by where no flag says otherwise.
const LIMITS: [(GateMetric, f64); 3] = [
    (GateMetric::Cpu, 0.05),
    (GateMetric::Answered, 0.05),
    (GateMetric::Memory, 0.10),
];
/// What metrics that are only shown are held against.
const SHOWN: f64 = 0.05;

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
        runner: environment.class(),
    };
    let tasks = gate.tasks(&sides)?;
    let (trials, broken) = if tasks.is_empty() {
        (Vec::new(), None)
    } else {
        affinity::keep_to(&gate.placement.generator);
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
            width: usize::from(super::width().max(80)),
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
        // What head no longer has was not compared.
        _ if args.fail_on == FailOn::Inconclusive && run.only_in.values().any(|side| *side == Side::Base) => 4,
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
    let kind = run.environment.class();
    if args.itself && (run.broken.is_some() || !run.trials.is_empty()) {
        let cpu = |trial: &Trial| {
            let cpu = trial.lines.iter().find(|line| line.metric == GateMetric::Cpu);
            cpu.and_then(|line| line.sd)
        };
        let says = |verdict| {
            let mut lines = run.trials.iter().flat_map(|trial| &trial.lines);
            lines.any(|line| line.gated && line.verdict == verdict)
        };
        let test = SelfTest {
            at: run.finished_at,
            runner: kind.clone(),
            servers: run.trials.iter().map(|trial| trial.server.clone()).collect(),
            pairs: run.pairs,
            budget_s: run.budget_s,
            alpha: run.alpha,
            limits: run.limits.clone(),
            conns: args.conns,
            red: run.broken.is_some() || says(GateVerdict::Regression),
            improved: says(GateVerdict::Improvement),
            sd: run.trials.iter().map(cpu).collect(),
        };
        keep_self_test(&args.self_tests, &test)?;
    }
    // Runs with other limits, say, tell nothing of this one.
    let same_plan = |test: &&SelfTest| {
        test.runner == kind && test.pairs == run.pairs && test.alpha == run.alpha && test.limits == run.limits
    };
    let known = self_tests(&args.self_tests)?;
    let own: Vec<&SelfTest> = known.iter().filter(same_plan).collect();
    let (runs, red) = (own.len() as u64, own.iter().filter(|test| test.red).count() as u64);
    Ok(Alarms {
        runs,
        red,
        improved: own.iter().filter(|test| test.improved).count() as u64,
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
    /// What kind of runner this is.
    runner: String,
}
