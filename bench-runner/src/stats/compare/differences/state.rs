//! How busy the machine was, as far as that differs by more than it does from one minute to the next.

use std::collections::{BTreeMap, BTreeSet};

use loadgen::units::counted;

use super::Listing;
use crate::machine::STEAL;
use crate::record::{Row, Run};

/// A difference in load that is told, in tasks for each CPU.
const LOAD: f64 = 0.25;

pub(super) fn list(listing: &mut Listing, base: (&Run, &[Row]), current: (&Run, &[Row])) {
    let (before, after) = (&base.0.environment, &current.0.environment);
    let load = |of: Option<[f64; 3]>| of.map(|averages| averages[0]);
    let cpus = before.usable_cpus().unwrap_or(1) as f64;
    if let (Some(b), Some(c)) = (load(before.load.averages), load(after.load.averages))
        && (b - c).abs() >= LOAD * cpus
    {
        listing.text("load average at start", format!("{b:.2}"), format!("{c:.2}"));
    }
    let mut steal = |name: &str, base: Option<f64>, current: Option<f64>| {
        if let (Some(b), Some(c)) = (base, current)
            // Half of what a row warns of.
            && (b - c).abs() >= STEAL / 2.0
        {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            listing.text(name, percent(b), percent(c));
        }
    };
    let windows = |rows: &[Row], of: fn(&Row) -> Option<f64>| {
        let shares: Vec<f64> = rows.iter().filter_map(of).collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    };
    steal(
        "stolen time since boot",
        before.load.steal_share(),
        after.load.steal_share(),
    );
    let of = |row: &Row| row.server_steal_share;
    steal(
        "stolen from the server, mean of the windows",
        windows(base.1, of),
        windows(current.1, of),
    );
    let of = |row: &Row| row.generator_steal_share;
    steal(
        "stolen from the generator, mean of the windows",
        windows(base.1, of),
        windows(current.1, of),
    );
    warnings(listing, base, current);
}

/// What only one of them warned of.
fn warnings(listing: &mut Listing, base: (&Run, &[Row]), current: (&Run, &[Row])) {
    let [before, after] = [base, current].map(|(run, rows)| {
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for warning in &run.warnings {
            kinds.entry(warning.kind.clone()).or_default();
        }
        for warning in rows.iter().flat_map(|row| &row.warnings) {
            *kinds.entry(warning.kind.clone()).or_default() += 1;
        }
        kinds
    });
    let write = |rows: Option<&usize>| match rows {
        None => "no".to_owned(),
        Some(0) => "yes".to_owned(),
        Some(rows) => counted(*rows as u64, "row"),
    };
    let kinds: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for kind in kinds {
        let (b, c) = (before.get(kind), after.get(kind));
        if b.is_some() != c.is_some() {
            listing.text(&format!("warning {kind}"), write(b), write(c));
        }
    }
}
