//! What textbooks say of these models, each as a claim that can be wrong: definition, measurement, judgement.
//!
//! A claim ([`Claim`]) stands in a file with its words, its test and its rule; `measure` brings numbers ([`Measured`]);
//! the verdict is a function of these alone, so that it can be given again from the record, and tested with numbers of
//! every kind. What cannot decide gives no verdict: then it is said why.

mod backlog;
mod capped;
mod claim;
mod edges;
mod faults;
mod growth;
mod idle;
#[cfg(target_os = "linux")]
pub mod measure;
pub mod measured;
mod memory;
mod one_client;
mod reading;
mod record;
mod sharing;
mod stalls;
mod switches;
mod work;

pub use claim::{Claim, Figure, Finding, Judgement, Watch};
pub use measured::Measured;
pub use reading::{ACTIVE, Reading};
pub use record::{Answer, Record, SCHEMA};

/// All claims, by their numbers.
pub const CLAIMS: [Claim; 15] = [
    capped::CLAIM,
    growth::SCANS,
    growth::NO_CAP,
    edges::CLAIM,
    growth::FOLLOWS_ACTIVE,
    memory::GIB,
    switches::CLAIM,
    memory::SMALL,
    work::CLAIM,
    idle::CLAIM,
    one_client::CLAIM,
    sharing::CLAIM,
    backlog::CLAIM,
    faults::CLAIM,
    stalls::CLAIM,
];

/// The claims with these numbers, or all if there are none; in their order.
///
/// # Errors
/// For a number that no claim has.
pub fn chosen(only: &[u64]) -> Result<Vec<&'static Claim>, String> {
    static ALL: [Claim; 15] = CLAIMS;
    if let Some(wrong) = only
        .iter()
        .find(|id| !ALL.iter().any(|claim| u64::from(claim.id) == **id))
    {
        return Err(format!(
            "there is no claim {wrong}; they are numbered from 1 to {}",
            ALL.len()
        ));
    }
    let wanted = |claim: &&Claim| only.is_empty() || only.contains(&claim.id.into());
    Ok(ALL.iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_numbered_in_their_order_and_say_what_decides() {
        for (number, claim) in (1..).zip(CLAIMS) {
            assert_eq!(claim.id, number);
            for text in [claim.words, claim.how, claim.rule] {
                assert!(text.ends_with('.') && !text.contains("  "), "{number}: {text}");
            }
            assert!(claim.title.chars().count() <= 44, "{number}: it has a line in a list");
            assert!(
                claim.rule.contains("onfirmed") && claim.rule.contains("efuted"),
                "{number}"
            );
            assert!(
                !claim.parts.is_empty() || !claim.watches.is_empty(),
                "{number} is measured by nothing"
            );
        }
    }

    #[test]
    fn without_any_measurement_there_is_no_verdict() {
        for claim in CLAIMS {
            let judgement = claim.judged(&Measured::default());
            assert_eq!(
                (judgement.verdict, judgement.number),
                (Finding::Untested, None),
                "{}",
                claim.id
            );
        }
    }

    #[test]
    fn some_are_chosen_by_their_numbers() {
        let ids = |only: &[u64]| chosen(only).unwrap().iter().map(|claim| claim.id).collect::<Vec<_>>();
        assert_eq!(ids(&[7, 1]), [1, 7]);
        assert_eq!(ids(&[]).len(), CLAIMS.len());
        assert!(chosen(&[16]).unwrap_err().contains("no claim 16"));
    }
}
