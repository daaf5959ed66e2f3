//! The whole distribution of latency of a window, for a curve over percentiles in which each nine has the same room.

use super::asked::Asked;
use crate::record::Row;

/// Points for each nine.
pub const PER_NINE: u32 = 10;
/// The last point is the quantile of so many nines.
const NINES: u32 = 5;

/// The quantiles 1 − 10^(−k/10) for k = 0, 1, 2, ..., which lie at equal distances where each nine has the same room (as in
/// the plots of Gil Tene's HdrHistogram); of response times in an open loop, of service times in a closed one, over all
/// that asked. `None` where a percentile falls among those without a reply. There are as many as the number of requests
/// can tell: no more than one in so many is beyond the last. `None` in all where the window was not measured.
#[must_use]
pub fn spectrum(row: &Row) -> Option<Vec<Option<u64>>> {
    let asked = Asked::of(row)?;
    let seen = asked.replies.len() as f64;
    let one_in = |k: u32| 10f64.powf(f64::from(k) / f64::from(PER_NINE));
    let told = (0..=NINES * PER_NINE).take_while(|&k| one_in(k) <= seen.max(1.0) * (1.0 + 1e-9));
    let quantiles: Vec<f64> = told.map(|k| 1.0 - 1.0 / one_in(k)).collect();
    Some(asked.ascending(&quantiles))
}

#[cfg(test)]
mod tests {
    use loadgen::Histogram;

    use super::*;
    use crate::record::Connections;

    fn row(replies: u64, served: u64, active: u64) -> Row {
        let mut row: Row = serde_json::from_str(include_str!("warnings/quiet-row.json")).unwrap();
        let mut histogram = Histogram::default();
        (1..=replies).for_each(|ns| histogram.record(ns));
        row.histogram = Some(histogram);
        row.unfinished_histogram = Some(Histogram::default());
        row.response_histogram = None;
        row.connections = Some(Connections {
            requested: active,
            connected: active,
            active,
            served,
            ..Connections::default()
        });
        row
    }

    #[test]
    fn each_nine_has_as_many_points_and_the_last_is_one_that_was_seen() {
        let told = spectrum(&row(1000, 7, 7)).unwrap();
        assert_eq!(told.len(), 3 * PER_NINE as usize + 1, "one in a thousand is the rarest");
        let at = |nines: usize| told[nines * PER_NINE as usize].unwrap();
        assert_eq!((at(0), at(1), at(2)), (1, 900, 990));
        assert!(told.is_sorted());
    }

    #[test]
    fn it_ends_where_clients_were_not_served() {
        let told = spectrum(&row(1000, 50, 100)).unwrap();
        assert!(told[2].is_some(), "0.37 is less than half");
        assert_eq!(told[4], None, "0.60 is more");
        assert_eq!(spectrum(&row(0, 0, 100)).unwrap(), [None], "nobody was served");
    }

    #[test]
    fn no_window_no_spectrum() {
        let mut lost = row(10, 1, 1);
        lost.histogram = None;
        assert_eq!(spectrum(&lost), None);
    }
}
