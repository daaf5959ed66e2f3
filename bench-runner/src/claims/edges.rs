//! Claim 4: what was not handled is reported again, or not.

use loadgen::units::grouped;

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part};

pub(super) const CLAIM: Claim = Claim {
    id: 4,
    title: "level reports again, edge once",
    words: "poll and level-triggered epoll report again what was not handled; edge-triggered epoll reports it once, so \
            that there are fewer wake-ups.",
    how: "A byte lies unread in a socket, and each kind of wait is made three times. Then wake-ups are counted: for 1,000 \
          messages each of which is taken whole, and for one of 64 KiB with a buffer of 4 KiB, with one receive for each \
          report and with receives until there is nothing more (EAGAIN).",
    rule: "Counts have no noise. Refuted if poll or the level does not report each time, or the edge not exactly once, or \
           if edges save no wake-up anywhere. Confirmed if they save some whatever the handler does; else it depends on \
           the handler.",
    parts: &[Part::Edges],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let seen = measured.part(Part::Edges, &measured.edges)?;
    let n = seen.messages;
    let figures = [
        Figure::new(
            "reports of an unread byte by poll, of 3 waits",
            seen.poll_reports as f64,
            "",
            3,
        ),
        Figure::new("by epoll, level-triggered", seen.level_reports as f64, "", 3),
        Figure::new("by epoll, edge-triggered", seen.edge_reports as f64, "", 3),
        Figure::new(
            "edge-triggered, after another byte",
            seen.edge_reports_after_more as f64,
            "",
            3,
        ),
        Figure::new(
            "wake-ups for messages taken whole, level",
            seen.whole_level_wakes as f64,
            "",
            n,
        ),
        Figure::new(
            "wake-ups for messages taken whole, edge",
            seen.whole_edge_wakes as f64,
            "",
            n,
        ),
        Figure::new("receives for them, edge", seen.whole_edge_receives as f64, "", n),
        Figure::new(
            "wake-ups for one in pieces, level",
            seen.pieces_level_wakes as f64,
            "",
            seen.pieces,
        ),
        Figure::new(
            "the same, received until EAGAIN",
            seen.pieces_level_drained_wakes as f64,
            "",
            seen.pieces,
        ),
        Figure::new(
            "wake-ups for one in pieces, edge",
            seen.pieces_edge_wakes as f64,
            "",
            seen.pieces,
        ),
    ];
    let number = format!(
        "of 3 waits on an unread byte poll reported it {} times, level {}, edge {}; wake-ups for {} messages taken whole: \
         level {}, edge {}; for one of {} pieces: level {}, level until EAGAIN {}, edge {}",
        seen.poll_reports,
        seen.level_reports,
        seen.edge_reports,
        grouped(n),
        grouped(seen.whole_level_wakes),
        grouped(seen.whole_edge_wakes),
        seen.pieces,
        seen.pieces_level_wakes,
        seen.pieces_level_drained_wakes,
        seen.pieces_edge_wakes,
    );
    let again = seen.poll_reports == 3 && seen.level_reports == 3;
    let once = seen.edge_reports == 1;
    let saves = [
        seen.whole_edge_wakes < seen.whole_level_wakes,
        seen.pieces_edge_wakes < seen.pieces_level_drained_wakes,
        seen.pieces_edge_wakes < seen.pieces_level_wakes,
    ];
    let judgement = if !again || !once {
        Judgement::new(Finding::Refuted, number, "Reports do not come as they are said to.")
    } else if saves.iter().all(|saves| *saves) {
        Judgement::new(
            Finding::Confirmed,
            number,
            "Edges save wake-ups whatever the handler does.",
        )
    } else if !saves.contains(&true) {
        let stage = "An edge is reported once, but that saves no wake-up.";
        Judgement::new(Finding::Refuted, number, stage)
    } else {
        let stage = format!(
            "A level comes again until the last byte is taken, an edge comes once. But fewer wake-ups are no gift of the \
             edge: who takes all there is wakes {} times for {} messages with either. They come from reading until \
             EAGAIN, which a level allows and an edge demands, at the price of one more read each time.",
            grouped(seen.whole_edge_wakes),
            grouped(n)
        );
        Judgement::depends(
            "on the handler: the reports are as said, but there are fewer wake-ups only where it leaves something unread",
            number,
            stage,
        )
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::measured::Edges;

    const USUAL: Edges = Edges {
        poll_reports: 3,
        level_reports: 3,
        edge_reports: 1,
        edge_reports_after_more: 1,
        messages: 1000,
        whole_level_wakes: 1000,
        whole_edge_wakes: 1000,
        whole_edge_receives: 2000,
        pieces: 16,
        pieces_level_wakes: 16,
        pieces_level_drained_wakes: 1,
        pieces_edge_wakes: 1,
    };

    fn told(edges: Edges) -> Judgement {
        CLAIM.judged(&Measured {
            edges: Some(edges),
            ..Measured::default()
        })
    }

    #[test]
    fn it_depends_on_the_handler() {
        let judgement = told(USUAL);
        assert_eq!(judgement.verdict, Finding::Depends);
        assert!(
            judgement.told().starts_with("depends on the handler"),
            "{}",
            judgement.told()
        );
    }

    #[test]
    fn it_is_refuted_where_reports_come_otherwise_or_save_nothing() {
        for wrong in [
            Edges {
                edge_reports: 3,
                ..USUAL
            },
            Edges {
                edge_reports: 0,
                ..USUAL
            },
            Edges {
                level_reports: 1,
                ..USUAL
            },
            Edges {
                poll_reports: 2,
                ..USUAL
            },
            Edges {
                pieces_edge_wakes: 16,
                pieces_level_drained_wakes: 16,
                ..USUAL
            },
        ] {
            assert_eq!(told(wrong).verdict, Finding::Refuted, "{wrong:?}");
        }
    }

    #[test]
    fn it_is_confirmed_where_edges_always_save() {
        let saving = Edges {
            whole_edge_wakes: 900,
            pieces_level_drained_wakes: 2,
            ..USUAL
        };
        assert_eq!(told(saving).verdict, Finding::Confirmed);
        assert_eq!(CLAIM.judged(&Measured::default()).verdict, Finding::Untested);
    }
}
