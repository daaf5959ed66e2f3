//! What a model is by its nature, which no measurement tells: words for whoever has to choose one.

use serde::{Deserialize, Serialize};

/// What can be said of a model beforehand, as far as its catalogue says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nature {
    /// How many CPUs it can use.
    #[serde(default)]
    pub cpus: Option<Cpus>,
    /// Who goes down with a handler that crashes.
    #[serde(default)]
    pub fault: Option<Reach>,
    /// Who waits for a handler that computes for long.
    #[serde(default)]
    pub slow: Option<Reach>,
    /// Where else it can be had.
    #[serde(default)]
    pub portable: Option<String>,
}

/// How many CPUs a model can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cpus {
    /// One, however many there are.
    One,
    /// All that there are.
    All,
}

/// How far something in one connection reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// No further than this connection.
    Connection,
    /// To all connections of the same worker.
    Worker,
    /// To all connections of the server.
    Server,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn each_of_our_own_models_is_described_whole() {
        for entry in Catalog::own().unwrap().entries {
            let Nature {
                cpus,
                fault,
                slow,
                portable,
            } = &entry.nature;
            assert!(
                cpus.is_some() && fault.is_some() && slow.is_some() && portable.is_some(),
                "{}: {:?}",
                entry.name,
                entry.nature
            );
            assert!(!entry.summary.is_empty() && !entry.bound.is_empty(), "{}", entry.name);
        }
    }

    #[test]
    fn what_is_not_told_is_not_guessed_and_a_misspelt_word_is_refused() {
        assert_eq!(toml::from_str::<Nature>("").unwrap(), Nature::default());
        let message = toml::from_str::<Nature>("cpus = 'two'").unwrap_err().to_string();
        assert!(message.contains("one") && message.contains("all"), "{message}");
        assert!(toml::from_str::<Nature>("isolation = 'server'").is_err());
    }
}
