//! The servers of the page, and the switches that take them away everywhere and bring them back.

use anyhow::Result;
use maud::{Markup, html};

use crate::catalog::{Catalog, Entry};
use crate::record::{Row, Run, Subject};

/// A server, and what is said of it beside numbers.
pub(super) struct Model {
    /// Its name.
    pub name: String,
    /// Its group.
    pub family: String,
    /// What its catalogue says of it.
    pub subject: Subject,
    /// Whether it is wrong on purpose.
    pub faulty: bool,
    /// The class of everything that has its colour.
    pub class: String,
}

/// The servers of a run, in its order. What its record does not tell of a server of ours, as records from before it was
/// kept, our own catalogue does.
pub(super) fn models(run: &Run, rows: &[Row]) -> Result<Vec<Model>> {
    let own: Vec<Subject> = Catalog::own()?.entries.iter().map(Entry::subject).collect();
    let subject = |name: &String| {
        let told = run.catalog.iter().chain(&own).find(|subject| subject.name == *name);
        told.cloned().unwrap_or_else(|| Subject {
            name: name.clone(),
            ..Subject::default()
        })
    };
    let family = |name: &String| {
        let row = rows.iter().find(|row| row.server == *name);
        row.map_or_else(String::new, |row| row.family.clone())
    };
    let model = |(i, name): (usize, &String)| Model {
        name: name.clone(),
        family: family(name),
        subject: subject(name),
        faulty: run.faulty.contains(name),
        class: format!("m{i}"),
    };
    Ok(run.servers.iter().enumerate().map(model).collect())
}

/// The families, each with its servers, in the order in which they come.
fn families(models: &[Model]) -> Vec<(&str, Vec<&Model>)> {
    let mut families: Vec<(&str, Vec<&Model>)> = Vec::new();
    for model in models {
        match families.iter_mut().find(|(family, _)| *family == model.family) {
            Some((_, own)) => own.push(model),
            None => families.push((&model.family, vec![model])),
        }
    }
    families
}

/// A switch for each server; they work on everything that bears its name.
pub(super) fn switches(models: &[Model]) -> Markup {
    html! {
        details #switches {
            summary { "Models shown: " span #shown { (models.len()) " of " (models.len()) } }
            div.panel {
                p.hint {
                    "Switches work on charts, spectrum and tables. "
                    button type="button" data-all="true" { "Show all" }
                    " "
                    button type="button" data-all="false" { "Hide all" }
                }
                @for (family, own) in families(models) {
                    div.family role="group" aria-label=(family) {
                        @if !family.is_empty() {
                            button.whole type="button" data-family=(family) { (family) }
                        }
                        @for model in own {
                            button.switch.(model.class) type="button" aria-pressed="true" data-switch=(model.name)
                                data-of=(model.family) { i.swatch {} (model.name) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_a_family_stand_together_however_they_come() {
        let model = |name: &str, family: &str| Model {
            name: name.to_owned(),
            family: family.to_owned(),
            subject: Subject::default(),
            faulty: false,
            class: String::new(),
        };
        let all = [
            model("fork", "blocking"),
            model("poll", "readiness"),
            model("thread", "blocking"),
        ];
        let told: Vec<(&str, Vec<&str>)> = families(&all)
            .into_iter()
            .map(|(family, own)| (family, own.into_iter().map(|model| &*model.name).collect()))
            .collect();
        assert_eq!(
            told,
            [("blocking", vec!["fork", "thread"]), ("readiness", vec!["poll"])]
        );
    }
}
