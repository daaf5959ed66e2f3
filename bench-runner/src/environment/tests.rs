//! A capture of this machine, and of machines that do not exist.

use std::fs;

use super::*;

fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let root = Root::new(dir.path());
    (dir, root)
}

#[test]
fn this_machine_is_told_sanely() {
    let own = std::env::current_exe().unwrap();
    let env = capture(Inputs {
        command_line: vec!["bench-runner".into(), "--seed".into(), "7".into()],
        seed: 7,
        binaries: vec![("own".into(), own), ("ghost".into(), "/nonexistent/ghost".into())],
        server_cpus: vec![0],
        generator_cpus: vec![1],
    });
    assert_eq!((env.seed, env.command_line.len()), (7, 3));
    assert!(env.os.is_linux() && env.os.kernel().is_some_and(|kernel| kernel > (2, 6)));
    assert!(env.usable_cpus().is_some_and(|cpus| cpus > 0));
    assert!(
        env.rlimits
            .nofile
            .is_some_and(|limit| limit.soft <= limit.hard && limit.hard > Bound::At(0))
    );
    assert!(env.memory.total_bytes >= env.memory.available_bytes && env.memory.available_bytes > Some(0));
    assert!(
        env.build
            .rustc
            .as_deref()
            .is_some_and(|rustc| rustc.starts_with("rustc "))
    );
    assert!(
        env.binaries[0]
            .sha256
            .as_deref()
            .is_some_and(|digest| digest.len() == 64)
    );
    assert!(env.binaries[1].sha256.is_none() && env.binaries[1].error.is_some());
    assert!(env.io_uring.probe.is_some());

    // What is known of these is positive: a 0 would mean that something unknown was written down as a number.
    let sysctl = &env.sysctl;
    let counts = [
        ("somaxconn", sysctl.somaxconn),
        ("file_max", sysctl.file_max),
        ("nr_open", sysctl.nr_open),
        ("threads_max", sysctl.threads_max),
        ("pid_max", sysctl.pid_max),
        ("max_map_count", sysctl.max_map_count),
        ("tasks", env.load.tasks),
        ("sockets", env.cpu.sockets.map(|count| count as u64)),
        ("cores", env.cpu.cores.map(|count| count as u64)),
        ("current_mhz", env.cpu.current_mhz.map(|mhz| mhz as u64)),
        ("max_mhz", env.cpu.max_mhz.map(|mhz| mhz as u64)),
    ];
    for (name, count) in counts {
        assert_ne!(count, Some(0), "{name}");
    }
}

#[test]
fn the_record_can_be_read_again() {
    let env = capture(Inputs {
        seed: u64::MAX,
        ..Inputs::default()
    });
    let json = serde_json::to_string(&env).unwrap();
    assert_eq!(serde_json::from_str::<Environment>(&json).unwrap(), env);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let started = value["started_at"].as_str().unwrap();
    assert!(started.ends_with('Z') && started.contains('T'), "{started}");
}

#[test]
fn a_record_from_before_a_field_existed_can_be_read() {
    let mut value = serde_json::to_value(Environment::default()).unwrap();
    value["sysctl"] = serde_json::json!({ "somaxconn": 128 });
    value["cpu"] = serde_json::json!({});
    let env: Environment = serde_json::from_value(value).unwrap();
    assert_eq!(
        (env.sysctl.somaxconn, env.sysctl.pid_max, env.cpu.online),
        (Some(128), None, None)
    );
}

#[test]
fn a_machine_that_tells_nothing_has_no_zeros() {
    let (_dir, root) = fixture(&[]);
    assert_eq!(Cpu::read(&root), Cpu::default());
    assert_eq!(Memory::read(&root), Memory::default());
    assert_eq!(Sysctl::read(&root), Sysctl::default());
    assert_eq!(User::read(&root), User::default());
    assert_eq!(Load::read(&root), Load::default());
    assert_eq!(Virtualisation::read(&root), Virtualisation::default());
    assert_eq!(Cgroup::read(&root), None);
    let json = serde_json::to_string(&(Cpu::read(&root), Sysctl::read(&root), Load::read(&root))).unwrap();
    assert!(!json.contains('0'), "{json}");
}

