//! Latencies in nanoseconds: three significant digits from 1 ns to an hour, merged exactly, encoded losslessly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer as De, Serialize, Serializer as Ser};

const LONGEST_NS: u64 = 3_600_000_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;
const COARSE_DIGITS: u8 = 2;

/// A histogram of nanoseconds (`HdrHistogram`; in JSON its V2 compressed form in base64).
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

impl Default for Histogram {
    fn default() -> Self {
        let histogram = hdrhistogram::Histogram::new_with_bounds(1, LONGEST_NS, SIGNIFICANT_DIGITS);
        Self(histogram.expect("the bounds are constants and valid"))
    }
}

impl Histogram {
    /// One of two significant digits, an eighth of the size, where there are many of them.
    #[must_use]
    pub(crate) fn coarse() -> Self {
        let histogram = hdrhistogram::Histogram::new_with_bounds(1, LONGEST_NS, COARSE_DIGITS);
        Self(histogram.expect("the bounds are constants and valid"))
    }

    /// Records one value; longer than an hour counts as an hour.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    /// Adds another histogram's values to this one's.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all histograms have the same bounds");
    }

    /// The values without those of `part`, all of which must be among them.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        let mut rest = self.clone();
        rest.0
            .subtract(&part.0)
            .expect("a part has no values that the whole lacks");
        rest
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Arithmetic mean in nanoseconds.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.0.mean()
    }

    /// The value below or at which the fraction `q` (0 to 1) of all values lies.
    #[must_use]
    pub fn quantile(&self, q: f64) -> u64 {
        self.0.value_at_quantile(q)
    }

    /// The recorded values in ascending order, each with how often it was met; a value stands for all that the
    /// histogram cannot tell from it.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        let recorded = self.0.iter_recorded();
        recorded.map(|bucket| (bucket.value_iterated_to(), bucket.count_since_last_iteration()))
    }

    /// The histogram as the `hdrhistogram` crate knows it, for what is written in its file formats.
    #[must_use]
    pub fn as_hdr(&self) -> &hdrhistogram::Histogram<u64> {
        &self.0
    }

    /// Mean, the usual percentiles and maximum, where there is any value.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        let value = |q| (!self.is_empty()).then(|| self.quantile(q));
        Quantiles {
            mean: (!self.is_empty()).then(|| self.mean()),
            p50: value(0.5),
            p90: value(0.9),
            p99: value(0.99),
            p999: value(0.999),
            p9999: value(0.9999),
            max: value(1.0),
        }
    }
}

/// What is told of a histogram, in nanoseconds; null where there is nothing to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<u64>,
    /// 90th percentile.
    pub p90: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
    /// 99.9th percentile.
    pub p999: Option<u64>,
    /// 99.99th percentile.
    pub p9999: Option<u64>,
    /// Maximum.
    pub max: Option<u64>,
}

impl Serialize for Histogram {
    fn serialize<S: Ser>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut encoded = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut encoded)
            .map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&STANDARD.encode(encoded))
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: De<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let encoded = STANDARD.decode(text).map_err(D::Error::custom)?;
        let decoded: hdrhistogram::Histogram<u64> = Deserializer::new()
            .deserialize(&mut encoded.as_slice())
            .map_err(|error| D::Error::custom(format!("{error:?}")))?;
        let mut histogram = Self::default();
        histogram.0.add(&decoded).map_err(D::Error::custom)?;
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_merging_lose_nothing() {
        let (mut all, mut even, mut odd) = (Histogram::default(), Histogram::default(), Histogram::default());
        for i in 1..10_000u64 {
            let ns = i * i * 37;
            all.record(ns);
            if i % 2 == 0 { &mut even } else { &mut odd }.record(ns);
        }
        let text = serde_json::to_string(&even).unwrap();
        let mut merged: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(merged, even);
        merged.merge(&odd);
        assert_eq!(merged, all);
        assert_eq!(merged.quantiles(), all.quantiles());
    }

    #[test]
    fn a_part_and_the_rest_are_the_whole() {
        let (mut all, mut slow, mut others) = (Histogram::default(), Histogram::default(), Histogram::default());
        for i in 1..1000u64 {
            all.record(i * i * 37);
            if i > 990 { &mut slow } else { &mut others }.record(i * i * 37);
        }
        let rest = all.without(&slow);
        assert_eq!((rest.len(), rest.quantiles()), (others.len(), others.quantiles()));
        assert_eq!(all.without(&all).quantiles(), Quantiles::default());
    }

    #[test]
    fn nothing_recorded_is_told_as_nothing() {
        assert_eq!(Histogram::default().quantiles(), Quantiles::default());
    }
}
