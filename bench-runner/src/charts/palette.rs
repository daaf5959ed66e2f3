//! One fixed colour, marker and dash for each model, the same in every chart.
//!
//! Seventeen colours that anyone could tell apart do not exist. So hue tells the *family* (blocking is orange to
//! brown, readiness blue, completion magenta, coroutines green: four hues that stay apart for colour-blind eyes),
//! lightness tells models within a family apart as far as it can, and marker, dash and the label beside it do the
//! rest. The hues were set in OKLCH; each model has a second variant for dark grounds.

use plotters::style::RGBColor;

/// How a model looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Its colour on a light ground.
    pub light: RGBColor,
    /// Its colour on a dark ground.
    pub dark: RGBColor,
    /// The shape of its points.
    pub marker: Marker,
    /// The pattern of its line.
    pub dash: Dash,
    /// What shares its hue; a foreign server belongs to no family.
    pub family: Option<Family>,
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Marker {
    Circle,
    Square,
    Diamond,
    Up,
    Down,
}

/// The pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Dash {
    Solid,
    Long,
    Short,
}

/// Models that wait in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Family {
    Blocking,
    Readiness,
    Completion,
    Coroutine,
}

use Dash::{Long, Short, Solid};
use Family::{Blocking, Completion, Coroutine, Readiness};
use Marker::{Circle, Diamond, Down, Square, Up};

const fn entry(light: u32, dark: u32, marker: Marker, dash: Dash, family: Option<Family>) -> Look {
    Look {
        light: rgb(light),
        dark: rgb(dark),
        marker,
        dash,
        family,
    }
}

