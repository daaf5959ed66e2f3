//! Opening the connections: evenly over the ramp, each with its own deadline, each greeted with one request.

use std::io;
use std::time::Duration;

use crate::attempts::{Attempts, Settled};
use crate::clock::{nanoseconds, now_ns};
use crate::config::Config;
use crate::engine::{Clients, Engine};
use crate::interrupt;
use crate::wire::Opened;

/// When for this long no silent client was answered, the remaining ones are taken to wait for good.
const PATIENCE: Duration = Duration::from_millis(500);
/// Attempts in a row before replies have their turn.
pub(crate) const BATCH: usize = 64;

/// Opens all connections of `config` and greets each; ends when every one has its outcome.
pub(crate) fn connect(
    config: &Config,
    attempts: &mut Attempts,
    clients: &mut impl Clients,
    engine: &mut impl Engine,
) -> io::Result<Opened> {
    let mut opened = Opened::default();
    let began = now_ns();
    let mut last_ns = began;
    clients.restart_progress(began);
    let due_at = |i: u64| began + (u128::from(config.ramp_ns) * u128::from(i) / u128::from(config.conns)) as u64;
    let mut next = 0;
    loop {
        let mut now = now_ns();
        for _ in 0..BATCH {
            if next == config.conns || due_at(next) > now {
                break;
            }
            if let Some(attempt) = attempts.begin(next as usize) {
                last_ns = attempt.at_ns;
                establish(attempt, &mut opened, clients, engine)?;
            }
            next += 1;
            now = now_ns();
        }
        for attempt in attempts.settled(now)? {
            last_ns = attempt.at_ns;
            establish(attempt, &mut opened, clients, engine)?;
        }
        let all = next == config.conns && attempts.waiting() == 0;
        let patience_ends = clients.progress_ns().max(last_ns) + nanoseconds(PATIENCE);
        if all && (clients.silent() == 0 || now >= patience_ends) || interrupt::requested() {
            break;
        }
        let until = if next < config.conns {
            due_at(next)
        } else if attempts.waiting() > 0 {
            attempts.next_deadline_ns()
        } else {
            patience_ends
        };
        engine.turn(until.min(clients.next_tick_ns()), clients)?;
        // Also bounds this phase: a server that answers one client now and then would else prolong it each time.
        clients.tick(now_ns(), engine);
    }
    let tally = clients.tally(|_| true);
    (opened.connected, opened.turned_away) = (tally.connected, tally.turned_away);
    opened.greeted = clients.first_replies().len();
    opened.outcomes.merge(&clients.take_outcomes());
    opened.first_reply = clients.first_replies().clone();
    opened.elapsed_ns = now_ns() - began;
    Ok(opened)
}

fn establish(
    attempt: Settled,
    opened: &mut Opened,
    clients: &mut impl Clients,
    engine: &mut impl Engine,
) -> io::Result<()> {
    match attempt.result {
        Ok(socket) => {
            opened.connect.record(attempt.at_ns - attempt.began_ns);
            engine.add(attempt.client, socket)?;
            clients.greet(attempt.client, attempt.began_ns, engine);
        }
        Err(how) => opened.outcomes.add(how, 1),
    }
    Ok(())
}
