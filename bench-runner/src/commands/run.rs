//! `run`: the experiment from its plan to its report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use nix::sys::resource::{Resource, getrlimit};

use super::{Usage, report};
use crate::catalog::Entry;
use crate::cli::{Color, RunArgs};
use crate::environment::{Environment, Inputs, affinity, capture};
use crate::execute::binaries::Binaries;
use crate::execute::cpus::Placement;
use crate::execute::{Bench, Failure, Launch, adopt_orphans, launches, run_cell, verify};
use crate::machine::{Advice, Severity, Wish, examine, raise_soft_limits};
use crate::plan::{Cell, cells, expected};
use crate::progress::{Progress, about, say};
use crate::record::{NO_WORK, Row, Run, SCHEMA, Settings, Store, Verdict, Warning};
use crate::stats::summarise;
use crate::words::Lang;

/// Connection counts of `--sweep`.
const SWEEP: [u64; 5] = [1, 10, 100, 1_000, 10_000];
/// What the check of one server takes, about.
const VERIFY: Duration = Duration::from_millis(500);

/// Measures what was asked for, records it, and shows it.
///
/// # Errors
/// For usage errors, when nothing can be recorded, or when the result cannot be shown.
pub fn run(args: &RunArgs, color: Color) -> Result<ExitCode> {
    let entries = args.selection.entries()?;
    args.load.check(&entries)?;
    let settings = settings(args)?;
    understood(&settings.work, &entries)?;
    let seed = args
        .seed
        .unwrap_or_else(|| Timestamp::now().as_nanosecond() as u64 % 1_000_000);
    let plan = cells(&entries, &settings, seed);
    if args.dry_run {
        super::print(&describe(&plan, &entries, &settings, seed))?;
        return Ok(ExitCode::SUCCESS);
    }
    raise_soft_limits();
    adopt_orphans();
    let placement = Placement::choose(
        args.server_cpus.clone().map(|cpus| cpus.0),
        args.client_cpus.clone().map(|cpus| cpus.0),
    );
    let binaries = Binaries::locate(args.selection.bin_dir.as_deref())?;
    let loadgen = binaries.find("loadgen")?;
    let launches = launches(&entries, &binaries);
    if let (true, Some(Err(failure))) = (launches.iter().all(Result::is_err), launches.first()) {
        bail!("no server can be started: {failure}");
    }
    let mut found = vec![("loadgen".to_owned(), loadgen.clone())];
    found.extend(
        entries
            .iter()
            .zip(&launches)
            .filter_map(|(entry, launch)| match launch {
                Ok(Launch::Contract(path)) => Some((entry.name.clone(), path.clone())),
                _ => None,
            }),
    );
    let shards = loadgen::shards_needed(settings.conns.iter().copied().max().unwrap_or(1), nofile());
    let settings = Settings {
        shards: shards.max(placement.generator.len() as u64),
        ..settings
    };
    let environment = capture(Inputs {
        command_line: std::env::args().collect(),
        seed,
        binaries: found,
        server_cpus: placement.server.clone(),
        generator_cpus: placement.generator.clone(),
    });
    let warnings = warn(&environment, &entries, &settings)?;
    let run = Run {
        warnings,
        ..new_run(&entries, settings, seed, environment)
    };
    let directory = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(super::RESULTS).join(&run.run_id));
    let store = Store::create(&directory, &run)?;
    affinity::keep_to(&placement.generator);
    let bench = Bench {
        run_id: run.run_id.clone(),
        settings: run.settings.clone(),
        placement,
        loadgen,
        expected: BTreeMap::new(),
    };
    say(&format!(
        "{} cells, about {}; records in {}\n",
        plan.len(),
        about(length(&plan, &entries, &run.settings)),
        directory.display()
    ));
    Experiment {
        run,
        store,
        bench,
        rows: Vec::new(),
        color,
    }
    .perform(&entries, launches, &plan)
}

/// How long all of it takes, about.
pub(super) fn length(plan: &[Cell], entries: &[Entry], settings: &Settings) -> Duration {
    let cells: Duration = plan.iter().map(|cell| expected(cell, settings)).sum();
    cells + VERIFY * entries.len() as u32
}

/// A run in progress.
struct Experiment {
    run: Run,
    store: Store,
    bench: Bench,
    rows: Vec<Row>,
    color: Color,
}

