// Reads HdrHistogram logs with the package `hdr-histogram-js` and prints what it found in them, as JSON.
//
// For each log: its intervals in order, and all of them added up. Numbers are nanoseconds.
const fs = require("fs");
const hdr = require("hdr-histogram-js");

const QUANTILES = [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0];

function told(histogram) {
  const total = histogram.totalCount;
  // Libraries round the rank of a percentile each in their own way, and agree between two ranks.
  const ranks = QUANTILES.map((q) => Math.ceil(q * total));
  return {
    tag: histogram.tag,
    start_ms: histogram.startTimeStampMsec,
    end_ms: histogram.endTimeStampMsec,
    total,
    mean: histogram.mean,
    ranks,
    values: ranks.map((rank) => histogram.getValueAtPercentile((100 * (rank - 0.25)) / total)),
    distribution: histogram.outputPercentileDistribution(5, 1),
  };
}

function read(path) {
  const reader = new hdr.HistogramLogReader(fs.readFileSync(path, "utf8"));
  const whole = hdr.build({ highestTrackableValue: 3600000000000, numberOfSignificantValueDigits: 3 });
  const intervals = [];
  for (let interval = reader.nextIntervalHistogram(); interval; interval = reader.nextIntervalHistogram()) {
    intervals.push(told(interval));
    whole.add(interval);
  }
  return { intervals, whole: told(whole) };
}

console.log(JSON.stringify(process.argv.slice(2).map(read)));
