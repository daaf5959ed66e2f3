//! Claim 13: a small backlog and a burst.

use loadgen::units::time;

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Burst, Measured, Part};

/// The backlogs of textbooks, and one that has room for every client of a burst.
pub(super) const BACKLOGS: [u64; 3] = [3, 5, 4096];
const ROOMY: u64 = 4096;

pub(super) const CLAIM: Claim = Claim {
    id: 13,
    title: "a backlog of 3 or 5 loses nothing",
    words: "A small accept backlog, 3 or 5 as in the examples, loses nothing under a burst.",
    how: "100 clients connect at once to a server behind a backlog of 3, of 5 and of 4,096, and each sends a request: while \
          the server accepts as fast as it can, and while it does not for 200 ms, as in a slow handler; several bursts of \
          each, in turn. Each client waits for 8 s for its reply.",
    rule: "Late is a reply after more than half a second, for the kernel tries a dropped handshake again after one. \
           Confirmed if nobody is late or lost behind the small backlogs; refuted if, of the bursts behind both of them \
           while the server is free, or while it is busy, three at least, somebody has no reply in 8 s in more than half; \
           else it depends on how long a client waits, and where somebody was lost in fewer, on chance. If somebody is late \
           behind 4,096 too, nothing can be told.",
    parts: &[Part::Bursts],
    watches: &[],
    judge,
};

/// Fewer bursts than these refute nothing: one that loses somebody may be chance.
const ENOUGH: usize = 3;

/// The bursts behind one backlog, of a server that is free or busy.
struct Bursts<'a>(Vec<&'a Burst>);

