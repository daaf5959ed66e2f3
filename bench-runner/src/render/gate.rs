//! What a gate says: worst first, each with by how much, against which limit, and what else changed.

use loadgen::units::{bytes, short, time};

use super::claims::indented;
use crate::record::{GateMetric, GateRun, GateVerdict, Line, Side, Trial};

/// For whom.
#[derive(Clone, Copy, Debug)]
pub enum Style {
    /// A terminal.
    Terminal {
        /// Whether it has colours.
        color: bool,
        /// Its columns.
        width: usize,
    },
    /// A page of a code host.
    Markdown,
}

/// The whole summary.
#[must_use]
pub fn summary(run: &GateRun, style: Style) -> String {
    let mut text = String::new();
    let sides = Side::BOTH.map(|side| named(run, side));
    let title = match run.itself {
        true => format!("{} against itself", sides[0]),
        false => format!("{} against {}", sides[1], sides[0]),
    };
    match style {
        Style::Markdown => text += &format!("### Performance: {}\n\n{title}\n\n", headline(run)),
        Style::Terminal { .. } => text += &format!("\n{}\n{title}\n\n", headline(run)),
    }
    if let Some(broken) = &run.broken {
        text += &format!("Nothing can be said: {broken}.\n");
    }
    match style {
        Style::Markdown => text += &markdown_table(run),
        Style::Terminal { color, .. } => text += &lines(run, color),
    }
    for name in &run.identical {
        text += &item(
            style,
            &format!("{name}: the same program, started by the same words; not measured"),
        );
    }
    for (name, side) in &run.only_in {
        text += &item(style, &format!("{name}: only {} has it; not compared", side.name()));
    }
    for trial in &run.trials {
        text += &explained(trial, style);
    }
    if !run.trials.is_empty() {
        text += &format!(
            "\n{} process pairs each, slices of {} ms in turn; alpha {}, family-wise; an interval is of {}. A change is that of \
             the pairs' mean ratios; base and head are medians.\n",
            run.pairs,
            run.slice_s * 1e3,
            run.alpha,
            confidence(run)
        );
    }
    text += &alarms(run);
    match style {
        Style::Markdown => text,
        Style::Terminal { width, .. } => broken_at(&text, width),
    }
}

/// Lines that are longer than a terminal is wide go on below where they began. Those with colours in them are short.
fn broken_at(text: &str, width: usize) -> String {
    let whole = |line: &str| {
        if line.chars().count() <= width || line.contains('\x1b') {
            return line.to_owned() + "\n";
        }
        let indent = line.len() - line.trim_start().len();
        indented(line.trim_start(), indent, width).join("\n") + "\n"
    };
    text.lines().map(whole).collect()
}

fn named(run: &GateRun, side: Side) -> String {
    let record = &run.sides[side as usize];
    let revision = record
        .revision
        .as_ref()
        .map(|revision| format!(" ({})", &revision[..revision.len().min(12)]));
    format!("{} {}{}", side.name(), record.named, revision.unwrap_or_default())
}

/// What all of it comes to.
#[must_use]
pub fn headline(run: &GateRun) -> String {
    let gated = || {
        run.trials.iter().flat_map(|trial| {
            trial
                .lines
                .iter()
                .filter(|line| line.gated)
                .map(move |line| (trial, line))
        })
    };
    let servers = |verdict: GateVerdict| {
        let mut names: Vec<&str> = gated()
            .filter(|(_, line)| line.verdict == verdict)
            .map(|(trial, _)| &*trial.server)
            .collect();
        names.dedup();
        names.join(", ")
    };
    if run.broken.is_some() {
        return "a server could not be measured".to_owned();
    }
    let of = |verdict| gated().any(|(_, line)| line.verdict == verdict);
    if of(GateVerdict::Regression) {
        format!("regression in {}", servers(GateVerdict::Regression))
    } else if of(GateVerdict::Inconclusive) || of(GateVerdict::NotConfirmed) {
        let mut names = [servers(GateVerdict::NotConfirmed), servers(GateVerdict::Inconclusive)].join(", ");
        names = names.trim_matches([',', ' ']).to_owned();
        format!("inconclusive for {names}")
    } else if run.trials.is_empty() && run.identical.is_empty() {
        "nothing could be compared: no server is on both sides".to_owned()
    } else if run.trials.is_empty() {
        "nothing differs, nothing was measured".to_owned()
    } else if of(GateVerdict::Accepted) {
        format!(
            "nothing got worse but what was accepted, in {}",
            servers(GateVerdict::Accepted)
        )
    } else {
        "nothing that is gated got worse".to_owned()
    }
}

