//! Who serves how many, and what stops the others.

use loadgen::units::grouped;

use crate::stats::Line;

pub(super) fn all_served(lines: &[&Line], conns: u64) -> Option<String> {
    let measured = lines.iter().filter(|line| line.rounds > 0).count();
    let all = lines.iter().filter(|line| line.serves_all()).count();
    let conns = grouped(conns);
    match (lines, all) {
        _ if measured == 0 => None,
        ([line], 1) => Some(format!("{} serves all {conns} connections.", line.server)),
        ([line], _) => Some(format!("{} does not serve all {conns} connections.", line.server)),
        (_, 0) => Some(format!("None of {} serves all {conns} connections.", lines.len())),
        (_, all) if all == lines.len() => Some(format!("All {all} serve {conns} connections.")),
        (_, 1) => Some(format!("1 of {} serves all {conns} connections.", lines.len())),
        (_, all) => Some(format!("{all} of {} serve all {conns} connections.", lines.len())),
    }
}

pub(super) fn stopped(line: &Line) -> Option<String> {
    let why = line.stopped_by().map(|limit| format!(" ({limit})")).unwrap_or_default();
    if line.served >= line.conns {
        // That a round has failed is told by itself.
        let uneven = || {
            format!(
                "{} does not serve all {} in every round{why}.",
                line.server,
                grouped(line.conns)
            )
        };
        return line.failures.is_empty().then(uneven);
    }
    // Medians of an even number of rounds may add up to more than the whole.
    let never = line.conns.saturating_sub(line.held + line.refused + line.lost);
    let mut parts = vec![format!(
        "{} serves {} of {}",
        line.server,
        grouped(line.served),
        grouped(line.conns)
    )];
    if line.refused > 0 {
        parts.push(format!("refuses {}", grouped(line.refused)));
    }
    if line.lost > 0 {
        parts.push(format!("loses {}", grouped(line.lost)));
    }
    if line.starved > 0 {
        parts.push(format!("{} are connected and starve", grouped(line.starved)));
    }
    if never > 0 {
        parts.push(format!("{} never connect", grouped(never)));
    }
    Some(format!("{}{why}.", parts.join(", ")))
}

pub(super) fn late(line: &Line) -> String {
    format!(
        "{} serves up to {} of {} clients only after the window in which they asked, though all in the end.",
        line.server,
        grouped(line.late),
        grouped(line.served)
    )
}
