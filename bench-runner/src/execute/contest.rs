//! Base against head: both alive on the same CPUs, loaded in turn in short slices, so that whatever moves the machine
//! moves both.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use loadgen::wire::Slice;
use loadgen::{Bytes, Config, Exchange, Expected, ExpectedHttp, Fleet, Outcome};
use rand::RngExt;
use rand::rngs::StdRng;

use super::config::config;
use super::counters::Counters;
use super::cpus::Placement;
use super::probe::{CpuSpan, Tree};
use super::server::{How, Launch, Server};
use super::stall::Stopped;
use crate::record::{Campaign, GATE_SCHEMA, PairRow, PerRequest, Settings, Side, SlicePair, SliceRow, TrialLoad};

/// Length of a slice: short beside whatever slows a machine down for a while, long beside a request.
pub const SLICE: Duration = Duration::from_millis(100);
/// What a slice takes beside its length: the drain, two looks at the clocks, a report.
pub const BETWEEN: Duration = Duration::from_millis(4);
/// Slices of a fresh process that nobody counts: its memory is touched and its caches are filled in them.
const WARM_UP: usize = 2;
/// Slices from which a server's capacity is taken.
const CALIBRATION: usize = 5;
/// The environment is lengthened by less than a page.
const LONGEST_PADDING: usize = 4096;

/// What is compared: how each side is started, and how both are loaded.
#[derive(Clone, Copy, Debug)]
pub struct Contest<'a> {
    /// What the servers and the generator are told.
    pub settings: &'a Settings,
    /// Their CPUs.
    pub placement: &'a Placement,
    /// The load generator.
    pub loadgen: &'a Path,
    /// The server's name.
    pub server: &'a str,
    /// How base and head are started.
    pub launches: [&'a Launch; 2],
    /// Connections, all of which talk.
    pub conns: u64,
    /// What must come back, where the protocol is not ours.
    pub due: Option<&'a Due>,
    /// Whether a side that is not loaded is stopped, because it would use the CPU all the same.
    pub spins: bool,
    /// Whether the kernel counts the CPU time: it costs a little, and is needed where processes come and go.
    pub counted: bool,
}

/// What must come back, where the protocol is not ours: as base's first reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A reply of HTTP.
    Http(ExpectedHttp),
    /// These bytes for those.
    Raw {
        /// What is sent.
        request: Bytes,
        /// What must come back.
        reply: Bytes,
    },
}

impl Due {
    fn exchange(&self, settings: &Settings, target: SocketAddr) -> Exchange {
        match self {
            Self::Http(expected) => settings.exchange(target, expected),
            Self::Raw { request, reply } => Exchange {
                request: request.clone(),
                without_work: request.clone(),
                expected: Expected::Bytes(reply.clone()),
            },
        }
    }
}

/// A side that could not be measured: it died, or answered wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub side: Side,
    /// The server's name.
    pub server: String,
    /// In words.
    pub reason: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of '{}': {}", self.side.name(), self.server, self.reason)
    }
}

impl std::error::Error for Broken {}

/// Marks an error that is no side's fault but our own, as where the generator gives out.
#[derive(Clone, Copy, Debug)]
struct OurOwn;

impl fmt::Display for OurOwn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was not the server")
    }
}

/// One side while it is alive.
struct Live<'a> {
    side: Side,
    contest: &'a Contest<'a>,
    server: Server,
    fleet: Fleet,
    tree: Tree,
    rss_bytes_start: Option<u64>,
}

impl<'a> Contest<'a> {
    /// Whether processes of the server come and go while it is loaded, so that only the kernel can tell what they use; and
    /// the longest that a side took until all of its connections were answered.
    ///
    /// # Errors
    /// When base or head is broken, or the user interrupts.
    pub fn needs_counting(&self) -> Result<(bool, Duration)> {
        let (mut needs, mut longest) = (false, Duration::ZERO);
        for side in Side::BOTH {
            let began = Instant::now();
            let mut live = self.start(side, TrialLoad::Saturated, 0)?;
            longest = longest.max(began.elapsed());
            needs |= live.with_rights(|live| Ok(live.try_slice(TrialLoad::Saturated)?.1.is_err()))?;
            live.stop()?;
        }
        Ok((needs, longest))
    }

