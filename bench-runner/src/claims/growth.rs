//! Claims 2, 3 and 5: what a call costs by how much it watches.

use loadgen::units::{grouped, time};

use super::capped;
use super::claim::{Claim, Figure, Finding, Judgement, Watch};
use super::measured::{Call, Measured, Part, Spread};
use super::reading::ACTIVE;

/// Ten times as many watched cost at least so many times as much, where the cost grows with their number. Not ten times,
/// for entering the kernel costs the same for any number.
const GROWS: f64 = 4.0;
/// Up to this it does not grow: blocks of the same call differ by less.
const FLAT: f64 = 1.5;
/// Servers in fresh processes differ by a third on a shared machine; only what is more than twice as much has grown.
const SERVER_GROWS: f64 = 2.0;
/// Slopes no further apart than this are the same.
const ALIKE: f64 = 2.0;
/// A part of the growth that is smaller than this is no reason for it.
const NO_REASON: f64 = 0.1;
/// A wait that finds a hundred times as much takes so many times as long at least, where it costs what is ready.
const FOLLOWS: f64 = 3.0;

/// How many are watched, from few to many.
const FEW: u64 = 100;
const MORE: u64 = 1000;
const MANY: u64 = 10_000;

const SCANNERS: &[Watch] = &[("select", &[FEW, MORE]), ("poll", &[FEW, MORE, MANY])];
const WAITERS: &[Watch] = &[
    ("poll", &[FEW, MORE, MANY]),
    ("epoll-level", &[FEW, MORE, MANY]),
    ("epoll-edge", &[FEW, MORE, MANY]),
];

pub(super) const SCANS: Claim = Claim {
    id: 2,
    title: "select and poll pay for each watched",
    words: "The cost of select and poll grows with the number of descriptors watched, because each call copies and scans \
            the whole set.",
    how: "One call with one descriptor ready, the last, among 100, 1,000 and 10,000 (eventfd; select by its system call, \
          so that sets are long enough). The same call with the others taken out, which still copies as much, tells the \
          copy from the scan. Beside it the CPU time per request of the select and the poll server while 100 connections \
          talk.",
    rule: "Confirmed if a call over 1,000 costs at least 4 times that over 100 (ten times as many, and entering the \
           kernel costs the same), for both, and poll's server at least 2 times as much per request over the most \
           connections as over 100, for fresh processes differ by a third; and if copy and scan are each a tenth of the \
           growth or more, in both calls. Refuted if neither call costs more than 1.5 times. Else it depends.",
    parts: &[Part::Calls],
    watches: SCANNERS,
    judge: scans,
};

pub(super) const NO_CAP: Claim = Claim {
    id: 3,
    title: "poll: no cap, the same growth",
    words: "poll has no limit of 1,024, but its cost grows as that of select.",
    how: "A poll server is asked for 1,500 connections; its call is timed over 100 and 1,000 descriptors as that of \
          select is.",
    rule: "Confirmed if it serves all 1,500 and both calls grow by factors that are no more than 2 times apart; it \
           depends if they are further apart; refuted if it stops at a limit, or does not grow.",
    parts: &[Part::Cap, Part::Calls],
    watches: &[],
    judge: no_cap,
};

pub(super) const FOLLOWS_ACTIVE: Claim = Claim {
    id: 5,
    title: "epoll pays for the active ones",
    words: "The cost of epoll follows the connections that are active, not all that are watched.",
    how: "epoll_wait with one descriptor ready among 100, 1,000 and 10,000, and with 1, 10 and 100 ready among 1,000. \
          Beside it the CPU time per request of both epoll servers and of the poll server while 100 connections talk \
          among 100, 1,000 and 10,000.",
    rule: "Confirmed if a hundred times as many watched cost no more than 1.5 times a call, 100 ready at least 3 times \
           one ready, and no epoll server 2 times per request. Refuted if the call grows as one that scans does, by 4 \
           times for each ten. Else it depends.",
    parts: &[Part::Calls],
    watches: WAITERS,
    judge: follows_active,
};

/// What a call with one ready takes.
fn cost<'a>(calls: &'a [Call], call: &str, watched: u64, ready: u64) -> Result<&'a Spread, String> {
    let own = |one: &&Call| one.call == call && one.watched == watched && one.ready == ready;
    let found = calls.iter().find(own).map(|one| &one.ns);
    found.ok_or_else(|| format!("{call} with {} descriptors was not measured", grouped(watched)))
}

