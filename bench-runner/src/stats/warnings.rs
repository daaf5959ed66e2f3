//! What a window showed that bounds or falsifies its numbers and that a person can see to: each kind with its evidence,
//! its threshold and the way out. What can be known before a run is in [`crate::machine`], under the same kinds.
//!
//! A verdict says what a number is worth; a warning says what to do so that the next one is worth more.

use loadgen::Outcome;
use loadgen::units::{counted, grouped, time};

use crate::machine::{STEAL, STEAL_REMEDY};
use crate::record::{Row, Warning};

/// Below this much the kernel's ticks of 10 ms do not tell stolen time from none: one of them may be a rounding.
const STEAL_LEAST_S: f64 = 0.02;
/// Where the 99th percentile begins: a generator that stood still for more of the time can be all of what is beyond.
const WAITED: f64 = 0.01;
/// What this project calls a difference (see `Estimate::clearly_above`): a part of a response time that is the
/// generator's own fault must be smaller.
const LATE: f64 = 0.2;

/// What there is to say about a row, if anything.
type Rule = fn(&Row) -> Option<String>;

/// How much of it a row had, against other rows.
type Size = fn(&Row) -> f64;

const RULES: &[(&str, Rule, Size)] = &[
    ("accept-queue", accept_queue, |_| 0.0),
    ("listen-overflows", listen_overflows, |row| count(row.listen_overflows)),
    ("syn-retransmits", syn_retransmits, |row| count(row.syn_retransmits)),
    ("client-ports", client_ports, |row| failed(row, Outcome::NoPorts)),
    ("client-descriptors", client_descriptors, |row| {
        failed(row, Outcome::NoDescriptors)
    }),
    ("steal", steal, |row| {
        share(row.server_steal_share).max(share(row.generator_steal_share))
    }),
    ("cpu-quota", throttled, |row| count(row.throttled_us)),
    ("generator-late", late, |row| {
        count(row.lateness_ns.and_then(|late| late.p99))
    }),
    ("generator-descheduled", descheduled, |row| {
        share(row.generator_wait_share)
    }),
];

fn count(count: Option<u64>) -> f64 {
    count.unwrap_or(0) as f64
}

fn share(share: Option<f64>) -> f64 {
    share.unwrap_or(0.0)
}

fn failed(row: &Row, how: Outcome) -> f64 {
    row.outcomes.as_ref().map_or(0.0, |outcomes| outcomes.count(how) as f64)
}

/// How much a row had of what a kind of warning is about, to tell the worst of several.
pub(crate) fn size(kind: &str, row: &Row) -> f64 {
    let rule = RULES.iter().find(|(name, ..)| *name == kind);
    rule.map_or(0.0, |(.., size)| size(row))
}

/// All warnings of a row, in the order in which they are shown.
#[must_use]
pub fn warnings(row: &Row) -> Vec<Warning> {
    let tell = |(kind, rule, _): &(&str, Rule, Size)| Some(Warning::new(kind, rule(row)?));
    RULES.iter().filter_map(tell).collect()
}

/// An open loop whose generator was late itself: response times count from the instant at which a request was due, so
/// its lateness is in them. It fires where the 99th percentile of one is a fifth of the other's.
fn late(row: &Row) -> Option<String> {
    let (late, response) = (row.lateness_ns?.p99?, row.response_ns?.p99?);
    (late as f64 > LATE * response as f64).then(|| {
        format!(
            "the generator was late by {} at p99, of response times of {}: so much of them may be its own. Lower the rate, \
             give the generator more CPUs (--client-cpus), or keep them awake with --spin.",
            time(late as f64),
            time(response as f64)
        )
    })
}

fn accept_queue(row: &Row) -> Option<String> {
    let backlog = row.ready.as_ref()?.backlog;
    let effective = backlog.effective.filter(|&effective| effective < backlog.requested)?;
    Some(format!(
        "the kernel cut the server's backlog of {} to {}: a burst of connects beyond it is dropped. sudo sysctl -w \
         net.core.somaxconn={}",
        grouped(backlog.requested),
        grouped(effective),
        backlog.requested
    ))
}

fn listen_overflows(row: &Row) -> Option<String> {
    let overflows = row.listen_overflows.filter(|&overflows| overflows > 0)?;
    Some(format!(
        "{} were dropped at a full accept queue while the connections were opened: the server did not accept as fast as \
         clients came. Open them more slowly (--ramp), or ask for a longer queue (--backlog), unless the model's limit is \
         what is to be seen.",
        counted(overflows, "handshake")
    ))
}

fn syn_retransmits(row: &Row) -> Option<String> {
    let again = row.syn_retransmits.filter(|&again| again > 0)?;
    Some(format!(
        "{} sent again while the connections were opened, a second or more after the first: connect_ns shows these waits, \
         which say nothing of the server's speed. Open the connections more slowly (--ramp), and look at \
         listen_overflows.",
        if again == 1 {
            "1 SYN was".to_owned()
        } else {
            format!("{} SYNs were", grouped(again))
        }
    ))
}

fn client_ports(row: &Row) -> Option<String> {
    let failed = row.outcomes.as_ref()?.count(Outcome::NoPorts);
    (failed > 0).then(|| {
        format!(
            "{} had no local port left at the client. sudo sysctl -w net.ipv4.ip_local_port_range='1024 65535', or fewer \
             connections a second (a larger --requests-per-conn).",
            counted(failed, "connection")
        )
    })
}

fn client_descriptors(row: &Row) -> Option<String> {
    let failed = row.outcomes.as_ref()?.count(Outcome::NoDescriptors);
    (failed > 0).then(|| {
        format!(
            "{} or requests failed because the client had no descriptor left: what stopped there says nothing of the \
             server. Raise RLIMIT_NOFILE of the shell (ulimit -n), or fs.file-max.",
            counted(failed, "connection")
        )
    })
}

fn steal(row: &Row) -> Option<String> {
    let elapsed_s = row.elapsed_s?;
    let told = |whose: &str, share: Option<f64>, cpus: &[usize]| {
        let share = share.filter(|&share| share >= STEAL)?;
        (share * elapsed_s * cpus.len().max(1) as f64 >= STEAL_LEAST_S)
            .then(|| format!("{:.1} % of the time of {whose}", share * 100.0))
    };
    let sides = [
        told("the server's CPUs", row.server_steal_share, &row.server_cpus),
        told("the generator's CPUs", row.generator_steal_share, &row.generator_cpus),
    ];
    let sides: Vec<String> = sides.into_iter().flatten().collect();
    (!sides.is_empty()).then(|| {
        format!(
            "the hypervisor gave {} to others: the rate is lower by it, and the tail of the latencies is theirs. \
             {STEAL_REMEDY}",
            sides.join(" and ")
        )
    })
}

fn throttled(row: &Row) -> Option<String> {
    let periods = row.throttled_periods.filter(|&periods| periods > 0)?;
    Some(format!(
        "a CPU quota ran out in {}, and everything in its control group stood still for {} ms: latencies show the quota. \
         Give whole CPUs instead of a share of time, or raise CPUQuota= or cpu.max.",
        counted(periods, "period"),
        grouped(row.throttled_us.unwrap_or(0) / 1000)
    ))
}

fn descheduled(row: &Row) -> Option<String> {
    let share = row.generator_wait_share.filter(|&share| share >= WAITED)?;
    Some(format!(
        "a process of the generator was ready to run and did not for {:.1} % of the window: something else \
         took its CPU, or a quota did, and replies waited unread. Stop what else runs there, or give the generator CPUs of its own (--client-cpus).",
        share * 100.0
    ))
}

#[cfg(test)]
mod tests;
