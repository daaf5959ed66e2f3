//! What each model can and cannot do: words from the catalogue, numbers from the rows.

use loadgen::units::{counted, grouped, short, time};
use maud::{Markup, html};

use super::models::Model;
use super::value::{
    AT_LEAST, AT_MOST, BEHIND, BEYOND, FAILED, FEWER, beyond, head, kib, mark, microseconds, nothing, number_head,
    optional, times,
};
use super::{Page, trust, words};
use crate::stats::{Aim, Estimate, Line, RateSummary, WindowSummary};

/// From this share of its CPUs on a server does not rest while nobody talks.
const SPINS: f64 = 0.5;

pub(super) fn matrix(page: &Page) -> Markup {
    let conns = page.summary.most_conns();
    let columns = Columns::of(page);
    let line = |model: &Model| page.summary.at(conns).find(|line| line.server == model.name);
    html! {
        p {
            "Numbers are those at " (counted(conns, "connection")) ", the median of the rounds; "
            span.best { "marked" }
            " are the best and those that nothing measured tells from it, and × says how far behind it the others are, where that \
            is clear. Heads sort."
        }
        div.scroll.tall role="region" aria-label="What each model can and cannot do" tabindex="0" {
            table.matrix.sortable {
                thead {
                    tr {
                        td {}
                        th scope="colgroup" colspan=(columns.measured()) { "Measured with " (counted(conns, "connection")) }
                        th scope="colgroup" colspan="6" { "By its nature" }
                    }
                    tr {
                        (head("Model", ""))
                        (columns.heads(page))
                        (head("More than one CPU?", "Whether it can use more than one CPU"))
                        (head("While nobody talks", "Whether it rests; in brackets the share of its CPUs that was measured"))
                        (head("A crash ends", "Who goes down with a handler that crashes"))
                        (head("A slow handler stalls", "Who waits for a handler that computes for long"))
                        (head("Should be bounded by", "What should stop it first"))
                        (head("To be had on", "Where the model can be had"))
                    }
                }
                tbody {
                    @for model in &page.models {
                        tr data-model=(model.name) class=(model.class) {
                            th scope="row" {
                                i.swatch {} (model.name)
                                @if model.faulty { " " span.verdict.no { "wrong on purpose" } }
                                small { (model.subject.summary) }
                            }
                            @match line(model) {
                                Some(line) => (columns.cells(page, line)),
                                None => td colspan=(columns.measured()) { "not measured" },
                            }
                            (nature(model, line(model)))
                        }
                    }
                }
            }
        }
        (limits(page))
    }
}

/// Which numbers there are.
struct Columns {
    open: bool,
    few: bool,
    memory: bool,
    others: bool,
}

impl Columns {
    fn of(page: &Page) -> Self {
        let any = |has: fn(&Line) -> bool| page.summary.at(page.summary.most_conns()).any(has);
        Self {
            open: !page.summary.rates_per_s.is_empty(),
            few: any(|line| line.idle.is_some()),
            memory: any(|line| line.memory_bytes_per_connection.is_some()),
            others: any(|line| line.others_p99_ns.is_some()),
        }
    }

    fn measured(&self) -> usize {
        let rates = if self.open { 3 } else { 2 + 2 * usize::from(self.few) };
        3 + rates + usize::from(self.memory) + usize::from(self.others)
    }

    fn heads(&self, page: &Page) -> Markup {
        html! {
            (number_head("Served", "Connections that got a correct reply"))
            (head("Stopped by", "The limit that was met"))
            @if self.open {
                (number_head("Keeps up with", "The highest offered rate that it answered"))
                (number_head("p99 there", "99th percentile of response time at that rate"))
                (number_head("Knee", "The offered rate at which response time begins to climb"))
            } @else {
                @if self.few {
                    (number_head(&format!("req/s, {}", page.few_talk()), "Requests per second while the others are silent"))
                    (number_head(&format!("p99, {}", page.few_talk()), "99th percentile, over all clients that asked"))
                }
                (number_head("req/s, all talk", "Requests per second while all connections talk"))
                (number_head("CPU per request", "Of the server, user and kernel, while all talk"))
            }
            @if self.memory { (number_head("Memory per connection", "User and kernel, with both ends")) }
            @if self.others { (number_head("p99 of the others", "Of those who asked for nothing slow")) }
            (head("Verdict", "The worst of all its rows"))
        }
    }

