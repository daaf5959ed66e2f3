//! The closed loop: a connection's next request waits for its reply. Receive, stamp, check, record, send.
//!
//! This is the hot path. A reply costs one clock reading, one comparison of its bytes, one count in a histogram and
//! the two stores that make the next request; nothing is allocated, locked or formatted. The instant at which a reply
//! was received is also the instant at which the next request counts as sent, so a connection's latencies add up to
//! the time that passed: [`Account`] holds the two against each other.

use std::time::Duration;

use crate::account::Account;
use crate::client::{Client, State, Tally};
use crate::clock::{nanoseconds, now_ns};
use crate::config::Config;
use crate::engine::{Close, Engine, Load};
use crate::histogram::Histogram;
use crate::outcome::{Outcome, Outcomes};
use crate::payload::Payload;

/// How often connections are looked through for replies that are overdue.
const SWEEP: Duration = Duration::from_millis(50);

/// All clients of a shard.
pub(crate) struct ClosedLoop {
    clients: Vec<Client>,
    /// When each request under way was sent: `depth` slots a client.
    sent_ns: Vec<u64>,
    payload: Payload,
    /// The requests that one receive has called for, where it is more than one.
    requests: Vec<u8>,
    depth: u32,
    timeout_ns: u64,
    next_sweep_ns: u64,
    /// Where replies are recorded.
    pub(crate) account: Account,
    /// What has ended since it was last taken.
    outcomes: Outcomes,
    /// From the start of a connection to its first reply.
    pub(crate) first_replies: Histogram,
    /// When the last client got its first reply since [`ClosedLoop::begin`].
    pub(crate) progress_ns: u64,
    /// Active clients that got a reply since [`ClosedLoop::begin`] and are still there.
    pub(crate) answered: u64,
}

impl ClosedLoop {
    pub(crate) fn new(config: &Config) -> Self {
        let client = |i| Client {
            id: (config.first_id + i * config.stride) as u32,
            next: 0,
            due: 0,
            got: 0,
            replies: 0,
            greeted: false,
            late: false,
            state: State::Absent,
            active: false,
            answered: false,
        };
        Self {
            clients: (0..config.conns).map(client).collect(),
            sent_ns: vec![0; (config.conns * config.pipeline) as usize],
            payload: Payload::new(
                config.protocol,
                config.request_bytes as usize,
                config.reply_bytes as usize,
            )
            .slow_every(config.slow_every as u32),
            requests: Vec::new(),
            depth: config.pipeline as u32,
            timeout_ns: config.timeout_ns,
            next_sweep_ns: 0,
            account: Account::new(config.slow_every > 1),
            outcomes: Outcomes::default(),
            first_replies: Histogram::default(),
            progress_ns: 0,
            answered: 0,
        }
    }

    /// Client `i` is connected since its attempt at `began_ns` succeeded: it says hello with one request.
    pub(crate) fn greet(&mut self, i: usize, began_ns: u64, engine: &mut impl Engine) {
        let client = &mut self.clients[i];
        client.state = State::Silent;
        self.sent_ns[i * self.depth as usize] = began_ns;
        client.next = 1;
        let hello = self.payload.request(client.id, 0);
        if let Err(how) = engine.send(i, hello) {
            engine.close(i);
            self.lost(i, how);
        }
    }

    /// Every client for which `active` holds sends from now on, as many requests as the pipeline is deep.
    pub(crate) fn begin(&mut self, active: impl Fn(u64) -> bool, engine: &mut impl Engine) {
        (self.answered, self.progress_ns) = (0, now_ns());
        self.account.begin();
        for i in 0..self.clients.len() {
            let client = &mut self.clients[i];
            client.active = active(u64::from(client.id));
            client.answered = false;
            if !client.active || !client.is_there() {
                continue;
            }
            let missing = self.depth - client.under_way();
            let now = now_ns();
            let requests = self.requests_of(i, missing, now);
            if let Err(how) = engine.send(i, &requests) {
                engine.close(i);
                self.lost(i, how);
            }
        }
    }

    fn requests_of(&mut self, i: usize, count: u32, now: u64) -> Vec<u8> {
        let mut requests = Vec::new();
        for _ in 0..count {
            requests.extend_from_slice(next_request(
                i,
                self.depth,
                &mut self.clients[i],
                &mut self.sent_ns,
                &mut self.payload,
                now,
            ));
        }
        requests
    }

    /// Records what completes from `start_ns` until `end_ns`, from zero.
    pub(crate) fn open_window(&mut self, start_ns: u64, end_ns: u64) {
        self.account.open(start_ns, end_ns);
        for client in &mut self.clients {
            (client.replies, client.greeted, client.late) = (0, false, false);
        }
    }

