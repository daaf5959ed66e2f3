//! The catalogue: which servers there are, and how each is started.
//!
//! A server of ours and one in any other language are entries alike. Ours name a binary that keeps the server
//! contract; a foreign one gives a command with `{host}`, `{port}` and `{work}` in it.

mod nature;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use loadgen::Protocol;
use serde::Deserialize;

pub use self::nature::{Cpus, Nature, Reach};
use crate::machine::{Model, PerConnection};
use crate::record::Subject;

/// The servers that this project brings.
const OWN: &str = include_str!("../../servers/models.toml");

/// One server that can be measured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What `--models` takes and every record says.
    pub name: String,
    /// Other names that `--models` takes.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Program that keeps the server contract, by name or path.
    pub binary: Option<String>,
    /// Command line of a foreign server, with `{port}` and perhaps `{host}`, `{work}` and `{dir}`, which is the folder
    /// of the catalogue file.
    pub command: Option<String>,
    /// Command that ends with 0 where all that a foreign server needs is installed.
    pub probe: Option<String>,
    /// What to do where it does not.
    pub install: Option<String>,
    /// Folder of the catalogue file.
    #[serde(skip)]
    pub dir: PathBuf,
    /// Group in tables and charts.
    #[serde(default = "foreign")]
    pub family: String,
    /// One line: the model and its consequence.
    #[serde(default)]
    pub summary: String,
    /// What should stop it first, in words.
    #[serde(default)]
    pub bound: String,
    /// What a connection takes beside two sockets.
    #[serde(default)]
    pub per_connection: Takes,
    /// What it is by its nature, which no measurement tells.
    #[serde(default)]
    pub nature: Nature,
    /// Kernel features it cannot do without.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Whether its model never waits, so that it uses CPU time while nobody talks.
    #[serde(default)]
    pub spins: bool,
    /// Whether it is wrong on purpose, to show a fault: it is told of in tables, and in no chart and no finding.
    #[serde(default)]
    pub faulty: bool,
    /// What it speaks, where that is not to be found out by trying.
    #[serde(default)]
    pub protocols: Vec<Protocol>,
}

/// What a connection takes from the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// A descriptor of the one process.
    #[default]
    Descriptor,
    /// A descriptor whose number is below 1024.
    #[serde(rename = "fd-below-1024")]
    FdBelow1024,
    /// A stack of its own.
    Stack,
    /// A thread.
    Thread,
    /// A process.
    Process,
    /// One of a fixed number of workers, or a wait for one.
    Worker,
}

impl Entry {
    /// The entry as far as the machine's limits are concerned.
    #[must_use]
    pub fn demands(&self) -> Model {
        let per_connection = match self.per_connection {
            Takes::Descriptor => PerConnection::Descriptor,
            Takes::FdBelow1024 => PerConnection::DescriptorBelow(1024),
            Takes::Stack => PerConnection::Stack,
            Takes::Thread => PerConnection::Thread,
            Takes::Process => PerConnection::Process,
            Takes::Worker => PerConnection::Worker,
        };
        Model {
            name: self.name.clone(),
            per_connection,
            io_uring: self.needs.iter().any(|need| need == "io_uring"),
        }
    }

    /// The words of a foreign server's command line.
    #[must_use]
    pub fn command_words(&self) -> Option<Vec<String>> {
        words(self.command.as_deref()?, &self.dir)
    }

    /// What the record of a run keeps of the entry.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject {
            name: self.name.clone(),
            summary: self.summary.clone(),
            bound: self.bound.clone(),
            spins: self.spins,
            nature: self.nature.clone(),
        }
    }

    /// Whether all that the server needs is installed, as far as its catalogue tells how to find out.
    ///
    /// # Errors
    /// Says what is missing and what to install.
    pub fn check_installed(&self) -> Result<()> {
        let Some(probe) = self.probe.as_deref().and_then(|line| words(line, &self.dir)) else {
            return Ok(());
        };
        let output = Command::new(&probe[0]).args(&probe[1..]).stdin(Stdio::null()).output();
        let why = match output {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => last_line(&output.stderr).unwrap_or_else(|| output.status.to_string()),
            Err(error) => format!("cannot run '{}': {error}", probe[0]),
        };
        let install = self.install.as_ref().map(|install| format!("; {install}"));
        bail!("it lacks something here: {why}{}", install.unwrap_or_default())
    }

    /// Whether it is of use where `protocol` is spoken.
    ///
    /// # Errors
    /// Says what it speaks instead.
    pub fn speaks(&self, protocol: Protocol) -> Result<()> {
        if self.protocols.is_empty() || self.protocols.contains(&protocol) {
            return Ok(());
        }
        let (name, spoken) = (&self.name, self.protocols.iter().map(|protocol| protocol.name()));
        bail!(
            "'{name}' does not speak {}; give --protocol {}, or take it out with -m all,-{name}",
            protocol.name(),
            spoken.collect::<Vec<_>>().join(" or ")
        )
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}

