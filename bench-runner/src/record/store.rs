//! Where records lie: a directory a run, written line by line, read back with whatever damage it has.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;

use super::benches::read_benches;
use super::{Benches, Row, Run, mended};

const RUN: &str = "run.json";
const ROWS: &str = "rows.jsonl";
/// What is kept for long may be kept small.
const ROWS_GZ: &str = "rows.jsonl.gz";
const LATEST: &str = "latest";

/// The directory of a run that is being recorded.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    rows: File,
}

impl Store {
    /// Makes the directory and writes `run` and an empty list of rows into it.
    ///
    /// # Errors
    /// When the directory holds a run already or cannot be written.
    pub fn create(directory: &Path, run: &Run) -> Result<Self> {
        let place = || format!("cannot record into '{}'", directory.display());
        fs::create_dir_all(directory).with_context(place)?;
        if [ROWS, ROWS_GZ].iter().any(|rows| directory.join(rows).exists()) {
            bail!(
                "'{}' holds a run already; give --out another directory",
                directory.display()
            );
        }
        let rows = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(directory.join(ROWS))
            .with_context(place)?;
        let store = Self {
            directory: directory.to_owned(),
            rows,
        };
        store.update(run)?;
        Ok(store)
    }

    /// The run's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Appends a row: one write of one line, so that a crash can tear at most the last.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, row: &Row) -> Result<()> {
        let mut line = serde_json::to_vec(row)?;
        line.push(b'\n');
        self.rows
            .write_all(&line)
            .with_context(|| format!("cannot append to '{}'", self.directory.join(ROWS).display()))
    }

    /// Writes `run.json` anew, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn update(&self, run: &Run) -> Result<()> {
        write_whole(&self.directory.join(RUN), &(serde_json::to_string_pretty(run)? + "\n"))
    }

    /// Has `latest` beside the run's directory point to it. A directory or file of that name is left alone.
    ///
    /// # Errors
    /// When the link cannot be made.
    pub fn link_latest(&self) -> Result<()> {
        let (Some(parent), Some(name)) = (self.directory.parent(), self.directory.file_name()) else {
            return Ok(());
        };
        let link = parent.join(LATEST);
        match link.symlink_metadata() {
            Ok(found) if !found.is_symlink() => return Ok(()),
            Ok(_) => fs::remove_file(&link)?,
            Err(_) => {}
        }
        std::os::unix::fs::symlink(name, &link).with_context(|| format!("cannot link '{}'", link.display()))
    }
}

/// Writes a file by way of a temporary one beside it, so that no reader ever sees half of it.
pub(crate) fn write_whole(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let attempt = || -> Result<()> {
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new()
            .permissions(permissions())
            .tempfile_in(directory)?;
        file.write_all(text.as_ref())?;
        file.persist(path)?;
        Ok(())
    };
    attempt().with_context(|| format!("cannot write '{}'", path.display()))
}

/// What any new file would get; a temporary file is private by default.
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

/// The directory of a run: a path, or a name under `results`; the latest by default.
///
/// # Errors
/// When there is no such run.
pub fn find(name: Option<&str>, results: &Path) -> Result<PathBuf> {
    let candidates = match name {
        Some(name) => vec![PathBuf::from(name), results.join(name)],
        None => vec![results.join(LATEST)],
    };
    if let Some(found) = candidates.iter().find(|path| path.join(RUN).is_file()) {
        return Ok(found.clone());
    }
    match name {
        Some(name) => bail!(
            "'{name}' is no recorded run; give a directory with a {RUN}, or a name under '{}'",
            results.display()
        ),
        None => bail!(
            "there is no recorded run in '{}' yet; `bench-runner --quick` makes one",
            results.display()
        ),
    }
}

/// A run as it was recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was planned.
    pub run: Run,
    /// What was measured.
    pub rows: Vec<Row>,
    /// What single steps cost, where that was exported beside the run.
    pub benches: Option<Benches>,
    /// What could not be read, in words.
    pub damage: Vec<String>,
}

/// Reads a run. What could not be read beside `run.json` and whole rows is told in words, and the rest is returned.
///
/// # Errors
/// When `run.json` or the rows cannot be read at all.
pub fn read(directory: &Path) -> Result<Recorded> {
    let path = directory.join(RUN);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read '{}'", path.display()))?;
    let run: Run = serde_json::from_str(&text).with_context(|| format!("'{}' is damaged", path.display()))?;
    if run.schema != super::SCHEMA {
        bail!(
            "'{}' has format {}, this program reads {}",
            path.display(),
            run.schema,
            super::SCHEMA
        );
    }
    let (rows, mut damage) = read_rows(directory)?;
    let benches = read_benches(directory).unwrap_or_else(|error| {
        damage.push(format!("{error:#}; what it has is left out"));
        None
    });
    Ok(Recorded {
        run,
        rows,
        benches,
        damage,
    })
}

/// The rows that can be read, and what cannot.
fn read_rows(directory: &Path) -> Result<(Vec<Row>, Vec<String>)> {
    let path = [ROWS, ROWS_GZ].map(|rows| directory.join(rows));
    let path = path.iter().find(|path| path.exists()).unwrap_or(&path[0]);
    let (mut rows, mut damage): (Vec<Row>, Vec<String>) = Default::default();
    let mut bytes = fs::read(path).with_context(|| format!("cannot read '{}'", path.display()))?;
    if path.ends_with(ROWS_GZ) {
        let packed = std::mem::take(&mut bytes);
        // What came out before the damage is kept.
        if let Err(error) = MultiGzDecoder::new(&*packed).read_to_end(&mut bytes) {
            damage.push(format!("'{}' is damaged: {error}", path.display()));
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let last = text.lines().count();
    let mut tell = |number: usize, what: &str| damage.push(format!("{}: line {number} {what}", path.display()));
    for (number, line) in (1..).zip(text.lines()) {
        match serde_json::from_str::<Row>(line) {
            Ok(row) if rows.iter().any(|other| other.key() == row.key()) => {
                let (cell, window) = (&row.cell_id, row.window.name());
                tell(number, &format!("repeats {cell}, {window} window; the first counts"));
            }
            Ok(row) => rows.push(mended::row(row)),
            Err(_) if number == last && !text.ends_with('\n') => tell(number, "is the last and torn; its row is lost"),
            Err(error) => tell(number, &format!("cannot be read: {error}")),
        }
    }
    Ok((rows, damage))
}

impl Row {
    /// What tells a row from all others of its run.
    fn key(&self) -> (&str, u64, u32, super::Window, Option<f64>) {
        (&self.server, self.conns, self.round, self.window, self.load.rate_per_s)
    }
}

#[cfg(test)]
mod tests {
    /// A chart drawn again shows every number in full somewhere; one bit that is lost on the way is another file.
    #[test]
    fn a_number_is_read_back_to_its_last_bit() {
        for whole in 1..20_000_u32 {
            let number = f64::from(whole) / 7919.0 * 1e-3;
            let text = serde_json::to_string(&number).unwrap();
            let back: f64 = serde_json::from_str(&text).unwrap();
            assert_eq!(back.to_bits(), number.to_bits(), "{text}");
        }
    }
}
