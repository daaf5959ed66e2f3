//! Which numbers not to trust: verdicts, warnings, and how far rounds lie apart.

use std::collections::BTreeMap;

use loadgen::units::{counted, grouped, short, time};
use maud::{Markup, html};

use super::Page;
use super::words::{Trust, verdict};
use crate::record::{Row, Verdict};
use crate::render::warnings;
use crate::stats::{Message, spread};
use crate::words::Lang;

/// So many rows of a verdict are named before the others are counted.
const NAMED: usize = 3;

pub(super) fn trust(page: &Page) -> Markup {
    let mut by_verdict: BTreeMap<Verdict, Vec<&Row>> = BTreeMap::new();
    for row in page.rows {
        for &verdict in &row.verdicts {
            by_verdict.entry(verdict).or_default().push(row);
        }
    }
    let warnings = warnings::all(page.run, page.rows);
    html! {
        (rounds(page))
        @if page.run.environment.server_cpus.len() == 1 {
            p {
                "The server had one CPU: nothing here shows what a model makes of several. On a CPU that is used up, CPU per \
                request is one divided by the rate, and as noisy."
            }
        }
        (suspects(page))
        div.scroll role="region" aria-label="Verdicts" tabindex="0" {
            table.verdicts {
                caption { "Verdicts, the worst first. A row may have several." }
                thead { tr {
                    th scope="col" { "Verdict" }
                    th.n scope="col" { "Rows" }
                    th scope="col" { "What it says" }
                    th scope="col" { "What to make of the numbers" }
                    th scope="col" { "Where" }
                } }
                tbody {
                    @for (&given, rows) in by_verdict.iter().rev() {
                        @let (trust, says, make) = verdict(given);
                        tr {
                            th scope="row" { (badge(given)) }
                            td.n { (grouped(rows.len() as u64)) }
                            td { (says) }
                            td { (make) }
                            td { @if trust > Trust::Whole { (places(page, rows)) } @else { "" } }
                        }
                    }
                }
            }
        }
        h3 { "Warnings" }
        @if warnings.is_empty() {
            p { "None: nothing was seen that spoils the numbers and that a person could see to." }
        } @else {
            ul.warnings { @for warning in &warnings { li { (warning) } } }
        }
    }
}

/// A verdict as it stands in tables.
pub(super) fn badge(given: Verdict) -> Markup {
    let (trust, says, make) = verdict(given);
    html! { span.verdict.(trust.class()) title={ (says) " " (make) } { (given.name()) } }
}

/// What a single number is worth.
fn rounds(page: &Page) -> Markup {
    let Some(spread) = spread(&page.summary.compared()) else {
        let one = "There was one round, which has no range: the same run may well show other numbers.";
        return html! { p { (one) } };
    };
    let (server, conns, widest) = &spread.widest;
    let (what, write): (_, fn(f64) -> String) = if spread.of_p99 { ("p99", time) } else { ("rate", short) };
    html! {
        p {
            "In " b { (spread.apart) " of " (spread.windows) } " windows the " (what) "s of the rounds lie more than a fifth \
            apart, and their median is one of them. Furthest apart are those of " (server) " at "
            (counted(*conns, "connection")) ": " (write(widest.low)) " to " (write(widest.high)) "."
        }
    }
}

/// Windows that contradict themselves.
fn suspects(page: &Page) -> Markup {
    html! {
        @if !page.summary.suspect.is_empty() {
            p.alarm { "Do not trust these: mean latency × rate is not the number of requests under way (Little's law)." }
            ul.warnings { @for suspect in &page.summary.suspect { li { (Message::Suspect(suspect.clone()).text(Lang::En)) } } }
        }
    }
}

/// Where a verdict was given: by server, with how many of its rows.
fn places(page: &Page, rows: &[&Row]) -> Markup {
    let count = |name: &str| rows.iter().filter(|row| row.server == name).count();
    let mut named: Vec<(&str, usize)> = page
        .models
        .iter()
        .map(|model| (&*model.name, count(&model.name)))
        .filter(|&(_, rows)| rows > 0)
        .collect();
    named.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    let text = |those: &[(&str, usize)]| -> String {
        let names = those.iter().map(|(name, rows)| format!("{name} ({rows})"));
        names.collect::<Vec<_>>().join(", ")
    };
    html! {
        @if named.len() <= NAMED + 1 {
            (text(&named))
        } @else {
            details { summary { (text(&named[..NAMED])) " and " (named.len() - NAMED) " more" } (text(&named[NAMED..])) }
        }
    }
}
