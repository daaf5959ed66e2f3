//! `README.md` beside the records: the findings, the table, the charts, and the command that made them.

use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use loadgen::units::counted;

use crate::environment::Environment;
use crate::record::{Row, Run, Settings, write_whole};
use crate::render::{table, warnings};
use crate::stats::{Finding, Summary};

/// Columns of its tables: enough for the ranges of the rounds beside everything else.
const WIDTH: u16 = 140;

/// Writes the README of a run; `charts` are the names of its pictures, without their endings, and their titles.
///
/// # Errors
/// When the file cannot be written.
pub fn write(
    directory: &Path,
    run: &Run,
    rows: &[Row],
    summary: &Summary,
    findings: &[Finding],
    charts: &[(String, String)],
) -> Result<()> {
    write_whole(&directory.join("README.md"), text(run, rows, summary, findings, charts))
}

fn text(run: &Run, rows: &[Row], summary: &Summary, findings: &[Finding], charts: &[(String, String)]) -> String {
    let mut out = format!("# Run {}\n\n", run.run_id);
    for finding in findings {
        let _ = writeln!(out, "- {}", finding.text);
    }
    if run.interrupted {
        out += "\nThe run was interrupted: rows are missing.\n";
    }
    for (name, title) in charts {
        let _ = write!(out, "\n![{title}]({name}.svg)\n");
    }
    for &conns in summary.conns.iter().rev() {
        let _ = write!(
            out,
            "\n## {}\n\n```text\n{}```\n",
            counted(conns, "connection"),
            table::table(summary, conns, WIDTH, false)
        );
    }
    if !summary.rates_per_s.is_empty() {
        out += "\nResponse time: from the instant at which a request was due to its reply, over all requests that were due.\n\
                Knee: the offered rate with the greatest power, which is rate ÷ mean response time (Kleinrock, 1979). Most: the\n\
                highest rate that was answered. Each number is that of the middle round.\n";
        let _ = write!(out, "\n## How it was measured\n\n{}\n", provenance(run));
        return out;
    }
    out += "\nServed: at least one correct reply to what was asked, if only after the window (how many were late stands in the\n\
            records). Refused: connected, then closed by the server unserved. Starved: connected, and no reply at all. The\n\
            99th percentile is over all clients that asked: ✗ where it falls among those that got no reply inside the\n\
            window, or among requests that its end cut off. `*` marks a rate over fewer clients than were to talk, `≥` one\n\
            that the load generator bounded. CPU is the server's, while all talk. Memory is user and kernel, with both ends\n\
            of each connection, per connection held. Each number is the median of the rounds, in brackets their range.\n";
    out += &warnings::section(run, rows);
    let _ = write!(out, "\n## How it was measured\n\n{}\n", provenance(run));
    out
}

fn provenance(run: &Run) -> String {
    let env = &run.environment;
    let settings = &run.settings;
    let command = shlex::try_join(env.command_line.iter().map(String::as_str)).unwrap_or_default();
    let cpus = |cpus: &[usize]| {
        if cpus.is_empty() {
            "not pinned".to_owned()
        } else {
            format!("CPU {cpus:?}")
        }
    };
    format!(
        "```sh\n{command}\n```\n\n\
         - {} rounds, windows of {} s after {} s of warm-up, {}, {}, seed {}\n\
         - server on {}, generator on {} ({} process{})\n\
         - {}\n\
         - records: `run.json` and `rows.jsonl`, or `rows.jsonl.gz` where they are stored compressed\n",
        settings.rounds,
        settings.duration_s,
        settings.warmup_s,
        mode(settings),
        settings.requests(),
        run.seed,
        cpus(&env.server_cpus),
        cpus(&env.generator_cpus),
        settings.shards,
        if settings.shards == 1 { "" } else { "es" },
        machine(run),
    )
}

/// Whether replies set the pace, or a schedule that ignores them.
#[must_use]
pub fn mode(settings: &Settings) -> String {
    let mode = match settings.arrivals {
        None => "closed loop".to_owned(),
        Some(arrivals) => format!("open loop, {} arrivals", arrivals.name()),
    };
    if settings.stall_s > 0.0 {
        format!("{mode}, the server stopped for {} s in each window", settings.stall_s)
    } else {
        mode
    }
}

/// The machine in one line, for this file and for the charts.
#[must_use]
pub fn machine(run: &Run) -> String {
    machine_of(&run.environment)
}

/// The same of an environment that is no run's.
#[must_use]
pub fn machine_of(env: &Environment) -> String {
    let cores = env
        .cpu
        .online
        .as_ref()
        .map_or_else(String::new, |cpus| format!("{} × ", cpus.len()));
    let model = env.cpu.model.as_deref().unwrap_or("unknown CPU");
    let virtualisation = env.virtualisation.summary();
    let kernel = env.os.kernel_release.as_deref().unwrap_or("unknown kernel");
    format!("{cores}{model}, {virtualisation}, Linux {kernel}")
}