/// All servers that can be chosen, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// The entries.
    pub entries: Vec<Entry>,
}

fn last_line(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    Some(text.lines().rfind(|line| !line.trim().is_empty())?.trim().to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    model: Vec<Entry>,
}

impl Catalog {
    /// Our own servers.
    ///
    /// # Errors
    /// None in a tree whose tests pass: the file is compiled in.
    pub fn own() -> Result<Self> {
        Ok(Self {
            entries: parse(OWN).context("servers/models.toml")?,
        })
    }

    /// Adds the entries of a catalogue file.
    ///
    /// # Errors
    /// When the file cannot be read, is no catalogue, or names a server that is there already.
    pub fn add_file(&mut self, path: &Path) -> Result<()> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read the catalogue '{}'", path.display()))?;
        let entries = parse(&text).with_context(|| format!("the catalogue '{}'", path.display()))?;
        let dir = path
            .parent()
            .unwrap_or(Path::new(""))
            .canonicalize()
            .unwrap_or_default();
        entries.into_iter().try_for_each(|mut entry| {
            entry.dir.clone_from(&dir);
            self.add(entry)
        })
    }

    /// Adds a server given as `name=command` on the command line.
    ///
    /// # Errors
    /// When the text is not of that form, or names a server that is there already.
    pub fn add_server(&mut self, text: &str) -> Result<()> {
        let Some((name, command)) = text
            .split_once('=')
            .filter(|(name, command)| !name.is_empty() && !command.is_empty())
        else {
            bail!("'{text}' is no server; write it as --server 'mine=./server --port {{port}}'");
        };
        self.add(Entry {
            name: name.to_owned(),
            aliases: Vec::new(),
            binary: None,
            command: Some(command.to_owned()),
            probe: None,
            install: None,
            dir: PathBuf::new(),
            family: foreign(),
            summary: command.to_owned(),
            bound: String::new(),
            per_connection: Takes::default(),
            nature: Nature::default(),
            needs: Vec::new(),
            spins: false,
            faulty: false,
            protocols: Vec::new(),
        })
    }

    fn add(&mut self, entry: Entry) -> Result<()> {
        check(&entry)?;
        if self.find(&entry.name).is_some() {
            bail!("there already is a server called '{}'; choose another name", entry.name);
        }
        self.entries.push(entry);
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.is_called(name))
    }

    /// The entries that `words` select: names, aliases, families or `all`; a leading `-` takes out. If all that is
    /// given is taken out, it is taken from all.
    ///
    /// # Errors
    /// When a word selects nothing; the message gives the nearest name.
    pub fn select(&self, words: &[String]) -> Result<Vec<Entry>> {
        let mut chosen = vec![words.iter().all(|word| word.starts_with('-')); self.entries.len()];
        for word in words {
            let (name, wanted) = word
                .strip_prefix('-')
                .map_or((word.as_str(), true), |name| (name, false));
            let mut found = false;
            for (entry, chosen) in self.entries.iter().zip(&mut chosen) {
                if name == "all" || entry.family == name || entry.is_called(name) {
                    (*chosen, found) = (wanted, true);
                }
            }
            if !found {
                bail!("unknown model '{name}'{}", self.suggestion(name));
            }
        }
        let selected: Vec<Entry> = self
            .entries
            .iter()
            .zip(chosen)
            .filter(|(_, chosen)| *chosen)
            .map(|(entry, _)| entry.clone())
            .collect();
        if selected.is_empty() {
            bail!("'{}' selects no model", words.join(","));
        }
        Ok(selected)
    }

    fn suggestion(&self, name: &str) -> String {
        let names = self.entries.iter().flat_map(|entry| {
            let aliases = entry.aliases.iter().map(String::as_str);
            aliases.chain([entry.name.as_str(), entry.family.as_str()])
        });
        let nearest = names.max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
        match nearest.filter(|nearest| strsim::jaro_winkler(name, nearest) > 0.6) {
            Some(nearest) => format!("; did you mean '{nearest}'?"),
            None => "; `bench-runner list` shows all of them".to_owned(),
        }
    }
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    let file: File = toml::from_str(text)?;
    file.model.iter().try_for_each(check)?;
    Ok(file.model)
}

