//! The open loop under a virtual clock, before a server with one worker: what it tells is what queueing theory says.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::net::TcpStream;
use std::os::fd::RawFd;
use std::rc::Rc;

use super::*;
use crate::config::Protocol;
use crate::payload::Payload;

const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Default)]
struct Virtual(Rc<Cell<u64>>);

impl Clock for Virtual {
    fn now_ns(&self) -> u64 {
        self.0.get()
    }
}

/// One worker, first come, first served; every request takes as long.
struct Server {
    clock: Virtual,
    takes_ns: u64,
    free_at: u64,
    /// When, on which connection, with which bytes.
    replies: VecDeque<(u64, usize, Vec<u8>)>,
}

impl Engine for Server {
    fn add(&mut self, _: usize, _: TcpStream) -> io::Result<()> {
        Ok(())
    }

    fn watch(&mut self, _: RawFd) -> io::Result<()> {
        Ok(())
    }

    fn turn(&mut self, _: u64, _: &mut impl Load) -> io::Result<bool> {
        Ok(false)
    }

    fn send(&mut self, id: usize, bytes: &[u8]) -> Result<(), Outcome> {
        for request in bytes.chunks(16) {
            self.free_at = self.free_at.max(self.clock.now_ns()) + self.takes_ns;
            self.replies.push_back((self.free_at, id, request.to_vec()));
        }
        Ok(())
    }

    fn close(&mut self, _: usize) {}
}

struct Simulation {
    clock: Virtual,
    load: OpenLoop<Virtual, Payload>,
    server: Server,
}

impl Simulation {
    /// `conns` connections that have said hello.
    fn new(conns: u64, arrivals: Arrivals, takes_ns: u64) -> Self {
        let config = Config {
            target: "127.0.0.1:1".parse().unwrap(),
            conns,
            first_id: 0,
            stride: 1,
            protocol: Protocol::Echo,
            exchange: None,
            request_bytes: 16,
            reply_bytes: 16,
            pipeline: 1,
            ramp_ns: 0,
            connect_timeout_ns: SECOND,
            timeout_ns: 1000 * SECOND,
            spin: false,
            sources: 1,
            requests_per_conn: None,
            think_ns: 0,
            slow_every: 1,
            arrivals: Some(arrivals),
            seed: 7,
        };
        let clock = Virtual::default();
        let mut simulation = Self {
            load: OpenLoop::new(&config, Payload::of(&config), arrivals, clock.clone()),
            server: Server {
                clock: clock.clone(),
                takes_ns,
                free_at: 0,
                replies: VecDeque::new(),
            },
            clock,
        };
        for i in 0..conns as usize {
            simulation.load.greet(i, 0, &mut simulation.server);
        }
        simulation.run(SECOND);
        assert_eq!(simulation.load.silent(), 0);
        simulation
    }

    /// Everything that happens until `until`.
    fn run(&mut self, until: u64) {
        loop {
            let reply_at = self.server.replies.front().map_or(u64::MAX, |(at, ..)| *at);
            let now = self.load.next_tick_ns().min(reply_at);
            if now > until {
                break;
            }
            self.clock.0.set(now);
            if reply_at == now {
                let (_, i, bytes) = self.server.replies.pop_front().unwrap();
                let next = self.load.received(i, &bytes).expect("the reply is right").to_vec();
                self.server.send(i, &next).unwrap();
            }
            self.load.tick(now, &mut self.server);
        }
        self.clock.0.set(until);
    }

    /// A window from `start` on, for `length`; the load has begun at its start.
    fn window(&mut self, rate_per_s: f64, length: u64, during: impl FnOnce(&mut Self)) -> Window {
        let start = self.clock.now_ns();
        self.load.begin(|_| true, Some(rate_per_s), &mut self.server);
        self.load.open_window(start, start + length);
        during(self);
        self.run(start + length);
        self.load.close_window();
        let mut window = Window::default();
        self.load.report(&mut window);
        window
    }
}

fn near(got: f64, expected: f64, within: f64, what: &str) {
    assert!(
        (got / expected - 1.0).abs() <= within,
        "{what}: {got} where {expected} is due"
    );
}

