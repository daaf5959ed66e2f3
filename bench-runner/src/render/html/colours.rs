//! Colours that follow the reader's setting: each is a property of the page with a value for light and one for dark.

use std::collections::BTreeMap;

use super::models::Model;
use crate::charts::palette::look;

/// The colours of a page.
pub(super) struct Colours {
    /// Of each model: its class, and its colour on a light and on a dark ground.
    models: Vec<(String, String, String)>,
    /// Of the charts: pairs of colours, and their numbers.
    pairs: BTreeMap<(String, String), usize>,
}

impl Colours {
    pub(super) fn new(models: &[Model]) -> Self {
        let hex = |color: plotters::style::RGBColor| format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2);
        let colour = |model: &Model| {
            let look = look(&model.name);
            (model.class.clone(), hex(look.light), hex(look.dark))
        };
        Self {
            models: models.iter().map(colour).collect(),
            pairs: BTreeMap::new(),
        }
    }

    /// A picture that takes its colours from the page, made of the same picture drawn for light and for dark; `None` where
    /// the two differ in more than colours.
    pub(super) fn follow(&mut self, light: &str, dark: &str) -> Option<String> {
        const LONG: usize = "#RRGGBB".len();
        if light.len() != dark.len() {
            return None;
        }
        let (mut out, mut rest) = (String::with_capacity(light.len()), 0);
        // A value of an attribute that is a colour and nothing else; in texts the quotation mark is escaped.
        for (at, _) in light.match_indices("=\"#") {
            let (from, to) = (at + 2, at + 2 + LONG);
            let value = |text: &str| {
                let value = text.get(from..to).filter(|_| text[to..].starts_with('"'))?;
                value[1..]
                    .bytes()
                    .all(|b| b.is_ascii_hexdigit())
                    .then(|| value.to_owned())
            };
            let (Some(on_light), Some(on_dark)) = (value(light), value(dark)) else {
                continue;
            };
            if light[rest..from] != *dark.get(rest..from)? {
                return None;
            }
            let next = self.pairs.len();
            let number = *self.pairs.entry((on_light, on_dark)).or_insert(next);
            out.push_str(&light[rest..from]);
            out.push_str(&format!("var(--c{number})"));
            rest = to;
        }
        (light[rest..] == *dark.get(rest..)?).then(|| out + &light[rest..])
    }

    /// The rules of all colours; what is printed is light.
    pub(super) fn rules(&self) -> String {
        let charts = |pick: fn(&(String, String)) -> &String| {
            let values = self
                .pairs
                .iter()
                .map(|(pair, number)| format!("--c{number}:{};", pick(pair)));
            format!(":root{{{}}}\n", values.collect::<String>())
        };
        let models = |pick: fn(&(String, String, String)) -> &String| {
            let rule = |model: &(String, String, String)| format!(".{}{{--m:{}}}\n", model.0, pick(model));
            self.models.iter().map(rule).collect::<String>()
        };
        format!(
            "{}{}@media screen and (prefers-color-scheme: dark) {{\n{}{}}}\n",
            charts(|pair| &pair.0),
            models(|model| &model.1),
            charts(|pair| &pair.1),
            models(|model| &model.2),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_of_colours_becomes_one_property() {
        let mut colours = Colours::new(&[]);
        let light = "<a fill=\"#FFFFFF\"/><b stroke=\"#112233\" fill=\"#FFFFFF\">=&quot;#112233&quot;</b>";
        let dark = "<a fill=\"#000000\"/><b stroke=\"#AABBCC\" fill=\"#000000\">=&quot;#112233&quot;</b>";
        assert_eq!(
            colours.follow(light, dark).unwrap(),
            "<a fill=\"var(--c0)\"/><b stroke=\"var(--c1)\" fill=\"var(--c0)\">=&quot;#112233&quot;</b>"
        );
        let again = colours
            .follow("<c fill=\"#112233\"/>", "<c fill=\"#AABBCC\"/>")
            .unwrap();
        assert_eq!(again, "<c fill=\"var(--c1)\"/>");
        let rules = colours.rules();
        assert!(
            rules.contains("--c0:#FFFFFF;") && rules.contains("--c1:#112233;"),
            "{rules}"
        );
        let (_, dark) = rules.split_once("dark)").unwrap();
        assert!(
            dark.contains("--c0:#000000;") && dark.contains("--c1:#AABBCC;"),
            "{rules}"
        );
    }

    #[test]
    fn pictures_that_differ_in_more_than_colours_are_no_pair() {
        let mut colours = Colours::new(&[]);
        for (light, dark) in [
            ("<a x=\"1\" fill=\"#FFFFFF\"/>", "<a x=\"2\" fill=\"#000000\"/>"),
            ("<a fill=\"#FFFFFF\" x=\"1\"/>", "<a fill=\"#000000\" x=\"2\"/>"),
            ("<a fill=\"#FFFFFF\"/>", "<a fill=\"none\"/>"),
            ("<a fill=\"#FFFFFF\"/>", "<a fill=\"#0000000\"/>"),
        ] {
            assert_eq!(colours.follow(light, dark), None, "{light} {dark}");
        }
    }
}
