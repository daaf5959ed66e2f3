//! Claim 1: select ends at descriptor 1,023.

use loadgen::units::grouped;

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part};

/// Descriptor numbers from here on are said to be out of select's reach.
const CAP: u64 = 1024;

pub(super) const CLAIM: Claim = Claim {
    id: 1,
    title: "select ends at 1,024 descriptors",
    words: "select cannot watch descriptors from 1,024 up.",
    how: "A select server is asked for more connections than 1,024. Beside it the system call itself, by its number and \
          with sets that are long enough, is asked about descriptors from 1,024 up: silent first, then with a byte to \
          read.",
    rule: "Refuted if the server serves all. If it stops below 1,024: confirmed if the kernel does not report such \
           descriptors either, else it depends on whose limit it is. One call decides, for a limit has no noise.",
    parts: &[Part::Cap, Part::Descriptors],
    watches: &[],
    judge,
};

/// Connections of the cells that are called cap: more than fit, in a second or two.
pub(super) const CONNS: u64 = 1500;

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let server = measured.first("cap", "select", CONNS)?;
    let served = server.served.ok_or("nothing is known of the select server")?;
    let kernel = measured.part(Part::Descriptors, &measured.descriptors)?;
    let beyond: Vec<_> = kernel.tried.iter().filter(|tried| tried.descriptor >= CAP).collect();
    let highest = beyond.iter().map(|tried| tried.descriptor).max();
    let highest = highest.ok_or("no descriptor from 1,024 up could be had")?;
    let reported = beyond.iter().filter(|tried| tried.reported).count();
    let figures = [
        Figure::new("served by the select server", served as f64, "connections", 1),
        Figure::new("asked of it", CONNS as f64, "connections", 1),
        Figure::new(
            "room in the C library's fd_set",
            kernel.fd_set_bits as f64,
            "descriptors",
            1,
        ),
        Figure::new("highest descriptor tried by the system call", highest as f64, "", 1),
        Figure::new(
            "descriptors from 1,024 up that it reported rightly",
            reported as f64,
            "descriptors",
            beyond.len() as u64,
        ),
    ];
    let number = format!(
        "{} of {} connections served by the select server; descriptor {} reported {} by the system call itself \
         (n = {} descriptors)",
        grouped(served),
        grouped(CONNS),
        grouped(highest),
        if reported == beyond.len() {
            "rightly"
        } else {
            "wrongly or not"
        },
        beyond.len()
    );
    let judgement = if served >= CONNS {
        Judgement::new(
            Finding::Refuted,
            number,
            "This select server has no such limit: whoever built it made room for more.",
        )
    } else if served >= CAP {
        return Err(format!(
            "the select server stopped at {}, which is neither below 1,024 nor all",
            grouped(served)
        ));
    } else if reported == 0 {
        Judgement::new(
            Finding::Confirmed,
            number,
            format!(
                "A select server ends at {} connections, and the kernel knows no more either.",
                grouped(served)
            ),
        )
    } else {
        Judgement::depends(
            "on whose select is meant: the limit is that of the C library's fd_set, not of the kernel",
            number,
            format!(
                "select stops at {} of {} connections, because fd_set is an array of {} bits. It is no limit of Linux: \
                 the system call, with a longer array, watches descriptor {} all the same. But FD_SET writes beyond its \
                 array without a word, so nobody should.",
                grouped(served),
                grouped(CONNS),
                grouped(kernel.fd_set_bits),
                grouped(highest)
            ),
        )
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::measured::{Descriptors, Tried};
    use crate::claims::reading::Reading;
    use crate::claims::reading::tests::reading;

    fn told(served: u64, tried: &[(u64, bool)]) -> Judgement {
        let tried = tried
            .iter()
            .map(|&(descriptor, reported)| Tried { descriptor, reported });
        CLAIM.judged(&Measured {
            readings: vec![Reading {
                served: Some(served),
                ..reading("cap", "select", CONNS, CONNS)
            }],
            descriptors: Some(Descriptors {
                fd_set_bits: 1024,
                tried: tried.collect(),
            }),
            ..Measured::default()
        })
    }

    #[test]
    fn it_depends_where_the_kernel_knows_no_such_limit() {
        let judgement = told(1019, &[(1023, true), (1024, true), (10_000, true)]);
        assert_eq!(judgement.verdict, Finding::Depends);
        assert!(
            judgement.told().starts_with("depends on whose select is meant"),
            "{}",
            judgement.told()
        );
        let number = judgement.number.unwrap();
        assert!(number.starts_with("1,019 of 1,500 connections served"), "{number}");
        assert!(number.ends_with("descriptor 10,000 reported rightly by the system call itself (n = 2 descriptors)"));
    }

    #[test]
    fn it_is_confirmed_where_nobody_gets_further_and_refuted_where_the_server_does() {
        assert_eq!(told(1019, &[(1024, false), (5000, false)]).verdict, Finding::Confirmed);
        assert_eq!(told(CONNS, &[(1024, true)]).verdict, Finding::Refuted);
    }

    #[test]
    fn it_is_not_decided_by_less() {
        assert_eq!(
            told(1019, &[(1023, true)]).verdict,
            Finding::Untested,
            "no descriptor to try"
        );
        assert_eq!(
            told(1200, &[(1024, true)]).verdict,
            Finding::Untested,
            "something else stopped it"
        );
        let nothing = CLAIM.judged(&Measured::default());
        assert_eq!(nothing.told(), "could not be tested here: 'cap' was not measured");
    }
}
