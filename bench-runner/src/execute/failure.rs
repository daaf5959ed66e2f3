//! Why a server could not be measured.

use std::fmt;

/// A reason, and what the server itself had to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In words, with all causes.
    pub reason: String,
    /// The last line that the server wrote to standard error.
    pub last_stderr: Option<String>,
}

impl Failure {
    /// Any error as a failure; the server's last line is kept where there is one.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        Self {
            reason: format!("{error:#}"),
            last_stderr: error
                .downcast_ref::<Self>()
                .and_then(|failure| failure.last_stderr.clone()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Failure {}
