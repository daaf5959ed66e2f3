//! Several metrics judged at once, and the chance of one false alarm among them still alpha.

/// The p values adjusted for being a family, in the order given: below alpha is where the family-wise error rate stays
/// below alpha, whatever the dependence among them.
///
/// S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, *Scandinavian Journal of Statistics* 6, 1979: the
/// smallest of m times m, the next times m − 1, and so on, none less than the one before it, none above 1. What is no
/// number is taken as 1.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let p: Vec<f64> = p.iter().map(|&p| if p.is_nan() { 1.0 } else { p }).collect();
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut adjusted, mut before) = (vec![1.0; p.len()], 0.0_f64);
    for (rank, i) in order.into_iter().enumerate() {
        before = before.max(p[i] * (p.len() - rank) as f64).min(1.0);
        adjusted[i] = before;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example_comes_out() {
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (adjusted, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((adjusted - expected).abs() < 1e-15, "{adjusted} {expected}");
        }
    }

    #[test]
    fn one_alone_is_left_as_it_is_and_none_exceeds_one() {
        assert_eq!(holm(&[0.02]), [0.02]);
        assert_eq!(holm(&[0.9, 0.5, 0.6]), [1.0, 1.0, 1.0]);
        assert_eq!(
            holm(&[0.01, 0.01]),
            [0.02, 0.02],
            "the second is no smaller than the first"
        );
        assert!(holm(&[]).is_empty());
        assert_eq!(holm(&[f64::NAN, 0.01]), [1.0, 0.02]);
    }
}
