//! Exactly which programs took part.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::source::within_tree;

/// One program that took part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Binary {
    /// What it is called in the run.
    pub name: String,
    /// Where it lies: from the root of the source tree if it is in one.
    pub path: PathBuf,
    /// SHA-256 of its content, in hexadecimal; `None` when it could not be read.
    pub sha256: Option<String>,
    /// Its size in bytes.
    pub size_bytes: Option<u64>,
    /// When it was last written, UTC (RFC 3339).
    pub modified_at: Option<Timestamp>,
    /// Why it could not be read.
    pub error: Option<String>,
}

impl Binary {
    pub(super) fn read(name: &str, path: &Path) -> Self {
        let blank = Self {
            name: name.into(),
            path: within_tree(path),
            ..Self::default()
        };
        match describe(path) {
            Ok((sha256, size_bytes, modified_at)) => Self {
                sha256: Some(sha256),
                size_bytes: Some(size_bytes),
                modified_at,
                ..blank
            },
            Err(error) => Self {
                error: Some(error.to_string()),
                ..blank
            },
        }
    }

    /// Whether cargo put it among the unoptimised: `target/debug/`, with or without a target triple before it.
    pub fn is_debug_build(&self) -> bool {
        let directory = self.path.parent().and_then(Path::file_name);
        directory.is_some_and(|name| name == "debug")
    }
}

fn describe(path: &Path) -> io::Result<(String, u64, Option<Timestamp>)> {
    let mut file = File::open(path)?;
    let modified = file
        .metadata()?
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    let (sha256, size) = hash(&mut file)?;
    Ok((
        sha256,
        size,
        modified.map(|time| time.round(Unit::Millisecond).unwrap_or(time)),
    ))
}

fn hash(reader: &mut impl Read) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    let mut size = 0;
    loop {
        let n = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..n]);
        size += n as u64;
    }
    Ok((
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        size,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_digest() {
        // The first example of FIPS 180-2, appendix B.
        let (digest, size) = hash(&mut &b"abc"[..]).unwrap();
        assert_eq!(
            digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(size, 3);
    }

    #[test]
    fn what_is_not_there_has_a_reason_and_no_digest() {
        let binary = Binary::read("server-ghost", Path::new("/nonexistent/server-ghost"));
        assert_eq!((binary.sha256, binary.size_bytes), (None, None));
        assert!(binary.error.is_some());
    }

    #[test]
    fn debug_builds_lie_in_a_directory_of_that_name() {
        let at = |path: &str| {
            Binary {
                path: path.into(),
                ..Binary::default()
            }
            .is_debug_build()
        };
        assert!(at("/src/target/debug/server-poll") && at("target/x86_64-unknown-linux-musl/debug/server-poll"));
        assert!(!at("/src/target/release/server-poll") && !at("/usr/sbin/nginx") && !at("/debug/bin/nginx"));
    }
}
