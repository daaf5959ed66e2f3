//! `csv`: a line for each row, and a column for each of its fields that is a single value (RFC 4180, with lines that end
//! as lines do on Unix). Columns are called as docs/FORMAT.md calls the fields, and stand in its order.

use anyhow::Result;
use serde_json::Value;

use crate::record::Row;

/// The columns; of a name that ends in `.%` all [`QUANTILES`], and of others with a dot the field of an object. Left out
/// is what has no single value: histograms, series, and texts under free keys.
const COLUMNS: &str = "\
schema run_id cell_id started_at server model family conns round window \
load.mode load.rate_per_s load.arrivals load.stall_s load.protocol load.path load.request_bytes load.reply_bytes \
load.pipeline load.work load.slow_every load.think_s load.requests_per_conn load.active load.ramp_s load.warmup_s \
load.duration_s \
verdict verdicts reason last_stderr limited_by limit_evidence listen_overflows listen_drops syn_retransmits \
connections.requested connections.connected connections.refused connections.lost connections.active \
connections.served connections.late connections.greeted connections.starved jain_index fewest most \
slowest.connection slowest.replies slowest.mean_ns slowest.max_ns \
fastest.connection fastest.replies fastest.mean_ns fastest.max_ns \
reconnects \
outcomes.ok outcomes.refused outcomes.reset outcomes.closed_early outcomes.connect_timeout outcomes.request_timeout \
outcomes.mismatch outcomes.no_ports outcomes.no_descriptors outcomes.other outcomes.unfinished \
elapsed_s requests rate_per_s latency_ns.% reply_latency_ns.% slow_ns.% others_ns.% slow_requests unfinished_ns.% \
offered offered_per_s response_ns.% others_response_ns.% lateness_ns.% connect_ns.% first_reply_ns.% \
cpu_ns_per_request context_switches_per_request memory_bytes_per_connection \
server_cost.cpu_ns server_cost.cpu_user_ns server_cost.cpu_system_ns server_cost.cpu_share \
server_cost.silent_cpu_share server_cost.context_switches server_cost.cpu_migrations server_cost.page_faults \
server_cost.system_calls_per_request server_cost.processes server_cost.threads server_cost.descriptors \
server_cost.rss_bytes_start server_cost.rss_bytes_loaded server_cost.pss_bytes_start server_cost.pss_bytes_loaded \
server_cost.kernel_bytes_growth server_cost.user_bytes_per_connection server_cost.kernel_bytes_per_connection \
server_steal_share generator_steal_share generator_wait_share retransmitted_segments throttled_periods throttled_us \
generator.cpu_s generator.cpu_share generator.shards generator.spin \
littles_law.expected littles_law.observed littles_law.holds server_cpus generator_cpus \
ready.model ready.address ready.pid ready.backlog.requested ready.backlog.effective ready.capacity.connections \
ready.capacity.bound_by ready.workers \
stopped.accepted stopped.peak_concurrent stopped.work.requests stopped.work.waited_ns stopped.work.longest_wait_ns \
stopped.accepted_by_worker stopped.workers_replaced";

const QUANTILES: [&str; 7] = ["mean", "p50", "p90", "p99", "p999", "p9999", "max"];

/// The names of the columns.
fn columns() -> Vec<String> {
    let column = |name: &str| match name.strip_suffix(".%") {
        Some(name) => QUANTILES.map(|quantile| format!("{name}.{quantile}")).to_vec(),
        None => vec![name.to_owned()],
    };
    COLUMNS.split(' ').flat_map(column).collect()
}

/// The table.
pub(super) fn table(rows: &[&Row]) -> Result<String> {
    let columns = columns();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns)?;
    for row in rows {
        let row = serde_json::to_value(light(row))?;
        writer.write_record(columns.iter().map(|column| field(&row, column)))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// The row without its histograms: no column holds one, and to encode them would take most of the time.
fn light(row: &Row) -> Row {
    Row {
        histogram: None,
        slow_histogram: None,
        unfinished_histogram: None,
        connect_histogram: None,
        response_histogram: None,
        lateness_histogram: None,
        ..row.clone()
    }
}

/// The field of that path.
fn field(row: &Value, path: &str) -> String {
    let value = path.split('.').try_fold(row, |value, name| value.get(name));
    value.map(text).unwrap_or_default()
}

/// A value as text: nothing for null, and the elements of a list with blanks between them.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements.iter().map(text).collect::<Vec<_>>().join(" "),
        value => value.to_string(),
    }
}
