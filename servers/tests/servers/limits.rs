//! At its limit a server serves those it has, turns the others away at once and rests; with room it lets them in again.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::Model;
use crate::client::Client;
use crate::facts::{Holdings, assert_idle, clients, descriptors_below};
use crate::harness::{Server, Start, eventually};
use crate::sandbox::{self, Sandbox};
use crate::shortage::Shortage;

const LIMIT: u64 = 64;

fn start_with_few_descriptors(model: &Model) -> Server {
    let server = Start::new(model).sandbox(Sandbox::with_descriptors(LIMIT)).start();
    assert_eq!(server.ready["capacity"]["bound_by"], "RLIMIT_NOFILE");
    server
}

/// Connects `count` clients and asks each once: those that were served, and how many were turned away.
fn crowd(server: &Server, count: usize) -> (Vec<Client>, usize) {
    let all: Vec<Client> = (0..count).map(|_| server.connect()).collect();
    let served: Vec<Client> = all
        .into_iter()
        .filter_map(|mut client| client.ask().ok().map(|()| client))
        .collect();
    let refused = count - served.len();
    (served, refused)
}

fn all_are_served(clients: &mut [Client]) {
    clients.iter_mut().for_each(Client::must_be_served);
}

pub(crate) fn no_more_descriptors(model: &Model) {
    let server = start_with_few_descriptors(model);
    let (mut served, mut refused) = crowd(&server, 200);
    assert_eq!(
        served.len(),
        server.capacity(),
        "served at once, against what `ready` announced"
    );
    all_are_served(&mut served);
    assert_idle(model, server.pid());

    // Room for ten, and the first ten that come have it.
    served.truncate(served.len() - 10);
    eventually("those that left are let go", || clients(server.pid()) <= served.len());
    served.extend((0..10).map(|_| server.served()));
    let (none, turned_away) = crowd(&server, 20);
    assert_eq!(none.len(), 0, "served beyond the capacity");
    refused += turned_away;
    all_are_served(&mut served);
    assert_idle(model, server.pid());

    let stopped = server.stop();
    assert_eq!(stopped.accepted as usize, served.len() + 10);
    assert_eq!(stopped.peak as usize, served.len());
    assert_eq!(stopped.refused, json!({ "RLIMIT_NOFILE": refused }));
}

/// While the server is not looking all clients leave and one comes: it learns of the want of descriptors when none is
/// wanted any more, and must not believe in it for ever.
pub(crate) fn all_leave_as_one_comes(model: &Model) {
    let server = start_with_few_descriptors(model);
    let alone = Holdings::of(server.pid());
    let (served, _) = crowd(&server, server.capacity());
    server.signal(Signal::SIGSTOP);
    drop(served);
    let mut newcomer = server.connect();
    server.signal(Signal::SIGCONT);
    // It may still be turned away, but not left alone.
    let _ = newcomer.ask();
    drop(newcomer);
    alone.wait_for(server.pid());
    fills_up_again(model, &server);
}

/// One leaves while others come, at the limit: the place is theirs at the latest when it is free, and those for whom
/// there is none still hear so at once.
pub(crate) fn one_leaves_as_one_comes(model: &Model) {
    let server = start_with_few_descriptors(model);
    let (mut served, _) = crowd(&server, server.capacity() + 1);
    for _ in 0..3 {
        server.signal(Signal::SIGSTOP);
        drop(served.pop());
        let mut newcomer = server.connect();
        server.signal(Signal::SIGCONT);
        if newcomer.ask().is_ok() {
            served.push(newcomer);
        }
        eventually("who left is let go", || clients(server.pid()) <= served.len());
        while served.len() < server.capacity() {
            served.push(server.served());
        }
        assert_eq!(crowd(&server, 3).1, 3, "turned away while there is no room");
    }
    assert_idle(model, server.pid());
    all_are_served(&mut served);
    server.stop();
}

#[track_caller]
fn fills_up_again(model: &Model, server: &Server) {
    let (mut served, refused) = crowd(server, server.capacity() + 5);
    assert_eq!((served.len(), refused), (server.capacity(), 5));
    all_are_served(&mut served);
    assert_idle(model, server.pid());
}

pub(crate) fn no_descriptor_beyond_fd_setsize(model: &Model) {
    const SIZE: usize = 1024;
    // The harness and its clients need as many again.
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    if hard < 2 * SIZE as u64 {
        eprintln!("skipped: RLIMIT_NOFILE is {hard} here, too low for more than {SIZE} descriptors");
        return;
    }
    let server = Start::new(model).start();
    let alone = descriptors_below(server.pid(), SIZE);
    assert_eq!(
        server.ready["capacity"],
        json!({ "connections": SIZE - alone, "bound_by": "FD_SETSIZE" })
    );
    let (mut served, refused) = crowd(&server, 1100);
    assert_eq!((served.len(), refused), (server.capacity(), 1100 - server.capacity()));
    all_are_served(&mut served);
    assert_idle(model, server.pid());
    served.truncate(SIZE / 2);
    eventually("those that left are let go", || clients(server.pid()) <= served.len());
    served.push(server.served());
    all_are_served(&mut served);
    assert_eq!(server.stop().refused, json!({ "FD_SETSIZE": refused }));
}