    fn cells(&self, page: &Page, line: &Line) -> Markup {
        html! {
            (served(line))
            (stopped_by(line))
            @if self.open {
                (keeps_up(line))
                (optional(line.knee_per_s, short))
            } @else {
                @if self.few {
                    (rate(page, Some(Aim::FewTalk), line, line.idle.as_ref()))
                    (wait(line.idle.as_ref()))
                }
                (rate(page, None, line, Some(&line.busy)))
                (estimate(page, Aim::Cpu, line, line.busy.cpu_ns_per_request, microseconds))
            }
            @if self.memory { (estimate(page, Aim::Memory, line, line.memory_bytes_per_connection, kib)) }
            @if self.others { (estimate(page, Aim::Others, line, line.others_p99_ns, time)) }
            td { (trust::badge(line.verdict)) }
        }
    }
}

fn served(line: &Line) -> Markup {
    if line.rounds == 0 {
        return html! { td.n.bad data-v="0" { (mark(&FAILED)) } };
    }
    let all = line.serves_all();
    html! {
        td.n.bad[!all] data-v=(line.served) {
            (grouped(line.served))
            @if !all { small { "of " (grouped(line.conns)) } }
        }
    }
}

fn stopped_by(line: &Line) -> Markup {
    let Some(limit) = line.stopped_by() else {
        return html! { td.none { "nothing" } };
    };
    html! { td { span title=[words::limit(&limit)] { (limit) } } }
}

/// A rate, with what bounds it.
fn rate(page: &Page, aim: Option<Aim>, line: &Line, window: Option<&WindowSummary>) -> Markup {
    let Some((window, rate)) = window.and_then(|window| Some((window, window.rate_per_s?))) else {
        return nothing();
    };
    let standing = aim.map(|aim| Standing::of(page, aim, line)).unwrap_or_default();
    html! {
        td.n.best[standing.best] data-v=(rate.median) title=[range(&rate, short)] {
            @if window.lower_bound { (mark(&AT_LEAST)) }
            (short(rate.median))
            @if window.over_fewer() { (mark(&FEWER)) }
            (standing.behind())
        }
    }
}

fn wait(window: Option<&WindowSummary>) -> Markup {
    match window {
        Some(WindowSummary { p99_ns: Some(ns), .. }) => optional(Some(*ns as f64), time),
        Some(WindowSummary {
            rate_per_s: Some(_), ..
        }) => beyond(&BEYOND),
        _ => nothing(),
    }
}

/// The highest rate with which an open loop's server kept up, and its response time there.
fn keeps_up(line: &Line) -> Markup {
    let kept = |point: &&RateSummary| !point.behind;
    let Some(highest) = line.curve.iter().rfind(kept) else {
        return html! {
            @if line.curve.is_empty() { (nothing()) (nothing()) } @else {
                td.n data-v="0" { "none" }
                (beyond(&BEHIND))
            }
        };
    };
    html! {
        (optional(Some(highest.rate_per_s), short))
        @match highest.p99_ns {
            Some(ns) => td.n data-v=(ns) {
                @if highest.upper_bound { (mark(&AT_MOST)) }
                (time(ns as f64))
            },
            None => (beyond(&BEYOND)),
        }
    }
}

/// What a server takes of something.
fn estimate(page: &Page, aim: Aim, line: &Line, value: Option<Estimate>, write: fn(f64) -> String) -> Markup {
    let Some(value) = value else { return nothing() };
    let standing = Standing::of(page, aim, line);
    html! {
        td.n.best[standing.best] data-v=(value.median) title=[range(&value, write)] {
            (write(value.median))
            @if !line.serves_all() { (mark(&FEWER)) }
            (standing.behind())
        }
    }
}

fn range(value: &Estimate, write: impl Fn(f64) -> String) -> Option<String> {
    (value.low < value.high).then(|| format!("rounds: {} to {}", write(value.low), write(value.high)))
}

/// How a server stands, for its cell.
#[derive(Default)]
struct Standing {
    best: bool,
    times: Option<f64>,
}

impl Standing {
    fn of(page: &Page, aim: Aim, line: &Line) -> Self {
        let choice = page.choices.iter().find(|choice| choice.aim == aim);
        choice
            .and_then(|choice| choice.of(&line.server))
            .map_or_else(Self::default, |standing| Self {
                best: standing.times.is_none(),
                times: standing.times,
            })
    }

    fn behind(&self) -> Markup {
        html! { @if let Some(ratio) = self.times { small title="behind the best" { (times(ratio)) } } }
    }
}

