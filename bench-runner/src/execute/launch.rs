//! How servers are started: as their entries in the catalogue say.

use anyhow::{Context, Result};

use super::Failure;
use super::binaries::Binaries;
use super::server::Launch;
use crate::catalog::Entry;

/// How each server is started, or why it cannot be.
#[must_use]
pub fn launches(entries: &[Entry], binaries: &Binaries) -> Vec<Result<Launch, Failure>> {
    let launch = |entry: &Entry| -> Result<Launch> {
        match (&entry.binary, &entry.command) {
            (Some(binary), _) => Ok(Launch::Contract(binaries.find(binary)?)),
            (None, _) => {
                entry.check_installed()?;
                let words = entry.command_words();
                Ok(Launch::Foreign(
                    words.context("its command line has an unclosed quote")?,
                ))
            }
        }
    };
    entries
        .iter()
        .map(|entry| launch(entry).map_err(|error| Failure::of(&error)))
        .collect()
}
