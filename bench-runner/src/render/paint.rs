//! Colours of the terminal.

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// A heading.
    Bold,
    /// Something is wrong.
    Bad,
    /// Something is to be heeded.
    Heed,
    /// Something is better.
    Good,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "\x1b[1m",
            Self::Bad => "\x1b[31m",
            Self::Heed => "\x1b[33m",
            Self::Good => "\x1b[32m",
        }
    }
}

/// A line in its tone, or as it is without colours.
pub(super) fn painted(text: &str, tone: Tone, color: bool) -> String {
    if color {
        format!("{}{text}\x1b[0m", tone.code())
    } else {
        text.to_owned()
    }
}
