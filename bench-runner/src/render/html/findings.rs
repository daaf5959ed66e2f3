//! What the run shows, and whom it leaves to choose.

use loadgen::units::{bytes, grouped, short, time};
use maud::{Markup, html};

use super::Page;
use super::value::{SPINS, microseconds, times};
use crate::stats::{self, Aim, Choice, Line, Standing, Topic};
use crate::words::Lang;

pub(super) fn findings(page: &Page) -> Markup {
    let found = stats::findings(page.summary);
    html! {
        @if found.is_empty() {
            p { "Nothing was measured." }
        }
        ul.findings {
            @for (i, finding) in found.iter().enumerate() {
                @let (name, bad) = topic(finding.topic);
                // Where it is the same again it is there for those who do not see the one above.
                @let again = i > 0 && topic(found[i - 1].topic).0 == name;
                li.bad[bad] { span.topic { span.vh[again] { (name) } } " " (finding.text(Lang::En)) }
            }
        }
        (chosen(page))
    }
}

/// What a topic is called, and whether it is bad news.
fn topic(topic: Topic) -> (&'static str, bool) {
    match topic {
        Topic::Served => ("served", false),
        Topic::Watched => ("throughput", false),
        Topic::Response => ("latency", false),
        Topic::Cpu => ("CPU", false),
        Topic::Memory => ("memory", false),
        Topic::Failed => ("failed", true),
        Topic::Suspect => ("suspect", true),
    }
}

/// Which to choose, by what counts.
fn chosen(page: &Page) -> Markup {
    if page.choices.is_empty() {
        return html! {};
    }
    let conns = grouped(page.summary.most_conns());
    let compared = page.summary.compared();
    let lines = compared.at(page.summary.most_conns());
    let out: Vec<&Line> = lines.filter(|line| !line.serves_all()).collect();
    html! {
        h3 { "Which to choose" }
        p {
            "By what was measured at " (conns) " connections. Servers stand together where nothing that was measured tells \
            them apart: "
            @if page.run.settings.rounds > 1 {
                "the ranges of the rounds, in brackets, meet that of the best, or the medians differ by a fifth or less."
            } @else {
                "there was one round, and they differ by a factor of two or less."
            }
        }
        div.scroll role="region" aria-label="Which to choose" tabindex="0" {
            table.choices {
                thead { tr {
                    th scope="col" { "What counts" }
                    th scope="col" { "The best, and whoever nothing measured tells from it" }
                    th scope="col" { "Clearly worse" }
                } }
                tbody {
                    @for choice in &page.choices {
                        tr {
                            th scope="row" { (aim(page, choice.aim)) }
                            td { (standings(page, choice, true)) }
                            td { (standings(page, choice, false)) }
                        }
                    }
                }
            }
        }
        @if let Some(all) = best_in_all(page) {
            p { (all) }
        }
        @if !out.is_empty() {
            p {
                "Out of the running, for they do not serve all " (conns) ": "
                @for (i, line) in out.iter().enumerate() {
                    @if i > 0 { ", " }
                    (line.server) " (" (outcome(line)) ")"
                }
                "."
            }
        }
    }
}

/// Who is not clearly behind in anything.
fn best_in_all(page: &Page) -> Option<String> {
    // In a closed loop that all of them fill, waiting is the rate once more, and how evenly it is shared.
    let choices = || page.choices.iter().filter(|choice| choice.aim != Aim::Wait);
    let first = choices().next()?;
    let best = |choice: &Choice, server: &str| {
        let mut standings = choice.standings.iter();
        standings.any(|standing| standing.server == server && standing.times.is_none())
    };
    let names: Vec<&str> = first
        .standings
        .iter()
        .map(|standing| &*standing.server)
        .filter(|server| choices().all(|choice| best(choice, server)))
        .collect();
    let but = if choices().count() < page.choices.len() {
        ", waiting while all are active left aside"
    } else {
        ""
    };
    (choices().count() > 1).then(|| match &*names {
        [] => format!("None is in the first column of every row{but}."),
        [only] => format!("In the first column of every row{but}: {only}."),
        many => format!("In the first column of every row{but}: {}.", many.join(", ")),
    })
}

