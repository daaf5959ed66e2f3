//! Many clients, and clients that behave badly: each one's end is its own.

use crate::Model;
use crate::client::{Client, Protocol};
use crate::facts::{Holdings, assert_idle};
use crate::harness::Start;

pub(crate) fn reset_in_mid_request(model: &Model) {
    let server = Start::new(model).protocol(Protocol::Reply).start();
    let alone = Holdings::of(server.pid());
    let mut other = (!model.one_at_a_time).then(|| server.served());
    for _ in 0..3 {
        let mut client = server.served();
        let (request, _) = client.conversation(1);
        client.send(&request[..20]);
        client.wait_until_read();
        client.reset();
    }
    other.iter_mut().for_each(Client::must_be_served);
    drop(other);
    server.served();
    alone.wait_for(server.pid());
    let stopped = server.stop();
    assert_eq!(stopped.accepted, if model.one_at_a_time { 4 } else { 5 });
}

/// Every way to leave: without a word, in the middle of a request, with replies unread, by a reset, half closed.
pub(crate) fn clients_that_vanish(model: &Model) {
    let server = Start::new(model).start();
    let alone = Holdings::of(server.pid());
    let mut crowd: Vec<Client> = (0..500).map(|_| server.connect()).collect();
    for (i, client) in crowd.iter_mut().enumerate() {
        let (requests, _) = client.conversation(10);
        match i % 4 {
            0 => {}
            1 => client.send(&requests[..30]),
            _ => client.send(&requests),
        }
        if i % 3 == 0 {
            client.shut_sending();
        }
    }
    for (i, client) in crowd.into_iter().enumerate() {
        if i % 5 < 2 {
            client.reset();
        }
    }
    server.served();
    alone.wait_for(server.pid());
    assert_idle(model, server.pid());
    assert!(server.stop().accepted <= 501);
}

pub(crate) fn silent_clients_hold_up_nobody(model: &Model) {
    let server = Start::new(model).start();
    let silent: Vec<Client> = (0..20).map(|_| server.connect()).collect();
    let mut talker = server.served();
    (0..20).for_each(|_| talker.must_be_served());
    assert_idle(model, server.pid());
    assert!(!silent.iter().any(Client::has_heard), "nobody asked");
    let stopped = server.stop();
    assert_eq!((stopped.accepted, stopped.peak), (21, 21));
}

pub(crate) fn sixty_four_at_once(model: &Model) {
    let server = Start::new(model).start();
    let mut clients: Vec<Client> = (0..64).map(|_| server.connect()).collect();
    if model.one_at_a_time {
        for mut client in clients {
            (0..3).for_each(|_| client.must_be_served());
        }
    } else {
        for _ in 0..3 {
            // All have a request under way at the same time.
            let talks: Vec<_> = clients.iter_mut().map(|client| client.conversation(3)).collect();
            clients
                .iter_mut()
                .zip(&talks)
                .for_each(|(client, (requests, _))| client.send(requests));
            clients
                .iter_mut()
                .zip(&talks)
                .for_each(|(client, (_, expected))| client.expect(expected));
        }
    }
    let stopped = server.stop();
    let peak = if model.one_at_a_time { 1 } else { 64 };
    assert_eq!((stopped.accepted, stopped.peak), (64, peak));
}

pub(crate) fn the_second_waits_for_the_first(model: &Model) {
    let server = Start::new(model).start();
    let mut first = server.served();
    let mut second = server.connect();
    let (request, expected) = second.conversation(1);
    second.send(&request);
    (0..50).for_each(|_| first.must_be_served());
    assert!(!second.has_heard(), "the second was served while the first was there");
    drop(first);
    second.expect(&expected);
    let stopped = server.stop();
    assert_eq!((stopped.accepted, stopped.peak), (2, 1));
}
