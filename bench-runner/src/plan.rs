//! The plan: which cells, in which order, and how long it will take.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::catalog::{Entry, Takes};
use crate::record::{Settings, Window};

/// One server × one connection count × one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The server's name.
    pub server: String,
    /// Its family.
    pub family: String,
    /// Connections to open.
    pub conns: u64,
    /// Round, from 1.
    pub round: u32,
    /// What the server does for each request beside the reply.
    pub work: String,
    /// Whether clients beyond the server's workers wait in the accept queue.
    pub queues: bool,
    /// Whether each connection is a task of the kernel's: then memory is measured in a server of its own.
    pub tasks: bool,
}

impl Cell {
    /// What names the cell in its rows.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.server, self.conns, self.round)
    }
}

/// All cells: rounds in turn, shuffled within each, so that a slow drift of the machine does not follow the models.
#[must_use]
pub fn cells(servers: &[Entry], settings: &Settings, seed: u64) -> Vec<Cell> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut all = Vec::new();
    for round in 1..=settings.rounds {
        let each = |server: &Entry, conns: u64| Cell {
            server: server.name.clone(),
            family: server.family.clone(),
            conns,
            round,
            work: settings.work.clone(),
            queues: server.per_connection == Takes::Worker,
            tasks: matches!(server.per_connection, Takes::Thread | Takes::Process),
        };
        let mut cells: Vec<Cell> = servers
            .iter()
            .flat_map(|server| settings.conns.iter().map(move |&conns| each(server, conns)))
            .collect();
        cells.shuffle(&mut random);
        all.extend(cells);
    }
    all
}

/// How long a cell takes, about: its windows are known, the rest is what it took when it was measured.
#[must_use]
pub fn expected(cell: &Cell, settings: &Settings) -> Duration {
    let windows = settings.phases(cell.conns).len() as f64;
    // Start, settling, memory, stop: a quarter of a second, and 100 µs more a connection.
    let rest = 0.25 + cell.conns as f64 * 100e-6;
    // The windows of system calls, and the server whose memory is measured.
    let rest = rest
        + (0.35 + cell.conns as f64 * 120e-6) * settings.rates_per_s.len().max(1) as f64
        + if cell.tasks {
            settings.ramp(cell.conns) + 0.5 + rest
        } else {
            0.0
        };
    Duration::from_secs_f64(
        settings.ramp(cell.conns)
            + windows * (settings.warmup_s + settings.duration_s + 0.1)
            + waits(cell, settings)
            + rest,
    )
}

/// What a server costs that leaves clients waiting: the generator gives those that have no reply half a second more,
/// and those that the accept queue has no room for use up the connect timeout.
fn waits(cell: &Cell, settings: &Settings) -> f64 {
    match cell.queues {
        true if cell.conns > settings.backlog => settings.connect_timeout_s + PATIENCE,
        true => PATIENCE,
        false => 0.0,
    }
}

/// How long the generator waits for first replies.
const PATIENCE: f64 = 0.5;

/// A window of a cell: what is asked of the server, once its connections are open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Its name.
    pub window: Window,
    /// Connections that talk.
    pub active: u64,
    /// Requests a second that are due, over all of these; none in a closed loop.
    pub rate_per_s: Option<f64>,
}

impl Settings {
    /// The windows of a cell with `conns` connections, in their order. One that would be like another is left out.
    #[must_use]
    pub fn phases(&self, conns: u64) -> Vec<Phase> {
        let phase = |window, active, rate_per_s| Phase {
            window,
            active,
            rate_per_s,
        };
        if !self.rates_per_s.is_empty() {
            let rates = self.rates_per_s.iter();
            return rates.map(|&rate| phase(Window::Open, conns, Some(rate))).collect();
        }
        let mut phases = vec![phase(Window::Busy, conns, None)];
        if self.active < conns {
            phases.push(phase(Window::Idle, self.active, None));
        }
        phases
    }

