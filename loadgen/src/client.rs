//! A client, and counts over many of them.

use crate::outcome::Outcome;
use crate::wire::Extreme;

/// A client: one connection, with its place in the sequence of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) id: u32,
    /// Sequence number of the next request.
    pub(crate) next: u32,
    /// Sequence number of the oldest request without its reply.
    pub(crate) due: u32,
    /// Bytes of that reply that have come; under HTTP, whether any have.
    pub(crate) got: u32,
    /// Replies inside the window.
    pub(crate) replies: u32,
    /// Sum of their latencies: from the sending in a closed loop, from the instant when it was due in an open one.
    pub(crate) total_ns: u64,
    /// The longest of them.
    pub(crate) longest_ns: u64,
    /// Was to send in the window and has had nothing to ask for, as may be in an open loop.
    pub(crate) unasked: bool,
    /// Connections that it has had before this one.
    pub(crate) connection: u32,
    /// Got the reply to its hello inside the window. That one is counted nowhere else: it took from connect(2) on.
    pub(crate) greeted: bool,
    /// Got a reply after the window to a request from before its end.
    pub(crate) late: bool,
    pub(crate) state: State,
    /// Sends as long as replies come.
    pub(crate) active: bool,
    /// Has got a reply since the load began.
    pub(crate) answered: bool,
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not established yet, or never.
    Absent,
    /// Established; no reply so far, ever.
    Silent,
    /// Established; was served.
    Served,
    /// Ended before it was ever served: the server took the connection and closed it.
    TurnedAway,
    /// Ended before it was ever served, and not by the server: its reply was overdue, or wrong.
    Unserved,
    /// Was served, and is on its way from one connection to the next, where it is to have more than one.
    Between,
    /// Ended after it had been served.
    Lost,
}

/// What a piece of a reply came to.
pub(crate) enum Reply {
    /// It is not what was due, or nothing was.
    Wrong,
    /// Right as far as it has come.
    Part,
    /// Right, and all of it.
    Whole,
    /// As before, and the server says that the connection ends with it.
    Last,
}

impl Client {
    /// Not established yet.
    pub(crate) fn new(id: u32) -> Self {
        Self {
            id,
            next: 0,
            due: 0,
            got: 0,
            replies: 0,
            total_ns: 0,
            longest_ns: 0,
            unasked: false,
            connection: 0,
            greeted: false,
            late: false,
            state: State::Absent,
            active: false,
            answered: false,
        }
    }

    /// Nothing has happened in the window so far.
    pub(crate) fn open_window(&mut self) {
        (self.replies, self.total_ns, self.longest_ns) = (0, 0, 0);
        (self.greeted, self.late, self.unasked) = (false, false, false);
    }

    /// Whether nothing is due to it: what comes then is a doubled reply, or bytes that nobody asked for.
    #[inline(always)]
    pub(crate) fn has_nothing_due(&self) -> bool {
        self.due == self.next
    }

    /// Takes from `bytes` as much as belongs to the `reply` that is due, and holds it against that.
    // Always: the closed loop's hot path is built around it.
    #[inline(always)]
    pub(crate) fn take(&mut self, reply: &[u8], bytes: &mut &[u8]) -> Reply {
        let missing = &reply[self.got as usize..];
        let (came, rest) = bytes.split_at(bytes.len().min(missing.len()));
        if came != &missing[..came.len()] {
            return Reply::Wrong;
        }
        *bytes = rest;
        if came.len() < missing.len() {
            self.got += came.len() as u32;
            return Reply::Part;
        }
        self.got = 0;
        Reply::Whole
    }

    /// A reply inside the window came after `ns`.
    #[inline]
    pub(crate) fn count(&mut self, ns: u64) {
        self.replies += 1;
        self.total_ns += ns;
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// Its connection ended, and it keeps no other.
    pub(crate) fn end(&mut self, how: Outcome) {
        self.connection = self.connection.wrapping_add(1);
        self.state = match self.state {
            State::Silent if matches!(how, Outcome::ClosedEarly | Outcome::Reset) => State::TurnedAway,
            State::Silent => State::Unserved,
            _ => State::Lost,
        };
    }

    /// Established, and not ended.
    pub(crate) fn is_there(&self) -> bool {
        matches!(self.state, State::Silent | State::Served)
    }

    /// Requests without their reply.
    pub(crate) fn under_way(&self) -> u32 {
        // Sequence numbers wrap.
        self.next.wrapping_sub(self.due)
    }
}

/// Counts over the clients that are active in a window, or over all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) asked: u64,
    pub(crate) connected: u64,
    pub(crate) turned_away: u64,
    pub(crate) lost: u64,
    pub(crate) served: u64,
    pub(crate) greeted: u64,
    pub(crate) late: u64,
    pub(crate) starved: u64,
    pub(crate) sum: u64,
    pub(crate) sum_of_squares: u64,
    pub(crate) fewest: Option<u64>,
    pub(crate) most: Option<u64>,
    pub(crate) slowest: Option<Extreme>,
    pub(crate) fastest: Option<Extreme>,
    pub(crate) unasked: u64,
}

impl Tally {
    /// Counts over `clients`.
    pub(crate) fn of<'a>(clients: impl Iterator<Item = &'a Client>) -> Self {
        let mut tally = Self::default();
        for client in clients {
            let replies = u64::from(client.replies);
            tally.asked += 1;
            let (connected, turned_away) = (client.state != State::Absent, client.state == State::TurnedAway);
            tally.connected += u64::from(connected);
            tally.turned_away += u64::from(turned_away);
            tally.lost += u64::from(client.state == State::Lost);
            let greeted = replies == 0 && client.greeted;
            let late = replies == 0 && !greeted && client.late;
            // One that had nothing to ask for, and was answered whenever it had, is served.
            let content = client.unasked && matches!(client.state, State::Served | State::Between);
            let served = replies > 0 || greeted || late || content;
            tally.served += u64::from(served);
            tally.greeted += u64::from(greeted);
            tally.late += u64::from(late);
            tally.starved += u64::from(connected && !turned_away && !served);
            tally.sum += replies;
            tally.sum_of_squares += replies * replies;
            tally.unasked += u64::from(client.unasked);
            if client.unasked {
                continue;
            }
            tally.fewest = Some(tally.fewest.map_or(replies, |fewest| fewest.min(replies)));
            tally.most = Some(tally.most.map_or(replies, |most| most.max(replies)));
            if let Some(own) = Extreme::of(client) {
                tally.slowest = Some(tally.slowest.map_or(own, |slowest| slowest.slower(own)));
                tally.fastest = Some(tally.fastest.map_or(own, |fastest| fastest.faster(own)));
            }
        }
        tally
    }
}

impl Extreme {
    /// What the window brought for `client`, if it brought anything.
    fn of(client: &Client) -> Option<Self> {
        (client.replies > 0).then(|| Self {
            connection: u64::from(client.id),
            replies: u64::from(client.replies),
            mean_ns: client.total_ns as f64 / f64::from(client.replies),
            max_ns: client.longest_ns,
        })
    }
}
