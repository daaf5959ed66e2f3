//! Whether the texts of a chart can be read: all drawn, none cut off, none on top of another, none too faint.
//!
//! The renderer lays the text out here exactly as it does for the PNG, so this sees what a reader will see.

use std::collections::BTreeSet;

use resvg::usvg::{self, Node, roxmltree};

use super::font;
use super::place::Area;
use super::theme;

/// How far, in pixels, two boxes may reach into each other before it counts: less than a reader can see.
const SLACK: f64 = 0.75;

/// One line for each thing that is wrong with the texts of `svg`; empty if all can be read.
///
/// Found are: a document that cannot be read, texts that the renderer left out (a font that it does not have), a
/// character without a glyph, text that leaves the canvas, text that is too faint for its ground, and every pair of texts
/// that overlap.
pub fn text_problems(svg: &str) -> Vec<String> {
    let document = match roxmltree::Document::parse(svg) {
        Ok(document) => document,
        Err(error) => return vec![format!("not XML: {error}")],
    };
    let tree = match usvg::Tree::from_xmltree(&document, &font::options()) {
        Ok(tree) => tree,
        Err(error) => return vec![format!("not SVG: {error}")],
    };
    let written: Vec<String> = document
        .descendants()
        .filter(|node| node.has_tag_name("text") || node.has_tag_name(("http://www.w3.org/2000/svg", "text")))
        .map(|node| {
            node.descendants()
                .filter_map(|n| n.text().filter(|_| n.is_text()))
                .collect::<String>()
        })
        .map(|text| super::text::tidy(&text))
        .collect();
    let mut drawn = Vec::new();
    collect(tree.root(), &mut drawn);

    let mut problems = Vec::new();
    if written.len() != drawn.len() {
        let seen: BTreeSet<&str> = drawn.iter().map(|(text, _)| text.as_str()).collect();
        let lost: Vec<&str> = written
            .iter()
            .map(String::as_str)
            .filter(|text| !seen.contains(text))
            .collect();
        problems.push(format!(
            "{} <text> elements but {} drawn; not drawn: {lost:?} (is the font family '{}'?)",
            written.len(),
            drawn.len(),
            font::FAMILY,
        ));
    }
    for text in &written {
        if let Some(c) = font::missing(text).next() {
            problems.push(format!("no glyph for '{}' in '{text}'", c.escape_debug()));
        }
    }
    problems.extend(faint(&document));
    let size = tree.size();
    let canvas = Area {
        x0: -SLACK,
        y0: -SLACK,
        x1: f64::from(size.width()) + SLACK,
        y1: f64::from(size.height()) + SLACK,
    };
    for (i, (text, area)) in drawn.iter().enumerate() {
        if !canvas.holds(area) {
            problems.push(format!("'{text}' leaves the canvas: {}", shown(area)));
        }
        for (other, place) in &drawn[i + 1..] {
            let smaller = Area {
                x0: area.x0 + SLACK,
                y0: area.y0 + SLACK,
                x1: area.x1 - SLACK,
                y1: area.y1 - SLACK,
            };
            if smaller.overlaps(place) {
                problems.push(format!(
                    "'{text}' and '{other}' overlap: {} and {}",
                    shown(area),
                    shown(place)
                ));
            }
        }
    }
    problems
}

/// Every text whose contrast with the ground, the first rectangle, is less than WCAG asks for (2.1, 1.4.3).
fn faint(document: &roxmltree::Document<'_>) -> Vec<String> {
    let of = |tag| document.descendants().filter(move |node| node.tag_name().name() == tag);
    let ground = of("rect").next().and_then(|rect| theme::parse(rect.attribute("fill")?));
    let ground = ground.unwrap_or(theme::LIGHT.background);
    let told = |node: roxmltree::Node<'_, '_>| {
        let fill = node.attribute("fill").unwrap_or("#000000");
        let Some(color) = theme::parse(fill) else {
            return Some(format!("'{fill}' is no colour of a text"));
        };
        let contrast = theme::contrast(color, ground);
        (contrast < theme::READABLE).then(|| {
            let words = super::text::tidy(node.text().unwrap_or_default());
            format!("'{words}' in {fill} has a contrast of {contrast:.2}")
        })
    };
    of("text").filter_map(told).collect()
}

/// All texts below `group`, each with the box of its ink.
fn collect(group: &usvg::Group, texts: &mut Vec<(String, Area)>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, texts),
            Node::Text(text) => {
                let words: String = text.chunks().iter().map(usvg::TextChunk::text).collect();
                // Of the text's own box only the width is of use: its height is that of the font's tallest letters,
                // so lines of print would overlap.
                let (line, ink) = (text.abs_bounding_box(), text.flattened().abs_bounding_box());
                let area = Area {
                    x0: f64::from(line.left().min(ink.left())),
                    y0: f64::from(ink.top()),
                    x1: f64::from(line.right().max(ink.right())),
                    y1: f64::from(ink.bottom()),
                };
                texts.push((super::text::tidy(&words), area));
            }
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}

fn shown(area: &Area) -> String {
    format!("({:.0}, {:.0})–({:.0}, {:.0})", area.x0, area.y0, area.x1, area.y1)
}