    /// Time over which `conns` connections are opened, in seconds.
    #[must_use]
    pub fn ramp(&self, conns: u64) -> f64 {
        // 10,000 a second: about what a server that forks can follow, and well below what fills a backlog.
        self.ramp_s.unwrap_or(conns as f64 * 100e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn settings() -> Settings {
        serde_json::from_value(serde_json::json!({
            "conns": [10, 1000], "active": 100, "rounds": 3, "duration_s": 4.0, "warmup_s": 0.5, "ramp_s": null,
            "connect_timeout_s": 3.0, "timeout_s": 30.0, "protocol": "echo", "request_bytes": 64, "reply_bytes": 16,
            "pipeline": 1, "spin": false, "backlog": 4096, "workers": null, "server_nofile": null, "shards": 1,
        }))
        .unwrap()
    }

    #[test]
    fn every_round_has_every_cell_once_in_an_order_of_its_own() {
        let servers = Catalog::own().unwrap().entries;
        let all = cells(&servers, &settings(), 7);
        assert_eq!(all, cells(&servers, &settings(), 7), "the seed decides");
        assert_ne!(all, cells(&servers, &settings(), 8));
        let rounds: Vec<&[Cell]> = all.chunks(servers.len() * 2).collect();
        assert_eq!(rounds.len(), 3);
        let ids = |cells: &[Cell]| {
            let mut ids: Vec<String> = cells
                .iter()
                .map(|cell| format!("{}/{}", cell.server, cell.conns))
                .collect();
            let order = ids.clone();
            ids.sort();
            (order, ids)
        };
        assert_eq!(ids(rounds[0]).1, ids(rounds[2]).1);
        assert_ne!(ids(rounds[0]).0, ids(rounds[2]).0);
        assert!(rounds[1].iter().all(|cell| cell.round == 2));
    }

    #[test]
    fn clients_that_wait_in_vain_take_their_timeout() {
        let cell = |conns, queues| Cell {
            server: String::new(),
            family: String::new(),
            conns,
            round: 1,
            work: String::new(),
            tasks: false,
            queues,
        };
        let more = |conns| expected(&cell(conns, true), &settings()) - expected(&cell(conns, false), &settings());
        assert_eq!(more(10_000), Duration::from_millis(3500));
        assert_eq!(more(4096), Duration::from_millis(500), "all of them fit into the queue");
        let servers = Catalog::own().unwrap().entries;
        let queues = |name: &str| {
            cells(&servers, &settings(), 1)
                .iter()
                .any(|cell| cell.server == name && cell.queues)
        };
        assert!(queues("iterative") && !queues("poll"));
    }

    #[test]
    fn an_open_loop_has_a_window_for_each_rate_and_no_other() {
        let open = Settings {
            rates_per_s: vec![1e3, 2e3],
            ..settings()
        };
        let phases = open.phases(1000);
        assert_eq!(
            phases.iter().map(|p| p.rate_per_s).collect::<Vec<_>>(),
            [Some(1e3), Some(2e3)]
        );
        assert!(phases.iter().all(|p| p.window == Window::Open && p.active == 1000));
        let closed = settings().phases(1000);
        assert_eq!(
            closed.iter().map(|p| (p.window, p.active)).collect::<Vec<_>>(),
            [(Window::Busy, 1000), (Window::Idle, 100)]
        );
        assert_eq!(settings().phases(100).len(), 1);
    }

    #[test]
    fn a_cell_whose_connections_all_talk_has_one_window() {
        let cell = |conns| Cell {
            server: String::new(),
            family: String::new(),
            conns,
            round: 1,
            work: String::new(),
            tasks: false,
            queues: false,
        };
        let (few, many) = (expected(&cell(10), &settings()), expected(&cell(1000), &settings()));
        assert!(many > few + Duration::from_secs(4), "{few:?} {many:?}");
    }
}
