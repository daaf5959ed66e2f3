//! From values to pixels, and where an axis has its labels.
//!
//! plotters' logarithmic coordinate gives no labels at all to a range without a power of ten inside, and unevenly
//! spaced ones otherwise. Here the range is snapped first, so that there always is a power of ten inside.

/// A stretch of values on a stretch of pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    px_from: f64,
    px_to: f64,
    log: bool,
}

impl Scale {
    pub(super) fn linear(values: (f64, f64), pixels: (f64, f64)) -> Self {
        Self {
            from: values.0,
            to: values.1,
            px_from: pixels.0,
            px_to: pixels.1,
            log: false,
        }
    }

    /// `values` must be above zero.
    pub(super) fn log(values: (f64, f64), pixels: (f64, f64)) -> Self {
        Self {
            from: values.0.log10(),
            to: values.1.log10(),
            px_from: pixels.0,
            px_to: pixels.1,
            log: true,
        }
    }

    /// The pixel of `value`; values outside the range, and zero on a logarithmic scale, are at its ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.log {
            value.max(f64::MIN_POSITIVE).log10()
        } else {
            value
        };
        let part = if self.to > self.from {
            (value - self.from) / (self.to - self.from)
        } else {
            0.5
        };
        self.px_from + (self.px_to - self.px_from) * part.clamp(0.0, 1.0)
    }
}

/// What an axis of `values` (zeros and worse left out) spans: from and to 1, 2 or 5 times a power of ten, and at least
/// a decade, so that there is a power of ten inside; none if there is nothing to show.
///
/// Whole decades at both ends would leave up to two thirds of the axis empty where a whisker just passes a power of ten.
pub(super) fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|v| v.is_finite() && *v > 0.0)
        .fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    if high == 0.0 {
        return None;
    }
    // Logarithms of powers of ten are exact only to the last bit or two.
    let mut first = (low.log10() * 3.0).floor() as i32 - 1;
    while step(first + 1) <= low * (1.0 + 1e-9) {
        first += 1;
    }
    let mut last = first;
    while step(last) < high * (1.0 - 1e-9) {
        last += 1;
    }
    // Three steps are a decade; what is missing is added above and below in turn.
    for i in 0.. {
        match last - first {
            3.. => break,
            _ if i % 2 == 0 => last += 1,
            _ => first -= 1,
        }
    }
    Some((step(first), step(last)))
}

/// 1, 2, 5, 10, 20, 50 and so on, from 1 at 0 in both directions.
fn step(i: i32) -> f64 {
    [1.0, 2.0, 5.0][i.rem_euclid(3) as usize] * 10f64.powi(i.div_euclid(3))
}

/// The lines of a logarithmic axis: every power of ten and, as long as there are few of these, 2 and 5 between them.
pub(super) struct LogTicks {
    pub labelled: Vec<f64>,
    pub between: Vec<f64>,
}

pub(super) fn log_ticks((from, to): (f64, f64)) -> LogTicks {
    let decades = (to / from).log10();
    let (first, last) = (from.log10().floor() as i32 - 1, to.log10().ceil() as i32 + 1);
    let mut ticks = LogTicks {
        labelled: Vec::new(),
        between: Vec::new(),
    };
    for exponent in first..=last {
        for digit in 1..10 {
            let value = f64::from(digit) * 10f64.powi(exponent);
            match digit {
                _ if value < from * (1.0 - 1e-9) || value > to * (1.0 + 1e-9) => {}
                1 => ticks.labelled.push(value),
                2 | 5 if decades < 2.5 => ticks.labelled.push(value),
                _ if decades < 4.5 => ticks.between.push(value),
                _ => {}
            }
        }
    }
    ticks
}

/// 1, 2, 2.5 or 5 times a power of ten: the smallest that goes at most `most` times into `total`, or a little more.
fn round_step(total: f64, most: f64) -> f64 {
    let rough = total / most;
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0].map(|m| m * power);
    let fitting = steps.into_iter().find(|&step| step >= rough * (1.0 - 1e-9));
    fitting.unwrap_or(10.0 * power)
}

/// Round steps from 0 up to `most`, about five.
pub(super) fn round_ticks(most: f64) -> Vec<f64> {
    let step = round_step(most, 5.0);
    (0..)
        .map(|i| f64::from(i) * step)
        .take_while(|tick| *tick <= most * (1.0 + 1e-9))
        .collect()
}

