//! What the claims take of a row.

use serde::{Deserialize, Serialize};

use super::measured::{Measured, WATCHED};
use crate::record::{Row, Verdict, Window};
use crate::stats::Estimate;

/// One window of one cell, as far as the claims need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Which cells it belongs to.
    pub set: String,
    /// The server.
    pub server: String,
    /// Connections asked for.
    pub conns: u64,
    /// Those that were to talk.
    pub active: u64,
    /// Round, from 1.
    pub round: u32,
    /// Which of the cell's windows.
    pub window: Window,
    /// What is thought of it.
    pub verdict: Verdict,
    /// Why it has failed.
    pub reason: Option<String>,
    /// Handshakes done.
    pub connected: Option<u64>,
    /// Of those to talk: at least one correct reply.
    pub served: Option<u64>,
    /// Of those to talk: connected, and none.
    pub starved: Option<u64>,
    /// What kept connections from being served.
    pub limited_by: Option<String>,
    /// Correct replies per second.
    pub rate_per_s: Option<f64>,
    /// Server CPU time per correct reply.
    pub cpu_ns_per_request: Option<f64>,
    /// CPUs that the server used while nobody talked.
    pub silent_cpus: Option<f64>,
    /// The server's own memory per connection.
    pub user_bytes_per_connection: Option<f64>,
    /// The kernel's, with both ends.
    pub kernel_bytes_per_connection: Option<f64>,
    /// Both together.
    pub memory_bytes_per_connection: Option<f64>,
    /// Processes while loaded.
    pub processes: Option<u64>,
    /// Threads while loaded.
    pub threads: Option<u64>,
    /// System calls per reply while all talk.
    pub system_calls_per_request: Option<f64>,
    /// Where only some requests are slow: 99th percentile of the others' response time under an offered rate.
    pub others_p99_ns: Option<u64>,
    /// CPUs of the server.
    pub server_cpus: u64,
    /// Kinds of the warnings that the window gave.
    pub warnings: Vec<String>,
}

impl Reading {
    /// Of a row of these cells; `cpus` are those of the server.
    #[must_use]
    pub fn of(set: &str, cpus: usize, row: &Row) -> Self {
        let (connections, cost) = (row.connections.as_ref(), &row.server_cost);
        Self {
            set: set.to_owned(),
            server: row.server.clone(),
            conns: row.conns,
            active: row.load.active,
            round: row.round,
            window: row.window,
            verdict: row.verdict,
            reason: row.reason.clone(),
            connected: connections.map(|c| c.connected),
            served: connections.map(|c| c.served),
            starved: connections.map(|c| c.starved),
            limited_by: row.limited_by.clone(),
            rate_per_s: row.rate_per_s,
            cpu_ns_per_request: row.cpu_ns_per_request,
            silent_cpus: cost.silent_cpu_share.map(|share| share * cpus.max(1) as f64),
            user_bytes_per_connection: cost.user_bytes_per_connection,
            kernel_bytes_per_connection: cost.kernel_bytes_per_connection,
            memory_bytes_per_connection: row.memory_bytes_per_connection,
            processes: cost.processes,
            threads: cost.threads,
            system_calls_per_request: cost.system_calls_per_request,
            others_p99_ns: row
                .others_response_ns
                .or(row.others_ns)
                .and_then(|quantiles| quantiles.p99),
            server_cpus: cpus as u64,
            warnings: row.warnings.iter().map(|warning| warning.kind.clone()).collect(),
        }
    }

    /// Whether all that were to talk were served.
    pub(super) fn serves_all(&self) -> bool {
        self.served == Some(self.active)
    }

    /// Whether it is the window in which few talk: the first one, where the cell has no more connections than that.
    fn is_of_few(&self, active: u64) -> bool {
        self.active <= active
    }
}

/// Connections that talk in the cells that are called watched.
pub const ACTIVE: u64 = 100;

impl Measured {
    /// The windows of a server's cells, unless one has failed.
    fn rounds(&self, set: &str, server: &str, conns: u64) -> Result<Vec<&Reading>, String> {
        let of = |reading: &&Reading| reading.set == set && reading.server == server && reading.conns == conns;
        let own: Vec<&Reading> = self.readings.iter().filter(of).collect();
        if own.is_empty() {
            return Err(self.why_not(set));
        }
        match own.iter().find(|reading| reading.verdict == Verdict::Failed) {
            Some(failed) => Err(format!(
                "{server} failed: {}",
                failed.reason.as_deref().unwrap_or("for no known reason")
            )),
            None => Ok(own),
        }
    }

