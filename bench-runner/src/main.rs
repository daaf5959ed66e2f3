//! `bench-runner`: what each way of writing a concurrent TCP server costs, and where it breaks.

use std::process::ExitCode;

use bench_runner::cli::{Cli, Command};
use bench_runner::commands::{
    Usage, claims, compare, completions, demo, doctor, export, gate, list, report, run, trend, verify,
};
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    loadgen::interrupt::install();
    let done = match &cli.command {
        None => run::run(&cli.run, cli.color),
        Some(Command::Run(args)) => run::run(args, cli.color),
        Some(Command::Demo(args)) => demo::demo(args, cli.color),
        Some(Command::List(args)) => list::list(args),
        Some(Command::Doctor(args)) => doctor::doctor(args),
        Some(Command::Verify(args)) => verify::verify(args),
        Some(Command::Report(args)) => report::report(args, cli.color),
        Some(Command::Export(args)) => export::export(args),
        Some(Command::Compare(args)) => compare::compare(args, cli.color),
        Some(Command::Gate(args)) => gate::gate(args, cli.color),
        Some(Command::Trend(args)) => trend::trend(args),
        Some(Command::Claims(args)) => claims::claims(args, cli.color),
        Some(Command::Completions(args)) => completions::completions(args),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            bench_runner::progress::say(&format!("bench-runner: {error:#}\n"));
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}