    /// How many requests a second base answers in a closed loop: the median of some slices.
    ///
    /// # Errors
    /// When base is broken, or the user interrupts.
    pub fn capacity(&self) -> Result<f64> {
        let mut live = self.start(Side::Base, TrialLoad::Saturated, 0)?;
        let mut rates = live.with_rights(|live| {
            let all = (0..WARM_UP + CALIBRATION).map(|_| live.slice(TrialLoad::Saturated));
            all.collect::<Result<Vec<_>>>()
        })?;
        live.stop()?;
        let mut rates: Vec<f64> = rates.drain(WARM_UP..).map(|slice| slice.rate_per_s()).collect();
        rates.sort_by(f64::total_cmp);
        Ok(rates[CALIBRATION / 2])
    }

    /// A fresh process of each side, loaded in turn in `slices` slices each, after some that nobody counts.
    ///
    /// # Errors
    /// When a side is [`Broken`], or the user interrupts.
    pub fn pair(
        &self,
        load: TrialLoad,
        campaign: Campaign,
        pair: u32,
        slices: usize,
        random: &mut StdRng,
    ) -> Result<PairRow> {
        let first = coin(random);
        let padding_bytes: [usize; 2] = std::array::from_fn(|_| random.random_range(0..LONGEST_PADDING));
        let padding = |side: Side| padding_bytes[side as usize];
        let second = other(first);
        let mut one = self.start(first, load, padding(first))?;
        let mut two = self.start(second, load, padding(second))?;
        let mut rows = Vec::with_capacity(slices);
        {
            // Stopped until it is its turn, where it would else take the CPU from the other.
            let (trees, spins) = ([one.tree.clone(), two.tree.clone()], self.spins);
            let mut resting = trees.each_ref().map(|tree| spins.then(|| Stopped::now(tree)));
            for turn in 0..WARM_UP + slices {
                let lead = coin(random);
                let mut measured: [Option<SliceRow>; 2] = [None; 2];
                for side in [lead, other(lead)] {
                    let (i, live) = if side == first { (0, &mut one) } else { (1, &mut two) };
                    resting[i] = None;
                    measured[side as usize] = Some(live.slice(load)?);
                    resting[i] = spins.then(|| Stopped::now(&trees[i]));
                }
                if let ([Some(base), Some(head)], true) = (measured, turn >= WARM_UP) {
                    rows.push(SlicePair {
                        first: lead,
                        base,
                        head,
                    });
                }
            }
        }
        let memory = [&one, &two].map(Live::user_bytes_per_connection);
        one.stop()?;
        two.stop()?;
        Ok(PairRow {
            schema: GATE_SCHEMA,
            server: self.server.to_owned(),
            load,
            campaign,
            pair,
            first,
            padding_bytes,
            slices: rows,
            user_bytes_per_connection: if first == Side::Base {
                memory
            } else {
                [memory[1], memory[0]]
            },
        })
    }

    /// System calls and context switches per request of each side, in slices in which they are counted; null where they
    /// cannot be.
    ///
    /// # Errors
    /// As [`Contest::pair`].
    pub fn counts(&self, load: TrialLoad) -> Result<[PerRequest; 2]> {
        let counted = Self { counted: true, ..*self };
        let mut sides = [PerRequest::default(); 2];
        for side in Side::BOTH {
            let mut live = counted.start(side, load, 0)?;
            for _ in 0..WARM_UP {
                live.slice(load)?;
            }
            let before = live.server.counters().map(Counters::read);
            let quiet = live.slice(load)?;
            let after = live.server.counters().map(Counters::read);
            let switches = before
                .zip(after)
                .and_then(|(before, after)| after.since(&before).context_switches.ok());
            let on = live
                .server
                .counters()
                .and_then(|counters| counters.count_system_calls(true).and(counters.system_calls()).ok());
            let traced = live.slice(load)?;
            let off = live.server.counters().and_then(|counters| {
                let calls = counters.system_calls();
                counters.count_system_calls(false).and(calls).ok()
            });
            let calls = on.zip(off).map(|(on, off)| off - on);
            sides[side as usize] = PerRequest {
                system_calls: calls.map(|calls| calls as f64 / traced.answered as f64),
                context_switches: switches.map(|switches| switches as f64 / quiet.answered as f64),
            };
            live.stop()?;
        }
        Ok(sides)
    }

