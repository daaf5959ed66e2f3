//! What is told of a server that was checked.

use loadgen::ExpectedHttp;

use super::fault::{Cause, Fault};
use crate::execute::Failure;

/// What a server's checks have found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    found: Vec<Found>,
    /// What replies must be, under HTTP.
    pub expected: Option<ExpectedHttp>,
    /// Limits that are met soon, in words: no wrong answers.
    pub warnings: Vec<String>,
    /// Checks that were left out, because those before took long enough to fail.
    unchecked: Vec<&'static str>,
    /// The last line that the server wrote to standard error before it failed a check.
    last_stderr: Option<String>,
}

/// A fault with the checks that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    /// The check that tells it best; none where it is about no check.
    check: Option<&'static str>,
    /// In words.
    seen: String,
    cause: Option<Cause>,
    also: Vec<&'static str>,
}

impl Report {
    /// The faults, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let quoted = |checks: &[&str]| {
            checks
                .iter()
                .map(|check| format!("'{check}'"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut told: Vec<String> = self
            .found
            .iter()
            .map(|found| {
                let check = found
                    .check
                    .map_or_else(String::new, |check| format!("check '{check}': "));
                let also = match &found.also[..] {
                    [] => String::new(),
                    also => format!(" (which may be why it fails {} too)", quoted(also)),
                };
                format!("{check}{}{also}", found.seen)
            })
            .collect();
        if let (Some(last), false) = (told.last_mut(), self.unchecked.is_empty()) {
            *last += &format!("; not checked any more: {}", quoted(&self.unchecked));
        }
        told
    }

    /// Why the server is not to be measured; `None` where it answers rightly.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let faults = self.faults();
        (!faults.is_empty()).then(|| Failure {
            reason: faults.join("; "),
            last_stderr: self.last_stderr.clone(),
        })
    }

    /// Whether a fault was found.
    pub(super) fn has_faults(&self) -> bool {
        !self.found.is_empty()
    }

    /// Whether `error` is put down to what was found before: the same cause, the same words, or a client that waits
    /// in vain where clients are known to be left waiting.
    fn earlier(&mut self, error: &anyhow::Error) -> Option<&mut Found> {
        let fault = error.downcast_ref::<Fault>();
        let cause = fault.and_then(|fault| fault.cause);
        let unexplained = fault.is_some_and(|fault| fault.timed && !fault.limit) && cause.is_none();
        let seen = format!("{error:#}");
        self.found.iter_mut().find(|found| match found.cause {
            Some(known) => cause == Some(known) || unexplained && known.leaves_waiting(),
            None => found.seen == seen,
        })
    }

    /// Whether `error` is of no news.
    pub(super) fn explains(&mut self, error: &anyhow::Error) -> bool {
        self.earlier(error).is_some()
    }

    /// Adds what the check of that name has found.
    pub(super) fn add(&mut self, check: &'static str, error: &anyhow::Error) {
        let fault = error.downcast_ref::<Fault>();
        let seen = format!("{error:#}");
        if fault.is_some_and(|fault| fault.limit) {
            self.warnings.push(format!("check '{check}': {seen}"));
        } else if let Some(found) = self.earlier(error) {
            found.also.push(check);
            if let Some(chance) = found.check
                && found.cause.is_some_and(|cause| cause.brought_about_by() == check)
            {
                found.also.pop();
                found.also.push(chance);
                (found.check, found.seen) = (Some(check), seen);
            }
        } else {
            let said = error
                .downcast_ref::<Failure>()
                .and_then(|failure| failure.last_stderr.clone());
            self.last_stderr = said.or(self.last_stderr.take());
            self.found.push(Found {
                check: Some(check),
                seen,
                cause: fault.and_then(|fault| fault.cause),
                also: Vec::new(),
            });
        }
    }

    /// Adds what no check is about: how it ended.
    pub(super) fn add_end(&mut self, error: &anyhow::Error) {
        let Failure { reason, last_stderr } = Failure::of(error);
        self.last_stderr = last_stderr.or(self.last_stderr.take());
        self.found.push(Found {
            check: None,
            seen: reason,
            cause: None,
            also: Vec::new(),
        });
    }

    /// Notes that a check was left out.
    pub(super) fn leave_out(&mut self, check: &'static str) {
        self.unchecked.push(check);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_once_with_the_checks_that_show_it() {
        let mut report = Report::default();
        assert_eq!(report.failure(), None);
        let silent = || anyhow::Error::from(Fault::timed("no reply within 5 s".to_owned()));
        report.add("first", &silent());
        report.add("second", &silent());
        let named = Fault::named("3 of 9".to_owned(), Cause::ReadsOnce).into();
        assert!(!report.explains(&named));
        report.add("third", &named);
        let other = Fault::timed("it does not close".to_owned()).into();
        assert!(report.explains(&other), "clients are left waiting");
        report.add("fourth", &other);
        report.add("fifth", &anyhow::anyhow!("the reply is wrong"));
        report.add("sixth", &Fault::limit("5 have room".to_owned()).into());
        report.add(
            super::super::PILE,
            &Fault::named("8 of 9".to_owned(), Cause::ReadsOnce).into(),
        );
        report.leave_out("seventh");
        assert_eq!(
            report.faults(),
            [
                "check 'first': no reply within 5 s (which may be why it fails 'second' too)",
                "check 'requests that pile up': 8 of 9: it reads once for each edge of epoll; read until EAGAIN (which \
                 may be why it fails 'fourth', 'third' too)",
                "check 'fifth': the reply is wrong; not checked any more: 'seventh'",
            ]
        );
        assert_eq!(report.warnings, ["check 'sixth': 5 have room"]);
    }
}
