//! `hgrm`: the percentile distribution that HdrHistogram's `outputPercentileDistribution` prints and its plotter reads
//! (<https://github.com/HdrHistogram/HdrHistogram>, GoogleChartsExample/plotFiles.html). A file holds one.

use loadgen::Histogram;
use loadgen::units::counted;

use super::groups::Group;
use super::notes::Notes;
use super::times::{remarks, timed};
use super::{File, Unit};

/// Steps between a percentile and the one half as far from 100 %; what HdrHistogram takes by default.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

impl Unit {
    /// Nanoseconds in one, and the decimals that tell them all.
    fn scale(self) -> (f64, usize) {
        match self {
            Self::Ns => (1.0, 0),
            Self::Us => (1e3, 3),
            Self::Ms => (1e6, 6),
            Self::S => (1e9, 9),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ns => "ns",
            Self::Us => "us",
            Self::Ms => "ms",
            Self::S => "s",
        }
    }
}

/// A file for each group: its rounds' histograms, merged.
pub(super) fn files(groups: &[Group], run_id: &str, unit: Unit) -> (Vec<File>, Notes) {
    let mut notes = Notes::default();
    let files = groups.iter().filter_map(|group| file(group, run_id, unit, &mut notes));
    (files.collect(), notes)
}

fn file(group: &Group, run_id: &str, unit: Unit, notes: &mut Notes) -> Option<File> {
    let rows = timed(group, notes);
    let mut all = Histogram::default();
    rows.iter().for_each(|(_, histogram)| all.merge(histogram));
    if all.is_empty() {
        return None;
    }
    let rounds: Vec<String> = rows.iter().map(|(row, _)| row.round.to_string()).collect();
    let mut text = distribution(&all, unit);
    // Behind the distribution, for some readers take the first line for its heading.
    text += &format!(
        "# {}, {}, values in {}\n# run {run_id}, round {}\n",
        group.name(),
        counted(group.first().conns, "connection"),
        unit.name(),
        rounds.join(", ")
    );
    remarks(&rows)
        .iter()
        .for_each(|remark| text += &format!("# {remark}\n"));
    let name = group.name().replace('/', "-") + ".hgrm";
    Some(File { name, text })
}

/// The four columns and the summary, as `AbstractHistogram.outputPercentileDistribution` writes them. Values are exact,
/// for which they have as many decimals as that takes.
fn distribution(histogram: &Histogram, unit: Unit) -> String {
    let (histogram, (scale, decimals)) = (histogram.as_hdr(), unit.scale());
    let mut text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n".to_owned();
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        total += step.count_since_last_iteration();
        let (value, quantile) = (step.value_iterated_to() as f64 / scale, step.quantile_iterated_to());
        // Twelve columns, the first of them blank however long the value is: hdr-plot wants one there.
        text += &format!(" {value:>11.decimals$} {quantile:.12} {total:>10}");
        // The last line stands at 100 %, which is infinitely many halvings away, and has no fourth column.
        if quantile < 1.0 {
            text += &format!(" {:>14.2}", 1.0 / (1.0 - quantile));
        }
        text += "\n";
    }
    let (mean, deviation) = (histogram.mean() / scale, histogram.stdev() / scale);
    // The crate counts what all buckets hold; each but the first adds the upper half of its sub-buckets.
    let (buckets, values) = (usize::from(histogram.buckets()), histogram.distinct_values());
    let sub_buckets = 2 * values / (buckets + 1);
    text += &format!("#[Mean    = {mean:>12.decimals$}, StdDeviation   = {deviation:>12.decimals$}]\n");
    let max = histogram.max() as f64 / scale;
    text += &format!(
        "#[Max     = {max:>12.decimals$}, Total count    = {:>12}]\n",
        histogram.len()
    );
    text + &format!("#[Buckets = {buckets:>12}, SubBuckets     = {sub_buckets:>12}]\n")
}