/// Whether a server uses its CPU also while nobody talks.
fn spins(page: &Page, server: &str) -> bool {
    let most = page.summary.most_conns();
    let own = page.summary.at(most).find(|line| line.server == server);
    own.and_then(|line| line.silent_cpu_share)
        .is_some_and(|share| share.median >= SPINS)
}

/// How many a server serves, and what stops it.
fn outcome(line: &Line) -> String {
    match line.stopped_by() {
        _ if line.rounds == 0 => "failed".to_owned(),
        Some(limit) => format!("{}: {limit}", grouped(line.served)),
        None => grouped(line.served),
    }
}

fn aim(page: &Page, aim: Aim) -> Markup {
    let conns = grouped(page.summary.most_conns());
    match aim {
        Aim::FewTalk => html! {
            (conns) " mostly idle connections"
            small { "requests per second while " (page.few_talk()) " and the others are silent; where both sides used up their CPUs, CPU tells more" }
        },
        Aim::FewCpu => html! {
            "CPU, mostly idle"
            small { "of the server for each request while " (page.few_talk()) }
        },
        Aim::FewWait => html! {
            "Waiting, mostly idle"
            small { "99th percentile of service time while " (page.few_talk()) }
        },
        Aim::Cpu => html! {
            "CPU, all active"
            small { "of the server for each request while all " (conns) " talk" }
        },
        Aim::Wait => html! {
            "Waiting, all active"
            small {
                "99th percentile of service time while all " (conns) " talk: beside the rate it tells how evenly they are served; "
                "a closed loop asks less of a server that stalls"
            }
        },
        Aim::Memory => html! {
            "Memory"
            small { "for each connection, user and kernel, with both ends" }
        },
        Aim::Others => html! {
            "Not to wait for others"
            small { "99th percentile of those who asked for nothing slow" }
        },
    }
}

/// The best, or the others, with what they have.
fn standings(page: &Page, choice: &Choice, best: bool) -> Markup {
    let those: Vec<&Standing> = choice
        .standings
        .iter()
        .filter(|standing| standing.times.is_none() == best)
        .collect();
    if those.is_empty() {
        return html! { span.none { "none" } };
    }
    html! {
        ul.standings {
            @for standing in those {
                li data-model=(standing.server) class=[page.model(&standing.server).map(|model| &model.class)] {
                    i.swatch {} (standing.server) " " b { (value(choice.aim, standing.value.median)) }
                    @if standing.value.low < standing.value.high {
                        " " span.times {
                            "(" (value(choice.aim, standing.value.low)) "–" (value(choice.aim, standing.value.high)) ")"
                        }
                    }
                    @if choice.aim == Aim::Cpu && spins(page, &standing.server) {
                        " " span.times { "and a CPU while nobody talks" }
                    }
                    @if let Some(ratio) = standing.times {
                        " " span.times { (worse(choice.aim, ratio)) }
                    }
                }
            }
        }
    }
}

fn value(aim: Aim, value: f64) -> String {
    match aim {
        Aim::FewTalk => short(value),
        Aim::Cpu | Aim::FewCpu => microseconds(value),
        Aim::Memory => bytes(value),
        Aim::Wait | Aim::FewWait | Aim::Others => time(value),
    }
}

fn worse(aim: Aim, ratio: f64) -> String {
    match aim {
        Aim::FewTalk => format!("{} fewer", times(ratio)),
        Aim::Cpu | Aim::FewCpu | Aim::Memory => format!("{} as much", times(ratio)),
        Aim::Wait | Aim::FewWait | Aim::Others => format!("{} as long", times(ratio)),
    }
}
