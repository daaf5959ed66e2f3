//! `bench-runner`: what each way of writing a concurrent TCP server costs, and where it breaks.

use std::process::ExitCode;

use bench_runner::cli::{Cli, Command};
use bench_runner::commands::{Usage, claims, compare, completions, export, list, report, trend};
#[cfg(target_os = "linux")]
use bench_runner::commands::{demo, doctor, gate, run, verify};
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    loadgen::interrupt::install();
    let done = match &cli.command {
        Some(Command::List(args)) => list::list(args),
        Some(Command::Report(args)) => report::report(args, cli.color),
        Some(Command::Export(args)) => export::export(args),
        Some(Command::Compare(args)) => compare::compare(args, cli.color),
        Some(Command::Trend(args)) => trend::trend(args),
        Some(Command::Claims(args)) => claims::claims(args, cli.color),
        Some(Command::Completions(args)) => completions::completions(args),
        #[cfg(target_os = "linux")]
        None => run::run(&cli.run, cli.color),
        #[cfg(target_os = "linux")]
        Some(Command::Run(args)) => run::run(args, cli.color),
        #[cfg(target_os = "linux")]
        Some(Command::Demo(args)) => demo::demo(args, cli.color),
        #[cfg(target_os = "linux")]
        Some(Command::Doctor(args)) => doctor::doctor(args),
        #[cfg(target_os = "linux")]
        Some(Command::Verify(args)) => verify::verify(args),
        #[cfg(target_os = "linux")]
        Some(Command::Gate(args)) => gate::gate(args, cli.color),
        // What is left measures: servers and generator need Linux.
        #[cfg(not(target_os = "linux"))]
        _ => bench_runner::commands::elsewhere(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            bench_runner::progress::say(&format!("bench-runner: {error:#}\n"));
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}