    /// Records nothing any more, and counts the requests under way as unfinished.
    pub(crate) fn close_window(&mut self) {
        for i in 0..self.clients.len() {
            let client = self.clients[i];
            if client.active && client.is_there() {
                for n in 0..client.under_way() {
                    let sent = self.sent_ns[self.slot(i, client.due.wrapping_add(n))];
                    self.account.unfinished(client.state, sent);
                }
                self.settle(i, u64::MAX);
            }
        }
        self.outcomes.add(Outcome::Ok, self.account.latencies.len());
        self.outcomes.add(Outcome::Unfinished, self.account.cut_off);
        self.account.close();
    }

    /// Client `i` talks no longer than until `now`.
    fn settle(&mut self, i: usize, now: u64) {
        let client = &self.clients[i];
        let (depth, slots) = (self.depth, &self.sent_ns[i * self.depth as usize..]);
        let under_way = (0..client.under_way()).map(|n| slots[(client.due.wrapping_add(n) % depth) as usize]);
        self.account.settle(client, under_way, now);
    }

    /// What has ended since the last call. Every failure is told once, whenever it came.
    pub(crate) fn take_outcomes(&mut self) -> Outcomes {
        std::mem::take(&mut self.outcomes)
    }

    /// Where request `sequence` of client `i` has its instant.
    fn slot(&self, i: usize, sequence: u32) -> usize {
        i * self.depth as usize + (sequence % self.depth) as usize
    }

    /// Ends all sending; what is under way may still be answered.
    pub(crate) fn rest(&mut self) {
        for client in &mut self.clients {
            client.active = false;
        }
    }

    /// Replies that served clients still wait for.
    pub(crate) fn outstanding(&self) -> u64 {
        let served = self.clients.iter().filter(|client| client.state == State::Served);
        served.map(|client| u64::from(client.under_way())).sum()
    }

    /// Clients that are connected and were asked to send, whether or not they were ever served.
    pub(crate) fn talking(&self) -> u64 {
        let talks = |client: &&Client| client.active && client.is_there();
        self.clients.iter().filter(talks).count() as u64
    }

    /// Established clients without a reply so far.
    pub(crate) fn silent(&self) -> u64 {
        self.clients
            .iter()
            .filter(|client| client.state == State::Silent)
            .count() as u64
    }

    /// Counts over all clients for which `active` holds.
    pub(crate) fn tally(&self, active: impl Fn(u64) -> bool) -> Tally {
        Tally::of(self.clients.iter().filter(|client| active(u64::from(client.id))))
    }

    /// When [`ClosedLoop::sweep`] wants to be called next.
    pub(crate) fn next_sweep_ns(&self) -> u64 {
        self.next_sweep_ns
    }

    /// Closes the connections whose oldest request is overdue.
    pub(crate) fn sweep(&mut self, now: u64, engine: &mut impl Engine) {
        if now < self.next_sweep_ns {
            return;
        }
        self.next_sweep_ns = now + nanoseconds(SWEEP);
        for i in 0..self.clients.len() {
            let client = &self.clients[i];
            let waits = client.is_there() && client.due != client.next;
            let slot = self.slot(i, client.due);
            if waits && now.saturating_sub(self.sent_ns[slot]) > self.timeout_ns {
                engine.close(i);
                self.lost(i, Outcome::RequestTimeout);
            }
        }
    }
}

