//! `verify`: whether servers answer rightly, without measuring them.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::VerifyArgs;
use crate::execute::binaries::Binaries;
use crate::execute::cpus::Placement;
use crate::execute::{adopt_orphans, launches, verify as check};
use crate::record::Settings;

/// Checks each selected server and says what it found.
///
/// # Errors
/// When the selection is no selection, or the user interrupts.
pub fn verify(args: &VerifyArgs) -> Result<ExitCode> {
    let entries = args.selection.entries()?;
    args.load.check(&entries)?;
    adopt_orphans();
    let binaries = Binaries::locate(args.selection.bin_dir.as_deref())?;
    let launches = launches(&entries, &binaries);
    let settings = args.load.settings(Settings::default());
    let placement = Placement::choose(None, None);
    let width = entries
        .iter()
        .map(|entry| entry.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut all_right = true;
    for (entry, launch) in entries.iter().zip(launches) {
        let checked = launch
            .map_err(anyhow::Error::from)
            .and_then(|launch| check::verify(&launch, &settings, &placement.server, entry.spins));
        if loadgen::interrupt::requested() {
            anyhow::bail!("interrupted");
        }
        let (faults, warnings, expected) = match checked {
            Ok(report) => (report.faults(), report.warnings, report.expected),
            Err(error) => (vec![format!("{error:#}")], Vec::new(), None),
        };
        all_right &= faults.is_empty() && (warnings.is_empty() || !args.strict);
        let mut told: Vec<String> = faults.iter().map(|fault| format!("✗ {fault}")).collect();
        if told.is_empty() {
            told.push(expected.map_or("answers rightly".to_owned(), |expected| {
                format!("answers rightly ({})", expected.words())
            }));
        }
        told.extend(warnings.iter().map(|warning| format!("! {warning}")));
        let told = told.join(&format!("\n{:width$}  ", ""));
        super::print(&format!("{:width$}  {told}\n", entry.name))?;
    }
    Ok(if all_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
