//! What a pair says: by how much head differs from base.

/// Which way a metric is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worse {
    /// CPU per request, memory, latency.
    Higher,
    /// Throughput.
    Lower,
}

/// ln(head / base), turned so that positive is worse: 0.05 is some 5 % worse, and its opposite takes it back exactly. A
/// unit that both share cancels.
///
/// NaN unless both are finite and above 0, which [`judge()`](super::judge()) refuses: nothing is so many per cent of 0.
#[must_use]
pub fn log_ratio(head: f64, base: f64, worse: Worse) -> f64 {
    let positive = |x: f64| x.is_finite() && x > 0.0;
    if !positive(head) || !positive(base) {
        return f64::NAN;
    }
    // Of the larger to the smaller, that exchanging the two changes the sign and no digit.
    let size = (head.max(base) / head.min(base)).ln();
    let is_worse = (head > base) == (worse == Worse::Higher);
    if is_worse || size == 0.0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_turned_so_that_positive_is_worse() {
        assert!((log_ratio(105.0, 100.0, Worse::Higher) - 1.05_f64.ln()).abs() < 1e-14);
        assert!((log_ratio(100.0, 105.0, Worse::Lower) - 1.05_f64.ln()).abs() < 1e-14);
        assert_eq!(log_ratio(7.0, 3.0, Worse::Higher), -log_ratio(3.0, 7.0, Worse::Higher));
        assert_eq!(log_ratio(7.0, 7.0, Worse::Lower), 0.0);
    }

    #[test]
    fn what_has_no_ratio_is_no_number() {
        let senseless = [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY];
        for x in senseless {
            for (head, base) in [(x, 1.0), (1.0, x), (x, x)] {
                assert!(log_ratio(head, base, Worse::Higher).is_nan(), "{head} {base}");
                assert!(log_ratio(head, base, Worse::Lower).is_nan(), "{head} {base}");
            }
        }
    }
}
