//! `demo`: a run that shows in a minute what the whole comparison is about.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::cli::{Color, DemoArgs, RunArgs};
use crate::progress::say;

/// One model that serves a single client, one that pays for each, one that breaks, two that do neither; connections
/// enough for select to break (FD_SETSIZE is 1024), three rounds so that differences can be named, and windows so short
/// that all of it takes less than a minute.
const DEMO: &str =
    "--models iterative,thread,select,epoll-edge,io-uring --conns 1500 --rounds 3 --duration 800ms --warmup 300ms";

/// The flags of a run, parsed without a subcommand.
#[derive(Parser)]
struct Whole {
    #[command(flatten)]
    run: RunArgs,
}

/// Says which run it is, makes it, and says what comes next.
///
/// # Errors
/// As [`super::run::run`].
pub fn demo(args: &DemoArgs, color: Color) -> Result<ExitCode> {
    say(&format!("this is: bench-runner run {DEMO}\n"));
    let words = std::iter::once("demo").chain(DEMO.split(' '));
    let mut run = Whole::parse_from(words).run;
    run.selection.bin_dir.clone_from(&args.bin_dir);
    run.out.clone_from(&args.out);
    let code = super::run::run(&run, color)?;
    say("all models and 10,000 connections, in ten to twelve minutes: bench-runner --models all --conns 10000\n");
    Ok(code)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::Catalog;
    use crate::commands::run::{length, settings};
    use crate::plan::cells;

    #[test]
    fn a_demo_takes_a_minute_and_breaks_select() {
        let run = Whole::parse_from(std::iter::once("demo").chain(DEMO.split(' '))).run;
        let settings = settings(&run).unwrap();
        assert!(settings.conns == [1500], "more than FD_SETSIZE");
        let entries = Catalog::own().unwrap().select(&run.selection.models).unwrap();
        assert_eq!(entries.len(), 5);
        let plan = cells(&entries, &settings, 1);
        let length = length(&plan, &entries, &settings);
        assert!(length <= Duration::from_secs(60), "{length:?}");
    }
}