#[test]
fn two_sockets_with_hardware_threads() {
    let mut files = vec![
        ("sys/devices/system/cpu/online".to_string(), "0-3\n".to_string()),
        ("sys/devices/system/node/online".into(), "0-1\n".into()),
        (
            "proc/cpuinfo".into(),
            "model name\t: Xeon\nflags\t\t: fpu hypervisor\n".into(),
        ),
        ("sys/devices/system/cpu/intel_pstate/no_turbo".into(), "1\n".into()),
        (
            "sys/devices/system/cpu/vulnerabilities/meltdown".into(),
            "Mitigation: PTI\n".into(),
        ),
        ("sys/devices/system/cpu/cpu0/cache/index0/size".into(), "48K\n".into()),
        ("sys/devices/system/cpu/cpu0/cache/index0/level".into(), "1\n".into()),
    ];
    for (cpu, package, siblings) in [(0, 0, "0,2"), (1, 1, "1,3"), (2, 0, "0,2"), (3, 1, "1,3")] {
        let base = format!("sys/devices/system/cpu/cpu{cpu}");
        files.push((format!("{base}/topology/physical_package_id"), package.to_string()));
        files.push((format!("{base}/topology/thread_siblings_list"), siblings.into()));
        files.push((format!("{base}/cpufreq/scaling_governor"), "powersave\n".into()));
        files.push((format!("{base}/cpufreq/cpuinfo_max_freq"), "3500000\n".into()));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let (_dir, root) = fixture(&files);
    let cpu = Cpu::read(&root);
    assert_eq!(
        (cpu.sockets, cpu.cores, cpu.threads_per_core, cpu.numa_nodes),
        (Some(2), Some(2), Some(2), Some(2))
    );
    assert_eq!(cpu.siblings, Some(vec![vec![0, 2], vec![1, 3]]));
    assert_eq!(
        (cpu.governor.as_deref(), cpu.max_mhz, cpu.boost),
        (Some("powersave"), Some(3500.0), Some(false))
    );
    assert_eq!(cpu.caches.unwrap()[0].size_bytes, Some(48 << 10));
    assert_eq!(cpu.vulnerabilities.unwrap()["meltdown"], "Mitigation: PTI");
    assert_eq!(Virtualisation::read(&root).is_virtual(), Some(true));
}

#[test]
fn settings_are_read_in_their_shapes() {
    let (_dir, root) = fixture(&[
        ("proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t33554432\n"),
        ("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"),
        ("proc/sys/net/ipv4/ip_local_reserved_ports", "\n"),
        ("proc/sys/fs/file-nr", "514\t0\t2466170\n"),
        ("proc/sys/kernel/perf_event_paranoid", "-1\n"),
        ("proc/sys/net/ipv4/tcp_mem", "garbage\n"),
    ]);
    let sysctl = Sysctl::read(&root);
    assert_eq!(sysctl.tcp_rmem, Some([4096, 131_072, 33_554_432]));
    assert_eq!(sysctl.ip_local_port_range, Some([32768, 60999]));
    assert_eq!(
        sysctl.ip_local_reserved_ports.as_deref(),
        Some(""),
        "none reserved is an answer"
    );
    assert_eq!((sysctl.files_open, sysctl.perf_event_paranoid), (Some(514), Some(-1)));
    assert_eq!(sysctl.tcp_mem, None);
}

const V2_MOUNT: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

#[test]
fn the_tightest_level_of_a_group_counts() {
    let (_dir, root) = fixture(&[
        ("proc/self/cgroup", "0::/system.slice/job.scope\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/system.slice/job.scope/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/system.slice/job.scope/pids.max", "max\n"),
        ("sys/fs/cgroup/system.slice/job.scope/pids.current", "5\n"),
        ("sys/fs/cgroup/system.slice/job.scope/memory.max", "max\n"),
        ("sys/fs/cgroup/system.slice/cpu.max", "150000 100000\n"),
        (
            "sys/fs/cgroup/system.slice/cpu.stat",
            "usage_usec 9\nnr_periods 40\nnr_throttled 3\nthrottled_usec 1200\n",
        ),
        ("sys/fs/cgroup/system.slice/pids.max", "4915\n"),
        ("sys/fs/cgroup/system.slice/pids.current", "60\n"),
        ("sys/fs/cgroup/system.slice/memory.max", "1073741824\n"),
        ("sys/fs/cgroup/system.slice/memory.current", "600000000\n"),
        (
            "sys/fs/cgroup/system.slice/memory.stat",
            "anon 1\nfile 9\ninactive_file 300000000\nactive_file 100000000\n",
        ),
    ]);
    let group = Cgroup::read(&root).unwrap();
    assert_eq!((group.version, group.path.as_str()), (2, "/system.slice/*.scope"));
    assert_eq!(group.cpu_quota_cores(), Some(1.5));
    assert_eq!(
        (group.periods, group.throttled_periods, group.throttled_us),
        (Some(40), Some(3), Some(1200))
    );
    assert_eq!((group.pids_max, group.pids_left()), (Some(Bound::At(4915)), Some(4855)));
    assert_eq!(
        group.memory_left_bytes(),
        Some(1_073_741_824 - 200_000_000),
        "caches can be had back"
    );
}

#[test]
fn the_older_groups_are_tolerated() {
    let mounts = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                  35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    let (_dir, root) = fixture(&[
        ("proc/self/cgroup", "4:memory:/job\n3:cpu,cpuacct:/\n0::/\n"),
        ("proc/self/mountinfo", mounts),
        ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        (
            "sys/fs/cgroup/cpu/cpu.stat",
            "nr_periods 0\nnr_throttled 0\nthrottled_time 5000\n",
        ),
        (
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes",
            "9223372036854771712\n",
        ),
        ("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "4096\n"),
    ]);
    let group = Cgroup::read(&root).unwrap();
    assert_eq!((group.version, group.path.as_str()), (1, "/*"));
    assert_eq!(
        (group.cpu_quota_us, group.cpu_quota_cores()),
        (Some(Bound::Unlimited), None)
    );
    assert_eq!(group.throttled_us, Some(5));
    assert_eq!(
        (group.memory_max_bytes, group.memory_left_bytes()),
        (Some(Bound::Unlimited), None)
    );
    assert_eq!(group.pids_max, None, "no controller, no limit known");
}

#[test]
fn containers_are_known_by_their_marks() {
    let read = |path: &str, text: &str| {
        let (_dir, root) = fixture(&[(path, text)]);
        Virtualisation::read(&root).container
    };
    assert_eq!(read("etc/hostname", "bare"), None);
    assert_eq!(read(".dockerenv", "").as_deref(), Some("docker"));
    assert_eq!(read("run/.containerenv", "").as_deref(), Some("podman"));
    assert_eq!(
        read("proc/1/cgroup", "0::/kubepods/burstable/pod1\n").as_deref(),
        Some("kubernetes")
    );
    assert_eq!(
        read("run/systemd/container", "systemd-nspawn\n").as_deref(),
        Some("systemd-nspawn")
    );
}
