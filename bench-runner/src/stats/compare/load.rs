//! What makes two rows no comparison: another load.

use crate::record::{LoadShape, Row, Settings};

/// How the load of `current` differs from that of `base`, in words; `None` where the two may be compared. How long
/// windows were, and how connections were opened, does not keep them from it.
pub(super) fn another_load(base: (&Row, &Settings), current: (&Row, &Settings)) -> Option<String> {
    let ((before, base), (after, current)) = (base, current);
    let (b, c) = (&before.load, &after.load);
    let mut differs = Vec::new();
    let mut hold = |what: &str, before: String, after: String| {
        if before != after {
            differs.push(format!("{what} {before}, then {after}"));
        }
    };
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    hold("protocol", b.protocol.clone(), c.protocol.clone());
    if b.protocol == c.protocol {
        hold("path", or_none(b.path.clone()), or_none(c.path.clone()));
        // Under HTTP neither size has an effect, and only `reply` has one of its own for replies.
        if b.protocol != "http" {
            hold(
                "request bytes",
                b.request_bytes.to_string(),
                c.request_bytes.to_string(),
            );
        }
        if b.protocol == "reply" {
            hold("reply bytes", b.reply_bytes.to_string(), c.reply_bytes.to_string());
        }
    }
    hold("loop", b.mode.clone(), c.mode.clone());
    let arrivals = |load: &LoadShape| or_none(load.arrivals.map(|arrivals| arrivals.name().to_owned()));
    hold("arrivals", arrivals(b), arrivals(c));
    hold("pipeline", b.pipeline.to_string(), c.pipeline.to_string());
    hold("work", b.work.clone(), c.work.clone());
    hold(
        "one slow request in",
        b.slow_every.to_string(),
        c.slow_every.to_string(),
    );
    hold("pause", seconds(b.think_s), seconds(c.think_s));
    let requests = |load: &LoadShape| or_none(load.requests_per_conn.map(|n| n.to_string()));
    hold("requests per connection", requests(b), requests(c));
    hold("stop of the server", seconds(b.stall_s), seconds(c.stall_s));
    hold("connections that talk", b.active.to_string(), c.active.to_string());
    // Whoever sleeps has to be woken, which at low load is most of a latency.
    let sleeps = |settings: &Settings| String::from(if settings.spin { "polls" } else { "sleeps" });
    hold("the generator", sleeps(base), sleeps(current));
    (!differs.is_empty()).then(|| differs.join("; "))
}

fn seconds(s: f64) -> String {
    format!("{s} s")
}