/// Round steps inside `from` to `to`, at most `most` or one more, and how far apart they are.
pub(super) fn ticks_between((from, to): (f64, f64), most: f64) -> (Vec<f64>, f64) {
    let step = round_step(to - from, most);
    let first = (from / step - 1e-9).ceil();
    let ticks = (0..).map(|i| (first + f64::from(i)) * step);
    (ticks.take_while(|tick| *tick <= to + step * 1e-9).collect(), step)
}

/// Round steps from 0 to `total`, about five, and `total` itself, which is the number that everyone looks for.
pub(super) fn count_ticks(total: u64) -> Vec<u64> {
    let step = round_step((total as f64).max(5.0), 5.0).ceil() as u64;
    let mut ticks: Vec<u64> = (0..).map(|i| i * step).take_while(|t| t + step / 2 < total).collect();
    ticks.push(total);
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_round_and_at_least_a_decade() {
        let of = |values: &[f64]| span(values.iter().copied());
        assert_eq!(of(&[6_060.0, 101_600.0]), Some((5e3, 2e5)));
        assert_eq!(of(&[118_000.0, 126_000.0]), Some((5e4, 5e5)));
        assert_eq!(of(&[1.0, 1e9]), Some((1.0, 1e9)));
        assert_eq!(of(&[1_000.0]), Some((500.0, 5_000.0)));
        assert_eq!(of(&[0.0, 0.2, 5.0]), Some((0.2, 5.0)));
        assert_eq!(of(&[0.0]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn every_span_has_labels() {
        for (low, high) in [
            (118_000.0, 126_000.0),
            (1.0, 1e9),
            (3.0, 3.0),
            (90.0, 110.0),
            (0.01, 0.3),
            (7.0, 3_000.0),
        ] {
            let ticks = log_ticks(span([low, high].into_iter()).unwrap());
            assert!(
                (3..=10).contains(&ticks.labelled.len()),
                "{low} to {high}: {:?}",
                ticks.labelled
            );
        }
    }

    #[test]
    fn values_land_on_their_pixels() {
        let scale = Scale::log((10.0, 1000.0), (100.0, 300.0));
        assert_eq!(
            [10.0, 100.0, 1000.0, 0.0, 1e9].map(|v| scale.at(v).round()),
            [100.0, 200.0, 300.0, 100.0, 300.0]
        );
        let scale = Scale::linear((0.0, 10.0), (300.0, 100.0));
        assert_eq!([0.0, 5.0, 10.0].map(|v| scale.at(v)), [300.0, 200.0, 100.0]);
    }

    #[test]
    fn amounts_have_round_steps() {
        assert_eq!(round_ticks(20.3), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(round_ticks(138.0), [0.0, 50.0, 100.0]);
        assert_eq!(round_ticks(0.25), [0.0, 0.05, 0.1, 0.15000000000000002, 0.2, 0.25]);
        assert_eq!(round_ticks(1e9).len(), 6);
    }

    #[test]
    fn steps_lie_inside_their_ends() {
        let of = |from, to, most| {
            let (ticks, step) = ticks_between((from, to), most);
            (ticks.iter().map(|tick| format!("{tick:.3}")).collect::<Vec<_>>(), step)
        };
        assert_eq!(
            of(0.97, 1.11, 5.0),
            (["1.000", "1.050", "1.100"].map(str::to_owned).into(), 0.05)
        );
        assert_eq!(
            of(1.0, 1.1, 2.0),
            (["1.000", "1.050", "1.100"].map(str::to_owned).into(), 0.05)
        );
        assert_eq!(of(2.9, 3.3, 5.0).0, ["2.900", "3.000", "3.100", "3.200", "3.300"]);
        assert_eq!(of(1.0, 1e6, 5.0).0.len(), 5);
    }

    #[test]
    fn counts_end_with_the_total() {
        assert_eq!(count_ticks(10_000), [0, 2_000, 4_000, 6_000, 8_000, 10_000]);
        assert_eq!(count_ticks(1_500), [0, 500, 1_000, 1_500]);
        assert_eq!(count_ticks(1), [0, 1]);
        assert_eq!(count_ticks(3), [0, 1, 2, 3]);
        assert_eq!(count_ticks(1_019), [0, 250, 500, 750, 1_019]);
    }
}
