//! Open files: of a process, and of the whole machine.

use crate::environment::Environment;

use super::advice::{Advice, Severity};
use super::capacity::{DESCRIPTORS_BEFORE, descriptors, files, nofile};
use super::format::grouped;
use super::wish::{PerConnection, Wish};

/// RLIMIT_NOFILE bounds each process by itself (getrlimit(2)): a server that is one process, and each shard of the
/// generator. A forked child has a descriptor table of its own, and the generator takes more shards where one is too
/// few; so this caps servers and stops nobody.
pub(super) fn per_process(env: &Environment, wish: &Wish) -> Option<Advice> {
    const TOPIC: &str = "open files of a process (RLIMIT_NOFILE)";
    let limit = nofile(env, wish)?.at()?;
    if limit <= 2 * DESCRIPTORS_BEFORE {
        let finding = format!("a process may have no more than {} open files.", grouped(limit));
        let advice = Advice::new(
            Severity::Blocking,
            TOPIC,
            finding,
            "Neither servers nor generator can work with so few.",
        );
        return Some(remedy(env, 65_536, advice));
    }
    let room = descriptors(env, wish)?.connections;
    let bound = wish.names(|model| match model.per_connection {
        PerConnection::Process => false,
        // Stopped by its own set before.
        PerConnection::DescriptorBelow(size) => size > limit,
        _ => true,
    });
    if room >= wish.max_conns || bound.is_empty() {
        return None;
    }
    let finding = format!(
        "a process may have at most {} open files, {} connections are asked for.",
        grouped(limit),
        grouped(wish.max_conns)
    );
    let consequence = format!(
        "A server that is one process stops at about {}; its rows will be capped, with this as the reason. The load \
         generator is not bound: it takes more processes.",
        grouped(room)
    );
    let advice = Advice::new(Severity::Warning, TOPIC, finding, consequence).models(bound);
    Some(remedy(env, wish.max_conns + 1000, advice))
}

fn remedy(env: &Environment, needed: u64, advice: Advice) -> Advice {
    let mut advice = advice;
    // Not even root may go beyond nr_open (setrlimit(2), EPERM), so it has to move first.
    if env.sysctl.nr_open.is_some_and(|most| most < needed) {
        advice = advice.command(format!("sudo sysctl -w fs.nr_open={needed}"));
    }
    if let Some(kind) = &env.virtualisation.container {
        return advice
            .remedy(format!(
                "The {kind} container was started with this limit; start it with a higher one."
            ))
            .command(format!("docker run --ulimit nofile={needed}:{needed} ..."));
    }
    advice
        .remedy("Raise it for this shell, or for good in /etc/security/limits.conf (takes effect at the next login).")
        .command(format!("sudo prlimit --pid $$ --nofile={needed}:{needed}"))
        .command(format!(
            "echo '* - nofile {needed}' | sudo tee -a /etc/security/limits.conf"
        ))
}

/// Both ends of every connection are files of this machine (Documentation/admin-guide/sysctl/fs.rst, file-max).
pub(super) fn whole_machine(env: &Environment, wish: &Wish) -> Option<Advice> {
    let room = files(env)?;
    if room.connections >= wish.max_conns {
        return None;
    }
    let limit = env.sysctl.file_max?;
    let open = env
        .sysctl
        .files_open
        .map(|open| format!(", of which {} are taken", grouped(open)))
        .unwrap_or_default();
    let finding = format!("all processes together may have {} open files{open}.", grouped(limit));
    let consequence = format!(
        "Each connection takes two, so the machine holds {} of them; then accept and connect fail with ENFILE, for \
         every program that is not root's.",
        grouped(room.connections)
    );
    let needed = env.sysctl.files_open.unwrap_or(0) + 3 * wish.max_conns;
    let advice = Advice::new(
        Severity::Blocking,
        "open files of the machine (fs.file-max)",
        finding,
        consequence,
    );
    Some(advice.command(format!("sudo sysctl -w fs.file-max={needed}")))
}