fn check(entry: &Entry) -> Result<()> {
    let name = &entry.name;
    if name.is_empty() || name.starts_with('-') || !name.chars().all(|c| c.is_alphanumeric() || "-_.+".contains(c)) {
        bail!("'{name}' cannot be a server's name; use letters, digits and - _ . +");
    }
    if entry
        .probe
        .as_deref()
        .is_some_and(|probe| words(probe, &entry.dir).is_none())
    {
        bail!("the probe of '{name}' is empty or has an unclosed quote");
    }
    match (&entry.binary, &entry.command) {
        (Some(_), None) => Ok(()),
        (None, Some(command)) if !command.contains("{port}") => {
            bail!("the command of '{name}' has no {{port}} in it, so it cannot be told where to listen: '{command}'")
        }
        (None, Some(command)) if shlex::split(command).is_none_or(|words| words.is_empty()) => {
            bail!("the command of '{name}' has an unclosed quote: '{command}'")
        }
        (None, Some(_)) => Ok(()),
        _ => bail!("'{name}' needs either a binary or a command"),
    }
}

/// The words of a command line, with the folder of its catalogue file filled in; `None` where there are none, or a
/// quote is not closed.
fn words(line: &str, dir: &Path) -> Option<Vec<String>> {
    // A folder may have blanks in its name, so it is filled in last.
    let fill = |word: String| word.replace("{dir}", &dir.display().to_string());
    let words: Vec<String> = shlex::split(line)?.into_iter().map(fill).collect();
    (!words.is_empty()).then_some(words)
}

fn foreign() -> String {
    "foreign".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Catalog::own()
            .unwrap()
            .select(&words)
            .unwrap()
            .into_iter()
            .map(|entry| entry.name)
            .collect()
    }

    #[test]
    fn names_aliases_families_and_exceptions_select() {
        let all = names(&["all"]);
        assert!(all.len() >= 8);
        assert_eq!(names(&["epoll"]), ["epoll-edge"]);
        assert!(names(&["blocking"]).contains(&"fork".to_owned()));
        assert_eq!(names(&["-select"]).len(), all.len() - 1);
        assert_eq!(names(&["all", "-select", "select"]), all);
        assert_eq!(
            names(&["thread", "iterative"]),
            ["iterative", "thread"],
            "catalogue order, not that of the call"
        );
    }

    #[test]
    fn an_unknown_model_is_answered_with_the_nearest() {
        let catalog = Catalog::own().unwrap();
        let message = |word: &str| catalog.select(&[word.to_owned()]).unwrap_err().to_string();
        assert_eq!(message("epol"), "unknown model 'epol'; did you mean 'epoll'?");
        assert!(message("zzzz").contains("bench-runner list"));
        assert!(catalog.select(&["select".to_owned(), "-select".to_owned()]).is_err());
    }

    #[test]
    fn a_server_is_added_by_one_flag() {
        let mut catalog = Catalog::own().unwrap();
        catalog.add_server("mine=./srv --port {port}").unwrap();
        assert_eq!(catalog.select(&["mine".to_owned()]).unwrap()[0].family, "foreign");
        for (bad, says) in [
            ("mine=again {port}", "already"),
            ("other", "is no server"),
            ("other=./srv", "no {port}"),
            ("other=./srv '{port}", "unclosed quote"),
            ("-x=./srv {port}", "cannot be a server's name"),
        ] {
            let message = catalog.add_server(bad).unwrap_err().to_string();
            assert!(message.contains(says), "{bad}: {message}");
        }
    }
}
