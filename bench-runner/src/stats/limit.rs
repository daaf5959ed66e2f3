//! What kept connections from being served: the limit's name, and what shows that it was this one.

use loadgen::units::grouped;
use loadgen::{Outcome, Outcomes};

use crate::record::{Capacity, Connections, Ready, Stopped};

/// The name under which a full accept queue is recorded.
pub const ACCEPT_BACKLOG: &str = "accept backlog";
pub(crate) const CONNECT_TIMEOUT: &str = "connect timeout";
pub(crate) const NO_PORTS: &str = "the client's ports";
pub(crate) const NO_DESCRIPTORS: &str = "the client's descriptors";
pub(crate) const NOBODY_LISTENS: &str = "nobody listens";
pub(crate) const REFUSED: &str = "refused by the server";
pub(crate) const LOST: &str = "connections lost while served";
pub(crate) const NO_REPLY: &str = "no reply in time";

/// A limit that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name.
    pub name: String,
    /// What shows that it was this one.
    pub evidence: String,
}

impl Limit {
    fn new(name: &str, evidence: String) -> Self {
        Self {
            name: name.to_owned(),
            evidence,
        }
    }
}

/// What is known about the limits of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Clues<'a> {
    /// Connections by state in the window that is looked at.
    pub connections: &'a Connections,
    /// What failed.
    pub outcomes: &'a Outcomes,
    /// What the server announced.
    pub ready: Option<&'a Ready>,
    /// What it said at its end.
    pub stopped: Option<&'a Stopped>,
    /// Growth of the kernel's ListenOverflows while the connections were opened.
    pub listen_overflows: Option<u64>,
    /// Connections that were held and never served while all were to talk: those in the accept queue are among them.
    pub waiting: u64,
    /// Connections that were served while all were to talk.
    pub served_of_all: u64,
}

/// The limit that was met, or nothing when no connection was kept from being served.
#[must_use]
pub fn limited_by(clues: &Clues) -> Option<Limit> {
    let Clues {
        connections: c,
        outcomes,
        ..
    } = clues;
    let refusals = clues
        .stopped
        .and_then(|stopped| stopped.refused.iter().max_by_key(|&(_, n)| n));
    if let Some((name, n)) = refusals.filter(|&(_, &n)| n > 0) {
        return Some(Limit::new(
            name,
            format!("the server says that it refused {}", grouped(*n)),
        ));
    }
    let of_client = [(Outcome::NoPorts, NO_PORTS), (Outcome::NoDescriptors, NO_DESCRIPTORS)];
    let failed = |outcome| outcomes.count(outcome);
    if let Some((outcome, name)) = of_client.into_iter().find(|&(outcome, _)| failed(outcome) > 0) {
        let n = grouped(failed(outcome));
        return Some(Limit::new(name, format!("{n} attempts to connect failed by it")));
    }
    if failed(Outcome::ConnectTimeout) > 0 {
        return Some(timed_out(clues, capacity(clues)));
    }
    if failed(Outcome::Refused) > 0 {
        let n = grouped(failed(Outcome::Refused));
        return Some(Limit::new(NOBODY_LISTENS, format!("ECONNREFUSED {n} times")));
    }
    let short = c.starved > 0 || c.refused > 0 || c.connected < c.requested;
    match capacity(clues) {
        Some(capacity) if short => Some(Limit::new(&capacity.bound_by, announced(capacity))),
        _ if c.refused > 0 => Some(Limit::new(
            REFUSED,
            "it closed connections unserved and named no limit".to_owned(),
        )),
        _ if c.lost > 0 => Some(Limit::new(
            LOST,
            format!("{} ended after they had been served", grouped(c.lost)),
        )),
        _ if c.starved > 0 => Some(Limit::new(
            NO_REPLY,
            "connected, and neither refused nor answered".to_owned(),
        )),
        _ => None,
    }
}

/// The room that the server has announced, where it is too little.
fn capacity<'a>(clues: &Clues<'a>) -> Option<&'a Capacity> {
    let capacity = clues.ready.map(|ready| &ready.capacity);
    capacity.filter(|capacity| capacity.connections < clues.connections.requested)
}

fn announced(capacity: &Capacity) -> String {
    format!("the server announced room for {}", grouped(capacity.connections))
}

/// Whoever has no room left lets the others wait, and when the queue of those is full they do not even connect. A longer
/// queue would let more of them wait and none be served: what stops them is the server's room, if all of it was used.
fn timed_out(clues: &Clues, capacity: Option<&Capacity>) -> Limit {
    let queue = full_queue(clues);
    match capacity {
        Some(capacity) if queue.name == ACCEPT_BACKLOG && clues.served_of_all == capacity.connections => Limit::new(
            &capacity.bound_by,
            format!(
                "{}, and the accept queue was full: {}",
                announced(capacity),
                queue.evidence
            ),
        ),
        _ => queue,
    }
}