fn item(style: Style, text: &str) -> String {
    match style {
        Style::Markdown => format!("- {text}\n"),
        Style::Terminal { .. } => format!("  {text}\n"),
    }
}

/// The sign and the words of a verdict.
fn verdict(line: &Line) -> (&'static str, &'static str) {
    match line.verdict {
        GateVerdict::Regression => ("✗", "regression"),
        GateVerdict::NotConfirmed => ("?", "not confirmed"),
        GateVerdict::Inconclusive => ("?", "inconclusive"),
        GateVerdict::Accepted => ("✓", "accepted"),
        GateVerdict::Improvement => ("✓", "improvement"),
        GateVerdict::NoDifference => ("✓", "no difference"),
        GateVerdict::Shown => (" ", "shown only"),
    }
}

fn percent(part: f64) -> String {
    format!("{:+.1} %", part * 100.0)
}

fn change(line: &Line) -> String {
    let interval = line
        .low
        .zip(line.high)
        .map(|(low, high)| format!(" [{:+.1}, {:+.1}]", low * 100.0, high * 100.0));
    line.change.map_or_else(
        || "–".to_owned(),
        |change| percent(change) + &interval.unwrap_or_default(),
    )
}

fn value(metric: GateMetric, value: Option<f64>) -> String {
    let Some(value) = value else { return "–".to_owned() };
    match metric {
        GateMetric::Cpu | GateMetric::P50 | GateMetric::P99 => time(value),
        GateMetric::Throughput => format!("{} req/s", short(value)),
        GateMetric::Memory => bytes(value),
        GateMetric::Answered => format!("{:.1} %", value * 100.0),
    }
}

/// Whether all of the interval of a metric that is not gated lies beyond what such metrics are held against.
fn is_clearly_worse(line: &Line) -> bool {
    line.low.is_some_and(|low| low > line.limit)
}

/// What one has to know of a line beside its numbers.
fn remark(line: &Line) -> String {
    let limit = format!("limit {:.0} %", line.limit * 100.0);
    let accepted = if line.accepted > 0.0 {
        format!(", {} accepted", percent(line.accepted))
    } else {
        String::new()
    };
    let again = line.again.map_or_else(String::new, |again| {
        let interval = again.low.zip(again.high);
        let interval = interval.map(|(low, high)| format!(" [{:+.1}, {:+.1}]", low * 100.0, high * 100.0));
        format!(
            "; on fresh pairs {}{}",
            percent(again.change),
            interval.unwrap_or_default()
        )
    });
    let limit = limit + &again;
    match (line.verdict, line.visible) {
        (GateVerdict::Shown, _) if is_clearly_worse(line) => {
            let metric = line.metric.name();
            format!("clearly worse, but shown only: --limit {metric}=N% would gate it")
        }
        (GateVerdict::Inconclusive | GateVerdict::NotConfirmed, Some(visible)) => {
            format!("{limit}{accepted}; less than {} could not be seen", percent(visible))
        }
        (GateVerdict::Shown, _) => "shown only".to_owned(),
        _ => format!("{limit}{accepted}"),
    }
}

fn lines(run: &GateRun, color: bool) -> String {
    let mut text = String::new();
    let width = run
        .trials
        .iter()
        .map(|trial| trial.server.chars().count())
        .max()
        .unwrap_or(0);
    for (trial, line) in run
        .trials
        .iter()
        .flat_map(|trial| trial.lines.iter().map(move |line| (trial, line)))
    {
        let (sign, words) = verdict(line);
        let paint = |code: u8, text: String| {
            if color {
                format!("\x1b[{code}m{text}\x1b[0m")
            } else {
                text
            }
        };
        let head = format!("{sign} {words:13}");
        let head = match line.verdict {
            GateVerdict::Regression => paint(31, head),
            GateVerdict::NotConfirmed | GateVerdict::Inconclusive => paint(33, head),
            GateVerdict::Shown => paint(2, head),
            _ => paint(32, head),
        };
        text += &format!(
            "{head}  {:width$}  {:24}  {}\n",
            trial.server,
            line.metric.words(),
            change(line)
        );
        text += &format!(
            "  {:13}  {:width$}  base {}, head {}; {}\n",
            "",
            "",
            value(line.metric, line.base),
            value(line.metric, line.head),
            remark(line)
        );
    }
    text
}

