//! Conditions that falsify a number, and notes.

use super::*;

#[test]
fn queues() {
    let cut = only(|env| env.sysctl.somaxconn = Some(4096));
    assert_eq!(cut.severity, Severity::Warning);
    assert_eq!(cut.commands, ["sudo sysctl -w net.core.somaxconn=16384"]);
    assert!(cut.consequence.contains("1, 3 and 7 s"));
    let newer = only(|env| {
        env.sysctl.somaxconn = Some(4096);
        env.sysctl.tcp_syn_linear_timeouts = Some(4);
    });
    assert!(newer.consequence.contains("1, 2 and 3 s"));

    let short = examine(
        &good(),
        &Wish {
            backlog: 4096,
            ..wish()
        },
    );
    assert!(
        short.iter().all(|advice| advice.severity == Severity::Info),
        "{short:#?}"
    );
    assert_eq!(short.len(), 2, "the queue and the cookies: {short:#?}");

    assert!(
        after(|env| env.sysctl.tcp_max_syn_backlog = Some(128)).is_empty(),
        "cookies make it irrelevant"
    );
    let bare = only(|env| {
        env.sysctl.tcp_syncookies = Some(0);
        env.sysctl.tcp_max_syn_backlog = Some(128);
    });
    assert!(bare.finding.contains("96"), "a quarter is kept back: {}", bare.finding);
    assert_eq!(
        only(|env| env.sysctl.tcp_syncookies = Some(2)).severity,
        Severity::Warning
    );
    assert_eq!(
        only(|env| env.sysctl.tcp_abort_on_overflow = Some(1)).severity,
        Severity::Warning
    );
}

#[test]
fn ports_and_tracking() {
    let ports = only(|env| {
        env.sysctl.ip_local_port_range = Some([50_000, 59_999]);
        env.sysctl.ip_local_reserved_ports = Some("8080,50000-50009".into());
    });
    assert_eq!(ports.severity, Severity::Info);
    assert!(ports.finding.contains("9,990"), "{}", ports.finding);
    let tracked = |count| {
        after(|env| {
            env.sysctl.nf_conntrack_max = Some(15_000);
            env.sysctl.nf_conntrack_count = Some(count);
        })
    };
    assert!(tracked(0).is_empty(), "the module is there, no rule uses it");
    assert!(tracked(40)[0].topic.contains("nf_conntrack_max"));
}

#[test]
fn builds_and_counters() {
    assert_eq!(
        only(|env| env.build.profile = Some("debug".into())).topic,
        "build profile"
    );
    let debug = only(|env| {
        let at = |name: &str, path: &str| crate::environment::Binary {
            name: name.into(),
            path: path.into(),
            ..Default::default()
        };
        env.binaries = vec![
            at("poll", "/src/target/debug/server-poll"),
            at("select", "/src/target/release/server-select"),
        ];
    });
    assert_eq!(debug.finding, "debug builds: poll.");
    assert_eq!(
        only(|env| env.sysctl.perf_event_paranoid = Some(2)).topic,
        "performance counters"
    );
    assert_eq!(
        after(|env| {
            env.sysctl.perf_event_paranoid = Some(4);
            env.user.capabilities = Some(1 << 38);
        }),
        []
    );
}

#[test]
fn a_tree_that_differs_from_its_revision() {
    let source = |dirty| {
        Some(crate::environment::Source {
            revision: Some("0123456789abcdef".into()),
            dirty,
            ..Default::default()
        })
    };
    let dirty = only(|env| env.source = source(Some(true)));
    assert_eq!((dirty.kind.as_str(), dirty.severity), ("dirty-tree", Severity::Warning));
    assert!(dirty.finding.contains("0123456789ab,"), "{}", dirty.finding);
    assert_eq!(after(|env| env.source = source(Some(false))), []);
    assert_eq!(after(|env| env.source = source(None)), [], "git did not tell");
}

