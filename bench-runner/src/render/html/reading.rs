//! How to read the report: the words and signs that occur in it, and no others.

use maud::{Markup, html};

use super::Page;
use super::value::{AT_LEAST, AT_MOST, BEHIND, BEYOND, FEWER, Sign};
use crate::record::{Verdict, Window};

pub(super) fn reading(page: &Page) -> Markup {
    let open = !page.summary.rates_per_s.is_empty();
    let few = page.summary.lines.iter().any(|line| line.idle.is_some());
    let has = |verdict| page.rows.iter().any(|row| row.verdicts.contains(&verdict));
    let fewer = page
        .rows
        .iter()
        .filter_map(|row| row.connections)
        .any(|c| c.served < c.active);
    let no_value = page.rows.iter().any(|row| {
        let told = if row.window == Window::Open {
            row.response_ns
        } else {
            Some(row.latency_ns)
        };
        row.requests.is_some() && told.is_some_and(|told| told.p999.is_none())
    });
    let rounds = page.run.settings.rounds > 1;
    html! {
        dl.terms {
            (term("served", "Connections that got a correct reply to what they had asked. Connected is not served: the kernel \
                completes handshakes for a server that never looks at them. Those are starved."))
            @if open {
                (term("offered rate", "Requests are due by a schedule that no reply can move (an open loop). A server that is \
                    slow gets as many, and its clients wait."))
                (term("response time", "From the instant at which a request was due to its reply."))
                (term("knee", "The offered rate at which response time begins to climb."))
            } @else {
                (term("all talk", "Every client sends its next request as soon as it has its reply (a closed loop). A slow \
                    server gets fewer requests, so that the mean latency is just connections ÷ rate: read the rate and the \
                    CPU."))
            }
            @if few {
                (term(&page.few_talk(), "Only so many clients send; the others stay connected and silent, the usual state \
                    of a real server. What a server spends on those that it only watches shows here."))
            }
            (term("p99", "99 of 100 requests took no longer, told over all clients that asked: one that was never served \
                waited longer than the window."))
            (term("CPU per request", "The server's CPU time, user and kernel, over its whole process tree, for each reply."))
            (term("memory per connection", "What the server's memory and the kernel's grew by, divided by the connections. Both \
                ends are on this machine, and the kernel's part holds both. Told from 1,000 connections on."))
            @if rounds {
                (term("range", "Numbers are the median of the rounds. A difference is named only where the ranges of the \
                    rounds are apart and it exceeds a fifth. 'mio and 3 like it' are four of which that cannot be said."))
            } @else {
                (term("one round", "There is no range: a difference is named only where it exceeds a factor of two."))
            }
            @if has(Verdict::ClientBound) && !open { (sign(&AT_LEAST)) }
            @if has(Verdict::ClientBound) && open { (sign(&AT_MOST)) }
            @if fewer { (sign(&FEWER)) }
            @if no_value { (sign(&BEYOND)) }
            @if has(Verdict::Behind) { (sign(&BEHIND)) }
        }
    }
}

fn term(name: &str, means: &str) -> Markup {
    html! { div { dt { (name) } dd { (means) } } }
}

fn sign(sign: &Sign) -> Markup {
    term(sign.sign, sign.means)
}
