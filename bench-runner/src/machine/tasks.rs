//! Processes and threads: four limits, the lowest of which binds the models that take one for each connection.

use crate::environment::Environment;

use super::advice::{Advice, Severity};
use super::capacity::{
    Ceiling, group_tasks, pid_max as pid_max_ceiling, threads_max as threads_max_ceiling, user_tasks,
};
use super::format::grouped;
use super::wish::Wish;

/// RLIMIT_NPROC counts all tasks of the user, threads too, on the whole machine (getrlimit(2)).
pub(super) fn user_limit(env: &Environment, wish: &Wish) -> Option<Advice> {
    let needed = needed(env, wish);
    let advice = too_few("processes and threads of a user (RLIMIT_NPROC)", user_tasks(env), wish)?;
    if env.virtualisation.container.is_some() {
        return Some(advice.command(format!("docker run --ulimit nproc={needed}:{needed} ...")));
    }
    Some(
        advice
            .remedy(
                "Raise it for this shell, or for good in /etc/security/limits.conf (takes effect at the next login).",
            )
            .command(format!("sudo prlimit --pid $$ --nproc={needed}:{needed}"))
            .command(format!(
                "echo '* - nproc {needed}' | sudo tee -a /etc/security/limits.conf"
            )),
    )
}

/// Documentation/admin-guide/sysctl/kernel.rst, threads-max.
pub(super) fn threads_max(env: &Environment, wish: &Wish) -> Option<Advice> {
    let advice = too_few(
        "processes and threads of the machine (kernel.threads-max)",
        threads_max_ceiling(env),
        wish,
    )?;
    Some(advice.command(format!("sudo sysctl -w kernel.threads-max={}", needed(env, wish))))
}

/// Threads take numbers from the same range as processes; 32,768 is the default of small machines (kernel.rst, pid_max).
pub(super) fn pid_max(env: &Environment, wish: &Wish) -> Option<Advice> {
    let advice = too_few("process numbers (kernel.pid_max)", pid_max_ceiling(env), wish)?;
    // The most there can be: PID_MAX_LIMIT on 64-bit machines.
    Some(advice.command("sudo sysctl -w kernel.pid_max=4194304"))
}

/// Documentation/admin-guide/cgroup-v2.rst, pids.max. systemd gives a user's slice 33 % of all by default, and container
/// runtimes set it as well.
pub(super) fn control_group(env: &Environment, wish: &Wish) -> Option<Advice> {
    let advice = too_few("tasks of the control group (pids.max)", group_tasks(env), wish)?;
    let needed = needed(env, wish);
    Some(match &env.virtualisation.container {
        Some(_) => advice.command(format!("docker run --pids-limit={needed} ...")),
        None => advice
            .remedy("Start the run in a scope of its own, or raise the limit of your slice.")
            .command(format!(
                "systemd-run --user --scope -p TasksMax={needed} bench-runner ..."
            ))
            .command(format!(
                "sudo systemctl set-property user-$(id -u).slice TasksMax={needed}"
            )),
    })
}

fn too_few(topic: &str, ceiling: Option<Ceiling>, wish: &Wish) -> Option<Advice> {
    let ceiling = ceiling?;
    let models = wish.task_models();
    if models.is_empty() || ceiling.connections >= wish.max_conns {
        return None;
    }
    let finding = format!(
        "{} leaves room for about {} more, {} are asked for.",
        ceiling.bound_by,
        grouped(ceiling.connections),
        grouped(wish.max_conns)
    );
    let consequence = "Models that take a process or a thread for each connection stop there: fork and thread creation \
                       fail with EAGAIN, for other programs on the machine as well.";
    Some(Advice::new(Severity::Warning, topic, finding, consequence).models(models))
}

/// A value that would do, with room for what else runs.
fn needed(env: &Environment, wish: &Wish) -> u64 {
    wish.max_conns + env.load.tasks.unwrap_or(0) + 1000
}
