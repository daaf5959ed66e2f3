//! The cells of the matrix: numbers, how they stand, and words.

use loadgen::units::{grouped, short, time};
use maud::{Markup, html};

use super::super::models::Model;
use super::super::value::{
    AT_LEAST, AT_MOST, BEHIND, BEYOND, FAILED, FEWER, SPINS, beyond, mark, nothing, optional, times,
};
use super::super::{Page, words};
use crate::stats::{Aim, Estimate, Line, RateSummary, WindowSummary};

pub(super) fn served(line: &Line) -> Markup {
    if line.rounds == 0 {
        return html! { td.n.bad data-v="0" { (mark(&FAILED)) } };
    }
    let all = line.serves_all();
    html! {
        td.n.bad[!all] data-v=(line.served) {
            (grouped(line.served))
            @if !all { small { "of " (grouped(line.conns)) } }
            @if line.held > line.served { small { "holds " (grouped(line.held)) } }
        }
    }
}

pub(super) fn stopped_by(line: &Line) -> Markup {
    let Some(limit) = line.stopped_by() else {
        return html! { td.none { "nothing" } };
    };
    html! { td { span title=[words::limit(&limit)] { (limit) } } }
}

/// A rate, with what bounds it.
pub(super) fn rate(page: &Page, aim: Option<Aim>, line: &Line, window: Option<&WindowSummary>) -> Markup {
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

/// A 99th percentile.
pub(super) fn wait(page: &Page, aim: Aim, line: &Line, window: Option<&WindowSummary>) -> Markup {
    match window {
        Some(WindowSummary { p99: Some(p99), .. }) => estimate(page, aim, line, Some(*p99), time),
        Some(WindowSummary {
            rate_per_s: Some(_), ..
        }) => beyond(&BEYOND),
        _ => nothing(),
    }
}

/// The highest offered rate up to which the server kept up with each, and its response time there.
pub(super) fn keeps_up(line: &Line) -> Markup {
    let kept = |point: &&RateSummary| !point.behind;
    let Some(highest) = line.curve.iter().take_while(kept).last() else {
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
pub(super) fn estimate(
    page: &Page,
    aim: Aim,
    line: &Line,
    value: Option<Estimate>,
    write: fn(f64) -> String,
) -> Markup {
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
pub(super) fn nature(model: &Model, line: Option<&Line>) -> Markup {
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
