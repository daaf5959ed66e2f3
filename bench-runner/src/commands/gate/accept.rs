//! Changes that are meant: a trailer in a commit message, `Perf-Accept: cpu +8%` or, for one server,
//! `Perf-Accept: epoll-edge cpu +8%`.

use crate::cli::Change;
use crate::record::GateMetric;

const TRAILER: &str = "perf-accept:";

/// A change that does not count as a regression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Accepted {
    /// Of which server; none for all.
    pub(super) server: Option<String>,
    pub(super) change: Change,
}

impl Accepted {
    /// By how much `metric` of `server` may be worse, as a part of base, of all that was accepted.
    pub(super) fn of(all: &[Self], server: &str, metric: GateMetric) -> f64 {
        let meant = all.iter().filter(|accepted| {
            accepted.change.metric == metric && accepted.server.as_deref().is_none_or(|name| name == server)
        });
        // Several commits may each have made it slower.
        meant.map(|accepted| 1.0 + accepted.change.by).product::<f64>() - 1.0
    }
}

/// The trailers in commit messages.
///
/// # Errors
/// When one cannot be read: a change that was meant and is not understood would be red for a wrong reason.
pub(super) fn trailers(
    messages: &str,
    parse: impl Fn(&str) -> Result<Change, String>,
) -> Result<Vec<Accepted>, String> {
    let mut all = Vec::new();
    for line in messages.lines().map(str::trim) {
        let Some(rest) = line
            .get(..TRAILER.len())
            .filter(|name| name.eq_ignore_ascii_case(TRAILER))
        else {
            continue;
        };
        let text = line[rest.len()..].trim();
        let accepted = match parse(text) {
            Ok(change) => Accepted { server: None, change },
            Err(error) => {
                let (server, rest) = text.split_once(' ').ok_or_else(|| format!("Perf-Accept: {error}"))?;
                Accepted {
                    server: Some(server.to_owned()),
                    change: parse(rest.trim()).map_err(|error| format!("Perf-Accept: {error}"))?,
                }
            }
        };
        all.push(accepted);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse_change;

    #[test]
    fn a_commit_accepts_for_one_server_or_for_all() {
        let messages =
            "epoll: checks twice\n\nWhy.\n\nPerf-Accept: cpu +8%\nperf-accept: poll memory=50%\n\nother: x\n";
        let all = trailers(messages, parse_change).unwrap();
        let of = |server, metric| Accepted::of(&all, server, metric);
        assert!((of("thread", GateMetric::Cpu) - 0.08).abs() < 1e-9);
        assert!((of("poll", GateMetric::Memory) - 0.5).abs() < 1e-9);
        assert_eq!(
            (of("thread", GateMetric::Memory), of("poll", GateMetric::P99)),
            (0.0, 0.0)
        );
        let twice = trailers("Perf-Accept: cpu +10%\nPerf-Accept: cpu +10%", parse_change).unwrap();
        assert!((Accepted::of(&twice, "x", GateMetric::Cpu) - 0.21).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for text in [
            "Perf-Accept: cpu",
            "Perf-Accept: poll speed +8%",
            "Perf-Accept: cpu -8%",
        ] {
            let error = trailers(text, parse_change).unwrap_err();
            assert!(
                error.starts_with("Perf-Accept: '") && error.contains("cpu=5%"),
                "{error}"
            );
        }
        assert_eq!(trailers("nothing", parse_change), Ok(Vec::new()));
    }
}
