//! Who is answered while one handler is busy: one client asks for work, all others for nothing, and their replies are
//! waited for together.
//!
//! What counts is the order of replies and not their time, so that the speed of the machine has no part in it.

use std::time::Duration;

use anyhow::{Context, Result};
use loadgen::clock::now_ns;

use super::Laboratory;
use super::clients::{Client, arrivals, requests};
use crate::claims::measured::{Spread, Stall};
use crate::execute::{Server, wait};
use crate::record::Settings;

/// Computation for some tens of milliseconds, or a wait that is as long.
const COMPUTES: &str = "cpu:20000000";
const WAITS: &str = "wait:50ms";
const TRIED: [(&str, &str); 5] = [
    ("green-thread", COMPUTES),
    ("green-thread", WAITS),
    ("thread", COMPUTES),
    ("fork", COMPUTES),
    ("epoll-edge", COMPUTES),
];
const TRIALS: u32 = 3;
/// Clients that ask for nothing slow.
const OTHERS: u32 = 19;
/// Time in which the server has begun with the slow request.
const TO_BEGIN: Duration = Duration::from_millis(3);
/// Time that all replies may take: an unoptimised server needs ten times as long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The servers that are tried.
pub(super) fn servers() -> impl Iterator<Item = &'static str> {
    TRIED.into_iter().map(|(server, _)| server)
}

pub(super) fn measure(lab: &mut Laboratory) -> Result<Vec<Stall>, String> {
    TRIED
        .into_iter()
        .map(|(server, work)| tried(lab, server, work).map_err(|error| format!("{server}: {error:#}")))
        .collect()
}

fn tried(lab: &mut Laboratory, name: &str, work: &str) -> Result<Stall> {
    let settings = Settings {
        work: work.to_owned(),
        ..Settings::default()
    };
    let launch = lab.launch(name, &settings)?;
    let mut server = Server::start(&launch, &settings, &lab.placement.server)?;
    let (mut slow_ns, mut others_ns, mut answered_first) = (Vec::new(), Vec::new(), 0);
    for _ in 0..TRIALS {
        let trial = trial(&server, &settings);
        let trial = match (trial, server.check_alive()) {
            (_, Err(death)) => return Err(death),
            (trial, Ok(())) => trial?,
        };
        slow_ns.push(trial.slow_ns as f64);
        answered_first += trial.others_ns.iter().filter(|(first, _)| *first).count() as u64;
        others_ns.extend(trial.others_ns.iter().map(|&(_, ns)| ns as f64));
    }
    server.stop()?;
    let median = |values| Spread::of(values).map_or(0, |spread| spread.median as u64);
    Ok(Stall {
        server: name.to_owned(),
        work: work.to_owned(),
        trials: TRIALS.into(),
        others: others_ns.len() as u64,
        answered_first,
        slow_ns: median(slow_ns),
        others_ns: median(others_ns),
    })
}

struct Trial {
    slow_ns: u64,
    /// Whether each had its reply before the slow one, and when.
    others_ns: Vec<(bool, u64)>,
}

fn trial(server: &Server, settings: &Settings) -> Result<Trial> {
    let mut payload = requests(settings);
    let mut clients = (0..=OTHERS)
        .map(|id| Client::served(server.address, id, &mut payload))
        .collect::<Result<Vec<Client>>>()?;
    let (slow, others) = clients.split_first_mut().context("there are clients")?;
    let began = now_ns();
    slow.ask(&mut payload, true)?;
    wait::nap(TO_BEGIN);
    let asked = now_ns();
    for other in others {
        other.ask(&mut payload, false)?;
    }
    let seen = arrivals(&clients, PATIENCE)?;
    let (slow, others) = seen.split_first().context("there are clients")?;
    let trial = Trial {
        slow_ns: slow - began,
        // Seen at once is not before: then the slow one may have been first.
        others_ns: others.iter().map(|at| (at < slow, at.saturating_sub(asked))).collect(),
    };
    for client in clients {
        client.finish(&payload)?;
    }
    Ok(trial)
}
