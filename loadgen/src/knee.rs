//! Where the curve of response times over an offered rate has its knee.

/// From this share of the offered rate on a server keeps up with it.
pub const KEEPS_UP: f64 = 0.97;

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Requests a second that were due.
    pub offered_per_s: f64,
    /// Correct replies a second.
    pub achieved_per_s: f64,
    /// Mean response time.
    pub response_ns: f64,
}

/// The offered rate at the knee: that of the greatest power, which is rate ÷ mean response time (L. Kleinrock, "Power
/// and deterministic rules of thumb for probabilistic problems in computer communications", ICC 1979). Below it more
/// rate costs little time, above it more than it is worth; a queue with one server has it half-way to saturation.
///
/// `None` with fewer than three loads, or where the server kept up with none of them. Where the greatest power is that
/// of the smallest or of the largest load the knee lies beyond.
#[must_use]
pub fn knee(loads: &[Load]) -> Option<f64> {
    if loads.len() < 3 {
        return None;
    }
    let kept = loads
        .iter()
        .filter(|load| load.achieved_per_s >= KEEPS_UP * load.offered_per_s);
    let power = |load: &Load| load.achieved_per_s / load.response_ns;
    let best = kept.max_by(|a, b| power(a).total_cmp(&power(b)))?;
    let offered = || loads.iter().map(|load| load.offered_per_s);
    let (first, last) = (offered().fold(f64::INFINITY, f64::min), offered().fold(0.0, f64::max));
    (first < best.offered_per_s && best.offered_per_s < last).then_some(best.offered_per_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue with one server that takes 10 µs on average, at random (M/M/1).
    fn queue(offered_per_s: f64) -> Load {
        let capacity = 100e3;
        Load {
            offered_per_s,
            achieved_per_s: offered_per_s.min(capacity),
            response_ns: if offered_per_s < capacity {
                1e9 / (capacity - offered_per_s)
            } else {
                1e9
            },
        }
    }

    #[test]
    fn a_queue_has_its_knee_half_way_to_saturation() {
        let loads: Vec<Load> = (1..=12).map(|i| queue(f64::from(i) * 10e3)).collect();
        assert_eq!(knee(&loads), Some(50e3));
    }

    #[test]
    fn a_curve_that_is_still_flat_has_no_knee() {
        let flat = |i: i32| Load {
            response_ns: 20e3,
            ..queue(f64::from(i) * 1e3)
        };
        assert_eq!(knee(&[flat(1), flat(2), flat(3)]), None);
        let above = [queue(60e3), queue(70e3), queue(80e3)];
        assert_eq!(knee(&above), None, "all of them lie above it");
        assert_eq!(knee(&[queue(10e3), queue(90e3)]), None, "two points are no curve");
        assert_eq!(
            knee(&[queue(200e3), queue(300e3), queue(400e3)]),
            None,
            "nothing was kept up with"
        );
    }
}
