//! Every row, to be sorted and filtered, with its verdicts and what they rest on.

mod filters;

use std::cmp::Reverse;

use loadgen::units::{grouped, short, time};
use maud::{Markup, html};

use self::filters::filters;
use super::value::{
    AT_LEAST, AT_MOST, BEYOND, FAILED, FEWER, beyond, head, kib, mark, microseconds, nothing, number, number_head,
    optional,
};
use super::{Page, sources, trust, words};
use crate::record::{Row, Verdict, Window};

/// A file that a browser opens at once has no more rows than that; those that are left out have the best verdicts.
const MOST: usize = 2000;

pub(super) fn rows(page: &Page) -> Markup {
    let mut shown = some(page.rows, MOST);
    // As they are looked for, and not as they were measured, which is shuffled.
    let place = |row: &Row| page.models.iter().position(|model| model.name == row.server);
    let rate = |row: &Row| row.load.rate_per_s.unwrap_or(0.0);
    shown.sort_by(|a, b| {
        let key = |row: &Row| (Reverse(row.conns), place(row), row.window);
        key(a)
            .cmp(&key(b))
            .then(rate(a).total_cmp(&rate(b)))
            .then(a.round.cmp(&b.round))
    });
    let open = !page.summary.rates_per_s.is_empty();
    let sources = sources::sources(page.rows);
    html! {
        @if shown.len() < page.rows.len() {
            p.alarm {
                (grouped(shown.len() as u64)) " of " (grouped(page.rows.len() as u64)) " rows; those that are left out have \
                the best verdicts. The records have all."
            }
        }
        (filters(&shown))
        div.scroll.tall role="region" aria-label="All rows" tabindex="0" {
            table.rows.sortable {
                thead { tr {
                    (head("Model", ""))
                    (number_head("Connections", "Asked for"))
                    (head("Window", "What happens in it"))
                    (number_head("Round", ""))
                    (head("Verdict", "The worst of its verdicts"))
                    (number_head("Served", "Connections that were to talk and got a correct reply"))
                    (number_head("req/s", "Correct replies a second"))
                    (number_head("p50", latency(open)))
                    (number_head("p99", latency(open)))
                    (number_head("p99.9", latency(open)))
                    (number_head("CPU/req", "CPU time of the server for each reply"))
                    (number_head("Mem/conn", "Memory per connection, user and kernel, with both ends"))
                    th scope="col" { "Stopped by, evidence" }
                } }
                tbody { @for row in &shown { (line(page, row, &sources)) } }
            }
        }
    }
}

/// What percentiles are of.
fn latency(open: bool) -> &'static str {
    if open {
        "Of response time, over all requests that were due"
    } else {
        "Of service time, over all clients that asked"
    }
}

/// At most `most` rows in their order, and of no verdict some while a worse one lacks any.
fn some(rows: &[Row], most: usize) -> Vec<&Row> {
    let mut worst: Vec<(usize, &Row)> = rows.iter().enumerate().collect();
    worst.sort_by_key(|(place, row)| (Reverse(row.verdict), *place));
    worst.truncate(most);
    worst.sort_by_key(|(place, _)| *place);
    worst.into_iter().map(|(_, row)| row).collect()
}

/// What happens in a row's window.
pub(super) fn window(row: &Row) -> String {
    match (row.window, row.load.rate_per_s) {
        (Window::Open, Some(rate)) => format!("{} req/s due", short(rate)),
        (Window::Idle, _) => format!("{} talk", grouped(row.load.active)),
        _ => "all talk".to_owned(),
    }
}

fn line(page: &Page, row: &Row, sources: &[String]) -> Markup {
    let verdicts: Vec<&str> = row.verdicts.iter().map(|given| given.name()).collect();
    let window = window(row);
    let told = row.response_ns.unwrap_or(row.latency_ns);
    html! {
        tr data-model=(row.server) class=[page.model(&row.server).map(|model| &model.class)]
            data-conns=(row.conns) data-window=(window) data-verdict=(verdicts.join(" ")) {
            th scope="row" { i.swatch {} (row.server) }
            (number(row.conns as f64, &html! { (grouped(row.conns)) }))
            td { (window) }
            (number(f64::from(row.round), &html! { (row.round) }))
            td data-v=(row.verdict as u8) { (trust::badge(row.verdict)) }
            (served(row))
            (rate(row))
            (percentile(row, told.p50))
            (percentile(row, told.p99))
            (percentile(row, told.p999))
            (optional(row.cpu_ns_per_request, microseconds))
            (memory(row))
            td { (evidence(row, &window, sources)) }
        }
    }
}

