"""Read HdrHistogram logs with the package `hdrhistogram` and print what it found in them, as JSON.

For each log: its intervals in order, and all of them added up. Numbers are nanoseconds.
"""
import io
import json
import math
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

HOUR_NS = 3_600_000_000_000
QUANTILES = [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0]


def told(histogram):
    total = histogram.get_total_count()
    # Libraries round the rank of a percentile each in their own way, and agree between two ranks.
    ranks = [math.ceil(q * total) for q in QUANTILES]
    distribution = io.BytesIO()
    histogram.output_percentile_distribution(distribution, 1)
    return {
        "tag": histogram.get_tag(),
        "start_ms": histogram.get_start_time_stamp(),
        "end_ms": histogram.get_end_time_stamp(),
        "total": total,
        "mean": histogram.get_mean_value(),
        "ranks": ranks,
        "values": [histogram.get_value_at_percentile(100 * (rank - 0.25) / total) for rank in ranks],
        "distribution": distribution.getvalue().decode(),
    }


def read(path):
    reference = HdrHistogram(1, HOUR_NS, 3)
    reader, intervals = HistogramLogReader(path, reference), []
    while interval := reader.get_next_interval_histogram():
        intervals.append(told(interval))
    reader, whole = HistogramLogReader(path, reference), HdrHistogram(1, HOUR_NS, 3)
    while reader.add_next_interval_histogram(whole):
        pass
    return {"intervals": intervals, "whole": told(whole)}


json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