    fn start(&'a self, side: Side, load: TrialLoad, padding: usize) -> Result<Live<'a>> {
        let started = self.try_start(side, load, padding);
        started.map_err(|error| self.broken(side, &error))
    }

    fn try_start(&'a self, side: Side, load: TrialLoad, padding: usize) -> Result<Live<'a>> {
        let how = How {
            cpus: &self.placement.server,
            counted: self.counted,
            padding,
        };
        let server = Server::start_as(self.launches[side as usize], self.settings, how)?;
        let rss_bytes_start = Tree::of(server.pid()).footprint().rss_bytes;
        let exchange = self.due.map(|due| due.exchange(self.settings, server.address));
        let config = Config {
            arrivals: load.rate_per_s().and(self.settings.arrivals),
            ..config(self.settings, self.conns, server.address, exchange)
        };
        let fleet = Fleet::launch(self.loadgen, config, self.settings.shards, &self.placement.generator);
        let mut fleet = fleet.context(OurOwn)?;
        let connected = fleet.connect()?;
        if connected.greeted < self.conns {
            bail!("it answered {} of {} connections", connected.greeted, self.conns);
        }
        let tree = Tree::of(server.pid());
        Ok(Live {
            side,
            contest: self,
            server,
            fleet,
            tree,
            rss_bytes_start,
        })
    }

    /// An interruption is nobody's fault, and what went wrong with the generator or a counter is ours.
    fn broken(&self, side: Side, error: &anyhow::Error) -> anyhow::Error {
        if loadgen::interrupt::requested() {
            return anyhow::anyhow!("interrupted");
        }
        if error.downcast_ref::<OurOwn>().is_some() {
            return anyhow::anyhow!("{} of '{}': {error:#}", side.name(), self.server);
        }
        Broken {
            side,
            server: self.server.to_owned(),
            reason: format!("{error:#}"),
        }
        .into()
    }
}

impl Live<'_> {
    /// Loads it for a slice. All that it did is accounted for: the CPU time is that of the replies.
    fn slice(&mut self, load: TrialLoad) -> Result<SliceRow> {
        self.with_rights(|live| {
            let (slice, cpu_ns) = live.try_slice(load)?;
            let row = SliceRow {
                cpu_ns: cpu_ns.map_err(anyhow::Error::msg).context(OurOwn)?,
                answered: slice.answered,
                unanswered: slice.unanswered,
                elapsed_ns: slice.elapsed_ns,
                p50_ns: slice.latency.quantiles().p50,
                p99_ns: slice.latency.quantiles().p99,
            };
            if row.answered == 0 || row.cpu_ns == 0 {
                bail!("it answered {} requests in {} ns of CPU time", row.answered, row.cpu_ns);
            }
            Ok(row)
        })
    }

    /// The slice, and the CPU time that the server used for it or why that is not known.
    fn try_slice(&mut self, load: TrialLoad) -> Result<(Slice, Result<u64, String>)> {
        let counted = self.server.counters().map(Counters::read);
        let before = self.tree.cpu();
        let slice = self.fleet.slice(self.contest.conns, load.rate_per_s(), SLICE);
        let after = self.tree.cpu();
        let counts = self.server.counters().map(Counters::read);
        self.server.check_alive()?;
        // It lives, and whatever it answered wrongly is an outcome.
        let slice = slice.context(OurOwn)?;
        let failures = slice.outcomes.failures();
        if let Some((outcome, n)) = failures.first() {
            let wrong = if *outcome == Outcome::Mismatch {
                "answered wrongly"
            } else {
                "failed"
            };
            bail!(
                "it {wrong}: {} {n} times of {} requests",
                outcome.words(),
                slice.answered + slice.unanswered + n
            );
        }
        let by_clocks = CpuSpan::between(before, after, self.tree.is_still(self.server.pid())).total_ns;
        let cpu_ns = match counted.zip(counts) {
            // Where perf events are closed the processes' own clocks tell, unless processes come and go.
            Some((before, after)) => after
                .since(&before)
                .task_clock_ns
                .or_else(|why| by_clocks.map_err(|_| why)),
            None => by_clocks.map_err(str::to_owned),
        };
        Ok((slice, cpu_ns))
    }

    /// Whatever goes wrong in `what` is this side's.
    fn with_rights<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let done = what(self);
        done.map_err(|error| {
            // The server's own death says more than what the generator saw of it.
            let error = self.server.check_alive().err().unwrap_or(error);
            self.contest.broken(self.side, &error)
        })
    }

    fn user_bytes_per_connection(&self) -> Option<f64> {
        // Not the proportional set, which the other side's process changes: they share their program's pages.
        let loaded = self.tree.footprint().rss_bytes?;
        let grown = loaded as f64 - self.rss_bytes_start? as f64;
        Some(grown / self.contest.conns as f64)
    }

    fn stop(self) -> Result<()> {
        let stopped = self.server.stop();
        stopped
            .map(|_| ())
            .map_err(|error| self.contest.broken(self.side, &error))
    }
}

fn coin(random: &mut StdRng) -> Side {
    if random.random() { Side::Base } else { Side::Head }
}

fn other(side: Side) -> Side {
    match side {
        Side::Base => Side::Head,
        Side::Head => Side::Base,
    }
}
