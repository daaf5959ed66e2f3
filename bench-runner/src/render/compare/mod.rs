//! Two runs held against each other: for the terminal, as Markdown, and for machines.

mod columns;
mod json;
mod markdown;
mod notes;
mod reading;
mod text;
mod words;

pub use self::json::json;
pub use self::markdown::markdown;
pub use self::text::text;
use crate::record::Run;
use crate::stats::compare::{Comparison, Options};

/// A comparison with what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// Base, as it was called, and its run.
    pub base: (&'a str, &'a Run),
    /// Current, likewise.
    pub current: (&'a str, &'a Run),
    /// What was found.
    pub comparison: &'a Comparison,
    /// What was asked for.
    pub options: &'a Options,
    /// Whether what cannot be told, and what is no difference, is listed too.
    pub all: bool,
}