/// How many times as much a call over 1,000 costs as one over 100.
fn growth(calls: &[Call], call: &str) -> Result<f64, String> {
    Ok(cost(calls, call, MORE, 1)?.median / cost(calls, call, FEW, 1)?.median)
}

/// All times of calls, for the record.
fn call_figures(calls: &[Call]) -> Vec<Figure> {
    let figure = |one: &Call| {
        let name = format!("one {} of {}, {} ready", one.call, grouped(one.watched), one.ready);
        Figure::new(name, one.ns.median, "ns", one.ns.n)
    };
    calls.iter().map(figure).collect()
}

/// CPU times per request of these servers, at all counts that were measured.
fn server_figures(measured: &Measured, servers: &[&str]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for server in servers {
        for conns in measured.counts(server) {
            if let Ok(cpu) = measured.few_cpu_ns(server, conns) {
                let name = format!("{server}, CPU per request, {ACTIVE} of {} talk", grouped(conns));
                figures.push(Figure::new(name, cpu.median, "ns", cpu.rounds as u64));
            }
        }
    }
    figures
}

/// How many times as much CPU time a request takes with the most connections as with the fewest, and what that is.
struct Grown {
    from: (u64, f64),
    to: (u64, f64),
    rounds: usize,
}

impl Grown {
    fn of(measured: &Measured, server: &str) -> Result<Self, String> {
        let counts = measured.counts(server);
        let (Some(&few), Some(&most)) = (counts.first(), counts.last()) else {
            return Err(measured.why_not("watched"));
        };
        if most < 10 * few {
            return Err(format!("{server} was not measured with ten times as many connections"));
        }
        let (low, high) = (measured.few_cpu_ns(server, few)?, measured.few_cpu_ns(server, most)?);
        Ok(Self {
            from: (few, low.median),
            to: (most, high.median),
            rounds: low.rounds.min(high.rounds),
        })
    }

    fn factor(&self) -> f64 {
        self.to.1 / self.from.1
    }

    fn told(&self) -> String {
        format!(
            "{} with {} watched, {} with {}",
            time(self.from.1),
            grouped(self.from.0),
            time(self.to.1),
            grouped(self.to.0)
        )
    }
}

fn scans(measured: &Measured) -> Result<Judgement, String> {
    let calls = measured.part(Part::Calls, &measured.calls)?;
    let (select, poll) = (growth(calls, "select")?, growth(calls, "poll")?);
    let server = Grown::of(measured, "poll")?;
    let mut figures = call_figures(calls);
    figures.extend(server_figures(measured, &["select", "poll"]));
    // Of what a call over 1,000 takes more than one over 100, the part that is there with nothing to look at.
    let copied = |call: &str| -> Result<f64, String> {
        let more =
            |call: &str| Ok::<f64, String>(cost(calls, call, MORE, 1)?.median - cost(calls, call, FEW, 1)?.median);
        Ok((more(&format!("{call}-copy"))? / more(call)?).clamp(0.0, 1.0))
    };
    let (select_copies, poll_copies) = (copied("select")?, copied("poll")?);
    figures.push(Figure::new(
        "share of select's growth that is the copy",
        select_copies,
        "",
        1,
    ));
    figures.push(Figure::new(
        "share of poll's growth that is the copy",
        poll_copies,
        "",
        1,
    ));
    let n = cost(calls, "poll", MORE, 1)?.n;
    let number = format!(
        "10 times as many watched: select × {select:.1}, poll × {poll:.1} a call (n = {n} blocks); poll's server per \
         request: {} (n = {} rounds)",
        server.told(),
        server.rounds
    );
    let copy = format!(
        "Of the growth the copy is {:.0} % in select and {:.0} % in poll; the rest is looking at each descriptor.",
        100.0 * select_copies,
        100.0 * poll_copies
    );
    let judgement = if select <= FLAT && poll <= FLAT {
        Judgement::new(
            Finding::Refuted,
            number,
            "Neither call takes longer when it watches more.",
        )
    } else if select < GROWS || poll < GROWS {
        let on = "on which of the two calls is meant, or on how many are watched";
        Judgement::depends(
            on,
            number,
            format!("They do not both grow with what they watch. {copy}"),
        )
    } else if server.factor() < SERVER_GROWS {
        let on =
            "on how many are ready at once: a call grows, but its cost is shared by all the requests that it finds";
        Judgement::depends(on, number, format!("The call grows, a request hardly does. {copy}"))
    } else {
        let stage = format!(
            "Whoever watches ten times as many pays {select:.0} times as much for each select and {poll:.0} times for \
             each poll, though one has something to say. {copy} A server's request pays less, because one call finds all \
             that are ready: with {ACTIVE} of them talking, from {} to {} watched, × {:.1} in poll.",
            grouped(server.from.0),
            grouped(server.to.0),
            server.factor()
        );
        let shares = [select_copies, poll_copies];
        let both = |copies: &f64| (NO_REASON..=1.0 - NO_REASON).contains(copies);
        if shares.iter().all(both) {
            Judgement::new(Finding::Confirmed, number, stage)
        } else if shares.iter().all(|&copies| copies < NO_REASON) {
            let on = "on the reason: the cost grows as said, but by looking at each descriptor; the copy is next to none of it";
            Judgement::depends(on, number, stage)
        } else if shares.iter().all(|&copies| copies > 1.0 - NO_REASON) {
            let on =
                "on the reason: the cost grows as said, but by copying the set; looking at it is next to none of it";
            Judgement::depends(on, number, stage)
        } else {
            let on =
                "on which call is meant: the cost grows as said, but not in both of them by copying and by looking";
            Judgement::depends(on, number, stage)
        }
    };
    Ok(judgement.with(figures))
}

