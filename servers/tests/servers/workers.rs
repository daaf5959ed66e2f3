//! A fixed number of workers: so many clients are served, and the next one waits in the accept queue.

use std::net::TcpListener;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::Model;
use crate::client::Client;
use crate::facts::{assert_idle, children, runs, sockets};
use crate::harness::{Server, Start, eventually};

fn start(model: &Model, workers: &str) -> Server {
    Start::new(model).flags(workers).start()
}

pub(crate) fn one_more_than_workers_waits(model: &Model) {
    for (flags, workers) in [("", 64), ("--workers 1", 1), ("--workers 3", 3)] {
        let server = start(model, flags);
        assert_eq!(
            server.ready["capacity"],
            json!({ "connections": workers, "bound_by": "workers" })
        );
        assert_eq!(server.ready["workers"], workers);
        let mut served: Vec<Client> = (0..workers).map(|_| server.served()).collect();
        let mut next = server.connect();
        let (request, expected) = next.conversation(1);
        next.send(&request);
        (0..20).for_each(|_| served.iter_mut().for_each(Client::must_be_served));
        assert!(!next.has_heard(), "served beside {workers} others");
        assert_idle(model, server.pid());
        drop(served.pop());
        next.expect(&expected);
        let stopped = server.stop();
        assert_eq!((stopped.accepted, stopped.peak), (workers + 1, workers));
    }
}

/// A stop while every worker is busy finds whoever waits for a free one.
pub(crate) fn stops_while_all_are_busy(model: &Model) {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server = start(model, "--workers 2");
        let mut clients: Vec<Client> = (0..2).map(|_| server.served()).collect();
        let waiting = server.connect();
        server.signal(signal);
        assert_eq!(server.stopped().accepted, 2);
        clients.push(waiting);
        clients.iter_mut().for_each(Client::expect_gone);
    }
}

/// The worker that serves a client holds a socket beside the listening one.
fn serving(server: &Server) -> Vec<u32> {
    let workers = children(server.pid()).into_iter();
    workers.filter(|&worker| sockets(worker).len() == 2).collect()
}

pub(crate) fn a_killed_worker_is_replaced(model: &Model) {
    let server = start(model, "--workers 3");
    let all = children(server.pid());
    assert_eq!(all.len(), 3);
    let mut others: Vec<Client> = (0..2).map(|_| server.served()).collect();
    let busy = serving(&server);
    let mut victim = server.served();
    let worker = serving(&server).into_iter().find(|worker| !busy.contains(worker));
    kill(Pid::from_raw(worker.expect("one more") as i32), Signal::SIGKILL).expect("a worker");
    victim.expect_gone();
    others.iter_mut().for_each(Client::must_be_served);
    others.push(server.served());
    // Another that serves nobody.
    drop(others.remove(0));
    eventually("one is free", || serving(&server).len() == 2);
    let idle = children(server.pid())
        .into_iter()
        .find(|worker| !serving(&server).contains(worker));
    let idle = idle.expect("a free one");
    kill(Pid::from_raw(idle as i32), Signal::SIGKILL).expect("a worker");
    // Before its end it may still be woken for a newcomer, take it, and be gone with it.
    eventually("it has ended", || !children(server.pid()).contains(&idle));
    others.push(server.served());
    eventually("there are three again", || {
        children(server.pid())
            .into_iter()
            .filter(|&worker| runs(worker))
            .count()
            == 3
    });
    let stopped = server.stop();
    assert_eq!((stopped.accepted, stopped.peak), (5, 3));
    assert_eq!(stopped.line["workers_replaced"], 2);
}

pub(crate) fn no_worker_outlives_the_server(model: &Model) {
    for by_kill in [true, false] {
        let mut server = start(model, "--workers 3");
        let address = server.address();
        let workers = children(server.pid());
        let mut clients: Vec<Client> = (0..2).map(|_| server.served()).collect();
        if by_kill {
            server.kill();
        } else {
            assert_eq!(server.stop().line["workers_replaced"], 0);
        }
        clients.iter_mut().for_each(Client::expect_gone);
        for worker in workers {
            eventually("the worker ends", || !runs(worker));
        }
        TcpListener::bind(address).expect("nobody listens there any more");
    }
}
