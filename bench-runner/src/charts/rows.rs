//! Rows of one height, each with its name to the left: what all charts share that have a row a model.

use anyhow::ensure;

use super::canvas::{Align, Canvas};
use super::place::Area;
use super::text::{regular, row_px};

/// A row is never higher, so that one model is not a wall of colour.
const HIGHEST: f64 = 120.0;
/// A row is never lower: names in it could not be read.
const LOWEST: f64 = 9.0;
/// Between a name and what stands in its row.
const GAP: f64 = 16.0;

/// Where the rows of a chart stand.
pub(super) struct Rows {
    /// All rows, without their names.
    pub field: Area,
    /// From one row to the next.
    pub pitch: f64,
    /// Pixels per em of names and labels.
    pub px: f64,
    /// The widest that a name gets, in pixels.
    widest: f64,
}

impl Rows {
    /// Rows for `names` in `room`; the names take up to `widest` pixels of it.
    ///
    /// # Errors
    /// When there are so many that nobody could read them.
    pub(super) fn new<'n>(
        room: Area,
        names: impl ExactSizeIterator<Item = &'n str>,
        widest: f64,
    ) -> anyhow::Result<Self> {
        let n = names.len().max(1) as f64;
        let pitch = (room.height() / n).min(HIGHEST);
        ensure!(
            pitch >= LOWEST,
            "cannot draw {n} rows in one chart: at most {} fit",
            (room.height() / LOWEST).floor()
        );
        let px = row_px(pitch);
        let widths = names.map(|name| regular(px).width(name));
        let x0 = room.x0 + widths.fold(0.0, f64::max).min(widest) + GAP;
        // Few rows stand nearer to the middle.
        let y0 = room.y0 + (room.height() - pitch * n) / 3.0;
        Ok(Self {
            field: Area {
                x0,
                y0,
                x1: room.x1,
                y1: y0 + pitch * n,
            },
            pitch,
            px,
            widest,
        })
    }

    /// The middle of row `i`.
    pub(super) fn y(&self, i: usize) -> f64 {
        self.field.y0 + self.pitch * (i as f64 + 0.5)
    }

    /// Half the height of a bar in a row.
    pub(super) fn half(&self) -> f64 {
        (self.pitch * 0.37).min(34.0)
    }

    /// A dot's radius.
    pub(super) fn dot(&self) -> f64 {
        (self.pitch * 0.24).clamp(3.0, 11.0)
    }

    /// Writes the name of row `i`, which is of a model.
    pub(super) fn name(&self, canvas: &Canvas<'_>, i: usize, name: &str, model: &str) -> anyhow::Result<()> {
        let face = regular(self.px);
        let name = face.fit(name, self.widest);
        canvas.label(
            face,
            canvas.ink_of(model),
            Align::Right,
            self.field.x0 - GAP,
            self.y(i),
            &name,
        )
    }
}
