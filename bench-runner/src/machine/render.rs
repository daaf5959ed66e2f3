//! What `doctor` prints: plain text in 80 columns, worst first, one line of verdict at the end.

use crate::environment::Environment;

use super::advice::{Advice, Severity};
use super::capacity::{Ceiling, ceiling};
use super::format::{bytes, cpus, grouped, listed};
use super::wish::{Model, PerConnection, Wish};

/// Columns of the terminal that nobody has widened.
const WIDTH: usize = 80;
const INDENT: &str = "  ";

/// Renders the whole of it. Lines end at column 80, commands aside: those stay whole, so that they can be pasted.
pub fn render_doctor(env: &Environment, wish: &Wish, advice: &[Advice]) -> String {
    let mut text = String::new();
    for (name, value) in machine(env) {
        let hang = format!("{:14}", "");
        wrap(&mut text, &format!("{name:<14}"), &hang, &value);
    }
    let mut sorted: Vec<&Advice> = advice.iter().collect();
    sorted.sort_by_key(|advice| std::cmp::Reverse(advice.severity));
    for advice in sorted {
        text.push('\n');
        render_advice(&mut text, advice);
    }
    text.push('\n');
    wrap(&mut text, "", INDENT, &verdict(env, wish, advice));
    text
}

/// The machine in a few lines; what it does not tell is left out.
fn machine(env: &Environment) -> Vec<(&'static str, String)> {
    let join = |parts: Vec<Option<String>>| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let cpu = &env.cpu;
    let topology = cpu
        .cores
        .zip(cpu.sockets)
        .map(|(cores, sockets)| format!("{cores} core{} on {sockets} socket{}", plural(cores), plural(sockets)));
    let memory = &env.memory;
    let system = [&env.os.name, &env.os.kernel_release, &env.os.architecture];
    let system = system.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let lines = vec![
        ("system", join(vec![Some(system), env.os.pretty_name.clone()])),
        ("processor", join(vec![cpu.model.clone(), topology])),
        (
            "CPUs",
            env.load
                .affinity
                .as_deref()
                .or(cpu.online.as_deref())
                .map(cpus)
                .unwrap_or_default(),
        ),
        (
            "memory",
            join(vec![
                memory.total_bytes.map(bytes),
                memory.available_bytes.map(|free| format!("{} available", bytes(free))),
            ]),
        ),
        ("machine", env.virtualisation.summary()),
        (
            "built by",
            join(vec![env.build.rustc.clone(), env.build.profile.clone()]),
        ),
    ];
    lines.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn render_advice(text: &mut String, advice: &Advice) {
    let label = match advice.severity {
        Severity::Blocking => "BLOCKING",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    wrap(text, &format!("{label}: "), INDENT, &advice.topic);
    wrap(text, INDENT, INDENT, &sentence(&advice.finding));
    wrap(text, INDENT, INDENT, &advice.consequence);
    if !advice.models.is_empty() {
        wrap(
            text,
            &format!("{INDENT}models: "),
            &format!("{INDENT}        "),
            &advice.models.join(", "),
        );
    }
    match &advice.remedy {
        Some(remedy) => wrap(text, &format!("{INDENT}fix: "), &format!("{INDENT}     "), remedy),
        None if !advice.commands.is_empty() => text.push_str("  fix:\n"),
        None => {}
    }
    for command in &advice.commands {
        text.push_str("      ");
        text.push_str(command);
        text.push('\n');
    }
}

/// The answer in one line: how many models can have all the connections, and where the others stop.
pub fn verdict(env: &Environment, wish: &Wish, advice: &[Advice]) -> String {
    let asked = format!("{} connections", grouped(wish.max_conns));
    let blocking: Vec<&str> = advice
        .iter()
        .filter(|a| a.severity == Severity::Blocking)
        .map(|a| a.topic.as_str())
        .collect();
    if !env.os.is_linux() {
        return format!("{asked}: nothing can be measured here ({}).", listed(&blocking));
    }
    let refused = |model: &Model| {
        advice
            .iter()
            .any(|a| a.topic == "io_uring" && a.models.contains(&model.name))
    };
    let mut possible = 0;
    let mut stops: Vec<(Ceiling, Vec<&str>)> = Vec::new();
    let mut pools: Vec<&str> = Vec::new();
    let mut cannot: Vec<&str> = Vec::new();
    for model in &wish.models {
        let short = ceiling(env, wish, model).filter(|ceiling| ceiling.connections < wish.max_conns);
        match short {
            _ if refused(model) => cannot.push(&model.name),
            _ if model.per_connection == PerConnection::Worker => pools.push(&model.name),
            None => possible += 1,
            Some(short) => match stops.iter_mut().find(|(known, _)| *known == short) {
                Some((_, names)) => names.push(&model.name),
                None => stops.push((short, vec![&model.name])),
            },
        }
    }
    let mut parts = vec![format!(
        "{asked}: possible with {possible} of {} models",
        wish.models.len()
    )];
    stops.sort_by_key(|(ceiling, _)| ceiling.connections);
    for (at, names) in &stops {
        let verb = if names.len() == 1 { "stops" } else { "stop" };
        parts.push(format!(
            "{} {verb} at {} ({})",
            listed(names),
            grouped(at.connections),
            at.bound_by
        ));
    }
    if !pools.is_empty() {
        let verb = if pools.len() == 1 { "serves" } else { "serve" };
        parts.push(format!(
            "{} {verb} as many at a time as there are workers",
            listed(&pools)
        ));
    }
    if !cannot.is_empty() {
        parts.push(format!("{} cannot run (io_uring)", listed(&cannot)));
    }
    if !blocking.is_empty() {
        parts.push(format!("first see to: {}", blocking.join("; ")));
    }
    parts.join("; ") + "."
}

/// Fills lines up to [`WIDTH`]: `first` before the first one, `rest` before the others. A word longer than a line stands
/// alone and sticks out.
fn wrap(text: &mut String, first: &str, rest: &str, words: &str) {
    let mut line = first.to_string();
    let mut empty = true;
    for word in words.split_whitespace() {
        let width = line.chars().count() + usize::from(!empty) + word.chars().count();
        if !empty && width > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = rest.to_string();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// With a capital at its head, unless it begins with a name such as `kernel.pid_max` or `bench-runner`.
fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !word.contains(['.', '_', '-']) => first.to_uppercase().chain(letters).collect(),
        _ => text.to_string(),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
