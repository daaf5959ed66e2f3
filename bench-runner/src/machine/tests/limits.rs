//! Limits that cap a model.

use super::*;

#[test]
fn descriptors_bind_one_process_servers_only() {
    let advice = only(|env| env.rlimits.nofile = limit(4096));
    assert_eq!(advice.severity, Severity::Warning);
    assert_eq!(
        advice.models,
        ["prefork", "thread", "epoll-edge", "green-thread", "io-uring"]
    );
    assert!(advice.consequence.contains("4,080"), "{}", advice.consequence);
    assert!(advice.commands[0].starts_with("sudo prlimit"), "{:?}", advice.commands);

    let tiny = only(|env| env.rlimits.nofile = limit(32));
    assert_eq!(tiny.severity, Severity::Blocking);

    // Given to the servers by the runner rather than found.
    let given = examine(
        &good(),
        &Wish {
            server_nofile: Some(2048),
            ..wish()
        },
    );
    assert!(given[0].finding.contains("2,048"));

    let forking = Wish {
        models: vec![model("fork", PerConnection::Process)],
        ..wish()
    };
    let mut env = good();
    env.rlimits.nofile = limit(4096);
    assert_eq!(examine(&env, &forking), [], "a child has a table of its own");
}

#[test]
fn the_remedy_fits_the_place() {
    let docker = only(|env| {
        env.rlimits.nofile = limit(4096);
        env.virtualisation.container = Some("docker".into());
    });
    assert!(
        docker.commands[0].contains("--ulimit nofile=11000:11000"),
        "{:?}",
        docker.commands
    );
    let low_ceiling = only(|env| {
        env.rlimits.nofile = limit(4096);
        env.sysctl.nr_open = Some(8192);
    });
    assert!(
        low_ceiling.commands[0].contains("fs.nr_open"),
        "not even root may go beyond it"
    );
}

#[test]
fn files_of_the_whole_machine() {
    let advice = only(|env| env.sysctl.file_max = Some(20_000));
    assert_eq!(advice.severity, Severity::Blocking);
    assert!(
        advice.consequence.contains("8,000"),
        "both ends count: {}",
        advice.consequence
    );
}

#[test]
fn tasks_bind_those_that_take_one_each() {
    type Change = fn(&mut Environment);
    let changes: [(&str, Change); 4] = [
        ("RLIMIT_NPROC", |env| env.rlimits.nproc = limit(8000)),
        ("threads-max", |env| env.sysctl.threads_max = Some(8000)),
        ("pid_max", |env| env.sysctl.pid_max = Some(8000)),
        ("pids.max", |env| {
            env.cgroup = group(|group| group.pids_max = Some(Bound::At(8000)));
        }),
    ];
    for (topic, change) in changes {
        let advice = only(change);
        assert!(advice.topic.contains(topic), "{topic}: {}", advice.topic);
        assert_eq!(advice.models, ["fork", "thread"]);
        assert!(!advice.commands.is_empty());

        let mut env = good();
        change(&mut env);
        let epoll = Wish {
            models: vec![model("epoll-edge", PerConnection::Descriptor)],
            ..wish()
        };
        assert_eq!(examine(&env, &epoll), [], "{topic} is none of epoll's business");
    }
}

#[test]
fn the_users_limit_is_not_for_the_privileged() {
    assert_eq!(
        after(|env| {
            env.rlimits.nproc = limit(8000);
            env.user.uid = Some(0);
        }),
        []
    );
}

#[test]
fn memory_is_that_of_the_hungriest() {
    let advice = only(|env| env.memory.available_bytes = Some(1 << 30));
    assert_eq!(
        (advice.severity, advice.models.as_slice()),
        (Severity::Blocking, ["fork".to_string()].as_slice())
    );

    let grouped = only(|env| {
        env.cgroup = group(|group| {
            group.memory_max_bytes = Some(Bound::At(512 << 20));
            group.memory_current_bytes = Some(100 << 20);
        });
    });
    assert!(grouped.finding.contains("control group"), "{}", grouped.finding);
    assert_eq!(grouped.models, ["fork", "thread"]);
}

