//! What only a server with a process for each connection can get wrong.

use std::net::TcpListener;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Model;
use crate::client::Client;
use crate::facts::{Holdings, children, runs, sockets};
use crate::harness::{Server, Start, eventually};

/// Clients that are served, each with the process that serves it.
fn served_by(server: &Server, count: usize) -> Vec<(Client, u32)> {
    let one = |_| {
        let before = children(server.pid());
        let client = server.served();
        let new: Vec<u32> = children(server.pid()).difference(&before).copied().collect();
        assert_eq!(new.len(), 1, "one process for one connection");
        (client, new[0])
    };
    (0..count).map(one).collect()
}

/// A listening socket that a child keeps would hold the port for as long as the child lives, and a client's that it
/// inherits would keep that client from ever seeing the end.
pub(crate) fn children_hold_nothing_but_their_client(model: &Model) {
    let server = Start::new(model).start();
    let listener = sockets(server.pid());
    assert_eq!(listener.len(), 1, "{listener:?}");
    for (_client, child) in served_by(&server, 3) {
        let held = sockets(child);
        assert_eq!(held.len(), 1, "{held:?}");
        assert!(held.is_disjoint(&listener), "a child keeps the listening socket");
    }
    assert_eq!(sockets(server.pid()), listener, "the parent keeps a client's socket");
    server.stop();
}

pub(crate) fn a_killed_child_is_one_lost_connection(model: &Model) {
    one_lost_connection(model, Signal::SIGKILL);
}

/// The signal that stops the server stops the server only where it is sent to the server.
pub(crate) fn a_terminated_child_is_one_lost_connection(model: &Model) {
    one_lost_connection(model, Signal::SIGTERM);
}

fn one_lost_connection(model: &Model, signal: Signal) {
    let server = Start::new(model).start();
    let alone = Holdings::of(server.pid());
    let mut served = served_by(&server, 3);
    let (mut victim, child) = served.remove(1);
    kill(Pid::from_raw(child as i32), signal).expect("a child");
    victim.expect_gone();
    served.iter_mut().for_each(|(client, _)| client.must_be_served());
    drop(served);
    alone.wait_for(server.pid());
    drop(server.served());
    let stopped = server.stop();
    assert_eq!((stopped.accepted, stopped.peak), (4, 3));
}

pub(crate) fn no_child_outlives_a_killed_parent(model: &Model) {
    let mut server = Start::new(model).start();
    let served = served_by(&server, 3);
    server.kill();
    for (mut client, child) in served {
        client.expect_gone();
        eventually("the child ends", || !runs(child));
    }
}

pub(crate) fn the_port_is_free_after_a_stop(model: &Model) {
    let server = Start::new(model).start();
    let address = server.address();
    let served = served_by(&server, 3);
    server.stop();
    TcpListener::bind(address).expect("nobody listens there any more");
    for (mut client, child) in served {
        client.expect_gone();
        eventually("the child ends", || !runs(child));
    }
}
