//! Finding the programs to run, and building them first where that is what the user would want.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Where programs are looked for.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: Option<PathBuf>,
}

impl Binaries {
    /// Looks in `directory` where one is given; else beside this program, then on PATH.
    ///
    /// Under `cargo run` the programs are built first, with the same profile, so that no stale server is measured.
    ///
    /// # Errors
    /// When the build fails or the directory does not exist.
    pub fn locate(directory: Option<&Path>) -> Result<Self> {
        if let Some(directory) = directory {
            if !directory.is_dir() {
                bail!("--bin-dir '{}' is no directory", directory.display());
            }
        } else if let Some(target) = CargoTarget::of_this_program() {
            target.build()?;
        }
        Ok(Self {
            directory: directory.map(Path::to_owned),
        })
    }

    /// The path of a program; a name with a slash in it is a path already.
    ///
    /// # Errors
    /// When there is none; the message says where it was looked for.
    pub fn find(&self, name: &str) -> Result<PathBuf> {
        if name.contains('/') {
            return if is_file(Path::new(name)) {
                Ok(name.into())
            } else {
                bail!("'{name}' is no file")
            };
        }
        let beside = || env::current_exe().ok().and_then(|path| Some(path.parent()?.to_owned()));
        let places: Vec<PathBuf> = match &self.directory {
            Some(directory) => vec![directory.clone()],
            None => beside()
                .into_iter()
                .chain(env::split_paths(&env::var_os("PATH").unwrap_or_default()))
                .collect(),
        };
        let found = places.iter().map(|place| place.join(name)).find(|path| is_file(path));
        found.with_context(|| match &self.directory {
            Some(directory) => format!("'{name}' is not in '{}'", directory.display()),
            None => format!("'{name}' is neither beside bench-runner nor on PATH; build it with `cargo build --release`, install it with scripts/install, or give --bin-dir"),
        })
    }
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file())
}

/// The cargo target directory that this program lies in, when cargo has started it.
struct CargoTarget {
    cargo: PathBuf,
    workspace: PathBuf,
    profile: String,
}

impl CargoTarget {
    fn of_this_program() -> Option<Self> {
        let cargo = env::var_os("CARGO")?.into();
        // `cargo run` sets it to this crate's directory; the workspace lies above it.
        let workspace = Path::new(&env::var_os("CARGO_MANIFEST_DIR")?).parent()?.to_owned();
        let program = env::current_exe().ok()?;
        let directory = program.parent()?;
        let is_target = directory.ancestors().any(|above| above.join("CACHEDIR.TAG").is_file());
        let profile = match directory.file_name()?.to_str()? {
            "debug" => "dev",
            other => other,
        };
        (is_target && workspace.join("Cargo.toml").is_file()).then(|| Self {
            cargo,
            workspace,
            profile: profile.to_owned(),
        })
    }

    fn build(&self) -> Result<()> {
        let mut command = Command::new(&self.cargo);
        command.args([
            "build",
            "--quiet",
            "--bins",
            "-p",
            "servers",
            "-p",
            "loadgen",
            "--profile",
            &self.profile,
        ]);
        // Standard output is the user's: whatever cargo says goes to standard error.
        let status = command
            .current_dir(&self.workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        let status = status.with_context(|| format!("cannot run '{}'", self.cargo.display()))?;
        if !status.success() {
            bail!("building the servers failed ({status})");
        }
        Ok(())
    }
}