/// Response times by the recursion of D. V. Lindley (1952), over the very arrivals of the schedule.
fn lindley(rate_per_s: f64, takes_ns: u64, until: u64) -> Vec<u64> {
    let mut schedule = Schedule::new(Arrivals::Poisson, rate_per_s, 0.0, 7, 0);
    let (mut free_at, mut times) = (0, Vec::new());
    while schedule.next_ns() <= until {
        let arrival = schedule.next_ns();
        free_at = free_at.max(arrival) + takes_ns;
        if free_at < until {
            times.push(free_at - arrival);
        }
        schedule.advance();
    }
    times.sort_unstable();
    times
}

#[test]
fn response_times_are_those_of_queueing_theory() {
    // 1 ms of work, 80 % busy: the mean wait of such a queue is 2 ms (Pollaczek and Khinchine), with one connection
    // that holds back what is due, and with many.
    for conns in [1, 500] {
        let (rate, takes, length) = (800.0, SECOND / 1000, 200 * SECOND);
        let window = Simulation::new(conns, Arrivals::Poisson, takes).window(rate, length, |_| {});
        let open = window.open.unwrap();
        let expected = lindley(rate, takes, length);
        assert_eq!(open.response.len(), expected.len() as u64);
        let mean = expected.iter().sum::<u64>() as f64 / expected.len() as f64;
        near(open.response.mean(), mean, 0.005, "mean");
        near(mean, 3e6, 0.05, "the sample's own mean");
        for q in [0.5, 0.9, 0.99, 0.999] {
            let due = expected[((expected.len() as f64 * q).ceil() as usize).saturating_sub(1)];
            near(
                open.response.quantile(q) as f64,
                due as f64,
                0.005,
                &format!("{q} of {conns}"),
            );
        }
        assert_eq!(open.lateness.quantile(1.0), 0, "a virtual generator is never late");
        if conns == 1 {
            // Sent only when the one before was answered: no wait for the server is in it.
            near(window.latency.quantile(1.0) as f64, takes as f64, 0.005, "service time");
        }
    }
}

#[test]
fn a_stall_is_in_the_response_times_and_not_in_the_service_times() {
    let (stall, length, rate) = (1_400_000_000, 30 * SECOND, 1000.0);
    for (takes, busy) in [(1000, 0.001), (500_000, 0.5)] {
        let mut simulation = Simulation::new(10, Arrivals::Uniform, takes);
        let window = simulation.window(rate, length, |simulation| {
            let start = simulation.clock.now_ns();
            simulation.run(start + 10 * SECOND);
            // It takes up nothing for so long.
            simulation.server.free_at = simulation.clock.now_ns() + stall;
        });
        let open = window.open.unwrap();
        // A request that comes x into the stall waits for its rest and for those before it: S − (1 − ρ)x.
        let expected = stall as f64 - (1.0 - busy) * 0.01 * length as f64;
        near(
            open.response.quantile(0.99) as f64,
            expected,
            0.02,
            "p99 of the response times",
        );
        // When it goes on, each of the ten waits for the nine others.
        assert!(
            window.latency.quantile(0.99) <= 11 * takes,
            "p99 of the service times: {}",
            window.latency.quantile(0.99)
        );
        near(open.offered as f64, 30_000.0, 1e-4, "offered");
        assert_eq!(window.unfinished.len(), open.offered - open.response.len());
    }
}

#[test]
fn what_was_due_and_not_answered_is_not_forgotten() {
    // The server takes up half of what is offered: the other half is due at the end, and older than a second or so.
    let mut simulation = Simulation::new(4, Arrivals::Uniform, 2_000_000);
    let window = simulation.window(1000.0, 10 * SECOND, |_| {});
    let open = window.open.unwrap();
    assert_eq!(open.offered, 10_000);
    near(open.response.len() as f64, 5000.0, 0.001, "answered");
    assert_eq!(window.unfinished.len() + open.response.len(), open.offered);
    near(
        window.unfinished.quantile(1.0) as f64,
        5e9,
        0.01,
        "the oldest of those that were due",
    );
    let tally = simulation.load.tally(|_| true);
    assert_eq!((tally.served, tally.starved), (4, 0));
}

