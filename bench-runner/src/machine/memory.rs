//! Memory: of the machine, of the control group, promised, mapped, and of TCP's own account.

use crate::environment::{Bound, Cgroup, Environment};

use super::advice::{Advice, Severity};
use super::capacity::{bytes_per_connection, free_memory, mappings as mappings_ceiling, memory as memory_ceiling};
use super::format::{bytes, grouped};
use super::wish::{Model, PerConnection, Wish};

/// What the hungriest model will take.
pub(super) fn enough(env: &Environment, wish: &Wish) -> Option<Advice> {
    let free = free_memory(env)?;
    let room = |model: &Model| memory_ceiling(env, model).map(|ceiling| ceiling.connections);
    let models = wish.names(|model| room(model).is_some_and(|room| room < wish.max_conns));
    let fit = wish
        .models
        .iter()
        .filter_map(room)
        .min()
        .filter(|_| !models.is_empty())?;
    let most = wish
        .models
        .iter()
        .map(|model| bytes_per_connection(model.per_connection))
        .max()?;
    let group = env.cgroup.as_ref().and_then(Cgroup::memory_left_bytes) == Some(free);
    let whose = if group {
        "the control group's memory.max leaves"
    } else {
        "there is"
    };
    let finding = format!(
        "{} connections will take about {}, {whose} {}.",
        grouped(wish.max_conns),
        bytes(most.saturating_mul(wish.max_conns)),
        bytes(free)
    );
    let consequence = "The kernel will swap, or kill a process to get memory: perhaps the server, perhaps another \
                       program of yours.";
    let advice = Advice::new(Severity::Blocking, "memory", finding, consequence).models(models);
    let remedy = format!(
        "Ask for fewer connections (about {} fit), or leave these models out.",
        grouped(fit)
    );
    Some(advice.remedy(remedy))
}

/// A thread takes four mappings, a coroutine's stack two (Documentation/admin-guide/sysctl/vm.rst, max_map_count). Rust's
/// std does not report the failure of its alternate signal stack: it aborts.
pub(super) fn mappings(env: &Environment, wish: &Wish) -> Option<Advice> {
    let room = |model: &Model| mappings_ceiling(env, model).map(|ceiling| ceiling.connections);
    let models = wish.names(|model| room(model).is_some_and(|room| room < wish.max_conns));
    let lowest = wish
        .models
        .iter()
        .filter_map(room)
        .min()
        .filter(|_| !models.is_empty())?;
    let limit = env.sysctl.max_map_count?;
    let finding = format!("a process may have at most {} memory mappings.", grouped(limit));
    let consequence = format!(
        "A thread takes four of them and a coroutine's stack two, so these models stop at {} connections or a little more.",
        grouped(lowest)
    );
    let advice = Advice::new(
        Severity::Warning,
        "memory mappings (vm.max_map_count)",
        finding,
        consequence,
    )
    .models(models);
    Some(advice.command(format!(
        "sudo sysctl -w vm.max_map_count={}",
        (4 * wish.max_conns + 1000).max(262_144)
    )))
}

/// With overcommit forbidden, every stack counts in full, touched or not (Documentation/mm/overcommit-accounting.rst).
pub(super) fn promised(env: &Environment, wish: &Wish) -> Option<Advice> {
    if env.sysctl.overcommit_memory != Some(2) {
        return None;
    }
    let models = wish.names(|model| {
        matches!(
            model.per_connection,
            PerConnection::Thread | PerConnection::Stack | PerConnection::Process
        )
    });
    if models.is_empty() {
        return None;
    }
    let left = env.memory.commit_limit_bytes.zip(env.memory.committed_bytes);
    let left = left.map(|(limit, used)| format!(": {} can still be promised", bytes(limit.saturating_sub(used))));
    let finding = format!("memory may not be overcommitted{}.", left.unwrap_or_default());
    let consequence = "Stacks and forked processes count in full although they are hardly touched, so these models fail \
                       long before the memory is used.";
    let advice = Advice::new(
        Severity::Warning,
        "overcommit (vm.overcommit_memory = 2)",
        finding,
        consequence,
    );
    Some(advice.models(models).command("sudo sysctl -w vm.overcommit_memory=0"))
}

/// RLIMIT_AS counts addresses, not memory (getrlimit(2)).
pub(super) fn address_space(env: &Environment, wish: &Wish) -> Option<Advice> {
    let Bound::At(limit) = env.rlimits.address_space?.hard else {
        return None;
    };
    let models = wish.names(|model| matches!(model.per_connection, PerConnection::Thread | PerConnection::Stack));
    if models.is_empty() {
        return None;
    }
    let finding = format!("a process may have {} of addresses.", bytes(limit));
    let consequence = "The stacks of many threads and coroutines take far more addresses than memory; creating them will \
                       fail with ENOMEM.";
    let advice = Advice::new(Severity::Warning, "address space (RLIMIT_AS)", finding, consequence);
    Some(
        advice
            .models(models)
            .command("sudo prlimit --pid $$ --as=unlimited:unlimited"),
    )
}

/// Above the pressure mark TCP shrinks every window, above the high one it drops (ip-sysctl.rst, tcp_mem). A socket
/// takes whole pages for what it queues, however little that is, and a message is queued at either end for a moment.
pub(super) fn sockets(env: &Environment, wish: &Wish) -> Option<Advice> {
    let [_, pressure, _] = env.sysctl.tcp_mem?;
    let needed = 2 * wish.max_conns;
    if needed <= pressure {
        return None;
    }
    let finding = format!("TCP feels memory pressure from {} pages on.", grouped(pressure));
    let consequence = format!(
        "When all {} connections talk at once they can hold {} pages, and windows shrink: throughput will be the kernel's \
         memory limit, not the model's.",
        grouped(wish.max_conns),
        grouped(needed)
    );
    let (low, high) = (needed, needed * 3);
    let advice = Advice::new(
        Severity::Warning,
        "socket memory (net.ipv4.tcp_mem)",
        finding,
        consequence,
    );
    Some(advice.command(format!("sudo sysctl -w net.ipv4.tcp_mem='{low} {} {high}'", needed * 2)))
}