impl Load for ClosedLoop {
    #[inline]
    fn received(&mut self, i: usize, mut bytes: &[u8]) -> Result<&[u8], Close> {
        let now = now_ns();
        let client = &mut self.clients[i];
        let mut completed = 0;
        while !bytes.is_empty() {
            if client.due == client.next {
                // Nothing is due: a doubled reply, or bytes that nobody asked for.
                self.lost(i, Outcome::Mismatch);
                return Err(Close);
            }
            let reply = self.payload.reply(client.id, client.due);
            let missing = &reply[client.got as usize..];
            let (came, rest) = bytes.split_at(bytes.len().min(missing.len()));
            if came != &missing[..came.len()] {
                self.lost(i, Outcome::Mismatch);
                return Err(Close);
            }
            bytes = rest;
            if came.len() < missing.len() {
                client.got += came.len() as u32;
                break;
            }
            client.got = 0;
            let slot = i * self.depth as usize + (client.due % self.depth) as usize;
            let sent = self.sent_ns[slot];
            client.due = client.due.wrapping_add(1);
            completed += 1;
            // One that is not to send may still get what it waited for since an earlier window.
            if client.active && self.account.is_inside(now) {
                if client.state == State::Silent {
                    // A hello counts from connect(2) on, which is no service time.
                    client.greeted = true;
                    self.account.cut(sent, now);
                } else {
                    client.replies += 1;
                    self.account.reply(sent, now);
                    if let Some(slow) = &mut self.account.slow
                        && self.payload.is_marked(client.id, client.due.wrapping_sub(1))
                    {
                        slow.record(now - sent);
                    }
                }
            } else if client.active && self.account.is_overtime(now) {
                self.account.cut(sent, now);
                self.account.unfinished(client.state, sent);
            }
            if self.account.has_ended(now) {
                client.late = true;
            }
            if !client.answered {
                client.answered = true;
                self.answered += u64::from(client.active);
                self.progress_ns = now;
                if client.state == State::Silent {
                    client.state = State::Served;
                    self.first_replies.record(now - sent);
                }
            }
        }
        if !client.active || completed == 0 {
            return Ok(&[]);
        }
        if completed == 1 {
            return Ok(next_request(
                i,
                self.depth,
                client,
                &mut self.sent_ns,
                &mut self.payload,
                now,
            ));
        }
        self.requests.clear();
        for _ in 0..completed {
            let request = next_request(i, self.depth, client, &mut self.sent_ns, &mut self.payload, now);
            self.requests.extend_from_slice(request);
        }
        Ok(&self.requests)
    }

    fn lost(&mut self, i: usize, how: Outcome) {
        self.settle(i, now_ns());
        let client = &mut self.clients[i];
        let by_server = matches!(how, Outcome::ClosedEarly | Outcome::Reset);
        client.state = match client.state {
            State::Silent if by_server => State::TurnedAway,
            State::Silent => State::Unserved,
            _ => State::Lost,
        };
        self.answered -= u64::from(client.active && client.answered);
        // Each request under way fails with its connection; without any, the connection itself is what failed.
        self.outcomes.add(how, u64::from(client.under_way()).max(1));
    }
}

