//! However it is told and whatever it is doing: the server stops, tells the truth about itself and exits with 0.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::Model;
use crate::client::{Client, Protocol};
use crate::facts::{Holdings, assert_idle};
use crate::harness::{Server, Start, Stopped, eventually};

#[derive(Clone, Copy)]
enum Told {
    By(Signal),
    Quit,
    EndOfStdin,
}

fn tell(server: &mut Server, how: Told) {
    match how {
        Told::By(signal) => server.signal(signal),
        Told::Quit => server.write_stdin_unread("quit\n"),
        Told::EndOfStdin => server.close_stdin(),
    }
}

fn start(model: &Model, how: Told) -> Server {
    match how {
        Told::By(_) => Start::new(model).without_control().start(),
        Told::Quit | Told::EndOfStdin => Start::new(model).start(),
    }
}

fn while_idle(model: &Model, how: Told) {
    let mut server = start(model, how);
    let _silent = server.served();
    tell(&mut server, how);
    let Stopped {
        accepted,
        peak,
        refused,
        ..
    } = server.stopped();
    assert_eq!((accepted, peak, refused), (1, 1, serde_json::json!({})));
}

/// The contract's bound. A machine that is busy with other tests may hold up a server for as long, but not each time.
fn under_load(model: &Model, how: Told) {
    const IN_TIME: Duration = Duration::from_secs(2);
    const ATTEMPTS: usize = 3;
    let took: Vec<Duration> = (0..ATTEMPTS)
        .map(|_| once_under_load(model, how))
        .take_while(|&took| took >= IN_TIME)
        .collect();
    assert!(took.len() < ATTEMPTS, "stopped only after {took:?}");
}

fn once_under_load(model: &Model, how: Told) -> Duration {
    let mut server = start(model, how);
    let talkers = if model.one_at_a_time { 1 } else { 8 };
    let mut served: Vec<Client> = (0..talkers).map(|_| server.served()).collect();
    if model.one_at_a_time {
        // Somebody is waiting to be accepted.
        served.push(server.connect());
    } else {
        // One never reads, and its server waits to write.
        let mut stuck = Client::connect_with_small_buffers(server.address(), Protocol::Echo);
        stuck.send_until_stuck();
        served.push(stuck);
    }
    let idle = served.pop();
    let replies = AtomicU64::new(0);
    let (stopped, took) = std::thread::scope(|scope| {
        for client in &mut served {
            let replies = &replies;
            scope.spawn(move || {
                while client.ask().is_ok() {
                    replies.fetch_add(1, Relaxed);
                }
            });
        }
        eventually("the load flows", || replies.load(Relaxed) > 100);
        let told = Instant::now();
        tell(&mut server, how);
        (server.stopped(), told.elapsed())
    });
    drop(idle);
    let expected = if model.one_at_a_time { 1 } else { talkers + 1 };
    assert_eq!((stopped.accepted, stopped.peak), (expected, expected));
    took
}

pub(crate) fn sigterm_while_idle(model: &Model) {
    while_idle(model, Told::By(Signal::SIGTERM));
}

pub(crate) fn sigint_while_idle(model: &Model) {
    while_idle(model, Told::By(Signal::SIGINT));
}

pub(crate) fn quit_while_idle(model: &Model) {
    while_idle(model, Told::Quit);
}

pub(crate) fn end_of_stdin_while_idle(model: &Model) {
    while_idle(model, Told::EndOfStdin);
}

pub(crate) fn sigterm_under_load(model: &Model) {
    under_load(model, Told::By(Signal::SIGTERM));
}

pub(crate) fn sigint_under_load(model: &Model) {
    under_load(model, Told::By(Signal::SIGINT));
}

pub(crate) fn quit_under_load(model: &Model) {
    under_load(model, Told::Quit);
}

pub(crate) fn end_of_stdin_under_load(model: &Model) {
    under_load(model, Told::EndOfStdin);
}

/// A service manager gives a server /dev/null, which is at its end from the start; here it has an end too.
pub(crate) fn stdin_means_nothing_without_the_flag(model: &Model) {
    let mut server = Start::new(model).without_control().start();
    server.write_stdin_unread("quit\n");
    server.close_stdin();
    server.served();
    assert_idle(model, server.pid());
    server.served();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.stopped().accepted, 2);
}

pub(crate) fn lines_that_are_not_quit(model: &Model) {
    let mut server = Start::new(model).start();
    let mut client = server.served();
    for line in [
        "hello\n",
        "\n",
        "quit please\n",
        "quitter\nunquit\n",
        "no newline: quit",
    ] {
        server.write_stdin(line);
        client.must_be_served();
    }
    // Longer than whatever buffer reads it.
    server.write_stdin(&format!("{}quit\n", "x".repeat(256)));
    client.must_be_served();
    server.write_stdin_unread("quit\n");
    assert_eq!(server.stopped().accepted, 1);
}

/// A pipe keeps no messages apart: a line may come in pieces.
pub(crate) fn quit_in_pieces(model: &Model) {
    let mut server = Start::new(model).start();
    server.write_stdin("\nqu");
    server.served();
    server.write_stdin_unread("it\r\n");
    assert_eq!(server.stopped().accepted, 1);
}

pub(crate) fn what_was_counted(model: &Model) {
    let server = Start::new(model).start();
    let alone = Holdings::of(server.pid());
    let at_once = if model.one_at_a_time { 1 } else { 3 };
    for _ in 0..2 {
        let clients: Vec<Client> = (0..at_once).map(|_| server.served()).collect();
        drop(clients);
        alone.wait_for(server.pid());
    }
    let Stopped {
        accepted,
        peak,
        refused,
        ..
    } = server.stop();
    assert_eq!((accepted, peak, refused), (2 * at_once, at_once, serde_json::json!({})));
}