#[test]
fn mappings_bind_threads_before_coroutines() {
    let threads = only(|env| env.sysctl.max_map_count = Some(30_000));
    assert_eq!(threads.models, ["thread"]);
    let both = only(|env| env.sysctl.max_map_count = Some(15_000));
    assert_eq!(both.models, ["thread", "green-thread"]);
    assert!(
        both.consequence.contains("3,734"),
        "(15000 - 64) / 4: {}",
        both.consequence
    );
}

#[test]
fn promises_addresses_and_socket_memory() {
    assert!(
        only(|env| env.sysctl.overcommit_memory = Some(2))
            .topic
            .starts_with("overcommit")
    );
    assert!(
        only(|env| env.rlimits.address_space = limit(4 << 30))
            .topic
            .contains("RLIMIT_AS")
    );
    assert!(
        only(|env| env.sysctl.tcp_mem = Some([5000, 7000, 10_000]))
            .topic
            .contains("tcp_mem")
    );
}

#[test]
fn io_uring_has_a_remedy_for_each_cause() {
    let refused = |error: &str, disabled: u64, kernel: &str, container: Option<&str>| {
        only(|env| {
            env.io_uring.probe = Some(Probe::Refused(error.into()));
            env.sysctl.io_uring_disabled = Some(disabled);
            env.os.kernel_release = Some(kernel.into());
            env.virtualisation.container = container.map(String::from);
        })
    };
    assert!(refused("EPERM", 2, "6.12.3", None).finding.contains("everybody"));
    assert!(
        refused("EPERM", 1, "6.12.3", None)
            .remedy
            .is_some_and(|remedy| remedy.contains("io_uring_group"))
    );
    let docker = refused("EPERM", 0, "6.12.3", Some("docker"));
    assert!(docker.finding.contains("seccomp"));
    assert!(
        docker
            .commands
            .iter()
            .any(|command| command.contains("seccomp=unconfined"))
    );
    assert!(
        refused("ENOSYS", 0, "6.12.3", Some("docker"))
            .finding
            .contains("seccomp")
    );
    assert!(refused("ENOSYS", 0, "4.19.0", None).finding.contains("4.19.0"));
    assert!(refused("ENOMEM", 0, "6.12.3", None).commands[0].contains("memlock"));
    assert!(
        only(|env| env.io_uring.probe = Some(Probe::Old))
            .remedy
            .is_some_and(|remedy| remedy.contains("6.1"))
    );
    for advice in [docker, refused("EINVAL", 0, "6.12.3", None)] {
        assert_eq!(
            (advice.severity, advice.models.as_slice()),
            (Severity::Warning, ["io-uring".to_string()].as_slice())
        );
    }

    let mut env = good();
    env.io_uring.probe = Some(Probe::Refused("EPERM".into()));
    let epoll = Wish {
        models: vec![model("epoll-edge", PerConnection::Descriptor)],
        ..wish()
    };
    assert_eq!(examine(&env, &epoll), [], "nobody asked for it");
}

#[test]
fn the_lowest_limit_is_the_ceiling() {
    let mut env = good();
    env.rlimits.nofile = limit(20_000);
    env.sysctl.pid_max = Some(32_768);
    env.sysctl.max_map_count = Some(65_530);
    let at = |kind| ceiling(&env, &wish(), &model("x", kind)).unwrap();
    assert_eq!(at(PerConnection::DescriptorBelow(1024)).connections, 1019);
    assert_eq!(at(PerConnection::Descriptor).bound_by, "RLIMIT_NOFILE 20,000");
    assert_eq!(
        at(PerConnection::Thread),
        Ceiling {
            connections: 16_366,
            bound_by: "vm.max_map_count 65,530".into()
        }
    );
    assert_eq!(at(PerConnection::Process).bound_by, "kernel.pid_max 32,768");
    assert_eq!(
        ceiling(&Environment::default(), &wish(), &model("x", PerConnection::Process)),
        None
    );
}
