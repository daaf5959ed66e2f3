//! Keeping labels apart: plotters has no logic for that.

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub x0: f64,
    pub y0: f64,
    pub x1: f64,
    pub y1: f64,
}

impl Area {
    pub(super) fn width(&self) -> f64 {
        self.x1 - self.x0
    }

    pub(super) fn height(&self) -> f64 {
        self.y1 - self.y0
    }

    pub(super) fn around((x, y): (f64, f64), radius: f64) -> Self {
        Self {
            x0: x - radius,
            y0: y - radius,
            x1: x + radius,
            y1: y + radius,
        }
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.x0 <= other.x0 && other.x1 <= self.x1 && self.y0 <= other.y0 && other.y1 <= self.y1
    }

    fn contains(&self, (x, y): (f64, f64)) -> bool {
        self.x0 <= x && x <= self.x1 && self.y0 <= y && y <= self.y1
    }
}

/// Moves the `wanted` positions as little as it can so that neighbours are `gap` apart and all lie in `low..=high`.
///
/// `wanted` must ascend, and there must be room (`(n - 1) * gap <= high - low`); without it the labels run past `high`.
/// Labels that collide form a block which stands at the mean of what its members want: least squares, by pooling
/// adjacent violators (Ayer et al. 1955).
pub(super) fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    // With `gap` taken out of each step the condition is just that positions do not descend.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (i, y) in wanted.iter().enumerate() {
        let mut block = (y - gap * i as f64, 1);
        while let Some(&(mean, n)) = blocks.last().filter(|(mean, _)| *mean > block.0) {
            blocks.pop();
            block = (
                (mean * n as f64 + block.0 * block.1 as f64) / (n + block.1) as f64,
                n + block.1,
            );
        }
        blocks.push(block);
    }
    let top = (high - gap * wanted.len().saturating_sub(1) as f64).max(low);
    blocks
        .iter()
        .flat_map(|&(mean, n)| std::iter::repeat_n(mean.clamp(low, top), n))
        .enumerate()
        .map(|(i, y)| y + gap * i as f64)
        .collect()
}

/// What is drawn already: `taken` must not be covered (texts, points), `lines` better not.
#[derive(Default)]
pub(super) struct Ground {
    pub taken: Vec<Area>,
    pub lines: Vec<(f64, f64)>,
}

impl Ground {
    /// Remembers a line as points close enough together that no label fits between two of them.
    pub(super) fn add_line(&mut self, points: &[(f64, f64)]) {
        for pair in points.windows(2) {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            let steps = ((bx - ax).hypot(by - ay) / 8.0).ceil().max(1.0);
            self.lines.extend((0..=steps as u32).map(|i| {
                let part = f64::from(i) / steps;
                (ax + (bx - ax) * part, ay + (by - ay) * part)
            }));
        }
    }

    /// The cheapest of the places (each with a price for being where it is) that lies within `bounds` and covers
    /// nothing taken; every point of a line that it covers adds to its price.
    pub(super) fn best(&self, places: &[(Area, usize)], bounds: &Area) -> Option<Area> {
        places
            .iter()
            .filter(|(place, _)| bounds.holds(place) && !self.taken.iter().any(|taken| taken.overlaps(place)))
            .min_by_key(|(place, price)| price + 3 * self.lines.iter().filter(|point| place.contains(**point)).count())
            .map(|(place, _)| *place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_do_not_collide_stay() {
        assert_eq!(spread(&[10.0, 50.0, 90.0], 30.0, 0.0, 100.0), [10.0, 50.0, 90.0]);
        assert!(spread(&[], 30.0, 0.0, 100.0).is_empty());
    }

    #[test]
    fn ties_share_the_way() {
        assert_eq!(spread(&[50.0, 50.0, 50.0], 20.0, 0.0, 100.0), [30.0, 50.0, 70.0]);
    }

    #[test]
    fn the_ends_are_kept() {
        assert_eq!(spread(&[99.0, 99.0, 99.0], 20.0, 0.0, 100.0), [60.0, 80.0, 100.0]);
        assert_eq!(spread(&[0.0, 0.0], 20.0, 0.0, 100.0), [0.0, 20.0]);
    }

    #[test]
    fn blocks_that_meet_merge() {
        let placed = spread(&[10.0, 12.0, 30.0, 31.0, 90.0], 15.0, 0.0, 100.0);
        assert!(placed.windows(2).all(|w| w[1] - w[0] >= 15.0 - 1e-9), "{placed:?}");
        assert_eq!(placed[4], 90.0);
    }

    #[test]
    fn the_free_place_with_fewest_lines_is_taken() {
        let bounds = Area {
            x0: 0.0,
            y0: 0.0,
            x1: 100.0,
            y1: 100.0,
        };
        let at = |x: f64| Area {
            x0: x,
            y0: 40.0,
            x1: x + 20.0,
            y1: 60.0,
        };
        let mut ground = Ground {
            taken: vec![at(0.0)],
            lines: Vec::new(),
        };
        ground.add_line(&[(40.0, 0.0), (40.0, 100.0)]);
        let best = |places: &[f64]| ground.best(&places.iter().map(|&x| (at(x), 0)).collect::<Vec<_>>(), &bounds);
        assert_eq!(best(&[0.0, 30.0, 70.0, 90.0]), Some(at(70.0)));
        assert_eq!(best(&[0.0, 90.0]), None);
        assert_eq!(ground.best(&[(at(30.0), 0), (at(70.0), 99)], &bounds), Some(at(30.0)));
    }
}
