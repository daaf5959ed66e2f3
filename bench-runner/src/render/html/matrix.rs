//! What each model can and cannot do: words from the catalogue, numbers from the rows.

mod cells;
mod limits;
#[cfg(test)]
mod tests;

use loadgen::units::{counted, short, time};
use maud::{Markup, html};

use self::cells::{estimate, keeps_up, nature, rate, served, stopped_by, wait};
use self::limits::limits;
use super::models::Model;
use super::value::{head, kib, microseconds, number_head, optional};
use super::{Page, trust};
use crate::stats::{Aim, Line};

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
        let rates = if self.open { 3 } else { 3 + 3 * usize::from(self.few) };
        3 + rates + usize::from(self.memory) + usize::from(self.others)
    }

    fn heads(&self, page: &Page) -> Markup {
        html! {
            (number_head("Served", "Connections that got a correct reply; where more were held, how many"))
            (head("Stopped by", "The limit that was met"))
            @if self.open {
                (number_head("Keeps up with", "The highest offered rate that it answered"))
                (number_head("p99 there", "99th percentile of response time at that rate"))
                (number_head("Knee", "The offered rate at which response time begins to climb"))
            } @else {
                @if self.few {
                    (number_head(&format!("req/s, {}", page.few_talk()), "Requests per second while the others are silent"))
                    (number_head(&format!("p99, {}", page.few_talk()), "99th percentile, over all clients that asked"))
                    (number_head(&format!("CPU per request, {}", page.few_talk()), "Of the server, user and kernel"))
                }
                (number_head("req/s, all talk", "Requests per second while all connections talk"))
                (number_head("p99, all talk", "99th percentile, over all clients that asked"))
                (number_head("CPU per request, all talk", "Of the server, user and kernel"))
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
                    (wait(page, Aim::FewWait, line, line.idle.as_ref()))
                    @let cpu = line.idle.as_ref().and_then(|idle| idle.cpu_ns_per_request);
                    (estimate(page, Aim::FewCpu, line, cpu, microseconds))
                }
                (rate(page, None, line, Some(&line.busy)))
                (wait(page, Aim::Wait, line, Some(&line.busy)))
                (estimate(page, Aim::Cpu, line, line.busy.cpu_ns_per_request, microseconds))
            }
            @if self.memory { (estimate(page, Aim::Memory, line, line.memory_bytes_per_connection, kib)) }
            @if self.others { (estimate(page, Aim::Others, line, line.others_p99_ns, time)) }
            td { (trust::badge(line.verdict)) }
        }
    }
}