fn no_cap(measured: &Measured) -> Result<Judgement, String> {
    let calls = measured.part(Part::Calls, &measured.calls)?;
    let (select, poll) = (growth(calls, "select")?, growth(calls, "poll")?);
    let server = measured.first("cap", "poll", capped::CONNS)?;
    let served = server.served.ok_or("nothing is known of the poll server")?;
    let figures = [
        Figure::new("served by the poll server", served as f64, "connections", 1),
        Figure::new("asked of it", capped::CONNS as f64, "connections", 1),
        Figure::new("poll over 1,000 ÷ over 100", poll, "", cost(calls, "poll", MORE, 1)?.n),
        Figure::new(
            "select over 1,000 ÷ over 100",
            select,
            "",
            cost(calls, "select", MORE, 1)?.n,
        ),
    ];
    let number = format!(
        "{} of {} connections served; 10 times as many watched: poll × {poll:.1}, select × {select:.1} a call (n = {} \
         blocks)",
        grouped(served),
        grouped(capped::CONNS),
        cost(calls, "poll", MORE, 1)?.n
    );
    let apart = (poll / select).max(select / poll);
    let judgement = match &server.limited_by {
        Some(limit) if served < capped::CONNS => {
            let stage = format!("poll stopped at {} connections, at {limit}.", grouped(served));
            Judgement::new(Finding::Refuted, number, stage)
        }
        None if served < capped::CONNS => {
            return Err(format!(
                "the poll server served {} for no known reason",
                grouped(served)
            ));
        }
        _ if poll <= FLAT => Judgement::new(
            Finding::Refuted,
            number,
            "poll does not cost more when it watches more.",
        ),
        _ if apart > ALIKE => {
            let on = format!("on what is meant by the same: their factors are {apart:.1} times apart");
            Judgement::depends(
                on,
                number,
                "poll takes as many as there are descriptors, and grows in its own way.",
            )
        }
        _ => {
            let stage = "poll takes as many as there are descriptors. But it is no way out: ten times as many watched \
                         cost it as many times more as they cost select.";
            Judgement::new(Finding::Confirmed, number, stage)
        }
    };
    Ok(judgement.with(figures))
}

