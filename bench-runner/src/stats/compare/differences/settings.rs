//! What the runs were told to do.

use loadgen::units::{grouped, short};

use super::Listing;
use crate::record::Run;

pub(super) fn list(listing: &mut Listing, base: &Run, current: &Run) {
    let (b, c) = (&base.settings, &current.settings);
    listing.text("requests", b.requests(), c.requests());
    if b.protocol == c.protocol && b.protocol == loadgen::Protocol::Reply {
        listing.text("bytes of a reply", b.reply_bytes.to_string(), c.reply_bytes.to_string());
    }
    let arrivals = |run: &Run| {
        let arrivals = run.settings.arrivals;
        arrivals.map_or_else(
            || "closed loop".to_owned(),
            |arrivals| format!("open loop, {} arrivals", arrivals.name()),
        )
    };
    listing.text("loop", arrivals(base), arrivals(current));
    let rates = |rates: &[f64]| match rates {
        [] => "none".to_owned(),
        rates => rates.iter().map(|rate| short(*rate)).collect::<Vec<_>>().join(", "),
    };
    listing.text("offered rates", rates(&b.rates_per_s), rates(&c.rates_per_s));
    listing.text("work of a request", b.work.clone(), c.work.clone());
    listing.text("one slow request in", grouped(b.slow_every), grouped(c.slow_every));
    listing.text("pipeline", b.pipeline.to_string(), c.pipeline.to_string());
    listing.text("pause of a client", seconds(b.think_s), seconds(c.think_s));
    let requests = |of: Option<u64>| of.map_or_else(|| "any number".to_owned(), grouped);
    listing.text(
        "requests of a connection",
        requests(b.requests_per_conn),
        requests(c.requests_per_conn),
    );
    listing.text("stop of the server", seconds(b.stall_s), seconds(c.stall_s));
    let sleeps = |spin: bool| if spin { "polls" } else { "sleeps" };
    listing.text("the generator", sleeps(b.spin), sleeps(c.spin));
    listing.text("processes of the generator", b.shards.to_string(), c.shards.to_string());
    let conns = |conns: &[u64]| conns.iter().copied().map(grouped).collect::<Vec<_>>().join(" ");
    listing.text("connections", conns(&b.conns), conns(&c.conns));
    listing.text("of which talk while idle", grouped(b.active), grouped(c.active));
    listing.text("rounds", b.rounds.to_string(), c.rounds.to_string());
    listing.text("window", seconds(b.duration_s), seconds(c.duration_s));
    listing.text("warm-up", seconds(b.warmup_s), seconds(c.warmup_s));
    let workers = |of: Option<u64>| of.map_or_else(|| "default".to_owned(), grouped);
    listing.text("workers", workers(b.workers), workers(c.workers));
    listing.text("backlog", grouped(b.backlog), grouped(c.backlog));
    let nofile = |of: Option<u64>| of.map_or_else(|| "the highest".to_owned(), grouped);
    listing.text(
        "descriptors of a server",
        nofile(b.server_nofile),
        nofile(c.server_nofile),
    );
    let ramp = |of: Option<f64>| of.map_or_else(|| "100 µs a connection".to_owned(), seconds);
    listing.text("ramp", ramp(b.ramp_s), ramp(c.ramp_s));
    listing.text(
        "time to connect",
        seconds(b.connect_timeout_s),
        seconds(c.connect_timeout_s),
    );
    listing.text("time for a reply", seconds(b.timeout_s), seconds(c.timeout_s));
}

fn seconds(s: f64) -> String {
    format!("{s} s")
}
