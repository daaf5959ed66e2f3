//! The charts, each in the colours of the page and with what its points say in words.

use anyhow::{Context, Result};
use maud::{Markup, PreEscaped, html};

use super::Page;
use super::colours::Colours;
use crate::charts::{Chart, Picture, Said, theme};
use crate::render::pictures::{self, Kind};
use crate::words::Lang;

pub(super) fn charts(page: &Page, colours: &mut Colours) -> Result<Markup> {
    let charts = pictures::charts(page.run, page.summary, page.benches, Lang::En);
    let figures: Vec<Markup> = charts
        .iter()
        .map(|(kind, chart)| figure(page, colours, *kind, &**chart).with_context(|| format!("chart '{kind}'")))
        .collect::<Result<_>>()?;
    Ok(html! {
        @if figures.is_empty() {
            p { "There is nothing to draw." }
        } @else {
            p.hint { "Point at a mark for its value, or go from one to the next with the arrow keys when a chart has the focus." }
        }
        @for figure in &figures { (figure) }
    })
}

fn figure(page: &Page, colours: &mut Colours, kind: Kind, chart: &dyn Chart) -> Result<Markup> {
    let [light, dark] = [theme::LIGHT, theme::DARK].map(|theme| chart.draw(&theme.into()));
    let (light, dark) = (light?, dark?);
    let picture = colours.follow(&light.without_font(), &dark.without_font());
    let id = format!("chart-{kind}");
    Ok(html! {
        figure id=(id) {
            h3 { (chart.title()) }
            div.chart tabindex="0" role="group" aria-label={ "Chart: " (chart.title()) } {
                @if let Some(picture) = picture {
                    (PreEscaped(picture))
                } @else {
                    (apart(&light, "only-light"))
                    (apart(&dark, "only-dark"))
                }
            }
            (values(page, &light.said))
        }
    })
}

/// A picture with the colours that it was drawn with, for one of the two grounds.
fn apart(picture: &Picture, class: &str) -> Markup {
    html! { div class=(class) { (PreEscaped(picture.without_font())) } }
}

/// What a chart says, for those who cannot see it, or want to copy it.
fn values(page: &Page, said: &[Said]) -> Markup {
    let mut said: Vec<&Said> = said.iter().collect();
    // By server, in the order of all tables; those that are none stay as they were drawn.
    said.sort_by_key(|said| {
        page.models
            .iter()
            .position(|model| Some(&model.name) == said.model.as_ref())
    });
    html! {
        @if !said.is_empty() {
            details.values {
                summary { "Values of this chart" }
                ul {
                    @for said in said {
                        li data-model=[said.model.as_deref()] { (said.text) }
                    }
                }
            }
        }
    }
}
