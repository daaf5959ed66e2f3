//! Rows put together: all rounds of one window of one server at one connection count, under one offered rate.

use std::cmp::Ordering;

use crate::record::{Row, Run, Window};

/// The rounds of one window.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// A row for each round, in their order; at least one.
    pub(super) rows: Vec<&'a Row>,
    /// Whether it is the one that speaks for its cell, in what was measured once a cell: all talk, at the lowest rate.
    pub(super) leads: bool,
}

impl Group<'_> {
    /// What all of its rows have in common can be read off this one.
    pub(super) fn first(&self) -> &Row {
        self.rows[0]
    }

    /// `epoll-edge/10000`.
    pub(super) fn cell(&self) -> String {
        format!("{}/{}", plain(&self.first().server), self.first().conns)
    }

    /// `epoll-edge/10000/busy`, `epoll-edge/1000/open/20000`.
    pub(super) fn name(&self) -> String {
        let rate = self.rate().map(|rate| format!("/{rate}")).unwrap_or_default();
        format!("{}/{}{rate}", self.cell(), self.first().window.name())
    }

    /// The offered rate as it stands in names, in requests per second; `None` in a closed loop.
    pub(super) fn rate(&self) -> Option<f64> {
        // A rate out of a range may have sixteen digits.
        self.first().load.rate_per_s.map(|rate| (rate * 1e3).round() / 1e3)
    }
}

/// The groups, in the order in which the run shows its servers, then by connections, window and rate.
pub(super) fn groups<'a>(run: &Run, rows: &[&'a Row]) -> Vec<Group<'a>> {
    let place = |row: &Row| run.servers.iter().position(|name| *name == row.server);
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| {
        place(a)
            .cmp(&place(b))
            .then_with(|| order(a, b))
            .then(a.round.cmp(&b.round))
    });
    let mut groups: Vec<Group> = Vec::new();
    for rows in rows.chunk_by(|a, b| order(a, b).is_eq()) {
        let first = rows[0];
        let of_its_cell = |group: &Group| {
            let led = group.first();
            group.leads && (&led.server, led.conns) == (&first.server, first.conns)
        };
        groups.push(Group {
            leads: first.window != Window::Idle && !groups.iter().any(of_its_cell),
            rows: rows.to_vec(),
        });
    }
    groups
}

fn order(a: &Row, b: &Row) -> Ordering {
    let key = |row: &Row| (row.server.clone(), row.conns, row.window);
    let rate = |row: &Row| row.load.rate_per_s.unwrap_or(0.0);
    key(a).cmp(&key(b)).then_with(|| rate(a).total_cmp(&rate(b)))
}

/// A name as any of the formats can hold it: no blanks, commas and slashes. The catalogue gives no others, but a record
/// may have come from anywhere, and becomes a file's name.
pub(super) fn plain(name: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || "-_.+".contains(c);
    name.chars().map(|c| if kept(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere() {
        assert_eq!(plain("epoll-edge_2.0+x"), "epoll-edge_2.0+x");
        assert_eq!(plain("../a b,c\n"), ".._a_b_c_");
    }
}
