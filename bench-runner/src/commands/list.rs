//! `list`: the servers that can be chosen.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::ListArgs;

/// Prints name, aliases, family and summary of each.
///
/// # Errors
/// When the selection is no selection.
pub fn list(args: &ListArgs) -> Result<ExitCode> {
    let entries = args.selection.entries()?;
    let mut text = String::new();
    let mut family = String::new();
    let width = entries
        .iter()
        .map(|entry| entry.name.chars().count())
        .max()
        .unwrap_or(0);
    for entry in &entries {
        if entry.family != family {
            text += &format!("{}{}\n", if family.is_empty() { "" } else { "\n" }, entry.family);
            family.clone_from(&entry.family);
        }
        let aliases = if entry.aliases.is_empty() {
            String::new()
        } else {
            format!(" (also {})", entry.aliases.join(", "))
        };
        text += &format!("  {:width$}  {}{aliases}\n", entry.name, entry.summary);
        if !entry.bound.is_empty() {
            text += &format!("  {:width$}  stops at: {}\n", "", entry.bound);
        }
        if let Err(missing) = entry.check_installed() {
            text += &format!("  {:width$}  not here: {missing}\n", "");
        }
    }
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