/// Makes client `i`'s next request, sent at `now`.
#[inline]
fn next_request<'a>(
    i: usize,
    depth: u32,
    client: &mut Client,
    sent_ns: &mut [u64],
    payload: &'a mut Payload,
    now: u64,
) -> &'a [u8] {
    sent_ns[i * depth as usize + (client.next % depth) as usize] = now;
    let sequence = client.next;
    client.next = client.next.wrapping_add(1);
    payload.request(client.id, sequence)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::TcpStream;
    use std::os::fd::RawFd;

    use super::*;
    use crate::config::Protocol;

    /// Keeps what is sent.
    #[derive(Default)]
    struct Wire(Vec<u8>);

    impl Engine for Wire {
        fn add(&mut self, _: usize, _: TcpStream) -> io::Result<()> {
            Ok(())
        }

        fn watch(&mut self, _: RawFd) -> io::Result<()> {
            Ok(())
        }

        fn turn(&mut self, _: u64, _: &mut impl Load) -> io::Result<bool> {
            Ok(false)
        }

        fn send(&mut self, _: usize, bytes: &[u8]) -> Result<(), Outcome> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }

        fn close(&mut self, _: usize) {}
    }

    /// As [`silent`], and the first client's hello was answered.
    fn talking(pipeline: u64) -> (ClosedLoop, Wire) {
        let (mut clients, mut wire) = silent(pipeline);
        let hello = clients.payload.request(0, 0).to_vec();
        let next = clients.received(0, &hello).expect("the reply is right").to_vec();
        wire.0.extend_from_slice(&next);
        (clients, wire)
    }

    /// Two clients that are connected, the first of which talks, `pipeline` requests at once.
    fn silent(pipeline: u64) -> (ClosedLoop, Wire) {
        let config = Config {
            target: "127.0.0.1:1".parse().unwrap(),
            conns: 2,
            first_id: 0,
            stride: 1,
            protocol: Protocol::Echo,
            request_bytes: 16,
            reply_bytes: 16,
            pipeline,
            ramp_ns: 0,
            connect_timeout_ns: 1,
            timeout_ns: 60_000_000_000,
            spin: false,
            sources: 1,
            slow_every: 1,
        };
        let (mut clients, mut wire) = (ClosedLoop::new(&config), Wire::default());
        for i in 0..2 {
            clients.greet(i, now_ns(), &mut wire);
        }
        wire.0.clear();
        clients.begin(|id| id == 0, &mut wire);
        (clients, wire)
    }

    #[test]
    fn sequence_numbers_may_wrap() {
        let (mut clients, mut wire) = talking(4);
        clients.open_window(now_ns(), now_ns() + 1_000_000_000_000);
        // Four billion requests later.
        let client = &mut clients.clients[0];
        (client.due, client.next) = (u32::MAX - 2, 1);
        wire.0 = (u32::MAX - 2..=u32::MAX)
            .chain([0])
            .flat_map(|n| clients.payload.request(0, n).to_vec())
            .collect();
        for _ in 0..3 {
            wire.0 = clients.received(0, &wire.0).expect("every reply is right").to_vec();
            assert_eq!((wire.0.len(), clients.clients[0].under_way()), (64, 4));
        }
        assert_eq!((clients.account.latencies.len(), clients.outstanding()), (12, 4));
        clients.close_window();
        let outcomes = clients.take_outcomes();
        assert_eq!(
            (outcomes.count(Outcome::Ok), outcomes.count(Outcome::Unfinished)),
            (12, 4)
        );
    }

    #[test]
    fn the_account_of_a_window_is_closed_whatever_happens_at_its_edges() {
        let (mut clients, wire) = talking(1);
        let start = now_ns();
        let end = start + 200_000_000;
        clients.open_window(start, end);
        let next = clients.received(0, &wire.0).expect("the reply is right").to_vec();
        assert!(clients.account.early_ns > 0, "sent before the window began");
        // It is over before the next reply comes, and that is seen only later.
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(clients.account.latencies.len(), 1);
        clients.received(0, &next).expect("the reply is right");
        assert_eq!(clients.account.latencies.len(), 1, "it came after the end");
        clients.close_window();
        assert_eq!(clients.account.talked_ns, end - start);
    }

    #[test]
    fn the_reply_to_a_hello_is_a_first_reply_and_no_service_time() {
        let (mut clients, _) = silent(1);
        let (start, end) = (now_ns(), now_ns() + 200_000_000);
        clients.open_window(start, end);
        let hello = clients.payload.request(0, 0).to_vec();
        let next = clients.received(0, &hello).expect("the reply is right").to_vec();
        assert_eq!(next.len(), 16, "it talks from now on");
        assert!(clients.account.latencies.is_empty());
        assert_eq!(clients.first_replies.len(), 1);
        let tally = clients.tally(|id| id == 0);
        assert_eq!((tally.served, tally.greeted, tally.starved, tally.sum), (1, 1, 0, 0));
        clients.received(0, &next).expect("the reply is right");
        let tally = clients.tally(|id| id == 0);
        assert_eq!((tally.served, tally.greeted, tally.sum), (1, 0, 1));
        std::thread::sleep(Duration::from_millis(200));
        clients.close_window();
        // Little's law: the time of the hello, of the reply and of what was cut off is all the time there was.
        let account = &clients.account;
        assert_eq!((account.early_ns, account.talked_ns), (0, end - start));
        let inside = account.latencies.mean() + account.cut_ns as f64;
        assert!((inside / (end - start) as f64 - 1.0).abs() < 0.001, "{account:?}");
    }

    #[test]
    fn only_those_that_are_to_send_are_recorded() {
        let (mut clients, _) = talking(1);
        clients.open_window(now_ns(), now_ns() + 1_000_000_000_000);
        let late = clients.payload.request(1, 0).to_vec();
        assert!(clients.received(1, &late).expect("the reply is right").is_empty());
        assert!(clients.account.latencies.is_empty());
        assert_eq!(
            (clients.answered, clients.tally(|_| true).served),
            (1, 0),
            "client 0, before it"
        );
        assert_eq!(clients.first_replies.len(), 2, "it was served all the same");
    }

    #[test]
    fn a_failure_is_told_once_whenever_it_comes() {
        let (mut clients, mut wire) = talking(2);
        clients.lost(1, Outcome::Reset);
        clients.open_window(now_ns(), now_ns() + 1_000_000_000_000);
        assert!(clients.received(0, b"?").is_err());
        clients.close_window();
        let outcomes = clients.take_outcomes();
        let failed = [Outcome::Reset, Outcome::Mismatch, Outcome::Unfinished].map(|how| outcomes.count(how));
        assert_eq!(failed, [1, 2, 0]);
        assert_eq!(clients.take_outcomes(), Outcomes::default());
        let tally = clients.tally(|_| true);
        assert_eq!(
            (tally.connected, tally.turned_away, tally.lost),
            (2, 1, 1),
            "one was never served"
        );
        clients.begin(|_| true, &mut wire);
        assert_eq!(clients.talking(), 0);
    }
}
