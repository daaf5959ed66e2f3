//! Processors: how many, which, how fast, shared with whom.

use crate::environment::Environment;

use super::advice::{Advice, Severity};
use super::format::{cpus, grouped, percent};
use super::wish::Wish;

pub(super) fn count(env: &Environment, _: &Wish) -> Option<Advice> {
    const TOPIC: &str = "number of CPUs";
    match env.usable_cpus()? {
        1 => Some(Advice::new(
            Severity::Warning,
            TOPIC,
            "one CPU may be used.",
            "Server and load generator take it from each other: throughput is that of the pair, latency includes the \
             generator's turn. Only CPU per request and memory per connection can be compared.",
        )),
        2 => Some(Advice::new(
            Severity::Info,
            TOPIC,
            "two CPUs may be used: one for the server, one for the load generator.",
            "Models that use every core (epoll-percore, tokio) run one worker; what they gain from more cores does not \
             show. On loopback both CPUs are usually full, and ranking goes by CPU per request.",
        )),
        _ => None,
    }
}

/// sched_setaffinity(2) fails with EINVAL when none of the CPUs asked for may be used.
pub(super) fn placement(env: &Environment, _: &Wish) -> Option<Advice> {
    const TOPIC: &str = "placement";
    let allowed = env.load.affinity.as_ref().or(env.cpu.online.as_ref())?;
    let asked = || env.server_cpus.iter().chain(&env.generator_cpus).copied();
    let mut foreign: Vec<usize> = asked().filter(|cpu| !allowed.contains(cpu)).collect();
    foreign.sort_unstable();
    foreign.dedup();
    if !foreign.is_empty() {
        let finding = format!("CPUs {} are asked for, {} may be used.", cpus(&foreign), cpus(allowed));
        let advice = Advice::new(Severity::Blocking, TOPIC, finding, "Processes cannot be placed there.");
        return Some(
            advice.remedy("Choose among the CPUs that may be used, or start the runner with a wider affinity."),
        );
    }
    let both: Vec<usize> = env
        .server_cpus
        .iter()
        .filter(|cpu| env.generator_cpus.contains(cpu))
        .copied()
        .collect();
    // With one CPU there is no choice, and that has been said.
    if both.is_empty() || allowed.len() == 1 {
        return None;
    }
    let finding = format!("server and load generator share CPUs {}.", cpus(&both));
    let consequence = "Each waits for the other's turn: latency and throughput are those of the pair.";
    Some(Advice::new(Severity::Warning, TOPIC, finding, consequence).remedy("Give each CPUs of its own."))
}

/// Hardware threads of one core share its execution units and first caches.
pub(super) fn shared_core(env: &Environment, _: &Wish) -> Option<Advice> {
    let cores = env.cpu.siblings.as_ref()?;
    let on = |core: &[usize], side: &[usize]| {
        core.iter()
            .copied()
            .filter(|cpu| side.contains(cpu))
            .collect::<Vec<_>>()
    };
    let shared = cores.iter().find_map(|core| {
        let (server, generator) = (on(core, &env.server_cpus), on(core, &env.generator_cpus));
        // The same CPU on both sides is another matter.
        let apart = server.iter().any(|cpu| generator.iter().any(|other| other != cpu));
        apart.then_some((server, generator))
    })?;
    let (server, generator) = shared;
    let finding = format!(
        "the server's CPU {} and the load generator's CPU {} are hardware threads of one core.",
        cpus(&server),
        cpus(&generator)
    );
    let consequence = "They share execution units and first-level caches: the generator slows the server by an amount that \
                       depends on both.";
    let advice = Advice::new(Severity::Warning, "shared core", finding, consequence);
    Some(
        advice
            .remedy("Give each whole cores, or turn hardware threads off.")
            .command("echo off | sudo tee /sys/devices/system/cpu/smt/control"),
    )
}

/// A control group that has used its quota stands still until the period ends (Documentation/scheduler/sched-bwc.rst).
pub(super) fn quota(env: &Environment, _: &Wish) -> Option<Advice> {
    const TOPIC: &str = "CPU quota of the control group (cpu.max)";
    let group = env.cgroup.as_ref()?;
    let cores = group.cpu_quota_cores()?;
    let usable = env.usable_cpus()?;
    let throttled = group.throttled_periods.filter(|&periods| periods > 0);
    if cores >= usable as f64 && throttled.is_none() {
        return None;
    }
    let past = match (throttled, group.periods) {
        (Some(stopped), Some(all)) => {
            format!(
                " It has run out in {} periods so far ({}).",
                grouped(stopped),
                percent(stopped as f64 / all.max(stopped) as f64)
            )
        }
        (Some(stopped), None) => format!(" It has run out in {} periods so far.", grouped(stopped)),
        (None, _) => String::new(),
    };
    let finding = format!("time of {cores:.1} CPUs may be used on {usable}.{past}");
    let consequence = "When the quota runs out, every process of the group stands still for up to a period (100 ms as a \
                       rule): latency percentiles show the quota.";
    let advice = Advice::new(Severity::Warning, TOPIC, finding, consequence);
    Some(match &env.virtualisation.container {
        Some(_) => advice
            .remedy("Give whole CPUs instead of a share of time.")
            .command(format!("docker run --cpuset-cpus=0-{} ...", usable - 1)),
        None => advice.remedy("Run outside the slice that sets it, or raise its CPUQuota=."),
    })
}

/// Documentation/admin-guide/pm/cpufreq.rst. A governor that saves power follows the load, so that a quiet server runs at
/// another speed than a busy one.
pub(super) fn governor(env: &Environment, _: &Wish) -> Option<Advice> {
    let governor = env.cpu.governor.as_deref()?;
    if governor == "performance" {
        return None;
    }
    let finding = format!("the frequency governor is {governor}.");
    let consequence = "The CPU's speed follows the load: what runs first, or talks less, is measured slower.";
    let advice = Advice::new(Severity::Warning, "frequency governor", finding, consequence);
    Some(advice.command("sudo cpupower frequency-set -g performance"))
}

/// Anything but a register of the CPU is read by a system call, and slowly (Documentation/virt/kvm/x86/timekeeping.rst).
pub(super) fn clock(env: &Environment, _: &Wish) -> Option<Advice> {
    let clock = env.cpu.clocksource.as_deref()?;
    if !matches!(clock, "hpet" | "acpi_pm" | "xen" | "jiffies" | "refined-jiffies") {
        return None;
    }
    let finding = format!("the clock is read from {clock}.");
    let consequence = "Each time stamp is a system call and may cost a microsecond; the load generator takes several per \
                       request, and becomes the bottleneck early.";
    let advice = Advice::new(Severity::Warning, "clock source", finding, consequence);
    Some(
        advice
            .remedy("Choose tsc where it is available (the kernel marks it unstable for a reason: see its log first).")
            .command("cat /sys/devices/system/clocksource/clocksource0/available_clocksource")
            .command("echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource"),
    )
}
