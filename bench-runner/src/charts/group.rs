//! What belongs together in a picture: the strokes of one model, and what they say.
//!
//! A page that shows the picture can take a model away with everything that is its own, and can tell what a point
//! says without knowing where it stands. plotters' backend writes one flat list of elements and has no groups, so
//! their beginnings and ends are drawn as texts that no chart can have, and become tags when the sheet is done.

use std::cell::RefCell;

use super::canvas::Canvas;
use super::font::REPLACEMENT;

/// Begins the text that stands for a tag. It is in a private area of Unicode, and no font has it: in the
/// texts of charts it is replaced before they are drawn.
const SIGN: char = '\u{E000}';

/// What a group of strokes says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The model that it is about; none where it is about no server of the run.
    pub model: Option<String>,
    /// In words: the model, where, how much, and from where to where.
    pub text: String,
}

/// The groups of a sheet.
#[derive(Default)]
pub(super) struct Groups {
    /// The tags in the order in which they were drawn.
    tags: RefCell<Vec<String>>,
    said: RefCell<Vec<Said>>,
}

impl Groups {
    /// Keeps a tag; tells the text that stands for it.
    fn sign(&self, tag: String) -> String {
        let mut tags = self.tags.borrow_mut();
        tags.push(tag);
        format!("{SIGN}{}", tags.len() - 1)
    }

    /// The document with tags for what stands for them, and what its groups say.
    pub(super) fn finish(self, svg: &str) -> (String, Vec<Said>) {
        let tags = self.tags.into_inner();
        let mut parts = svg.split(SIGN);
        let mut out = String::with_capacity(svg.len());
        // Each sign is the whole of a text: what is before it ends with that element's opening tag, what is behind it
        // begins with the tag's number and the closing tag.
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let open = out.rfind("<text").unwrap_or(out.len());
            out.truncate(open);
            let (number, rest) = part.split_once("\n</text>\n").unwrap_or((part, ""));
            let tag = number.parse().ok().and_then(|i: usize| tags.get(i));
            out.push_str(tag.map_or("", String::as_str));
            out.push_str(rest);
        }
        (out, self.said.into_inner())
    }
}

impl Canvas<'_> {
    /// What `draw` draws is that of `model`, if of any; `says` is what it says, where it says something by itself. A
    /// model is a [`part`](Self::part); of one that is not there yet nothing is said.
    pub(super) fn group<T>(
        &self,
        model: Option<&str>,
        says: Option<&str>,
        draw: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if self.hidden.get() {
            return draw();
        }
        if model.is_some_and(|model| !self.shows(model)) {
            return self.part(model.unwrap_or_default(), draw);
        }
        let model_is = model.map_or(String::new(), |model| format!(" data-model=\"{}\"", escaped(model)));
        let title = says.map_or(String::new(), |says| format!("<title>{}</title>", escaped(says)));
        self.tag(&self.groups.sign(format!("<g{model_is}>{title}\n")))?;
        self.groups.said.borrow_mut().extend(says.map(|says| Said {
            model: model.map(str::to_owned),
            text: says.to_owned(),
        }));
        let drawn = draw()?;
        self.tag(&self.groups.sign("</g>\n".to_owned()))?;
        Ok(drawn)
    }
}

impl Canvas<'_> {
    /// What `draw` draws is a part of the chart by that name. Of one that is not there yet nothing is drawn, but it takes its
    /// place all the same.
    pub(super) fn part<T>(&self, name: &str, draw: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let before = self.hidden.replace(self.hidden.get() || !self.shows(name));
        let placed = draw();
        self.hidden.set(before);
        placed
    }
}

/// Text as it stands in an attribute or between tags.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // No XML may have it.
            c if c.is_control() => out.push(REPLACEMENT),
            c => out.push(c),
        }
    }
    out
}

/// What a range adds to what a point says, where there is one.
pub(super) fn range(value: f64, low: f64, high: f64, write: impl Fn(f64) -> String) -> String {
    if low < value || high > value {
        format!(" ({}–{})", write(low), write(high))
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::paint;
    use super::super::style::Style;
    use super::super::theme::LIGHT;
    use super::*;

    #[test]
    fn groups_hold_what_was_drawn_in_them_and_say_what_it_says() {
        let picture = paint(&Style::default(), "groups", |canvas| {
            let line = |x: f64| canvas.line(&[(x, 0.0), (x, 9.0)], LIGHT.ink, 1);
            line(1.0)?;
            canvas.group(Some("a\"<b"), Some("a · 1 & 2"), || {
                line(2.0)?;
                canvas.group(None, None, || line(3.0))
            })?;
            line(4.0)
        })
        .unwrap();
        let body = picture.without_font();
        let order: Vec<usize> = [
            "points=\"1,0",
            "<g data-model=\"a&quot;&lt;b\"><title>a · 1 &amp; 2</title>",
            "points=\"2,0",
            "<g>",
            "points=\"3,0",
            "</g>\n</g>",
            "points=\"4,0",
        ]
        .iter()
        .map(|part| body.find(part).unwrap_or_else(|| panic!("{part} is not in {body}")))
        .collect();
        assert!(order.is_sorted(), "{body}");
        assert!(!picture.svg.contains(SIGN) && !body.contains("<text"), "{body}");
        let said = Said {
            model: Some("a\"<b".to_owned()),
            text: "a · 1 & 2".to_owned(),
        };
        assert_eq!(picture.said, [said]);
    }

    #[test]
    fn a_range_is_told_where_there_is_one() {
        let write = |value: f64| format!("{value}");
        assert_eq!(range(2.0, 1.0, 3.0, write), " (1–3)");
        assert_eq!(range(2.0, 2.0, 2.0, write), "");
    }
}