const fn rgb(hex: u32) -> RGBColor {
    RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Every model that the project ships.
const MODELS: [(&str, Look); 17] = [
    ("iterative", entry(0x6C380D, 0xBE8761, Square, Short, Some(Blocking))),
    ("fork", entry(0x9D4616, 0xEB8F5E, Diamond, Long, Some(Blocking))),
    ("prefork", entry(0xBB6802, 0xFDA353, Up, Short, Some(Blocking))),
    ("thread", entry(0xDD5403, 0xFFA980, Square, Solid, Some(Blocking))),
    ("thread-pool", entry(0xC38908, 0xF8BE5B, Down, Long, Some(Blocking))),
    ("busy-poll", entry(0x273776, 0x748ACD, Down, Short, Some(Readiness))),
    ("select", entry(0x1D44B9, 0x6B97FF, Square, Long, Some(Readiness))),
    ("poll", entry(0x026A9D, 0x4BB2F2, Diamond, Solid, Some(Readiness))),
    ("epoll-level", entry(0x077FA8, 0x4FC1F3, Up, Long, Some(Readiness))),
    ("epoll-edge", entry(0x2366E9, 0x87B1FF, Circle, Solid, Some(Readiness))),
    (
        "epoll-percore",
        entry(0x1AA1C9, 0x6AD7FF, Circle, Long, Some(Readiness)),
    ),
    ("mio", entry(0x5992E7, 0xA5C9FF, Circle, Short, Some(Readiness))),
    ("io-uring", entry(0xC11A8E, 0xFF81C5, Diamond, Solid, Some(Completion))),
    ("coroutine", entry(0x004F38, 0x5AA284, Square, Short, Some(Coroutine))),
    (
        "green-thread",
        entry(0x04755B, 0x5DBAA4, Diamond, Long, Some(Coroutine)),
    ),
    ("tokio-current", entry(0x25966A, 0x71D2A5, Up, Long, Some(Coroutine))),
    ("tokio", entry(0x04A67E, 0x67DEB5, Up, Solid, Some(Coroutine))),
];

/// Colours (light, dark) kept for servers from elsewhere: hues that no family has.
const RESERVE: [(u32, u32); 8] = [
    (0x81720E, 0xC1B361),
    (0x7F3E45, 0xCE888D),
    (0x834BA8, 0xC791EE),
    (0x255F62, 0x73A9AC),
    (0xB65A5C, 0xF89999),
    (0x5B3291, 0xA682E3),
    (0x626930, 0xA6AE76),
    (0xA960AE, 0xE69DEA),
];

/// How the model `name` looks: its own look, or for a name from elsewhere one that depends on nothing but the name.
pub fn look(name: &str) -> Look {
    MODELS
        .iter()
        .find(|(model, _)| *model == name)
        .map_or_else(|| foreign(name), |(_, look)| *look)
}

fn foreign(name: &str) -> Look {
    // FNV-1a, because it must give the same answer in every version of this program; std's hasher promises no such thing.
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)
    });
    let pick = |shift: u32, n: usize| ((hash >> shift) % n as u64) as usize;
    let (light, dark) = RESERVE[pick(0, RESERVE.len())];
    entry(
        light,
        dark,
        [Circle, Square, Diamond, Up, Down][pick(16, 5)],
        [Solid, Long, Short][pick(32, 3)],
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::super::theme::{self, contrast, linear};
    use super::*;

    /// Where a colour lies in OKLab (Ottosson 2020), in which distances are roughly those that people see.
    fn oklab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b).cbrt();
        let m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b).cbrt();
        let s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b).cbrt();
        [
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
        ]
    }

    /// What remains of a colour for eyes without red cones and without green cones (Machado et al. 2009, severity 1).
    const EYES: [[[f64; 3]; 3]; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ];

    fn distance(eye: &[[f64; 3]; 3], a: RGBColor, b: RGBColor) -> f64 {
        let seen = |color| {
            let rgb = linear(color);
            oklab(eye.map(|row| row.iter().zip(rgb).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0)))
        };
        seen(a)
            .iter()
            .zip(seen(b))
            .map(|(x, y)| (x - y).powi(2))
            .sum::<f64>()
            .sqrt()
    }

    #[test]
    fn every_model_is_seen_on_its_ground() {
        for (name, look) in MODELS {
            assert!(contrast(look.light, theme::LIGHT.background) >= 3.0, "{name} on light");
            assert!(contrast(look.dark, theme::DARK.background) >= 3.0, "{name} on dark");
        }
        for (light, dark) in RESERVE {
            assert!(contrast(rgb(light), theme::LIGHT.background) >= 3.0, "{light:06X}");
            assert!(contrast(rgb(dark), theme::DARK.background) >= 3.0, "{dark:06X}");
        }
    }

    #[test]
    fn families_stay_apart_for_colour_blind_eyes() {
        for (i, eye) in EYES.iter().enumerate() {
            for (a, look_a) in MODELS {
                for (b, look_b) in MODELS.iter().filter(|(_, l)| l.family != look_a.family) {
                    for (ground, one, other) in [
                        ("light", look_a.light, look_b.light),
                        ("dark", look_a.dark, look_b.dark),
                    ] {
                        let d = distance(eye, one, other);
                        assert!(d >= 0.045, "{a} and {b} on {ground} for eye {i}: {d:.3}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_two_models_look_the_same_even_without_colour() {
        for (i, (a, look_a)) in MODELS.iter().enumerate() {
            for (b, look_b) in &MODELS[i + 1..] {
                assert!(distance(&EYES[0], look_a.light, look_b.light) >= 0.03, "{a} and {b}");
                assert!(
                    distance(&EYES[0], look_a.dark, look_b.dark) >= 0.03,
                    "{a} and {b}, dark"
                );
                let same_family = look_a.family == look_b.family;
                let same_form = (look_a.marker, look_a.dash) == (look_b.marker, look_b.dash);
                assert!(
                    !(same_family && same_form),
                    "{a} and {b} have marker and dash in common"
                );
            }
        }
    }

    #[test]
    fn a_foreign_name_keeps_its_look() {
        assert_eq!(look("nginx"), look("nginx"));
        assert_eq!(look("nginx").family, None);
        assert!(MODELS.iter().all(|(_, model)| model.light != look("nginx").light));
        // Changing this changes the colour of servers in charts already shown.
        assert_eq!(look("nginx").light, rgb(0xA960AE));
    }
}
