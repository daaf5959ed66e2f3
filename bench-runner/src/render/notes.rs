//! What stands below the table: what its signs mean, as far as they are in it.

use loadgen::units::grouped;

use super::table::BEHIND;
use crate::stats::{Line, WindowSummary};

/// Behind a rate over fewer clients than were to talk.
pub(super) const FEWER: &str = "*";

/// What the signs in the table mean, as far as they are in it, and how far its numbers reach.
pub(super) fn notes(lines: &[&Line], faulty: &[&Line], width: usize) -> String {
    let windows = || {
        lines
            .iter()
            .flat_map(|line| [Some(&line.busy), line.idle.as_ref()])
            .flatten()
    };
    let mut notes = Vec::new();
    let clients = |window: &WindowSummary| {
        let served = window.served.map_or(0, |served| served.median.round() as u64);
        format!("{} of {}", grouped(served), grouped(window.active))
    };
    let fewer: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            let windows = [Some(&line.busy), line.idle.as_ref()];
            let few = windows.into_iter().flatten().filter(|window| fewer(window));
            let few: Vec<String> = few.map(clients).collect();
            (!few.is_empty()).then(|| format!("{} {}", line.server, few.join(" and ")))
        })
        .collect();
    if !fewer.is_empty() {
        notes.push(format!(
            "{FEWER} rate over fewer clients than were to talk: {}",
            fewer.join("; ")
        ));
    }
    if windows().any(|window| window.rate_per_s.is_some() && window.lower_bound) {
        notes.push("≥ the load generator gave out first: the server could do more".to_owned());
    }
    if windows().any(|window| window.rate_per_s.is_some() && window.p99.is_none()) {
        notes.push(
            "✗ falls among clients without a reply inside the window, or requests that its end cut off".to_owned(),
        );
    }
    if lines.iter().any(|line| line.others_p99_ns.is_some()) {
        notes.push("others: those who asked for nothing slow".to_owned());
    }
    let points = || lines.iter().flat_map(|line| &line.curve);
    if points().any(|point| point.behind) {
        notes.push(format!(
            "{BEHIND}: it answered less than {:.0} % of what was due, and clients wait for as long as that lasts",
            loadgen::KEEPS_UP * 100.0
        ));
    }
    if points().any(|point| point.upper_bound && !point.behind) {
        notes.push("≤ the load generator sent late: the server was at least that quick".to_owned());
    }
    if points().any(|point| point.p99_ns.is_none() && !point.behind) {
        notes.push("✗ falls among requests that had no reply when the window ended".to_owned());
    }
    if points().next().is_some() {
        notes.push(
            "p99: 99 of 100 requests were answered so soon after they were due; most: the highest rate answered"
                .to_owned(),
        );
        if lines.iter().any(|line| line.rounds > 1) {
            notes.push("each number is that of the middle round".to_owned());
        }
    } else if lines.iter().any(|line| line.rounds > 0) {
        notes.push("served: at least one correct reply, if only after the window".to_owned());
    }
    if points().next().is_none() && lines.iter().any(|line| line.rounds > 1) {
        notes.push("each number is the median of the rounds; p99 is over all clients that asked".to_owned());
    }
    if !faulty.is_empty() {
        let names: Vec<&str> = faulty.iter().map(|line| line.server.as_str()).collect();
        notes.push(format!(
            "wrong on purpose, and in no chart and no finding: {}",
            names.join(", ")
        ));
    }
    for line in faulty.iter().filter(|line| line.rounds == 0) {
        notes.push(format!("{}: {}", line.server, line.failures.join("; ")));
    }
    let indented = |note: &String| broken(note, width - 2).join("\n  ") + "\n";
    let text: String = notes.iter().map(indented).collect();
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// Whether a window's rate is marked: another line's is over more clients, and the two are no comparison.
pub(super) fn fewer(window: &WindowSummary) -> bool {
    window.rate_per_s.is_some() && window.over_fewer()
}

/// Text in lines of at most `room` characters, broken at spaces where it can be.
pub(super) fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            *line = word.to_owned();
        } else if line.chars().count() + 1 + word.chars().count() <= room {
            *line += " ";
            *line += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.into_iter().flat_map(|line| chunks(&line, room)).collect()
}

fn chunks(line: &str, room: usize) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    if chars.is_empty() {
        vec![String::new()]
    } else {
        chars.chunks(room).map(|part| part.iter().collect()).collect()
    }
}