fn markdown_table(run: &GateRun) -> String {
    if run.trials.is_empty() {
        return String::new();
    }
    let mut text =
        "| | server | metric | change | base | head | |\n| --- | --- | --- | ---: | ---: | ---: | --- |\n".to_owned();
    for (trial, line) in run
        .trials
        .iter()
        .flat_map(|trial| trial.lines.iter().map(move |line| (trial, line)))
    {
        let (sign, words) = verdict(line);
        let mark = match line.verdict {
            GateVerdict::Regression | GateVerdict::Inconclusive | GateVerdict::NotConfirmed => {
                format!("**{sign} {words}**")
            }
            _ => format!("{sign} {words}"),
        };
        text += &format!(
            "| {mark} | {} | {} | {} | {} | {} | {} |\n",
            trial.server.replace('|', "\\|"),
            line.metric.words(),
            change(line),
            value(line.metric, line.base),
            value(line.metric, line.head),
            remark(line)
        );
    }
    text + "\n"
}

/// What else changed, where something did.
fn explained(trial: &Trial, style: Style) -> String {
    let mut text = String::new();
    if let Some([base, head]) = trial.per_request {
        let pair = |words: &str, base: Option<f64>, head: Option<f64>| {
            base.zip(head)
                .map(|(base, head)| format!("{words} {base:.2} → {head:.2}"))
        };
        let told = [
            pair("system calls", base.system_calls, head.system_calls),
            pair("context switches", base.context_switches, head.context_switches),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        text += &item(
            style,
            &match told.is_empty() {
                false => format!("{}, per request: {}", trial.server, told.join(", ")),
                true => format!(
                    "{}: neither system calls nor context switches could be counted here (`bench-runner doctor` says why)",
                    trial.server
                ),
            },
        );
    }
    let load = match trial.load.rate_per_s() {
        Some(rate) => format!("{} req/s offered to both", short(rate)),
        None => "a closed loop".to_owned(),
    };
    text += &item(
        style,
        &format!("{}: {}, {} connections", trial.server, load, trial.conns),
    );
    for (side, behind) in Side::BOTH.iter().zip(&trial.behind) {
        if *behind > 0 {
            text += &item(
                style,
                &format!(
                    "{}: {} did not answer all that was due in {behind} of {} slices",
                    trial.server,
                    side.name(),
                    trial.behind[2]
                ),
            );
        }
    }
    text
}

fn confidence(run: &GateRun) -> String {
    let lines = run.trials.iter().flat_map(|trial| &trial.lines);
    let least = lines.filter_map(|line| line.confidence).fold(f64::INFINITY, f64::min);
    if least.is_finite() {
        format!("{:.0} % at least", (least * 100.0).floor())
    } else {
        "no confidence: too few pairs".to_owned()
    }
}

fn alarms(run: &GateRun) -> String {
    let alarms = run.alarms;
    match alarms.runs {
        0 => "False alarms of this kind of runner with such limits: not known, no build was compared with itself here yet \
              (gate --self).\n"
            .to_owned(),
        runs => format!(
            "False alarms of this kind of runner with such limits: {} in {runs} runs of a build against itself, so a rate \
             below {:.0} % (95 % confidence){}.\n",
            alarms.red,
            (alarms.below * 100.0).ceil(),
            match alarms.improved {
                0 => String::new(),
                n => format!("; {n} called it better than itself"),
            }
        ),
    }
}

/// Annotations of GitHub Actions: the worst three, and one for all that cannot be told.
#[must_use]
pub fn annotations(run: &GateRun) -> String {
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let mut text = String::new();
    if let Some(broken) = &run.broken {
        text += &format!("::error title=performance gate::{}\n", escape(broken));
    }
    let gated = || {
        run.trials.iter().flat_map(|trial| {
            trial
                .lines
                .iter()
                .filter(|line| line.gated)
                .map(move |line| (trial, line))
        })
    };
    let red = gated().filter(|(_, line)| line.verdict == GateVerdict::Regression);
    for (trial, line) in red.take(3) {
        let told = format!(
            "{}: {} {}, {}",
            trial.server,
            line.metric.words(),
            change(line),
            remark(line)
        );
        text += &format!("::error title=performance regression::{}\n", escape(&told));
    }
    if gated().any(|(_, line)| matches!(line.verdict, GateVerdict::Inconclusive | GateVerdict::NotConfirmed)) {
        text += &format!("::warning title=performance gate::{}\n", escape(&headline(run)));
    }
    text
}
