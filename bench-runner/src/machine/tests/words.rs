//! What people read.

use super::*;

#[test]
fn the_verdict_counts_and_names() {
    let env = good();
    assert_eq!(
        verdict(&env, &wish(), &examine(&env, &wish())),
        "10,000 connections: possible with 5 of 7 models; select stops at 1,019 (FD_SETSIZE 1,024); prefork serves as \
         many at a time as there are workers."
    );
    let mut small = good();
    small.rlimits.nofile = limit(4096);
    small.io_uring.probe = Some(Probe::Refused("EPERM".into()));
    let text = verdict(&small, &wish(), &examine(&small, &wish()));
    assert!(
        text.contains("thread, epoll-edge and green-thread stop at 4,080 (RLIMIT_NOFILE 4,096)"),
        "{text}"
    );
    assert!(text.contains("io-uring cannot run"), "{text}");
    let mut poor = good();
    poor.memory.available_bytes = Some(1 << 30);
    assert!(verdict(&poor, &wish(), &examine(&poor, &wish())).ends_with("first see to: memory."));
    let mut other = good();
    other.os.name = Some("macos".into());
    assert!(verdict(&other, &wish(), &examine(&other, &wish())).contains("nothing can be measured"));
}

#[test]
fn the_doctors_words() {
    let mut env = good();
    env.os.architecture = Some("x86_64".into());
    env.os.pretty_name = Some("Debian GNU/Linux 12 (bookworm)".into());
    env.cpu.model = Some("AMD EPYC".into());
    (env.cpu.cores, env.cpu.sockets) = (Some(8), Some(1));
    env.rlimits.nofile = limit(4096);
    env.virtualisation.hypervisor_flag = Some(true);
    env.sysctl.somaxconn = Some(4096);
    env.memory.swap_used_bytes = Some(3 << 20);
    env.memory.available_bytes = Some(1 << 30);
    env.io_uring.probe = Some(Probe::Refused("EPERM".into()));
    let text = render_doctor(&env, &wish(), &examine(&env, &wish()));
    for line in text.lines() {
        let command = line.starts_with("      ") && (line.contains("sudo ") || line.contains("docker "));
        assert!(command || line.chars().count() <= 80, "too long: {line}");
        assert_eq!(line, line.trim_end());
    }
    insta::assert_snapshot!(text);
}