/// The words.
fn nature(model: &Model, line: Option<&Line>) -> Markup {
    let nature = &model.subject.nature;
    let told = |text: Option<&str>| {
        html! {
            @match text.filter(|text| !text.is_empty()) {
                Some(text) => td { (text) },
                None => td.none { "not told" },
            }
        }
    };
    let share = line.and_then(|line| line.silent_cpu_share).map(|share| share.median);
    let spins = share.map_or(model.subject.spins, |share| share >= SPINS);
    html! {
        (told(nature.cpus.map(words::cpus)))
        td.bad[spins] data-v=(share.unwrap_or(f64::from(u8::from(spins)))) {
            @if spins { "spins" } @else { "rests" }
            @if let Some(share) = share { small { (format!("{:.0} % of its CPU", share * 100.0)) } }
        }
        (told(nature.fault.map(words::fault)))
        (told(nature.slow.map(words::slow)))
        (told(Some(&model.subject.bound)))
        (told(nature.portable.as_deref()))
    }
}

/// What the limits are that were met.
fn limits(page: &Page) -> Markup {
    let mut met: Vec<(String, &str)> = Vec::new();
    for line in page.summary.lines.iter().filter(|line| line.failures.is_empty()) {
        let told = line.stopped_by().and_then(|name| Some((words::limit(&name)?, name)));
        if let Some((means, name)) = told
            && met.iter().all(|(other, _)| *other != name)
        {
            met.push((name, means));
        }
    }
    let who = |limit: &str| -> String {
        let own = |model: &&Model| {
            let mut lines = page.summary.lines.iter().filter(|line| line.server == model.name);
            lines.any(|line| line.failures.is_empty() && line.stopped_by().as_deref() == Some(limit))
        };
        let names: Vec<&str> = page.models.iter().filter(own).map(|model| &*model.name).collect();
        names.join(", ")
    };
    html! {
        @if !met.is_empty() {
            h3 { "The limits that were met" }
            dl.terms {
                @for (name, means) in &met {
                    div { dt { (name) } dd { (means) " Met by " (who(name)) "." } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{page_of, reference};
    use super::*;

    #[test]
    fn a_model_that_stops_is_told_with_its_limit_and_what_that_is() {
        let (run, mut rows, _) = reference();
        rows.retain(|row| row.server == "select" || row.server == "poll");
        let summary = crate::stats::summarise(&run, &rows);
        let page = page_of(&run, &rows, &summary);
        let text = matrix(&page).into_string();
        for part in [
            "FD_SETSIZE",
            "select(2) is handed sets of 1,024 bits",
            "of 10,000",
            "Met by select.",
            "POSIX and Windows",
            "no: one",
            "rests",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let row = |model: &str| {
            let (_, row) = text.split_once(&format!("<tr data-model=\"{model}\"")).unwrap();
            row.split_once("</tr>").unwrap().0.to_owned()
        };
        assert!(
            row("select").contains("<span aria-hidden=\"true\">*</span>"),
            "over fewer clients"
        );
        assert!(
            row("poll").contains("<td class=\"none\">nothing</td>"),
            "{}",
            row("poll")
        );
        assert!(
            row("fork").contains("not measured"),
            "a server without a row has a line all the same"
        );
    }

    #[test]
    fn each_row_has_as_many_cells_as_there_are_heads() {
        let (run, rows, _) = reference();
        let summary = crate::stats::summarise(&run, &rows);
        let text = matrix(&page_of(&run, &rows, &summary)).into_string();
        let heads = text.matches("scope=\"col\"").count();
        let body = text.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
        let rows: Vec<&str> = body.split("</tr>").filter(|row| row.contains("<tr")).collect();
        assert_eq!(rows.len(), run.servers.len());
        for row in rows {
            let cells = row.matches("<td").count() + row.matches("<th ").count();
            assert_eq!(cells, heads, "{row}");
        }
    }

    #[test]
    fn what_no_catalogue_tells_is_not_made_up() {
        let (mut run, mut rows, _) = reference();
        rows.retain(|row| row.server == "poll");
        for row in &mut rows {
            row.server = "mine".to_owned();
        }
        run.servers = vec!["mine".to_owned()];
        let summary = crate::stats::summarise(&run, &rows);
        let text = matrix(&page_of(&run, &rows, &summary)).into_string();
        assert_eq!(text.matches("not told").count(), 5, "{text}");
    }
}
