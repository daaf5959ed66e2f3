//! Every topic on machines that do not exist: it fires where it must, and is silent where it must be.

mod conditions;
mod limits;
mod words;

use super::*;
use crate::environment::{Bound, Cgroup, CpuTime, Jitter, Probe, Rlimit, User};

/// A quiet, roomy bare machine on which there is nothing to say about [`wish`].
fn good() -> Environment {
    let mut env = Environment::default();
    env.os.name = Some("Linux".into());
    env.os.kernel_release = Some("6.12.3".into());
    env.cpu.online = Some((0..8).collect());
    env.cpu.siblings = Some((0..8).map(|cpu| vec![cpu]).collect());
    env.cpu.governor = Some("performance".into());
    env.cpu.clocksource = Some("tsc".into());
    env.server_cpus = vec![0, 1];
    env.generator_cpus = vec![2, 3];
    env.virtualisation.hypervisor_flag = Some(false);
    env.memory.total_bytes = Some(64 << 30);
    env.memory.available_bytes = Some(60 << 30);
    env.memory.swap_used_bytes = Some(0);
    env.memory.transparent_hugepages = Some("madvise".into());
    env.sysctl.somaxconn = Some(65_535);
    env.sysctl.tcp_max_syn_backlog = Some(65_535);
    env.sysctl.tcp_syncookies = Some(1);
    env.sysctl.tcp_abort_on_overflow = Some(0);
    env.sysctl.ip_local_port_range = Some([1024, 65_535]);
    env.sysctl.tcp_mem = Some([767_000, 1_023_000, 1_535_000]);
    env.sysctl.file_max = Some(u64::MAX / 2);
    env.sysctl.files_open = Some(4000);
    env.sysctl.nr_open = Some(1 << 20);
    env.sysctl.threads_max = Some(500_000);
    env.sysctl.pid_max = Some(4_194_304);
    env.sysctl.max_map_count = Some(1_048_576);
    env.sysctl.io_uring_disabled = Some(0);
    env.sysctl.perf_event_paranoid = Some(1);
    env.sysctl.overcommit_memory = Some(0);
    env.user = User {
        uid: Some(1000),
        capabilities: Some(0),
        initial_namespace: Some(true),
    };
    env.rlimits.nofile = limit(1 << 20);
    env.rlimits.nproc = limit(250_000);
    env.rlimits.address_space = Some(Rlimit {
        soft: Bound::Unlimited,
        hard: Bound::Unlimited,
    });
    env.io_uring.probe = Some(Probe::Works);
    env.load.averages = Some([0.1, 0.2, 0.3]);
    env.load.tasks = Some(400);
    env.load.affinity = Some((0..8).collect());
    env.build.profile = Some("release".into());
    env
}

fn limit(number: u64) -> Option<Rlimit> {
    Some(Rlimit {
        soft: Bound::At(number.min(1024)),
        hard: Bound::At(number),
    })
}

fn model(name: &str, per_connection: PerConnection) -> Model {
    Model {
        name: name.into(),
        per_connection,
        io_uring: name == "io-uring",
    }
}

fn wish() -> Wish {
    Wish {
        max_conns: 10_000,
        backlog: 16_384,
        server_nofile: None,
        models: vec![
            model("prefork", PerConnection::Worker),
            model("fork", PerConnection::Process),
            model("thread", PerConnection::Thread),
            model("select", PerConnection::DescriptorBelow(1024)),
            model("epoll-edge", PerConnection::Descriptor),
            model("green-thread", PerConnection::Stack),
            model("io-uring", PerConnection::Descriptor),
        ],
    }
}

/// What is said on a good machine after one change.
fn after(change: impl FnOnce(&mut Environment)) -> Vec<Advice> {
    let mut env = good();
    change(&mut env);
    examine(&env, &wish())
}

/// The only thing said after one change: no other topic may fire with it.
fn only(change: impl FnOnce(&mut Environment)) -> Advice {
    let mut advice = after(change);
    assert_eq!(advice.len(), 1, "{advice:#?}");
    advice.remove(0)
}

fn group(change: impl FnOnce(&mut Cgroup)) -> Option<Cgroup> {
    let mut group = Cgroup {
        version: 2,
        path: "/job".into(),
        ..Cgroup::default()
    };
    change(&mut group);
    Some(group)
}

#[test]
fn a_good_machine_is_left_in_peace() {
    assert_eq!(examine(&good(), &wish()), []);
}

#[test]
fn what_is_not_told_is_only_listed() {
    let advice = examine(&Environment::default(), &wish());
    assert_eq!(advice.len(), 1, "{advice:#?}");
    assert_eq!(advice[0].topic, "unknown limits");
    assert!(advice[0].finding.contains("RLIMIT_NOFILE"));
}

#[test]
fn elsewhere_than_on_linux_nothing_else_is_said() {
    let advice = only(|env| {
        env.os.name = Some("macos".into());
        env.sysctl.somaxconn = Some(1);
    });
    assert_eq!(
        (advice.severity, advice.topic.as_str()),
        (Severity::Blocking, "operating system")
    );
}

#[test]
fn the_worst_comes_first() {
    let advice = after(|env| {
        env.memory.swap_used_bytes = Some(1 << 20);
        env.rlimits.nofile = limit(4096);
        env.memory.available_bytes = Some(1 << 30);
    });
    let severities: Vec<Severity> = advice.iter().map(|advice| advice.severity).collect();
    assert_eq!(severities, [Severity::Blocking, Severity::Warning, Severity::Info]);
}
