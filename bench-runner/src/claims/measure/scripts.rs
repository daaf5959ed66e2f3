//! The servers in Python that claims are tested with. They are compiled in, so that an installed program has them too.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::catalog::Catalog;

macro_rules! files {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("../../../../scripts/", $name)))),*] };
}

const CATALOGUES: [&str; 2] = ["foreign/models.toml", "tutorial/models.toml"];
const FILES: [(&str, &str); 7] = files![
    "foreign/models.toml",
    "foreign/listening.py",
    "foreign/thread_server.py",
    "foreign/fork_server.py",
    "tutorial/models.toml",
    "tutorial/read_once.py",
    "tutorial/always_writable.py",
];

/// Writes them into a directory that lives as long as what is returned, and adds their catalogues.
pub(super) fn unpack(catalog: &mut Catalog) -> Result<TempDir> {
    let place = tempfile::tempdir().context("cannot make a directory for the servers in Python")?;
    for (name, text) in FILES {
        let path: PathBuf = place.path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write '{}'", path.display()))?;
    }
    for name in CATALOGUES {
        catalog.add_file(&place.path().join(name))?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_are_where_their_catalogues_say() {
        let mut catalog = Catalog::own().unwrap();
        let place = unpack(&mut catalog).unwrap();
        for name in [
            "python-fork",
            "python-thread",
            "tutorial-read-once",
            "tutorial-always-writable",
        ] {
            let entry = &catalog.select(&[name.to_owned()]).unwrap()[0];
            let words = entry.command_words().unwrap();
            let script = words.iter().find(|word| word.ends_with(".py")).unwrap();
            assert!(PathBuf::from(script).is_file(), "{script}");
            assert!(PathBuf::from(script).starts_with(place.path().canonicalize().unwrap()));
        }
    }
}
