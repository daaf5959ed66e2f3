//! How the runner was built, as `build.rs` of this package wrote it down.

use serde::{Deserialize, Serialize};

/// How the runner was built; the servers that stand beside it came out of the same `cargo build`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    /// `rustc -V` of the compiler that built it, which need not be the one installed today.
    pub rustc: Option<String>,
    /// `release` or `debug` (what the profile inherits from).
    pub profile: Option<String>,
    /// Optimisation level: `0` to `3`, `s`, `z`.
    pub opt_level: Option<String>,
    /// Target triple.
    pub target: Option<String>,
    /// Revision that the builder named in BENCH_RUNNER_REVISION; where there is git, see [`Source`](super::Source).
    pub revision: Option<String>,
    /// Version of the package.
    pub version: Option<String>,
}

impl Build {
    pub(super) fn read() -> Self {
        let owned = |value: Option<&str>| value.map(String::from);
        Self {
            rustc: owned(option_env!("BENCH_BUILD_RUSTC")),
            profile: owned(option_env!("BENCH_BUILD_PROFILE")),
            opt_level: owned(option_env!("BENCH_BUILD_OPT_LEVEL")),
            target: owned(option_env!("BENCH_BUILD_TARGET")),
            revision: owned(option_env!("BENCH_BUILD_REVISION")),
            version: owned(option_env!("CARGO_PKG_VERSION")),
        }
    }
}
