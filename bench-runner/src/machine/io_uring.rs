//! io_uring: old kernels lack it, administrators turn it off, sandboxes forbid it. Each has another remedy.

use crate::environment::{Environment, Probe};

use super::advice::{Advice, Severity};
use super::format::listed;
use super::wish::Wish;

/// The first kernel with all that is used: multishot accept and provided buffer rings (5.19), multishot receive and
/// SINGLE_ISSUER (6.0), DEFER_TASKRUN (6.1). See io_uring_setup(2) and io_uring_prep_recv_multishot(3).
const NEEDED: (u32, u32) = (6, 1);

pub(super) fn usable(env: &Environment, wish: &Wish) -> Option<Advice> {
    const TOPIC: &str = "io_uring";
    let models = wish.names(|model| model.io_uring);
    let probe = env.io_uring.probe.as_ref()?;
    if models.is_empty() || *probe == Probe::Works {
        return None;
    }
    let release = env.os.kernel_release.as_deref().unwrap_or("unknown");
    let old_kernel = env.os.kernel().is_some_and(|kernel| kernel < NEEDED);
    let consequence = format!(
        "{} cannot run: failed, with this reason. The generator uses epoll.",
        listed(&models)
    );
    let warn =
        |finding: String| Advice::new(Severity::Warning, TOPIC, finding, consequence.clone()).models(models.clone());
    let advice = match (probe, env.sysctl.io_uring_disabled) {
        (Probe::Works, _) => return None,
        (Probe::Old, _) => warn(format!("kernel {release} lacks DEFER_TASKRUN, which came with 6.1."))
            .remedy("Boot kernel 6.1 or later."),
        // Documentation/admin-guide/sysctl/kernel.rst, io_uring_disabled.
        (Probe::Refused(_), Some(2)) => {
            warn("turned off for everybody (kernel.io_uring_disabled is 2).".into()).command(ENABLE)
        }
        (Probe::Refused(_), Some(1)) => {
            warn("turned off for all but the privileged and one group (kernel.io_uring_disabled is 1).".into())
                .remedy(group_remedy(env.io_uring.group))
                .command(ENABLE)
        }
        (Probe::Refused(error), _) if error == "ENOSYS" && old_kernel => {
            warn(format!("kernel {release} does not have it.")).remedy("Boot kernel 6.1 or later.")
        }
        (Probe::Refused(error), _) if error == "EPERM" || error == "ENOSYS" => sandboxed(
            env,
            warn(format!(
                "io_uring_setup says {error} although the kernel's settings allow it: a seccomp filter forbids the call."
            )),
        ),
        (Probe::Refused(error), _) if error == "ENOMEM" => warn(
            "io_uring_setup says ENOMEM: its rings do not fit RLIMIT_MEMLOCK or the control group's memory.".into(),
        )
        .command("sudo prlimit --pid $$ --memlock=unlimited:unlimited"),
        (Probe::Refused(error), _) => warn(format!("io_uring_setup says {error}.")),
    };
    Some(advice)
}

const ENABLE: &str = "sudo sysctl -w kernel.io_uring_disabled=0";

fn group_remedy(group: Option<i64>) -> String {
    match group.filter(|group| *group >= 0) {
        Some(group) => format!("Join group {group} (kernel.io_uring_group), or allow it to everybody."),
        None => "Name a group in kernel.io_uring_group and join it, or allow it to everybody.".into(),
    }
}

/// Docker's default profile has left the three calls out since version 25; containerd's and Podman's do likewise.
fn sandboxed(env: &Environment, advice: Advice) -> Advice {
    match &env.virtualisation.container {
        Some(kind) => advice
            .remedy(format!(
                "The default profile of {kind} may leave io_uring out. Start the container with a profile that allows \
                 io_uring_setup, io_uring_enter and io_uring_register, or, on a machine of your own, with none."
            ))
            .command("docker run --security-opt seccomp=profile.json ...")
            .command("docker run --security-opt seccomp=unconfined ..."),
        None => advice.remedy("Run outside the sandbox (a systemd unit's SystemCallFilter=, a CI runner's jail)."),
    }
}