#[test]
fn what_records_keep() {
    let advice = only(|env| env.cpu.governor = Some("powersave".into()));
    let warning = advice.warning().unwrap();
    assert_eq!(warning.kind, "governor");
    for part in [&advice.finding, &advice.consequence, &advice.commands[0]] {
        assert!(warning.text.contains(part.as_str()), "{}", warning.text);
    }
    let capped = only(|env| env.rlimits.nofile = limit(4096)).warning().unwrap();
    assert!(capped.text.contains("Models: prefork, thread"), "{}", capped.text);
    assert_eq!(
        only(|env| env.memory.swap_used_bytes = Some(1 << 20)).warning(),
        None,
        "a note"
    );
    let kinds: std::collections::BTreeSet<&str> = TOPICS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds.len(), TOPICS.len(), "each kind once");
}

#[test]
fn processors_few_shared_or_slowed() {
    let with = |cpus: usize| {
        only(|env| {
            env.load.affinity = Some((0..cpus).collect());
            env.server_cpus = vec![0];
            env.generator_cpus = vec![cpus - 1];
        })
    };
    assert_eq!(
        (with(1).severity, with(2).severity),
        (Severity::Warning, Severity::Info)
    );
    assert_eq!(only(|env| env.generator_cpus = vec![9]).severity, Severity::Blocking);
    assert!(
        only(|env| env.generator_cpus = vec![1, 2])
            .finding
            .contains("share CPUs 1")
    );
    let core = only(|env| env.cpu.siblings = Some(vec![vec![0, 2], vec![1, 4], vec![3, 5], vec![6, 7]]));
    assert!(
        core.finding.contains("CPU 0 and the load generator's CPU 2"),
        "{}",
        core.finding
    );
    assert_eq!(
        only(|env| env.cpu.governor = Some("powersave".into())).topic,
        "frequency governor"
    );
    assert_eq!(
        only(|env| env.cpu.clocksource = Some("hpet".into())).topic,
        "clock source"
    );
    assert!(
        after(|env| env.cpu.clocksource = Some("kvm-clock".into())).is_empty(),
        "read without a system call"
    );
}

#[test]
fn a_quota_below_the_cpus_or_one_that_has_run_out() {
    let quota = |us: u64, throttled: u64| {
        after(|env| {
            env.cgroup = group(|group| {
                group.cpu_quota_us = Some(Bound::At(us));
                group.cpu_period_us = Some(100_000);
                group.periods = Some(200);
                group.throttled_periods = Some(throttled);
            });
        })
    };
    assert!(quota(800_000, 0).is_empty());
    assert!(quota(150_000, 0)[0].finding.contains("1.5 CPUs"));
    assert!(
        quota(800_000, 20)[0].finding.contains("10 %"),
        "{:?}",
        quota(800_000, 20)
    );
}

#[test]
fn disquiet() {
    let time = CpuTime {
        cpu: 0,
        total_ms: 100_000,
        busy_ms: 9500,
        steal_ms: 500,
    };
    let past = only(|env| env.load.cpus = Some(vec![time.clone()]));
    assert!(past.finding.contains("5.0 %"), "{}", past.finding);
    let calm = Jitter {
        window_ns: 500_000_000,
        cpus: vec![0],
        steal_share: Some(0.0),
        ..Jitter::default()
    };
    let calm_now = after(|env| {
        env.load.cpus = Some(vec![time.clone()]);
        env.jitter = Some(calm.clone());
    });
    assert_eq!(calm_now, [], "a quiet sample outweighs the past");
    assert!(
        only(|env| env.jitter = Some(Jitter {
            steal_share: Some(0.2),
            ..calm.clone()
        }))
        .finding
        .contains("20 %")
    );
    let gaps = Jitter {
        lost_share: 0.05,
        longest_gap_ns: 4_200_000,
        ..calm
    };
    assert!(only(|env| env.jitter = Some(gaps)).finding.contains("4.2 ms"));

    assert_eq!(
        only(|env| env.load.averages = Some([6.0, 1.0, 1.0])).topic,
        "busy machine"
    );
    assert_eq!(only(|env| env.memory.swap_used_bytes = Some(1 << 20)).topic, "swap");
    assert_eq!(
        only(|env| env.memory.transparent_hugepages = Some("always".into())).topic,
        "transparent huge pages"
    );
    let guest = only(|env| env.virtualisation.hypervisor_flag = Some(true));
    assert!(guest.severity == Severity::Warning && guest.consequence.contains("60 µs"));
}
