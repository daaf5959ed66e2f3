//! What the catalogue said of a server when it was measured: words that a report needs and no row has.

use serde::{Deserialize, Serialize};

use crate::catalog::Nature;

/// A server in the words of its catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name, as in every row.
    pub name: String,
    /// One line: the model and its consequence.
    pub summary: String,
    /// What should stop it first.
    pub bound: String,
    /// Whether its model never waits.
    pub spins: bool,
    /// What it is by its nature.
    pub nature: Nature,
}
