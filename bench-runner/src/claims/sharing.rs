//! Claim 12: who shares data with whom.

use loadgen::units::grouped;

use super::claim::{Claim, Figure, Finding, Judgement};
use super::measured::{Measured, Part};

pub(super) const CLAIM: Claim = Claim {
    id: 12,
    title: "processes share no data",
    words: "Processes share no data, threads and coroutines do.",
    how: "A thread, a coroutine and a child process (fork) each add 1,000 to the same counter; what their maker sees of it \
          afterwards. The same by a child in a mapping that was made with MAP_SHARED before, and to the place in an open \
          file.",
    rule: "Counts, without noise. Refuted if the child's additions to plain memory are seen, or the thread's or the \
           coroutine's are not. Confirmed if the child's are seen nowhere; if they are in the shared mapping or the file, \
           it depends on what was arranged.",
    parts: &[Part::Sharing],
    watches: &[],
    judge,
};

fn judge(measured: &Measured) -> Result<Judgement, String> {
    let seen = measured.part(Part::Sharing, &measured.sharing)?;
    let added = seen.added;
    if seen.within_process != added {
        return Err(format!(
            "the child itself saw {} of {added}: it did not do its part",
            seen.within_process
        ));
    }
    let figure = |name, value: u64| Figure::new(name, value as f64, "additions seen", added);
    let figures = [
        figure("of a thread", seen.by_thread),
        figure("of a coroutine", seen.by_coroutine),
        figure("of a child process", seen.by_process),
        figure(
            "of a child process, in a mapping with MAP_SHARED",
            seen.by_process_mapped,
        ),
        Figure::new(
            "the child's move in an open file that the parent sees",
            seen.file_offset as f64,
            "bytes",
            1,
        ),
    ];
    let number = format!(
        "of {} additions the maker sees {} by a thread, {} by a coroutine, {} by a child process, {} by a child in a shared \
         mapping; the child's lseek moved the parent's file by {} bytes",
        grouped(added),
        grouped(seen.by_thread),
        grouped(seen.by_coroutine),
        grouped(seen.by_process),
        grouped(seen.by_process_mapped),
        seen.file_offset
    );
    let judgement = if seen.by_process > 0 || seen.by_thread != added || seen.by_coroutine != added {
        Judgement::new(Finding::Refuted, number, "What is seen is not what is said.")
    } else if seen.by_process_mapped == 0 && seen.file_offset == 0 {
        Judgement::new(Finding::Confirmed, number, "What a child writes stays in the child.")
    } else {
        let stage = format!(
            "Of {added} additions by a thread the others see all; of as many by a child, none: it wrote to its own \
             copy. But a mapping with MAP_SHARED is shared, if somebody makes one first, and open files are without being \
             asked: the child's seek moves the parent's place, as all workers of a prefork server take from one accept \
             queue.",
            added = grouped(added)
        );
        Judgement::depends(
            "on what was arranged: nothing is shared in plain memory, all of it in a mapping with MAP_SHARED, and open files \
             always",
            number,
            stage,
        )
    };
    Ok(judgement.with(figures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::measured::Sharing;

    const USUAL: Sharing = Sharing {
        added: 1000,
        by_thread: 1000,
        by_coroutine: 1000,
        by_process: 0,
        within_process: 1000,
        by_process_mapped: 1000,
        file_offset: 7,
    };

    fn told(sharing: Sharing) -> Judgement {
        CLAIM.judged(&Measured {
            sharing: Some(sharing),
            ..Measured::default()
        })
    }

    #[test]
    fn it_depends_on_what_was_arranged() {
        assert_eq!(told(USUAL).verdict, Finding::Depends);
        let nowhere = Sharing {
            by_process_mapped: 0,
            file_offset: 0,
            ..USUAL
        };
        assert_eq!(told(nowhere).verdict, Finding::Confirmed);
    }

    #[test]
    fn it_is_refuted_by_a_child_that_is_seen_and_by_a_thread_that_is_not() {
        for wrong in [
            Sharing { by_process: 1, ..USUAL },
            Sharing {
                by_thread: 999,
                ..USUAL
            },
            Sharing {
                by_coroutine: 0,
                ..USUAL
            },
        ] {
            assert_eq!(told(wrong).verdict, Finding::Refuted, "{wrong:?}");
        }
    }

    #[test]
    fn a_child_that_did_nothing_proves_nothing() {
        let idle = Sharing {
            within_process: 0,
            ..USUAL
        };
        assert_eq!(told(idle).verdict, Finding::Untested);
    }
}
