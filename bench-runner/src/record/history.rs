//! `history.jsonl`: ratios of many runs to a pinned server, a line each, which is only ever added to.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde::Deserialize;

mod point;

pub use point::{Metric, Point};

/// Version of the format of its lines.
pub const HISTORY_SCHEMA: u32 = 1;
/// How long the file may be somebody else's. A lock is held for as long as it takes to read it and to add a line.
const PATIENCE: Duration = Duration::from_secs(30);

/// A history as it was read.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The points, in the order of the file, each once.
    pub points: Vec<Point>,
    /// Which lines could not be used, and why, in words. They stay in the file.
    pub damage: Vec<String>,
}

/// What became of the points of a run.
#[derive(Clone, Debug)]
pub struct Appended {
    /// Points that were added.
    pub added: usize,
    /// Points that were there already, from this very run.
    pub present: usize,
    /// What was there before.
    pub before: History,
}

/// Reads a history. Lines that cannot be used are told and passed over.
///
/// # Errors
/// When the file cannot be read at all.
pub fn read_history(path: &Path) -> Result<History> {
    let told = || format!("cannot read '{}'", path.display());
    let file = File::open(path).with_context(told)?;
    // A writer in the middle of a line would look like damage.
    let mut file = lock(file, FlockArg::LockSharedNonblock, path, PATIENCE)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(told)?;
    Ok(parse(path, &bytes))
}

/// Adds points to a history, making the file and its directory where there are none. Points that are there already are
/// not added again. Nothing that is in the file is ever changed.
///
/// # Errors
/// When the file cannot be read and written, or stays locked.
pub fn append_history(path: &Path, points: &[Point]) -> Result<Appended> {
    append(path, points, PATIENCE)
}

/// One writer at a time, by a lock on the file itself, which the kernel takes away from whoever dies; and one write of
/// whole lines at the end (`O_APPEND`), so that even one who heeds no lock can tear none but his own.
fn append(path: &Path, points: &[Point], patience: Duration) -> Result<Appended> {
    let told = || format!("cannot add to '{}'", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(told)?;
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).open(path);
    let mut file = lock(
        file.with_context(told)?,
        FlockArg::LockExclusiveNonblock,
        path,
        patience,
    )?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(told)?;
    let before = parse(path, &bytes);

    let there: HashSet<_> = before.points.iter().map(Point::key).collect();
    let new: Vec<&Point> = points.iter().filter(|point| !there.contains(&point.key())).collect();
    let (added, present) = (new.len(), points.len() - new.len());
    drop(there);
    let mut lines = Vec::new();
    // What a writer that died has left of a line shall not spoil the first of these.
    if bytes.last().is_some_and(|&last| last != b'\n') {
        lines.push(b'\n');
    }
    for point in new {
        serde_json::to_writer(&mut lines, point)?;
        lines.push(b'\n');
    }
    if added > 0 {
        file.write_all(&lines).with_context(told)?;
    }
    Ok(Appended { added, present, before })
}

/// Waits for a lock, but not for ever.
fn lock(mut file: File, how: FlockArg, path: &Path, patience: Duration) -> Result<Flock<File>> {
    let end = Instant::now() + patience;
    loop {
        match Flock::lock(file, how) {
            Ok(locked) => return Ok(locked),
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) if Instant::now() < end => file = back,
            Err((_, Errno::EWOULDBLOCK)) => bail!(
                "'{}' has been locked by another process for {} s; `lslocks` or `fuser` says which",
                path.display(),
                patience.as_secs()
            ),
            Err((_, error)) => {
                return Err(error).with_context(|| format!("cannot lock '{}'", path.display()));
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn parse(path: &Path, bytes: &[u8]) -> History {
    let mut history = History::default();
    let mut lines = Vec::new();
    let whole = bytes.ends_with(b"\n");
    let last = bytes.split(|&byte| byte == b'\n').count();
    let mut tell = |number: usize, what: &str| {
        let damage = format!("{}: line {number} {what}; it stays in the file", path.display());
        history.damage.push(damage);
    };
    for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match point(line) {
            Ok(point) => lines.push((number, point)),
            Err(_) if number == last && !whole => tell(number, "is the last and torn, and its point is lost"),
            Err(why) => tell(number, &format!("cannot be used: {why}")),
        }
    }
    let mut seen = HashSet::new();
    let fresh: Vec<bool> = lines.iter().map(|(_, point)| seen.insert(point.key())).collect();
    drop(seen);
    for ((number, point), fresh) in lines.into_iter().zip(fresh) {
        if fresh {
            history.points.push(point);
        } else {
            let (server, run) = (&point.server, &point.run_id);
            let what = format!("repeats a point of {server} in run {run}, of which the first counts");
            tell(number, &what);
        }
    }
    history
}

/// The point of a line, or what is wrong with it.
fn point(line: &[u8]) -> Result<Point, String> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: u32,
    }
    let version: Versioned = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if version.schema != HISTORY_SCHEMA {
        return Err(format!(
            "it has format {}, this program reads {HISTORY_SCHEMA}",
            version.schema
        ));
    }
    let point: Point = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if point.is_sound() {
        Ok(point)
    } else {
        Err(format!("a ratio of {} is none above 0", point.ratio))
    }
}

#[cfg(test)]
mod tests;