/// A connect timeout alone does not say whose fault it was: a full accept queue shows in the kernel's count, or in as
/// many connections waiting as the queue holds (Linux takes one more than the backlog).
fn full_queue(clues: &Clues) -> Limit {
    let n = grouped(clues.outcomes.count(Outcome::ConnectTimeout));
    let backlog = clues.ready.and_then(|ready| ready.backlog.effective);
    match (clues.listen_overflows, backlog) {
        (Some(overflows), _) if overflows > 0 => Limit::new(
            ACCEPT_BACKLOG,
            format!("ListenOverflows grew by {} while connecting", grouped(overflows)),
        ),
        (_, Some(backlog)) if clues.waiting == backlog + 1 => Limit::new(
            ACCEPT_BACKLOG,
            format!(
                "{} waited unserved: the backlog in force and one",
                grouped(clues.waiting)
            ),
        ),
        (overflows, _) => {
            let kernel = match overflows {
                Some(_) => "the kernel counted no full accept queue",
                None => "the kernel's count of full accept queues could not be read",
            };
            Limit::new(CONNECT_TIMEOUT, format!("{n} attempts to connect; {kernel}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::judge::tests::ALL_SERVED;

    fn ready(connections: u64, bound_by: &str, backlog: u64) -> Ready {
        serde_json::from_value(serde_json::json!({
            "model": "x", "address": "127.0.0.1:1", "pid": 1, "backlog": { "requested": 1, "effective": backlog },
            "capacity": { "connections": connections, "bound_by": bound_by }, "workers": 1,
        }))
        .unwrap()
    }

    fn named(connections: Connections, ready: Option<&Ready>, stopped: Option<&Stopped>) -> Option<String> {
        let clues = Clues {
            connections: &connections,
            outcomes: &Outcomes::default(),
            ready,
            stopped,
            listen_overflows: None,
            waiting: connections.starved,
            served_of_all: connections.served,
        };
        limited_by(&clues).map(|limit| limit.name)
    }

    const STARVED: Connections = Connections {
        served: 1,
        starved: 99,
        ..ALL_SERVED
    };

    #[test]
    fn the_limit_is_named_by_whoever_knows_it_best() {
        let workers = ready(1, "workers", 1);
        assert_eq!(named(ALL_SERVED, Some(&workers), None), None);
        assert_eq!(named(STARVED, Some(&workers), None).as_deref(), Some("workers"));
        assert_eq!(named(STARVED, None, None).as_deref(), Some("no reply in time"));
        let dropped = Connections { lost: 1, ..ALL_SERVED };
        assert_eq!(
            named(dropped, None, None).as_deref(),
            Some("connections lost while served")
        );
        let capped = Connections {
            refused: 91,
            served: 9,
            ..ALL_SERVED
        };
        assert_eq!(named(capped, None, None).as_deref(), Some("refused by the server"));
        let stopped = |n| Stopped {
            accepted: 9,
            peak_concurrent: 9,
            refused: [("FD_SETSIZE".to_owned(), n)].into(),
            ..Stopped::default()
        };
        assert_eq!(named(capped, None, Some(&stopped(91))).as_deref(), Some("FD_SETSIZE"));
        assert_eq!(
            named(ALL_SERVED, None, Some(&stopped(0))),
            None,
            "a reason that was never met"
        );
    }

    #[test]
    fn a_backlog_is_blamed_only_on_evidence() {
        let ready = ready(1000, "RLIMIT_NOFILE", 98);
        let mut outcomes = Outcomes::default();
        outcomes.add(Outcome::ConnectTimeout, 3);
        let told = |listen_overflows, waiting| {
            let clues = Clues {
                connections: &STARVED,
                outcomes: &outcomes,
                ready: Some(&ready),
                stopped: None,
                listen_overflows,
                waiting,
                served_of_all: 1,
            };
            let limit = limited_by(&clues).unwrap();
            (limit.name, limit.evidence)
        };
        let (name, evidence) = told(Some(7), 0);
        assert_eq!(
            (&*name, &*evidence),
            (ACCEPT_BACKLOG, "ListenOverflows grew by 7 while connecting")
        );
        let (name, evidence) = told(None, 99);
        assert_eq!(
            (&*name, &*evidence),
            (ACCEPT_BACKLOG, "99 waited unserved: the backlog in force and one")
        );
        let (name, evidence) = told(Some(0), 40);
        assert_eq!(
            (&*name, &*evidence),
            (
                "connect timeout",
                "3 attempts to connect; the kernel counted no full accept queue"
            )
        );
        assert!(told(None, 40).1.ends_with("could not be read"));
    }

    #[test]
    fn a_queue_that_is_full_behind_a_server_without_room_is_not_what_stops_them() {
        let mut outcomes = Outcomes::default();
        outcomes.add(Outcome::ConnectTimeout, 3);
        let named = |room, served_of_all| {
            let ready = ready(room, "workers", 98);
            let clues = Clues {
                connections: &STARVED,
                outcomes: &outcomes,
                ready: Some(&ready),
                stopped: None,
                listen_overflows: Some(7),
                waiting: 99,
                served_of_all,
            };
            limited_by(&clues).unwrap()
        };
        let one = named(1, 1);
        assert_eq!(one.name, "workers");
        assert_eq!(
            one.evidence,
            "the server announced room for 1, and the accept queue was full: ListenOverflows grew by 7 while connecting"
        );
        assert_eq!(named(100, 64).name, ACCEPT_BACKLOG, "it has room for all");
        assert_eq!(named(99, 64).name, ACCEPT_BACKLOG, "35 places were free");
        assert_eq!(named(64, 64).name, "workers", "also in a window in which one talks");
        assert_eq!(named(0, 1).name, ACCEPT_BACKLOG, "it has served more than it said");
    }
}
