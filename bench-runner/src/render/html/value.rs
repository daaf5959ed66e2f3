//! Numbers in tables: what is shown, by what it is sorted, and the signs that say what a number is worth.

use maud::{Markup, html};

/// From this share of its CPUs on a server does not rest while nobody talks.
pub(super) const SPINS: f64 = 0.5;

/// A sign beside or instead of a number: how it looks, and what it says to whoever points at it or has it read out.
pub(super) struct Sign {
    /// How it looks.
    pub sign: &'static str,
    /// What it means.
    pub means: &'static str,
}

/// A rate of which the load generator gave out first.
pub(super) const AT_LEAST: Sign = Sign {
    sign: "≥",
    means: "at least this much: the load generator gave out first, the server could do more",
};
/// A time in which the generator's own lateness is.
pub(super) const AT_MOST: Sign = Sign {
    sign: "≤",
    means: "at most this much: the load generator sent late, the server was at least that quick",
};
/// A rate that is no comparison with the others.
pub(super) const FEWER: Sign = Sign {
    sign: "*",
    means: "over fewer clients than were to talk: no comparison with a rate over all of them",
};
/// A percentile that has no value.
pub(super) const BEYOND: Sign = Sign {
    sign: "✗",
    means: "no value: falls among clients without a reply inside the window, or requests that its end cut off",
};
/// There is no result.
pub(super) const FAILED: Sign = Sign {
    sign: "✗",
    means: "failed: there is no number",
};
/// A response time that says how long the window was.
pub(super) const BEHIND: Sign = Sign {
    sign: "behind",
    means: "the server answered less than was due: response times are those of a queue that grows for as long as the \
            window lasts",
};

/// A sign with its meaning.
pub(super) fn mark(sign: &Sign) -> Markup {
    html! {
        span.mark title=(sign.means) {
            span aria-hidden="true" { (sign.sign) }
            span.vh { " (" (sign.means.split(':').next().unwrap_or_default()) ") " }
        }
    }
}

/// A cell with a number in it, sorted by `value`.
pub(super) fn number(value: f64, shown: &Markup) -> Markup {
    html! { td.n data-v=(value) { (shown) } }
}

/// A cell with a number as `write` has it, if there is one.
pub(super) fn optional(value: Option<f64>, write: impl Fn(f64) -> String) -> Markup {
    value.map_or_else(nothing, |value| number(value, &html! { (write(value)) }))
}

/// A cell for what was not measured, or cannot be told.
pub(super) fn nothing() -> Markup {
    html! { td.n.none { span title="not told" { "–" } } }
}

/// A cell for what is longer than everything that was seen.
pub(super) fn beyond(sign: &Sign) -> Markup {
    html! { td.n data-v="Infinity" { (mark(sign)) } }
}

/// A head that sorts its column.
pub(super) fn head(name: &str, explains: &str) -> Markup {
    heading(name, explains, false)
}

/// A head of a column of numbers.
pub(super) fn number_head(name: &str, explains: &str) -> Markup {
    heading(name, explains, true)
}

fn heading(name: &str, explains: &str, numbers: bool) -> Markup {
    html! {
        th.n[numbers] scope="col" aria-sort="none" {
            button.sort type="button" title=[Some(explains).filter(|text| !text.is_empty())] { (name) }
        }
    }
}

/// `12×`, or `1.4×`.
pub(super) fn times(ratio: f64) -> String {
    if ratio >= 9.95 {
        format!("{ratio:.0}×")
    } else {
        format!("{ratio:.1}×")
    }
}

/// Microseconds of a time in nanoseconds.
pub(super) fn microseconds(ns: f64) -> String {
    format!("{:.1} µs", ns / 1e3)
}

/// KiB of a size in bytes.
pub(super) fn kib(bytes: f64) -> String {
    format!("{:.1} KiB", bytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_says_what_it_means_without_a_pointer() {
        let text = mark(&AT_LEAST).into_string();
        assert!(
            text.contains("title=\"at least this much: the load generator gave out first"),
            "{text}"
        );
        assert!(
            text.contains("<span class=\"vh\"> (at least this much) </span>"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_there_is_sorted_by_nothing() {
        assert!(!optional(None, kib).into_string().contains("data-v"));
        assert_eq!(
            optional(Some(2048.0), kib).into_string(),
            "<td class=\"n\" data-v=\"2048\">2.0 KiB</td>"
        );
    }
}