fn follows_active(measured: &Measured) -> Result<Judgement, String> {
    let calls = measured.part(Part::Calls, &measured.calls)?;
    let sizes = [MANY, MORE];
    let most = sizes
        .into_iter()
        .find(|&size| cost(calls, "epoll_wait", size, 1).is_ok());
    let most = most.ok_or("epoll_wait was not measured")?;
    let one = cost(calls, "epoll_wait", most, 1)?;
    let watched = one.median / cost(calls, "epoll_wait", FEW, 1)?.median;
    let ready = cost(calls, "epoll_wait", MORE, 100)?.median / cost(calls, "epoll_wait", MORE, 1)?.median;
    let (level, edge) = (Grown::of(measured, "epoll-level")?, Grown::of(measured, "epoll-edge")?);
    let worst = if level.factor() > edge.factor() { &level } else { &edge };
    let poll = Grown::of(measured, "poll");
    let mut figures: Vec<Figure> = call_figures(calls);
    figures.retain(|figure| figure.name.starts_with("one epoll_wait"));
    figures.extend(server_figures(measured, &["epoll-level", "epoll-edge", "poll"]));
    let number = format!(
        "epoll_wait: × {watched:.2} with {} instead of 100 watched, × {ready:.1} with 100 instead of 1 ready (n = {} \
         blocks); CPU per request in the worse of two servers: {} (n = {} rounds)",
        grouped(most),
        one.n,
        worst.told(),
        worst.rounds
    );
    let beside = poll.map_or_else(|_| String::new(), |poll| format!(" poll's is × {:.1}.", poll.factor()));
    // By four for each ten: sixteen for a hundred.
    let scans = if most == MANY { GROWS * GROWS } else { GROWS };
    let judgement = if watched >= scans {
        Judgement::new(
            Finding::Refuted,
            number,
            "epoll_wait grows with what it watches, as poll does.",
        )
    } else if watched <= FLAT && ready >= FOLLOWS && worst.factor() < SERVER_GROWS {
        let stage = format!(
            "{} watched instead of {}, 100 of them active: a request costs epoll × {:.1}.{beside} What does grow with all \
             that are watched is memory.",
            grouped(worst.to.0),
            grouped(worst.from.0),
            worst.factor()
        );
        Judgement::new(Finding::Confirmed, number, stage)
    } else {
        let on = if watched > FLAT || worst.factor() >= SERVER_GROWS {
            "on the number watched as well: it costs less than a scan, and still more with many"
        } else {
            "on what is meant by following: many ready cost hardly more than one"
        };
        Judgement::depends(
            on,
            number,
            format!("epoll is no scan, but not free of the total here either.{beside}"),
        )
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::measured::WATCHED;
    use crate::claims::reading::Reading;
    use crate::claims::reading::tests::reading;

    /// A call whose time is a fixed part and one for each that it looks at or copies.
    fn call(name: &str, watched: u64, ready: u64, ns: f64) -> Call {
        let ns = Spread::of([ns, ns * 1.01, ns * 0.99]).unwrap();
        Call {
            call: name.to_owned(),
            watched,
            ready,
            ns,
        }
    }

    /// Nanoseconds for each descriptor: scanned by select and poll, copied by both, looked at by epoll.
    fn calls(scan: f64, copy: f64, epoll: f64, event: f64) -> Vec<Call> {
        let mut calls = Vec::new();
        for watched in [FEW, MORE, MANY] {
            let n = watched as f64;
            for name in ["select", "poll"] {
                calls.push(call(name, watched, 1, 200.0 + (scan + copy) * n));
                calls.push(call(&format!("{name}-copy"), watched, 1, 200.0 + copy * n));
            }
            calls.push(call("epoll_wait", watched, 1, 300.0 + epoll * n));
        }
        calls.push(call("epoll_wait", MORE, 100, 300.0 + epoll * 1000.0 + event * 99.0));
        calls
    }

    /// Servers whose requests cost so many microseconds with 100, 1,000 and 10,000 connections.
    fn servers(all: &[(&str, [f64; 3])]) -> Vec<Reading> {
        let each = |&(server, costs): &(&str, [f64; 3])| -> Vec<Reading> {
            let counts = [FEW, MORE, MANY].into_iter().zip(costs);
            let one = |(conns, us): (u64, f64)| Reading {
                cpu_ns_per_request: Some(us * 1e3),
                ..reading(WATCHED, server, conns, ACTIVE)
            };
            counts.map(one).collect()
        };
        all.iter().flat_map(each).collect()
    }

    const USUAL: [(&str, [f64; 3]); 4] = [
        ("select", [4.4, 5.0, 5.1]),
        ("poll", [4.3, 6.0, 12.5]),
        ("epoll-level", [4.4, 4.4, 4.5]),
        ("epoll-edge", [4.4, 4.4, 6.0]),
    ];

    fn measured(calls: Vec<Call>, readings: Vec<Reading>) -> Measured {
        Measured {
            calls: Some(calls),
            readings,
            ..Measured::default()
        }
    }

    #[test]
    fn what_scans_is_confirmed_refuted_or_depends() {
        let told = |calls, readings| SCANS.judged(&measured(calls, readings));
        let usual = told(calls(25.0, 3.0, 0.0, 30.0), servers(&USUAL));
        assert_eq!(usual.verdict, Finding::Confirmed, "{usual:?}");
        assert!(
            usual
                .number
                .unwrap()
                .contains("poll's server per request: 4.30 µs with 100 watched, 12.5 µs with 10,000")
        );
        assert!(
            usual
                .stage
                .unwrap()
                .contains("the copy is 11 % in select and 11 % in poll")
        );
        let flat = told(calls(0.05, 0.01, 0.0, 30.0), servers(&USUAL));
        assert_eq!(flat.verdict, Finding::Refuted);
        let copies = told(calls(1.0, 25.0, 0.0, 30.0), servers(&USUAL));
        assert!(copies.told().contains("but by copying the set"), "{}", copies.told());
        let looks = told(calls(25.0, 1.0, 0.0, 30.0), servers(&USUAL));
        assert_eq!(looks.verdict, Finding::Depends);
        let mut mixed = calls(25.0, 1.0, 0.0, 30.0);
        for call in mixed.iter_mut().filter(|call| call.call == "poll-copy") {
            call.ns.median = 200.0 + 12.0 * call.watched as f64;
        }
        let mixed = told(mixed, servers(&USUAL));
        assert_eq!(mixed.verdict, Finding::Depends);
        assert!(mixed.told().contains("on which call is meant"), "{}", mixed.told());
        assert!(
            looks.told().contains("but by looking at each descriptor"),
            "{}",
            looks.told()
        );
        let shared = told(calls(25.0, 3.0, 0.0, 30.0), servers(&[("poll", [4.3, 4.4, 4.6])]));
        assert!(
            shared.told().contains("how many are ready at once"),
            "{}",
            shared.told()
        );
        assert_eq!(told(calls(25.0, 3.0, 0.0, 30.0), Vec::new()).verdict, Finding::Untested);
        assert_eq!(told(Vec::new(), servers(&USUAL)).verdict, Finding::Untested);
        let weak = told(calls(0.4, 0.06, 0.0, 30.0), servers(&USUAL));
        assert_eq!(weak.verdict, Finding::Depends, "× 3 at most: {weak:?}");
    }

    #[test]
    fn poll_without_a_cap_is_confirmed_refuted_or_depends() {
        let cap = |served, limit: Option<&str>| Reading {
            served: Some(served),
            limited_by: limit.map(str::to_owned),
            ..reading("cap", "poll", capped::CONNS, capped::CONNS)
        };
        let told = |calls, served, limit| NO_CAP.judged(&measured(calls, vec![cap(served, limit)]));
        let usual = calls(25.0, 3.0, 0.0, 30.0);
        assert_eq!(told(usual.clone(), 1500, None).verdict, Finding::Confirmed);
        let stopped = told(usual.clone(), 1019, Some("FD_SETSIZE"));
        assert_eq!(stopped.verdict, Finding::Refuted);
        assert!(stopped.stage.unwrap().contains("at FD_SETSIZE"));
        assert_eq!(told(usual.clone(), 1019, None).verdict, Finding::Untested);
        assert_eq!(told(calls(0.05, 0.0, 0.0, 30.0), 1500, None).verdict, Finding::Refuted);
        let mut apart = usual;
        let select = apart
            .iter_mut()
            .find(|call| call.call == "select" && call.watched == MORE)
            .unwrap();
        select.ns.median /= 3.0;
        assert_eq!(told(apart, 1500, None).verdict, Finding::Depends);
    }

    #[test]
    fn what_follows_the_active_is_confirmed_refuted_or_depends() {
        let told = |calls, readings| FOLLOWS_ACTIVE.judged(&measured(calls, readings));
        let usual = told(calls(25.0, 3.0, 0.0, 30.0), servers(&USUAL));
        assert_eq!(usual.verdict, Finding::Confirmed, "{usual:?}");
        assert!(usual.stage.unwrap().contains("epoll × 1.4. poll's is × 2.9."));
        assert_eq!(
            told(calls(25.0, 3.0, 28.0, 30.0), servers(&USUAL)).verdict,
            Finding::Refuted
        );
        let some = told(calls(25.0, 3.0, 0.1, 30.0), servers(&USUAL));
        assert!(some.told().contains("the number watched as well"), "{}", some.told());
        let nothing = told(calls(25.0, 3.0, 0.0, 0.1), servers(&USUAL));
        assert!(nothing.told().contains("hardly more than one"), "{}", nothing.told());
        let grown = [("epoll-level", [4.4, 4.4, 9.0]), ("epoll-edge", [4.4, 4.4, 4.5])];
        assert_eq!(
            told(calls(25.0, 3.0, 0.0, 30.0), servers(&grown)).verdict,
            Finding::Depends
        );
        assert_eq!(told(calls(25.0, 3.0, 0.0, 30.0), Vec::new()).verdict, Finding::Untested);
    }
}
