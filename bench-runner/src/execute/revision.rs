//! Programs of a revision: built in a work tree of their own, always the same one, so that paths that end up in a binary
//! are the same for every revision and the same source gives the same bytes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::fcntl::{Flock, FlockArg};

use crate::record::Side;

/// Where revisions are built, and what was built is kept: below the repository's `target`.
#[derive(Debug)]
pub struct Workshop {
    repository: PathBuf,
    directory: PathBuf,
    /// One gate at a time builds here.
    _lock: Flock<File>,
}

impl Workshop {
    /// That of the repository in which this process stands.
    ///
    /// # Errors
    /// When it stands in none, or another gate builds there.
    pub fn open() -> Result<Self> {
        let top = git(Path::new("."), &["rev-parse", "--show-toplevel"]).context(
            "revisions are looked for in the repository that you stand in; give --base-dir or --base-cmd else",
        )?;
        let repository = PathBuf::from(top);
        let directory = repository.join("target/gate");
        fs::create_dir_all(&directory).with_context(|| format!("cannot make '{}'", directory.display()))?;
        let lock = File::create(directory.join("lock"))?;
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, errno)| anyhow::anyhow!("another gate builds in '{}' ({errno})", directory.display()))?;
        Ok(Self {
            repository,
            directory,
            _lock: lock,
        })
    }

    /// The commit that `revision` names.
    ///
    /// # Errors
    /// When it names none.
    pub fn commit(&self, revision: &str) -> Result<String> {
        let commit = format!("{revision}^{{commit}}");
        git(&self.repository, &["rev-parse", "--verify", "--quiet", &commit]).with_context(|| {
            format!(
                "'{revision}' is no revision of '{}'; a shallow clone may lack it",
                self.repository.display()
            )
        })
    }

    /// Whether files that git follows have changes that no commit has.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn is_dirty(&self) -> Result<bool> {
        Ok(!git(&self.repository, &["status", "--porcelain", "--untracked-files=no"])?.is_empty())
    }

    /// What the commit messages from `base` (left out) to `head` say, newest first.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn messages(&self, base: &str, head: &str) -> Result<String> {
        git(&self.repository, &["log", "--format=%B", &format!("{base}..{head}")])
    }

    /// Builds the servers of `commit` in the release profile, and keeps those that are called `programs`. The directory
    /// where they are; one that the revision does not have is not in it.
    ///
    /// # Errors
    /// When the revision cannot be checked out or built.
    pub fn build(&self, side: Side, commit: &str, programs: &[String]) -> Result<PathBuf> {
        let tree = self.directory.join("tree");
        // One that points to where the repository was before it was moved is none.
        if git(&tree, &["rev-parse", "--show-toplevel"]).is_ok_and(|top| is_same_place(Path::new(&top), &tree)) {
            git(&tree, &["checkout", "--quiet", "--force", "--detach", commit])?;
        } else {
            let _ = fs::remove_dir_all(&tree);
            let path = tree.display().to_string();
            // One whose directory was deleted is still on git's list.
            git(&self.repository, &["worktree", "prune"])?;
            git(
                &self.repository,
                &["worktree", "add", "--quiet", "--force", "--detach", &path, commit],
            )?;
        }
        let target = self.directory.join("build");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(&cargo);
        command.args(["build", "--release", "--quiet", "--locked", "--bins", "-p", "servers"]);
        command.current_dir(&tree).env("CARGO_TARGET_DIR", &target);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        let status = status.with_context(|| format!("cannot run '{}'", cargo.display()))?;
        if !status.success() {
            bail!("building the servers of {} {commit} failed ({status})", side.name());
        }
        // Names of equal length: the path is in the program's memory.
        let kept = self.directory.join(side.name());
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept)?;
        for program in programs {
            let built = target.join("release").join(program);
            // A binary that an earlier revision left is not this one's.
            if built.is_file() && has(&tree, program) {
                fs::copy(&built, kept.join(program)).with_context(|| format!("cannot keep '{}'", built.display()))?;
            }
        }
        Ok(kept)
    }
}

fn is_same_place(one: &Path, other: &Path) -> bool {
    one.canonicalize()
        .ok()
        .zip(other.canonicalize().ok())
        .is_some_and(|(one, other)| one == other)
}

/// Whether a revision has the source of a server's program.
fn has(tree: &Path, program: &str) -> bool {
    let name = program.strip_prefix("server-").unwrap_or(program);
    tree.join(format!("servers/src/bin/{name}.rs")).is_file()
}

fn git(directory: &Path, words: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(words)
        // Set by hooks, these would name another repository, and its work tree would be changed.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .output();
    let output = output.context("cannot run git")?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("git {} failed: {}", words[0], why.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