impl<'a> Bursts<'a> {
    /// In the order in which they were first tried.
    fn of(all: &[&'a Burst]) -> Vec<Self> {
        let mut sets: Vec<Self> = Vec::new();
        for burst in all {
            let same = |set: &&mut Self| (set.0[0].backlog, set.0[0].held_ms) == (burst.backlog, burst.held_ms);
            match sets.iter_mut().find(same) {
                Some(set) => set.0.push(burst),
                None => sets.push(Self(vec![burst])),
            }
        }
        sets
    }

    fn name(&self) -> String {
        let what = if self.0[0].held_ms > 0 { "busy" } else { "free" };
        format!("backlog {}, server {what}", self.0[0].backlog)
    }

    fn sum(&self, count: fn(&Burst) -> u64) -> u64 {
        self.0.iter().map(|burst| count(burst)).sum()
    }

    /// Bursts in which somebody had no reply at all.
    fn losing(&self) -> usize {
        self.0.iter().filter(|burst| burst.lost > 0).count()
    }

    fn slowest_ns(&self) -> Option<u64> {
        self.0.iter().filter_map(|burst| burst.slowest_ns).max()
    }
}

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let bursts = measured.part(Part::Bursts, &measured.bursts)?;
    let (roomy, small): (Vec<&Burst>, Vec<&Burst>) = bursts.iter().partition(|burst| burst.backlog >= ROOMY);
    if small.is_empty() || roomy.is_empty() {
        return Err("not all backlogs were tried".to_owned());
    }
    if let Some(burst) = roomy.iter().find(|burst| burst.late + burst.lost > 0) {
        return Err(format!(
            "{} of {} clients were late or lost behind a backlog of {} too",
            burst.late + burst.lost,
            burst.clients,
            burst.backlog
        ));
    }
    let mut figures = Vec::new();
    for set in Bursts::of(&bursts.iter().collect::<Vec<_>>()) {
        let clients = set.sum(|burst| burst.clients);
        let figure =
            |what, value: u64, unit| Figure::new(format!("{}: {what}", set.name()), value as f64, unit, clients);
        figures.push(figure("late", set.sum(|burst| burst.late), "clients"));
        figures.push(figure("lost", set.sum(|burst| burst.lost), "clients"));
        figures.extend(
            set.slowest_ns()
                .map(|slowest| figure("longest wait for a reply", slowest, "ns")),
        );
    }
    let sets = Bursts::of(&small);
    let (n, each) = (small[0].clients, sets.iter().map(|set| set.0.len()).min().unwrap_or(0));
    let told: Vec<String> = sets
        .iter()
        .map(|set| {
            let (late, lost) = (set.sum(|burst| burst.late), set.sum(|burst| burst.lost));
            format!("{}: {late} late, {lost} lost", set.name())
        })
        .collect();
    let slowest = sets.iter().filter_map(Bursts::slowest_ns).max().unwrap_or(0);
    let number = format!(
        "of {} clients each: {}; longest wait for a reply {} (n = {each} burst{} of {n} clients)",
        each as u64 * n,
        told.join("; "),
        time(slowest as f64),
        if each == 1 { "" } else { "s" }
    );
    let (late, lost) = small
        .iter()
        .fold((0, 0), |(late, lost), burst| (late + burst.late, lost + burst.lost));
    let most = small.iter().map(|burst| burst.late).max().unwrap_or(0);
    let usual = [false, true].into_iter().find_map(|busy| {
        let own: Vec<&&Burst> = small.iter().filter(|burst| (burst.held_ms > 0) == busy).collect();
        let losing = own.iter().filter(|burst| burst.lost > 0).count();
        (own.len() >= ENOUGH && 2 * losing > own.len()).then_some((losing, own.len()))
    });
    // Only those behind which somebody was lost.
    let behind: Vec<String> = sets.iter().filter(|set| set.losing() > 0).map(Bursts::name).collect();
    let patience = small[0].patience_ms / 1000;
    let judgement = if let Some((losing, all)) = usual {
        let stage = format!(
            "Of {n} clients that come at once behind a small backlog some have no reply in {patience} s: in {losing} of \
             {all} bursts ({}). Up to {most} had to wait for a second or more, because their handshake was dropped and is \
             tried again. Behind 4,096 all are answered in time.",
            behind.join("; ")
        );
        Judgement::new(Finding::Refuted, number, stage)
    } else if late + lost > 0 {
        let few = if lost > 0 {
            format!(
                "Of {} clients {lost} had no reply in {patience} s, in some bursts and not in others ({}).",
                small.iter().map(|burst| burst.clients).sum::<u64>(),
                behind.join("; ")
            )
        } else {
            "Nobody is lost who waits long enough.".to_owned()
        };
        let stage = format!(
            "{few} But of {n} clients that come at once up to {most} wait for a second or more, {} at most, because their \
             handshake was dropped and is tried again. Whoever gives up after half a second has lost, and no log of the \
             server's says so. Behind 4,096 all are answered in time.",
            time(slowest as f64)
        );
        let on = if lost > 0 {
            "on how long a client waits, and on chance: much is a second or more late, and a little is lost now and then"
        } else {
            "on how long a client waits: nothing is lost for good, and much is a second or more late"
        };
        Judgement::depends(on, number, stage)
    } else {
        Judgement::new(Finding::Confirmed, number, "Nobody was even late behind it.")
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(backlog: u64, held_ms: u64, late: u64, lost: u64) -> Burst {
        Burst {
            backlog,
            held_ms,
            clients: 100,
            prompt: 100 - late - lost,
            late,
            lost,
            patience_ms: 8000,
            slowest_ns: Some(if late > 0 { 3_050_000_000 } else { 2_000_000 }),
        }
    }

    /// Three bursts of each kind; `held` are late and lost behind 5 while the server is busy, burst by burst.
    fn told(held: [(u64, u64); 3], roomy: u64) -> Judgement {
        let of_one = |(late, lost)| [burst(3, 0, 0, 0), burst(5, 200, late, lost), burst(4096, 200, roomy, 0)];
        CLAIM.judged(&Measured {
            bursts: Some(held.into_iter().flat_map(of_one).collect()),
            ..Measured::default()
        })
    }

    #[test]
    fn it_depends_on_patience_where_some_are_late() {
        let judgement = told([(94, 0), (90, 0), (93, 0)], 0);
        assert_eq!(judgement.verdict, Finding::Depends);
        let number = judgement.number.unwrap();
        assert!(number.contains("backlog 5, server busy: 277 late, 0 lost"), "{number}");
        assert!(
            number.contains("longest wait for a reply 3.05 s (n = 3 bursts of 100 clients)"),
            "{number}"
        );
    }

    #[test]
    fn one_burst_of_three_in_which_somebody_is_lost_is_chance_and_two_are_not() {
        let once = told([(94, 0), (87, 7), (93, 0)], 0);
        assert_eq!(once.verdict, Finding::Depends);
        assert!(once.told().contains("chance"), "{once:?}");
        assert!(once.stage.unwrap().contains("Of 600 clients 7 had no reply in 8 s"));
        let twice = told([(94, 0), (87, 7), (93, 1)], 0);
        assert_eq!(twice.verdict, Finding::Refuted);
        assert!(
            twice
                .stage
                .unwrap()
                .contains("in 2 of 3 bursts (backlog 5, server busy)")
        );
        let quick = CLAIM.judged(&Measured {
            bursts: Some(vec![burst(5, 200, 90, 2), burst(4096, 200, 0, 0)]),
            ..Measured::default()
        });
        assert_eq!(quick.verdict, Finding::Depends, "one burst refutes nothing");
    }

    #[test]
    fn it_is_confirmed_refuted_or_not_decided() {
        assert_eq!(told([(0, 0); 3], 0).verdict, Finding::Confirmed);
        assert_eq!(told([(90, 2); 3], 0).verdict, Finding::Refuted);
        assert_eq!(
            told([(94, 0); 3], 3).verdict,
            Finding::Untested,
            "the machine is slow by itself"
        );
        assert_eq!(CLAIM.judged(&Measured::default()).verdict, Finding::Untested);
    }
}
