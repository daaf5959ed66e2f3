//! Exactly which programs took part.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::{Timestamp, Unit};
use memchr::memmem;
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
    /// `debug` or `release`, as the program's own version text has it; `None` where it says neither.
    pub profile: Option<String>,
    /// When it was last written, UTC (RFC 3339).
    pub modified_at: Option<Timestamp>,
    /// Why it could not be read.
    pub error: Option<String>,
}

impl Binary {
    pub(crate) fn read(name: &str, path: &Path) -> Self {
        let blank = Self {
            name: name.into(),
            path: within_tree(path),
            ..Self::default()
        };
        match describe(path) {
            Ok((content, modified_at)) => Self {
                sha256: Some(content.sha256),
                size_bytes: Some(content.size),
                profile: content.profile.map(str::to_owned),
                modified_at,
                ..blank
            },
            Err(error) => Self {
                error: Some(error.to_string()),
                ..blank
            },
        }
    }

    /// Whether it is unoptimised: by its own account, or because cargo put it into `target/debug/`, with or without a
    /// target triple before it.
    pub fn is_debug_build(&self) -> bool {
        if let Some(profile) = &self.profile {
            return profile == "debug";
        }
        let directory = self.path.parent().and_then(Path::file_name);
        directory.is_some_and(|name| name == "debug")
    }
}

/// What a program's bytes tell.
struct Content {
    sha256: String,
    size: u64,
    profile: Option<&'static str>,
}

/// What the version texts of `loadgen` and of our servers have in them. They are looked for in the bytes, which are read
/// anyway, rather than asked for: to find out about a program is no reason to run it.
const PROFILES: [(&str, &str); 2] = [("(debug build)", "debug"), ("(release build)", "release")];

fn describe(path: &Path) -> io::Result<(Content, Option<Timestamp>)> {
    let mut file = File::open(path)?;
    let modified = file
        .metadata()?
        .modified()
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    let content = read(&mut file)?;
    Ok((
        content,
        modified.map(|time| time.round(Unit::Millisecond).unwrap_or(time)),
    ))
}

fn read(reader: &mut impl Read) -> io::Result<Content> {
    let mut hasher = Sha256::new();
    // The end of the last part stays before the next, in case the words lie across.
    let overlap = PROFILES.map(|(words, _)| words.len()).into_iter().max().unwrap_or(0);
    let (mut buffer, mut kept) = (vec![0; overlap + (64 << 10)], 0);
    let (mut size, mut profile) = (0, None);
    loop {
        let n = match reader.read(&mut buffer[kept..]) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[kept..kept + n]);
        size += n as u64;
        let part = &buffer[..kept + n];
        if profile.is_none() {
            let told = PROFILES
                .iter()
                .find(|(words, _)| memmem::find(part, words.as_bytes()).is_some());
            profile = told.map(|(_, profile)| *profile);
        }
        let begin = part.len().saturating_sub(overlap);
        kept = part.len() - begin;
        buffer.copy_within(begin..begin + kept, 0);
    }
    Ok(Content {
        sha256: hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        size,
        profile,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_digest() {
        // The first example of FIPS 180-2, appendix B.
        let content = read(&mut &b"abc"[..]).unwrap();
        assert_eq!(
            content.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!((content.size, content.profile), (3, None));
    }

    #[test]
    fn what_is_not_there_has_a_reason_and_no_digest() {
        let binary = Binary::read("server-ghost", Path::new("/nonexistent/server-ghost"));
        assert_eq!((binary.sha256, binary.size_bytes), (None, None));
        assert!(binary.error.is_some());
    }

    /// Gives one byte at a time, so that every boundary is met.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn a_program_tells_how_it_was_built() {
        let profile = |text: &str| read(&mut text.as_bytes()).unwrap().profile;
        assert_eq!(profile("\0server-poll\x000.1.0 (debug build)\0"), Some("debug"));
        assert_eq!(profile("\x000.1.0 (release build)\0"), Some("release"));
        assert_eq!(profile("\x00nginx/1.22 (debug)\0"), None);
        let long = format!("{}0.1.0 (debug build){}", "(".repeat(70_000), ")".repeat(70_000));
        assert_eq!(read(&mut Drops(long.as_bytes())).unwrap().profile, Some("debug"));
        assert_eq!(
            read(&mut Drops(long.as_bytes())).unwrap().sha256,
            read(&mut long.as_bytes()).unwrap().sha256
        );
        let told = |profile: &str, path: &str| {
            Binary {
                path: path.into(),
                profile: Some(profile.into()),
                ..Binary::default()
            }
            .is_debug_build()
        };
        assert!(told("debug", "/usr/bin/server-poll") && !told("release", "/src/target/debug/server-poll"));
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
