//! Records, in the binary, how it was built: compiler, profile, optimisation level, target.
//!
//! The git revision is *not* asked of git here. A build script that watches `.git/HEAD` runs again at every commit and
//! drags a whole fat-LTO link behind it, and one that does not watch it writes down a revision that has become a lie.
//! The runner asks git for the tree its binaries stand in when it starts (`environment/source.rs`), which costs nothing
//! and sees uncommitted changes too. Whoever builds where there is no git (a tarball, a distribution's package) names
//! the revision in `BENCH_RUNNER_REVISION`, and it is kept.

use std::env;
use std::process::Command;

fn main() {
    // Without these two lines cargo would run this again whenever any file of the package changes. It does run it again
    // when the compiler, the profile or the target does: each has a fingerprint, and an output directory, of its own.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BENCH_RUNNER_REVISION");

    record("RUSTC", rustc_version());
    record("PROFILE", env::var("PROFILE").ok());
    record("OPT_LEVEL", env::var("OPT_LEVEL").ok());
    record("TARGET", env::var("TARGET").ok());
    record("REVISION", env::var("BENCH_RUNNER_REVISION").ok());
}

/// `rustc -V` of the very compiler that cargo uses (it sets RUSTC, and leaves wrappers out of it).
fn rustc_version() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?).arg("-V").output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// Leaves the variable unset where nothing is known: `option_env!` then says `None`.
fn record(name: &str, value: Option<String>) {
    if let Some(value) = value.filter(|value| !value.is_empty() && !value.contains('\n')) {
        println!("cargo::rustc-env=BENCH_BUILD_{name}={value}");
    }
}
