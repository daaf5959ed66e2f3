//! Subcommands, one a file.

pub mod claims;
pub mod compare;
pub mod completions;
#[cfg(target_os = "linux")]
pub mod demo;
#[cfg(target_os = "linux")]
pub mod doctor;
pub mod export;
#[cfg(target_os = "linux")]
pub mod gate;
pub mod list;
pub mod report;
#[cfg(target_os = "linux")]
pub mod run;
pub mod trend;
#[cfg(target_os = "linux")]
pub mod verify;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use loadgen::units::grouped;
use loadgen::{
    DEEPEST_PIPELINE, LARGEST_MESSAGE, MOST_REQUESTS_PER_CONN, Protocol, RAREST_SLOW, SMALLEST_REPLY, SMALLEST_REQUEST,
};

use crate::catalog::{Catalog, Entry};
use crate::cli::{Color, LoadArgs, Selection};
use crate::progress::say;
use crate::record::{self, Recorded, Settings};

/// Where runs are kept, under the current directory.
pub const RESULTS: &str = "results";

/// A mistake of the user's: told as it is, and answered with exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Makes a usage error of any error.
fn usage(error: &anyhow::Error) -> anyhow::Error {
    Usage(format!("{error:#}")).into()
}

impl Selection {
    /// The entries that were chosen.
    fn entries(&self) -> Result<Vec<Entry>> {
        self.chosen().map_err(|error| usage(&error))
    }

    fn chosen(&self) -> Result<Vec<Entry>> {
        let mut catalog = Catalog::own()?;
        self.catalog.iter().try_for_each(|file| catalog.add_file(file))?;
        self.server.iter().try_for_each(|text| catalog.add_server(text))?;
        let mut words = self.models.clone();
        // A server given on the command line is meant to take part.
        words.extend(
            self.server
                .iter()
                .filter_map(|text| Some(text.split_once('=')?.0.to_owned())),
        );
        catalog.select(&words)
    }
}

impl LoadArgs {
    /// Checks what clap cannot.
    fn check(&self, entries: &[Entry]) -> Result<()> {
        if let (Some(path), true) = (&self.path, self.protocol != Protocol::Http) {
            return Err(Usage(format!("--path {path} belongs to --protocol http")).into());
        }
        entries
            .iter()
            .try_for_each(|entry| entry.speaks(self.protocol))
            .map_err(|error| usage(&error))?;
        if !(SMALLEST_REQUEST..=LARGEST_MESSAGE).contains(&self.request_bytes) {
            return Err(Usage(format!(
                "--request-bytes {}: a request has 16 bytes to 16 MiB",
                self.request_bytes
            ))
            .into());
        }
        if !(SMALLEST_REPLY..=LARGEST_MESSAGE).contains(&self.reply_bytes) {
            return Err(Usage(format!(
                "--reply-bytes {}: a reply has 8 bytes to 16 MiB",
                self.reply_bytes
            ))
            .into());
        }
        for (flag, given, most) in [
            ("--slow-every", self.slow_every, RAREST_SLOW),
            (
                "--requests-per-conn",
                self.requests_per_conn.unwrap_or(1),
                MOST_REQUESTS_PER_CONN,
            ),
        ] {
            if given > most {
                return Err(Usage(format!("{flag} {given}: from 1 to {} are possible", grouped(most))).into());
            }
        }
        if let Some(requests) = self.requests_per_conn
            && self.pipeline > requests
        {
            return Err(Usage(format!(
                "--pipeline {} --requests-per-conn {requests}: a connection never has so many requests under way",
                self.pipeline
            ))
            .into());
        }
        if self.pipeline > DEEPEST_PIPELINE {
            return Err(Usage(format!(
                "--pipeline {}: at most {DEEPEST_PIPELINE} requests can be under way on a connection",
                self.pipeline
            ))
            .into());
        }
        Ok(())
    }

    /// The settings that these flags determine, with `others` for the rest.
    fn settings(&self, others: Settings) -> Settings {
        Settings {
            ramp_s: self.ramp.map(|ramp| ramp.as_secs_f64()),
            connect_timeout_s: self.connect_timeout.as_secs_f64(),
            timeout_s: self.timeout.as_secs_f64(),
            protocol: self.protocol,
            path: (self.protocol == Protocol::Http).then(|| self.path.clone().unwrap_or_else(|| "/".to_owned())),
            request_bytes: self.request_bytes,
            reply_bytes: self.reply_bytes,
            pipeline: self.pipeline,
            slow_every: self.slow_every,
            think_s: self.think.as_secs_f64(),
            requests_per_conn: self.requests_per_conn,
            spin: self.spin,
            backlog: self.backlog,
            workers: self.workers,
            ..others
        }
    }
}

/// What a command that measures says where nothing can be measured.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn elsewhere() -> Result<std::process::ExitCode> {
    anyhow::bail!(
        "the servers and all that is measured about them are Linux's, and this program was built for {}.\n\
         Measure on Linux: a virtual machine will do, at the price that its hypervisor adds to latency. Records made there \
         are read here: see report, compare, export, trend, and claims --from.",
        std::env::consts::OS
    )
}

/// Columns of the terminal that standard output goes to, 80 where there is none.
fn width() -> u16 {
    terminal_size::terminal_size_of(io::stdout()).map_or(80, |(width, _)| width.0)
}

/// Whether to write colours to standard output.
fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// The directory of results as seen from here.
fn results() -> &'static Path {
    Path::new(RESULTS)
}

/// The run that was named, or the latest, and where it lies; what is wrong with its records is told.
fn recorded(name: Option<&str>) -> Result<(PathBuf, Recorded)> {
    let directory = record::find(name, results()).map_err(|error| usage(&error))?;
    let recorded = record::read(&directory)?;
    for problem in &recorded.damage {
        say(&format!("bench-runner: {problem}\n"));
    }
    if recorded.run.interrupted {
        say("bench-runner: the run was interrupted: rows are missing\n");
    }
    Ok((directory, recorded))
}

/// Writes to standard output; that nobody reads any more is no error.
fn print(text: &str) -> Result<()> {
    use std::io::Write;
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
