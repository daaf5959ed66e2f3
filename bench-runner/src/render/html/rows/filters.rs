//! The fields by which rows are filtered.

use std::collections::BTreeSet;

use loadgen::units::{counted, grouped};
use maud::{Markup, html};

use super::window;
use crate::record::{Row, Verdict};

pub(super) fn filters(rows: &[&Row]) -> Markup {
    let conns: BTreeSet<u64> = rows.iter().map(|row| row.conns).collect();
    let verdicts: BTreeSet<Verdict> = rows.iter().flat_map(|row| row.verdicts.iter().copied()).collect();
    let mut windows: Vec<String> = Vec::new();
    for row in rows {
        let name = window(row);
        if !windows.contains(&name) {
            windows.push(name);
        }
    }
    html! {
        form.filters #filters aria-label="Filter the rows" {
            label { "Text " input type="search" name="text" placeholder="model, limit, evidence" autocomplete="off"; }
            (choice("Connections", "conns", conns.iter().map(|&conns| (conns.to_string(), grouped(conns)))))
            (choice("Window", "window", windows.iter().map(|name| (name.clone(), name.clone()))))
            (choice("Verdict", "verdict", verdicts.iter().map(|given| (given.name().to_owned(), given.name().to_owned()))))
            button type="reset" { "Show all rows" }
            output #count role="status" { (counted(rows.len() as u64, "row")) }
        }
    }
}

fn choice(label: &str, name: &str, values: impl Iterator<Item = (String, String)>) -> Markup {
    html! {
        label {
            (label) " "
            select name=(name) {
                option value="" { "any" }
                @for (value, shown) in values { option value=(value) { (shown) } }
            }
        }
    }
}
