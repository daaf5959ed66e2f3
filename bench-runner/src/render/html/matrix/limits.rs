//! What the limits are that were met, and by whom.

use maud::{Markup, html};

use super::super::models::Model;
use super::super::{Page, words};

pub(super) fn limits(page: &Page) -> Markup {
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