    /// The first window of a server's cell, of the first round.
    pub(super) fn first(&self, set: &str, server: &str, conns: u64) -> Result<&Reading, String> {
        let rounds = self.rounds(set, server, conns)?.into_iter();
        let first = rounds.min_by_key(|reading| (reading.round, reading.window));
        first.ok_or_else(|| self.why_not(set))
    }

    /// A value over the rounds of a server's cell, in the windows in which all talk.
    pub(super) fn busy(
        &self,
        set: &str,
        server: &str,
        conns: u64,
        of: fn(&Reading) -> Option<f64>,
    ) -> Result<Estimate, String> {
        let rounds = self.rounds(set, server, conns)?.into_iter();
        let busy = rounds.filter(|reading| reading.window != Window::Idle);
        Estimate::of(busy.filter_map(of)).ok_or_else(|| format!("a value of {server} is missing"))
    }

    /// A value over the rounds of a server that holds so many connections of which few talk.
    pub(super) fn few(&self, server: &str, conns: u64, of: fn(&Reading) -> Option<f64>) -> Result<Estimate, String> {
        let rounds = self.rounds(WATCHED, server, conns)?.into_iter();
        let few = rounds.filter(|reading| reading.is_of_few(ACTIVE));
        let trusted = few.filter(|reading| reading.serves_all() && reading.verdict < Verdict::Unsound);
        Estimate::of(trusted.filter_map(of)).ok_or_else(|| {
            format!(
                "no window of {server} with {} connections can be taken",
                loadgen::units::grouped(conns)
            )
        })
    }

    /// The counts of connections with which a server was watched, ascending.
    #[must_use]
    pub fn counts(&self, server: &str) -> Vec<u64> {
        let own = self
            .readings
            .iter()
            .filter(|reading| reading.set == WATCHED && reading.server == server);
        let mut counts: Vec<u64> = own.map(|reading| reading.conns).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// CPU time per request while few talk.
    ///
    /// # Errors
    /// When it was not measured, or cannot be taken.
    pub fn few_cpu_ns(&self, server: &str, conns: u64) -> Result<Estimate, String> {
        self.few(server, conns, |reading| reading.cpu_ns_per_request)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A window in which all went well.
    pub(in super::super) fn reading(set: &str, server: &str, conns: u64, active: u64) -> Reading {
        Reading {
            set: set.to_owned(),
            server: server.to_owned(),
            conns,
            active,
            round: 1,
            window: if active < conns { Window::Idle } else { Window::Busy },
            verdict: Verdict::Valid,
            reason: None,
            connected: Some(conns),
            served: Some(active),
            starved: Some(0),
            limited_by: None,
            rate_per_s: Some(1000.0),
            cpu_ns_per_request: Some(5000.0),
            silent_cpus: Some(0.0),
            user_bytes_per_connection: None,
            kernel_bytes_per_connection: None,
            memory_bytes_per_connection: None,
            processes: Some(1),
            threads: Some(1),
            system_calls_per_request: Some(3.0),
            others_p99_ns: None,
            server_cpus: 1,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn only_windows_of_few_that_were_all_served_count() {
        let mut measured = Measured::default();
        assert_eq!(
            measured.few_cpu_ns("poll", 1000).unwrap_err(),
            "'watched' was not measured"
        );
        let own = |cpu, active, served| Reading {
            cpu_ns_per_request: Some(cpu),
            served: Some(served),
            ..reading(WATCHED, "poll", 1000, active)
        };
        measured.readings = vec![own(9e3, 100, 100), own(5e3, 1000, 1000), own(1e3, 100, 99)];
        let few = measured.few_cpu_ns("poll", 1000).unwrap();
        assert_eq!((few.median, few.rounds), (9e3, 1));
        measured.readings.push(Reading {
            verdict: Verdict::Failed,
            reason: Some("it died".to_owned()),
            ..own(1e3, 100, 100)
        });
        assert_eq!(measured.few_cpu_ns("poll", 1000).unwrap_err(), "poll failed: it died");
        assert!(measured.few_cpu_ns("poll", 10).is_err());
        assert_eq!(measured.counts("poll"), [1000]);
    }
}