/// Processes and threads count against one limit, which is set and lifted here while the server runs.
pub(crate) fn no_more_tasks(model: &Model) {
    // A privileged user is not held to the limit.
    let server = Start::new(model).sandbox(Sandbox::unprivileged()).start();
    let alone = Holdings::of(server.pid());
    let mut served: Vec<Client> = (0..5).map(|_| server.served()).collect();
    let unlimited = sandbox::set_task_limit(server.pid(), 0);
    let (none, refused) = crowd(&server, 7);
    assert_eq!((none.len(), refused), (0, 7));
    all_are_served(&mut served);
    assert_idle(model, server.pid());

    sandbox::set_task_limit(server.pid(), unlimited);
    served.truncate(2);
    eventually("those that left are let go", || {
        Holdings::of(server.pid()).further_tasks() == 2
    });
    served.extend((0..2).map(|_| server.served()));
    all_are_served(&mut served);
    drop(served);
    alone.wait_for(server.pid());
    let stopped = server.stop();
    assert_eq!(stopped.accepted, 7);
    assert_eq!(stopped.peak, 5, "at once, without those that were never served");
    let reason = if model.name == "fork" {
        "process limit"
    } else {
        "thread limit"
    };
    assert_eq!(stopped.refused, json!({ reason: 7 }));
}

/// std aborts the process when it cannot map a thread's signal stack, so the bound must be known beforehand.
pub(crate) fn mappings_bound_the_threads(model: &Model) {
    let server = Start::new(model).start();
    let most = fs::read_to_string("/proc/sys/vm/max_map_count").expect("a limit");
    let most: usize = most.trim().parse().expect("a number");
    assert!(server.capacity() < most / 4, "four mappings a thread");
    let bounds = [
        "vm.max_map_count",
        "RLIMIT_NOFILE",
        "RLIMIT_NPROC",
        "kernel.pid_max",
        "kernel.threads-max",
        "cgroup pids.max",
    ];
    let bound = server.ready["capacity"]["bound_by"].as_str().expect("a name");
    assert!(bounds.contains(&bound), "{bound}");
    server.stop();
}

/// A thread that has ended still has its mappings for a moment, in which others want its place.
pub(crate) fn churn_at_the_limit_of_mappings(model: &Model) {
    const LEAVE: usize = 3000;
    let server = Start::new(model).start();
    let (_, descriptors) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    if server.ready["capacity"]["bound_by"] != "vm.max_map_count" || server.capacity() + LEAVE > descriptors as usize {
        eprintln!("skipped: {} comes first here", server.ready["capacity"]["bound_by"]);
        return;
    }
    let (mut served, _) = crowd(&server, server.capacity());
    for _ in 0..20 {
        served.rotate_left(LEAVE / 2);
        for leaving in served.drain(..LEAVE).collect::<Vec<_>>() {
            leaving.reset();
            served.push(server.connect());
        }
        served.retain_mut(|client| client.ask().is_ok());
        let missing = server.capacity() - served.len();
        served.extend(crowd(&server, missing).0);
    }
    all_are_served(&mut served);
    let stopped = server.stop();
    let only = stopped
        .refused
        .as_object()
        .expect("an object")
        .keys()
        .all(|reason| reason == "vm.max_map_count");
    assert!(only, "{}", stopped.refused);
}

/// The system is out of files. That is nobody's fault here: those who are in are served, those who are not wait, and
/// are let in when it is over though nothing else happens then.
pub(crate) fn system_out_of_files(model: &Model) {
    if let Some(reason) = Sandbox::unable_to_fail() {
        eprintln!("skipped: {reason}");
        return;
    }
    let server = Start::new(model).sandbox(Sandbox::supervised()).start();
    let shortage = match Shortage::of(&server) {
        Ok(shortage) => shortage,
        Err(error) => {
            eprintln!("skipped: no supervisor here: {error}");
            return;
        }
    };
    let mut served: Vec<Client> = (0..3).map(|_| server.served()).collect();
    shortage.begin();
    // A server that blocks in accept(2) has asked already, and lets one more in.
    let mut waiting: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    for _ in 0..20 {
        all_are_served(&mut served);
    }
    assert!(
        waiting.iter().skip(1).all(|client| !client.has_heard()),
        "neither served nor refused"
    );
    shortage.end();
    all_are_served(&mut waiting);
    assert_idle(model, server.pid());
    let stopped = server.stop();
    assert_eq!((stopped.accepted, stopped.refused), (6, json!({})));
}

pub(crate) fn no_more_watches(model: &Model) {
    if let Some(reason) = Sandbox::unable_to_fail() {
        eprintln!("skipped: {reason}");
        return;
    }
    const FIRST_UNWATCHED: usize = 20;
    let server = Start::new(model)
        .sandbox(Sandbox::without_watches_from(FIRST_UNWATCHED as u32))
        .start();
    let room = FIRST_UNWATCHED - descriptors_below(server.pid(), FIRST_UNWATCHED);
    let (mut served, refused) = crowd(&server, room + 5);
    assert_eq!((served.len(), refused), (room, 5));
    all_are_served(&mut served);
    assert_idle(model, server.pid());
    drop(served.pop());
    eventually("who left is let go", || clients(server.pid()) <= served.len());
    served.push(server.served());
    assert_eq!(server.stop().refused, json!({ "fs.epoll.max_user_watches": 5 }));
}