#[test]
fn a_client_that_had_nothing_to_ask_for_is_not_starved() {
    let mut simulation = Simulation::new(100, Arrivals::Uniform, 1000);
    let window = simulation.window(10.0, SECOND, |_| {});
    assert_eq!(window.open.unwrap().offered, 10);
    let tally = simulation.load.tally(|_| true);
    assert_eq!((tally.served, tally.starved, tally.sum), (100, 0, 10));
}

#[test]
fn a_lost_connection_fails_with_all_that_waited_on_it_and_the_others_take_over() {
    let mut simulation = Simulation::new(2, Arrivals::Uniform, 300_000_000);
    let window = simulation.window(100.0, SECOND, |simulation| {
        let start = simulation.clock.now_ns();
        simulation.run(start + SECOND / 2);
        let before = simulation.load.lanes[0].due().count();
        simulation.load.lost(0, Outcome::Reset);
        assert_eq!(simulation.load.take_outcomes().count(Outcome::Reset), before as u64);
        assert!(before > 10, "{before}");
        simulation.server.replies.retain(|(_, i, _)| *i != 0);
    });
    let open = window.open.unwrap();
    assert_eq!(open.offered, 100, "the rate is kept");
    assert_eq!(
        window.unfinished.len() + open.response.len(),
        open.offered,
        "what failed had waited, and counts as longer than that"
    );
    assert_eq!(simulation.load.tally(|_| true).lost, 1);
}

#[test]
fn what_is_due_when_nobody_is_left_is_not_forgotten() {
    let mut simulation = Simulation::new(3, Arrivals::Uniform, 1000);
    let window = simulation.window(1000.0, 10 * SECOND, |simulation| {
        simulation.run(simulation.clock.now_ns() + SECOND);
        (0..3).for_each(|i| simulation.load.lost(i, Outcome::Reset));
        simulation.server.replies.clear();
    });
    let open = window.open.unwrap();
    assert_eq!(open.offered, 10_000, "the schedule does not care");
    assert_eq!(window.unfinished.len() + open.response.len(), open.offered);
    near(window.unfinished.quantile(1.0) as f64, 9e9, 0.01, "the oldest of them");
}

#[test]
fn a_generator_that_cannot_keep_up_gives_replies_their_turn_and_says_how_late_it_was() {
    let mut simulation = Simulation::new(10, Arrivals::Uniform, 1);
    let start = simulation.clock.now_ns();
    simulation.load.begin(|_| true, Some(1e6), &mut simulation.server);
    simulation.load.open_window(start, start + SECOND);
    // It comes back after 10 ms, in which 10,000 requests were due.
    simulation.clock.0.set(start + SECOND / 100);
    simulation.load.tick(start + SECOND / 100, &mut simulation.server);
    let released: usize = simulation.load.lanes.iter().map(|lane| lane.due().count()).sum();
    assert_eq!(released, BATCH);
    simulation.clock.0.set(start + SECOND);
    simulation.load.close_window();
    let mut window = Window::default();
    simulation.load.report(&mut window);
    let open = window.open.unwrap();
    assert_eq!((open.offered, window.unfinished.len()), (1_000_000, 1_000_000));
    assert!(
        open.lateness.quantile(0.5) > SECOND / 3,
        "{}",
        open.lateness.quantile(0.5)
    );
}

#[test]
fn a_wrong_reply_ends_its_connection() {
    let mut simulation = Simulation::new(1, Arrivals::Uniform, 1000);
    simulation.load.begin(|_| true, Some(1000.0), &mut simulation.server);
    simulation
        .load
        .open_window(simulation.clock.now_ns(), simulation.clock.now_ns() + SECOND);
    let now = simulation.clock.now_ns();
    simulation.load.tick(now, &mut simulation.server);
    assert!(simulation.load.received(0, &[0; 16]).is_err());
    assert_eq!(simulation.load.take_outcomes().count(Outcome::Mismatch), 1);
}
