//! A strict reader of percentile distributions, by the line formats of `AbstractHistogram.outputPercentileDistribution`
//! (<https://github.com/HdrHistogram/HdrHistogram>), and how one is held against a histogram.

use loadgen::Histogram;

/// That a distribution, in `scale` nanoseconds, is that of the histogram: for each of its lines, as many values are at
/// most its value as it says, and it is the value at its percentile.
pub(crate) fn is_of(distribution: &Distribution, histogram: &Histogram, scale: f64) {
    for &(value, quantile, total) in &distribution.lines {
        let ns = (value * scale).round() as u64;
        let at_most: u64 = histogram
            .counts()
            .filter(|&(value, _)| value <= ns)
            .map(|(_, count)| count)
            .sum();
        assert_eq!(total, at_most, "{value}");
        assert!(total as f64 / histogram.len() as f64 >= quantile - 1e-12, "{quantile}");
        // At 0 itself a histogram tells the lower end of what it cannot tell from its smallest value.
        let at = |quantile: f64| histogram.quantile(quantile.max(1e-12));
        assert!((at(quantile - 1e-9)..=at(quantile + 1e-9)).contains(&ns), "{quantile}");
    }
    let close = |told: f64, is: f64| (told * scale - is).abs() < scale * 1e-5 + 1.0;
    assert_eq!(distribution.total, histogram.len());
    assert!(close(distribution.mean, histogram.mean()) && close(distribution.max, histogram.quantile(1.0) as f64));
}

/// A distribution as it was read.
#[derive(Debug, PartialEq)]
pub(crate) struct Distribution {
    /// Value, percentile as a share, and how many values are at most that.
    pub(crate) lines: Vec<(f64, f64, u64)>,
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    pub(crate) max: f64,
    pub(crate) total: u64,
    pub(crate) buckets: u64,
    pub(crate) sub_buckets: u64,
    pub(crate) comments: Vec<String>,
}

impl Distribution {
    /// Reads a whole file strictly.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some("       Value     Percentile TotalCount 1/(1-Percentile)") || lines.next() != Some("") {
            return Err("no heading".to_owned());
        }
        let (lines, rest): (Vec<&str>, Vec<&str>) = lines.partition(|line| !line.starts_with('#'));
        let mut parsed = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            let fields: Vec<f64> = line.split_whitespace().map(number).collect::<Result<_, _>>()?;
            let last = i + 1 == lines.len();
            match fields[..] {
                [value, quantile, total, inverse] if !last && (inverse * (1.0 - quantile) - 1.0).abs() < 0.01 => {
                    parsed.push((value, quantile, total as u64));
                }
                [value, 1.0, total] if last => parsed.push((value, 1.0, total as u64)),
                _ => return Err(format!("line {i}: {line}")),
            }
        }
        let ascending = parsed.windows(2).all(|pair| {
            let ((value, quantile, total), (next, then, more)) = (pair[0], pair[1]);
            value <= next && quantile < then && total <= more
        });
        if !ascending || parsed.is_empty() {
            return Err("not in ascending order".to_owned());
        }
        let summary = |line: Option<&&str>, first: &str, second: &str| {
            let inner = line.and_then(|line| line.strip_prefix("#[")?.strip_suffix(']'));
            let (one, two) = inner.and_then(|inner| inner.split_once(", ")).ok_or("no summary")?;
            let value = |text: &str, name: &str| match text.split_once('=') {
                Some((label, value)) if label.trim() == name => number(value.trim()),
                _ => Err(format!("no {name} in: {text}")),
            };
            Ok::<_, String>((value(one, first)?, value(two, second)?))
        };
        let (mean, deviation) = summary(rest.first(), "Mean", "StdDeviation")?;
        // The Python library joins the two words.
        let (max, total) =
            summary(rest.get(1), "Max", "Total count").or_else(|_| summary(rest.get(1), "Max", "TotalCount"))?;
        let (buckets, sub_buckets) = summary(rest.get(2), "Buckets", "SubBuckets")?;
        Ok(Self {
            lines: parsed,
            mean,
            deviation,
            max,
            total: total as u64,
            buckets: buckets as u64,
            sub_buckets: sub_buckets as u64,
            comments: rest[3..]
                .iter()
                .map(|line| line.trim_start_matches(['#', ' ']).to_owned())
                .collect(),
        })
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("'{text}' is no number"))
}

#[test]
fn the_reader_refuses_what_is_no_distribution() {
    let good = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n 1.5 0.0 1 1.00\n 2.0 0.5 3 2.00\n 2.5 1.0 4\n\
                #[Mean    = 2.0, StdDeviation   = 0.5]\n#[Max     = 2.5, Total count    = 4]\n\
                #[Buckets = 32, SubBuckets     = 2048]\n# told\n";
    let parsed = Distribution::parse(good).unwrap();
    assert_eq!((parsed.lines.len(), parsed.total, parsed.sub_buckets), (3, 4, 2048));
    assert_eq!(parsed.comments, ["told"]);
    for (from, to) in [
        ("Value", "Wert"),
        ("\n\n", "\n"),
        ("0.5 3", "0.5 0"),
        ("2.5 1.0 4", "2.5 1.0 4 inf"),
        ("1.5 0.0 1 1.00", "1.5 0.0 1"),
        ("2.00", "9.00"),
        ("Mean", "Average"),
        ("1.5", "x"),
        ("#[Buckets = 32, SubBuckets     = 2048]\n", ""),
    ] {
        assert!(Distribution::parse(&good.replace(from, to)).is_err(), "{from} -> {to}");
    }
}