fn served(row: &Row) -> Markup {
    match row.connections {
        Some(connections) => number(
            connections.served as f64,
            &html! {
                (grouped(connections.served))
                @if connections.served < connections.active { small { "of " (grouped(connections.active)) } }
            },
        ),
        None => beyond(&FAILED),
    }
}

fn rate(row: &Row) -> Markup {
    let Some(rate) = row.rate_per_s else {
        return nothing();
    };
    let bounded = row.window != Window::Open && row.verdicts.contains(&Verdict::ClientBound);
    let fewer = row.connections.is_some_and(|c| c.served < c.active);
    number(
        rate,
        &html! {
            @if bounded { (mark(&AT_LEAST)) }
            (short(rate))
            @if fewer { (mark(&FEWER)) }
        },
    )
}

/// What lies in an accept queue costs a server nothing, and would flatter one that does not serve all that it holds.
fn memory(row: &Row) -> Markup {
    let Some(bytes) = row.memory_bytes_per_connection else {
        return nothing();
    };
    let fewer = row.connections.is_some_and(|c| c.served < c.active);
    number(
        bytes,
        &html! {
            (kib(bytes))
            @if fewer { (mark(&FEWER)) }
        },
    )
}

fn percentile(row: &Row, ns: Option<u64>) -> Markup {
    let bounded = row.window == Window::Open && row.verdicts.contains(&Verdict::ClientBound);
    match ns {
        Some(ns) => number(
            ns as f64,
            &html! {
                @if bounded { (mark(&AT_MOST)) }
                (time(ns as f64))
            },
        ),
        None if row.requests.is_some() => beyond(&BEYOND),
        None => nothing(),
    }
}

/// Why: the limit, each verdict with what it rests on, and where the numbers were read.
fn evidence(row: &Row, window: &str, sources: &[String]) -> Markup {
    let limit = row.limited_by.as_deref();
    let set = sources::set_of(row, sources);
    html! {
        @if let Some(limit) = limit { span.limit title=[words::limit(limit)] { (limit) } }
        @if let Some(reason) = &row.reason { span.limit.bad { (reason) } }
        details {
            summary {
                "evidence" span.vh { " for " (row.server) ", " (grouped(row.conns)) " connections, " (window) ", round " (row.round) }
            }
            dl {
                @for (given, why) in &row.evidence { dt { (given.name()) } dd { (why) } }
                @if let Some(shows) = &row.limit_evidence { dt { "the limit" } dd { (shows) } }
                @if let Some(last) = &row.last_stderr { dt { "its last words" } dd { (last) } }
                @for warning in &row.warnings { dt { (warning.kind) } dd { (warning.text) } }
                dt { "measured" }
                dd {
                    (row.cell_id) ", " (row.started_at.strftime("%H:%M:%S UTC"))
                    @if let Some(set) = set { ", numbers read as in " a href={ "#sources-" (set) } { "sources " (set) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_rows_are_never_left_out() {
        let row: Row = serde_json::from_str(include_str!("../../stats/warnings/quiet-row.json")).unwrap();
        let with = |verdict| Row { verdict, ..row.clone() };
        let rows = [
            with(Verdict::Valid),
            with(Verdict::Failed),
            with(Verdict::Valid),
            with(Verdict::Starved),
            with(Verdict::Valid),
        ];
        let verdicts = |most| -> Vec<Verdict> { some(&rows, most).iter().map(|row| row.verdict).collect() };
        assert_eq!(verdicts(2), [Verdict::Failed, Verdict::Starved]);
        assert_eq!(verdicts(3), [Verdict::Valid, Verdict::Failed, Verdict::Starved]);
        assert_eq!(verdicts(9).len(), 5);
    }

    #[test]
    fn a_row_that_failed_says_why_and_shows_no_number() {
        let mut row: Row = serde_json::from_str(include_str!("../../stats/warnings/quiet-row.json")).unwrap();
        (row.verdict, row.verdicts) = (Verdict::Failed, vec![Verdict::Failed]);
        row.reason = Some("it answered <wrongly>".to_owned());
        (row.connections, row.rate_per_s, row.requests) = (None, None, None);
        row.latency_ns = loadgen::Quantiles::default();
        let all = [served(&row), rate(&row), percentile(&row, None)].map(maud::PreEscaped::into_string);
        assert!(
            all[0].contains("failed: there is no number") && all[2].contains("not told"),
            "{all:?}"
        );
        let why = evidence(&row, "all talk", &[]).into_string();
        assert!(why.contains("it answered &lt;wrongly&gt;"), "{why}");
    }
}
