//! The source tree that the binaries came from, as git knows it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// A revision and whether the tree has moved on from it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// The commit that is checked out.
    pub revision: Option<String>,
    /// Whether files differ from it or are unknown to it; records below `results/` aside, which running writes.
    pub dirty: Option<bool>,
    /// When that commit was made (RFC 3339): a binary written earlier does not hold it, if it changed any source.
    pub committed_at: Option<String>,
}

impl Source {
    /// The tree around the binaries, or around this program, or the one it was compiled from: whichever there is first.
    ///
    /// The binaries' own place comes first, since base and head of a comparison may be two trees.
    pub(super) fn of(binaries: &[(String, PathBuf)]) -> Option<Self> {
        let own = env::current_exe().ok();
        let places = binaries
            .iter()
            .map(|(_, path)| path.clone())
            .chain(own)
            .filter_map(|path| tree_around(&path));
        let compiled_from = tree_around(Path::new(env!("CARGO_MANIFEST_DIR")));
        places.chain(compiled_from).find_map(|tree| Self::read(&tree))
    }

    fn read(tree: &Path) -> Option<Self> {
        let revision = git(tree, &["rev-parse", "HEAD"])?;
        let status = git(
            tree,
            &[
                "status",
                "--porcelain",
                "--untracked-files=normal",
                "--",
                ".",
                ":(exclude)results",
            ],
        );
        Some(Self {
            revision: Some(revision).filter(|revision| !revision.is_empty()),
            dirty: status.map(|changes| !changes.is_empty()),
            committed_at: git(tree, &["log", "-1", "--format=%cI"]).filter(|date| !date.is_empty()),
        })
    }
}

/// `path` as seen from the root of the source tree it lies in, else as it is: where somebody keeps the tree is nobody
/// else's business, and differs between two records that are otherwise alike.
pub(super) fn within_tree(path: &Path) -> PathBuf {
    let full = path.canonicalize().ok();
    let inside = full
        .as_deref()
        .and_then(|full| Some(full.strip_prefix(tree_around(full)?).ok()?.to_path_buf()));
    inside.unwrap_or_else(|| path.to_path_buf())
}

/// The nearest directory above `path` that is the root of a git working tree with a cargo manifest in it. Both are
/// asked for, so that a home directory kept in git is not taken for the source.
fn tree_around(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let is_tree = |dir: &&Path| dir.join(".git").exists() && dir.join("Cargo.toml").is_file();
    path.ancestors().find(is_tree).map(Path::to_path_buf)
}

fn git(tree: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(tree)
        .args(arguments)
        // `git status` would otherwise write a refreshed index, and a record must not touch what it describes.
        .env("GIT_OPTIONAL_LOCKS", "0")
        // Set by hooks, these would name another repository.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_tree_is_read_and_its_dirt_seen() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path();
        if git(tree, &["init", "-q"]).is_none() {
            return; // no git here: nothing to read
        }
        fs::create_dir_all(tree.join("target/release")).unwrap();
        fs::create_dir_all(tree.join("results")).unwrap();
        fs::write(tree.join(".gitignore"), "/target\n").unwrap();
        fs::write(tree.join("Cargo.toml"), "[workspace]\n").unwrap();
        let binary = tree.join("target/release/server");
        fs::write(&binary, "").unwrap();
        let commit = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--no-verify",
            "-qm",
            "one",
        ];
        git(tree, &["add", "-A"]).unwrap();
        git(tree, &commit).unwrap();

        let binaries = [("server".to_string(), binary)];
        assert_eq!(within_tree(&binaries[0].1), Path::new("target/release/server"));
        assert_eq!(
            within_tree(Path::new("/nonexistent/server")),
            Path::new("/nonexistent/server")
        );
        let source = Source::of(&binaries).unwrap();
        assert_eq!(source.revision.as_deref().map(str::len), Some(40));
        assert_eq!(source.dirty, Some(false));
        assert!(source.committed_at.is_some());

        fs::write(tree.join("results/rows.jsonl"), "{}").unwrap();
        assert_eq!(
            Source::of(&binaries).unwrap().dirty,
            Some(false),
            "records are not sources"
        );
        fs::write(tree.join("new.rs"), "").unwrap();
        assert_eq!(
            Source::of(&binaries).unwrap().dirty,
            Some(true),
            "a file that git does not know is a change"
        );
    }

    #[test]
    fn a_tarball_has_no_revision() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        // A directory above the temporary one may be a working tree; this one is not.
        assert_ne!(
            tree_around(&dir.path().join("Cargo.toml")),
            dir.path().canonicalize().ok()
        );
        assert_eq!(git(dir.path(), &["no-such-command"]), None);
    }
}
