//! A client of the closed loop, and counts over many of them.

/// A client: one connection, with its place in the sequence of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) id: u32,
    /// Sequence number of the next request.
    pub(crate) next: u32,
    /// Sequence number of the oldest request without its reply.
    pub(crate) due: u32,
    /// Bytes of that reply that have come.
    pub(crate) got: u32,
    /// Replies inside the window.
    pub(crate) replies: u32,
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

impl Client {
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
            let served = replies > 0 || greeted || late;
            tally.served += u64::from(served);
            tally.greeted += u64::from(greeted);
            tally.late += u64::from(late);
            tally.starved += u64::from(connected && !turned_away && !served);
            tally.sum += replies;
            tally.sum_of_squares += replies * replies;
            tally.fewest = Some(tally.fewest.map_or(replies, |fewest| fewest.min(replies)));
            tally.most = Some(tally.most.map_or(replies, |most| most.max(replies)));
        }
        tally
    }
}