impl Experiment {
    fn perform(mut self, entries: &[Entry], launches: Vec<Result<Launch, Failure>>, plan: &[Cell]) -> Result<ExitCode> {
        let mut progress = Progress::new(plan.len(), self.run.settings.clone());
        let measured = self.measure(entries, launches, plan, &mut progress);
        progress.finish();
        self.run.interrupted = loadgen::interrupt::requested();
        self.run.finished_at = Some(Timestamp::now());
        // Whatever went wrong: what was measured is shown before it is said what went wrong.
        let shown = self.show();
        measured?;
        shown?;
        if self.run.interrupted {
            bail!(
                "interrupted after {} of {} cells; what there is was kept",
                self.cells_done(),
                plan.len()
            );
        }
        let failed = self.rows.iter().any(|row| row.verdict == Verdict::Failed);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn measure(
        &mut self,
        entries: &[Entry],
        launches: Vec<Result<Launch, Failure>>,
        plan: &[Cell],
        progress: &mut Progress,
    ) -> Result<()> {
        let launches = self.verified(entries, launches, progress);
        for (done, cell) in plan.iter().enumerate() {
            if loadgen::interrupt::requested() {
                return Ok(());
            }
            let launch = entries
                .iter()
                .position(|entry| entry.name == cell.server)
                .map(|i| &launches[i]);
            progress.begin(&plan[done..]);
            let Ok(rows) = run_cell(
                &self.bench,
                cell,
                launch.context("a cell of a server that is not there")?,
            ) else {
                return Ok(());
            };
            progress.end(cell, &rows);
            for row in rows {
                // Kept here too: a full disk loses the record, not the result.
                self.rows.push(row.clone());
                self.store.append(&row)?;
            }
            let first_round_over = plan
                .get(done + 1)
                .is_some_and(|next| cell.round == 1 && next.round == 2);
            if first_round_over {
                let summary = summarise(&self.run, &self.rows);
                let table = crate::render::table::table(&summary, summary.most_conns(), super::width(), false);
                progress.say(&format!("\nafter the first round (provisional):\n\n{table}\n"));
            }
        }
        Ok(())
    }

    /// A server that does not answer rightly is not measured; its rows say why.
    fn verified(
        &mut self,
        entries: &[Entry],
        launches: Vec<Result<Launch, Failure>>,
        progress: &Progress,
    ) -> Vec<Result<Launch, Failure>> {
        let verify = |(entry, launch): (&Entry, Result<Launch, Failure>)| {
            let launch = launch?;
            if loadgen::interrupt::requested() {
                return Ok(launch);
            }
            progress.verifies(&entry.name);
            let checked = verify::verify(&launch, &self.run.settings, &self.bench.placement.server, entry.spins);
            let report = checked.map_err(|error| Failure::of(&error))?;
            for warning in &report.warnings {
                progress.say(&format!("{}: {warning}\n", entry.name));
            }
            if let Some(expected) = &report.expected {
                self.bench.expected.insert(entry.name.clone(), expected.clone());
            }
            report.failure().map_or(Ok(launch), Err)
        };
        entries.iter().zip(launches).map(verify).collect()
    }

    fn show(&mut self) -> Result<()> {
        let updated = self.store.update(&self.run);
        if self.rows.is_empty() {
            return updated;
        }
        super::print(&report::text(&self.run, &self.rows, self.color, Lang::default()))?;
        updated?;
        let all = report::Charts::default();
        super::print(&all.draw(self.store.directory(), &self.run, &self.rows, None)?)?;
        if is_under(self.store.directory(), super::results()) {
            return self.store.link_latest();
        }
        let directory = self.store.directory().display().to_string();
        let directory = shlex::try_quote(&directory).map_or(directory.clone(), std::borrow::Cow::into_owned);
        super::print(&format!("\ndraw them again with: bench-runner report {directory}\n"))
    }

    fn cells_done(&self) -> usize {
        let mut cells: Vec<&str> = self.rows.iter().map(|row| row.cell_id.as_str()).collect();
        cells.dedup();
        cells.len()
    }
}

/// Whether `directory` lies in `parent`, however the two are written.
fn is_under(directory: &Path, parent: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().ok();
    let (Some(directory), Some(parent)) = (whole(directory), whole(parent)) else {
        return false;
    };
    directory.parent() == Some(&parent)
}

pub(super) fn settings(args: &RunArgs) -> Result<Settings> {
    let (rounds, duration, warmup) = if args.quick {
        (1, Duration::from_secs(1), Duration::from_millis(200))
    } else {
        (args.rounds, args.duration, args.warmup)
    };
    if duration < Duration::from_millis(100) {
        return Err(Usage(format!(
            "--duration {}: at least 100ms is needed to measure anything",
            about_ms(duration)
        ))
        .into());
    }
    if !args.stall.is_zero() && args.stall > duration / 2 {
        return Err(Usage(format!(
            "--stall {}: it has room in the middle of a window up to half of --duration, {}",
            about_ms(args.stall),
            about_ms(duration / 2)
        ))
        .into());
    }
    let mut rates = args.rate.clone().map_or(Vec::new(), |rates| rates.0);
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let mut conns = if args.sweep { SWEEP.to_vec() } else { args.conns.clone() };
    conns.sort_unstable();
    conns.dedup();
    if let Some(&most) = conns.last()
        && most > loadgen::MOST_CONNS
    {
        return Err(Usage(format!(
            "--conns {most}: more than a million connections do not fit on one machine's loopback"
        ))
        .into());
    }
    Ok(args.load.settings(Settings {
        conns,
        active: args.active,
        arrivals: (!rates.is_empty()).then_some(args.arrivals),
        rates_per_s: rates,
        stall_s: args.stall.as_secs_f64(),
        rounds,
        duration_s: duration.as_secs_f64(),
        warmup_s: warmup.as_secs_f64(),
        server_nofile: args.server_nofile,
        work: args.work.clone(),
        ..Settings::default()
    }))
}

/// A foreign server that cannot be told of the work would be recorded as doing what it does not.
fn understood(work: &str, entries: &[Entry]) -> Result<()> {
    let deaf = |entry: &&Entry| {
        let command = entry.command.as_deref();
        command.is_some_and(|command| !command.contains("{work}"))
    };
    match entries.iter().find(deaf) {
        Some(entry) if work != NO_WORK => Err(Usage(format!(
            "--work {work}: '{}' cannot be told of it, for its command has no {{work}} in it",
            entry.name
        ))
        .into()),
        _ => Ok(()),
    }
}

fn about_ms(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

fn new_run(entries: &[Entry], settings: Settings, seed: u64, environment: Environment) -> Run {
    let now = environment.started_at;
    let host = environment.os.hostname.as_deref().unwrap_or("host");
    let host: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' })
        .collect();
    Run {
        schema: SCHEMA,
        run_id: format!("{}-{host}", now.strftime("%Y-%m-%d-%H%M%S")),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: now,
        finished_at: None,
        interrupted: false,
        servers: entries.iter().map(|entry| entry.name.clone()).collect(),
        catalog: entries.iter().map(Entry::subject).collect(),
        faulty: entries
            .iter()
            .filter(|entry| entry.faulty)
            .map(|entry| entry.name.clone())
            .collect(),
        settings,
        seed,
        environment,
        warnings: Vec::new(),
    }
}

/// Says what this machine cannot do, before time is spent on it; what the record keeps of that.
fn warn(environment: &Environment, entries: &[Entry], settings: &Settings) -> Result<Vec<Warning>> {
    let wish = Wish {
        max_conns: settings.conns.iter().copied().max().unwrap_or(1),
        backlog: settings.backlog,
        server_nofile: settings.server_nofile,
        models: entries.iter().map(Entry::demands).collect(),
    };
    let advice = examine(environment, &wish);
    let warnings = advice.iter().filter_map(Advice::warning).collect();
    for advice in advice {
        match advice.severity {
            Severity::Info => {}
            Severity::Warning => {
                say(&format!("warning: {}: {}\n", advice.topic, advice.finding));
            }
            Severity::Blocking => {
                let remedy = advice
                    .remedy
                    .map(|remedy| format!("\nhint: {remedy}"))
                    .unwrap_or_default();
                bail!("{}: {}; {}{remedy}", advice.topic, advice.finding, advice.consequence);
            }
        }
    }
    Ok(warnings)
}

fn nofile() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(_, hard)| hard)
}

fn describe(plan: &[Cell], entries: &[Entry], settings: &Settings, seed: u64) -> String {
    let total = length(plan, entries, settings);
    let mut text = String::new();
    for cell in plan {
        let conns = loadgen::units::counted(cell.conns, "connection");
        let work = match &*cell.work {
            NO_WORK => String::new(),
            work => format!("work {work}  "),
        };
        text += &format!(
            "round {}  {:14}  {conns}  {work}about {}\n",
            cell.round,
            cell.server,
            about(expected(cell, settings))
        );
    }
    text + &format!("{} cells, about {} in all; seed {seed}\n", plan.len(), about(total),)
}
