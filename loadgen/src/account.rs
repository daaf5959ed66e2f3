//! The account of a window: the latencies that fell into it, and the time by which they are checked.
//!
//! Latencies of the replies in a window, without what lies before it and with what had passed of the requests that it
//! cut off, are the time for which its clients had requests under way: that is Little's law. Neither a pause between a
//! reply and the next request is such time, nor the way from one connection to the next.

use crate::client::{Client, State};
use crate::histogram::Histogram;
use crate::series::Recorder;
use crate::wire::Window;

/// Marked requests and the others, told apart. [`Account::latencies`] has both, because Little's law and the rate are
/// about all requests.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Service times of the marked ones.
    slow: Histogram,
    /// The window as it went for the others, who asked for nothing slow.
    others: Recorder,
}

impl Parts {
    /// A reply came at `now` to a request that was `marked` or not, which its client had waited for since `since`, and
    /// the server had since `sent`.
    #[inline]
    pub(crate) fn reply(&mut self, marked: bool, since: u64, sent: u64, now: u64) {
        if marked {
            self.slow.record(now - sent);
        } else {
            self.others.record(now, now - since);
        }
    }
}

/// What is recorded of a window. Nothing is, while none is open.
#[derive(Debug)]
pub(crate) struct Account {
    /// Completions are recorded from here on for `window_ns`.
    start_ns: u64,
    window_ns: u64,
    /// From here on a first reply is late. Lasts until the next load begins, so that the drain is seen too.
    end_ns: u64,
    /// Service times of the replies in the window.
    pub(crate) latencies: Histogram,
    /// What is told apart where only some requests are marked.
    pub(crate) parts: Option<Parts>,
    /// Ages at the window's end of the requests then under way, of clients that had been served: what their latencies
    /// exceed. Those of clients that were never served are left out, who are told as starved.
    pub(crate) unfinished: Histogram,
    /// The window as it went.
    pub(crate) series: Recorder,
    /// Requests under way at the window's end, those of unserved clients too.
    pub(crate) cut_off: u64,
    /// The part before the window, over the replies in it.
    pub(crate) early_ns: u64,
    /// The part inside the window, over the requests whose latencies are not among those above: they were not
    /// answered in it, or said hello.
    pub(crate) cut_ns: u64,
    /// For how long clients talked, over the active ones: that is, had requests under way or paused between them.
    pub(crate) talked_ns: u64,
    /// The part of that time for which a place in their pipelines was empty, over the places.
    pub(crate) idle_ns: u64,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            start_ns: u64::MAX,
            window_ns: 0,
            end_ns: u64::MAX,
            latencies: Histogram::default(),
            parts: None,
            unfinished: Histogram::default(),
            series: Recorder::default(),
            cut_off: 0,
            early_ns: 0,
            cut_ns: 0,
            talked_ns: 0,
            idle_ns: 0,
        }
    }
}

impl Account {
    /// Nothing recorded yet; marked requests are told apart where only `some_are_slow`.
    pub(crate) fn new(some_are_slow: bool) -> Self {
        Self {
            parts: some_are_slow.then(Parts::default),
            ..Self::default()
        }
    }

    /// Forgets when the last window was.
    pub(crate) fn begin(&mut self) {
        (self.start_ns, self.window_ns, self.end_ns) = (u64::MAX, 0, u64::MAX);
    }

    /// Records from zero what completes from `start_ns` until `end_ns`.
    pub(crate) fn open(&mut self, start_ns: u64, end_ns: u64) {
        self.latencies.clear();
        if let Some(parts) = &mut self.parts {
            parts.slow.clear();
            parts.others.open(start_ns, end_ns);
        }
        self.unfinished.clear();
        self.series.open(start_ns, end_ns);
        (self.cut_off, self.early_ns, self.cut_ns) = (0, 0, 0);
        (self.talked_ns, self.idle_ns) = (0, 0);
        (self.start_ns, self.window_ns, self.end_ns) = (start_ns, end_ns - start_ns, end_ns);
    }

    /// Records nothing any more.
    pub(crate) fn close(&mut self) {
        (self.start_ns, self.window_ns) = (u64::MAX, 0);
    }

    /// Whether `now` is inside the window.
    #[inline]
    pub(crate) fn is_inside(&self, now: u64) -> bool {
        // Before the window the difference wraps.
        now.wrapping_sub(self.start_ns) < self.window_ns
    }

    /// Whether `now` is behind the window, and that has not been seen yet.
    #[inline]
    pub(crate) fn is_overtime(&self, now: u64) -> bool {
        now >= self.start_ns && !self.is_inside(now)
    }

    /// When the window ends.
    pub(crate) fn end_ns(&self) -> u64 {
        self.end_ns
    }

    /// Whether the window has ended, seen or not.
    #[inline]
    pub(crate) fn has_ended(&self, now: u64) -> bool {
        now >= self.end_ns
    }

    /// A request of `sent` was answered at `now`, inside the window.
    #[inline]
    pub(crate) fn reply(&mut self, sent: u64, now: u64) {
        self.latencies.record(now - sent);
        self.early_ns += self.start_ns.saturating_sub(sent);
    }

    /// A request of `sent` was under way until `until`, and its latency is not among those of the window.
    pub(crate) fn cut(&mut self, sent: u64, until: u64) {
        self.cut_ns += until.min(self.end_ns).saturating_sub(sent.max(self.start_ns));
    }

    /// No request was under way in some place of a pipeline from `since` until `until`.
    pub(crate) fn idle(&mut self, since: u64, until: u64) {
        self.idle_ns += until.min(self.end_ns).saturating_sub(since.max(self.start_ns));
    }

    /// A request of `sent` was still under way when the window ended, which may be seen only after its reply has come.
    pub(crate) fn unfinished(&mut self, state: State, sent: u64) {
        // The next request of a client that was answered after the end is none of the window's.
        let age = self.end_ns.saturating_sub(sent);
        if age == 0 {
            return;
        }
        self.cut_off += 1;
        if state == State::Served {
            self.unfinished.record(age);
        }
    }

    /// A request that was due at `due` failed at `now`: had it got its reply, that would have come later.
    pub(crate) fn failed(&mut self, state: State, due: u64, now: u64) {
        if self.is_inside(now) && state == State::Served {
            self.unfinished.record(now.saturating_sub(due));
        }
    }

    /// Writes its times into what is said of the window.
    pub(crate) fn report(&self, window: &mut Window) {
        window.latency = self.latencies.clone();
        window.unfinished = self.unfinished.clone();
        (window.interval_ns, window.series) = self.series.told();
        if let Some(parts) = &self.parts {
            window.slow = Some(parts.slow.clone());
            window.others_series = parts.others.told().1;
        }
    }

    /// `client` has talked since `since` or the window's start, whichever came later, and talks no longer than until
    /// `now`, or until the window's end if that comes first; its requests under way were sent at the instants `sent`, and the empty places of its pipeline are so since the instants `idle`.
    pub(crate) fn settle(
        &mut self,
        client: &Client,
        since: u64,
        sent: impl Iterator<Item = u64>,
        idle: impl Iterator<Item = u64>,
        now: u64,
    ) {
        let (from, until) = (since.max(self.start_ns), now.min(self.end_ns));
        if !client.active || until <= from {
            return;
        }
        self.talked_ns += until - from;
        sent.for_each(|sent| self.cut(sent, until));
        idle.for_each(|since| self.idle(since, until));
    }
}
