//! What bounds connections, tasks, memory and CPU time.

use super::Listing;
use crate::environment::{Bound, Cgroup, Probe, Rlimit, Sysctl};
use crate::record::Run;

pub(super) fn list(listing: &mut Listing, base: &Run, current: &Run) {
    let (b, c) = (&base.environment, &current.environment);
    sysctl(listing, &b.sysctl, &c.sysctl);
    let mut limit = |name: &str, base: Option<Rlimit>, current: Option<Rlimit>| {
        let soft = |limit: Option<Rlimit>| limit.map(|limit| limit.soft);
        let hard = |limit: Option<Rlimit>| limit.map(|limit| limit.hard);
        listing.told(name, soft(base), soft(current));
        listing.told(&format!("{name}, hard"), hard(base), hard(current));
    };
    limit("RLIMIT_NOFILE", b.rlimits.nofile, c.rlimits.nofile);
    limit("RLIMIT_NPROC", b.rlimits.nproc, c.rlimits.nproc);
    limit("RLIMIT_MEMLOCK", b.rlimits.memlock, c.rlimits.memlock);
    limit("RLIMIT_STACK", b.rlimits.stack, c.rlimits.stack);
    limit("RLIMIT_AS", b.rlimits.address_space, c.rlimits.address_space);
    let quota = |group: &Option<Cgroup>| {
        let group = group.as_ref()?;
        Some(match (group.cpu_quota_us?, group.cpu_period_us) {
            (Bound::At(quota), Some(period)) => format!("{:.2} CPUs", quota as f64 / period as f64),
            (quota, _) => quota.to_string(),
        })
    };
    listing.told("CPU quota", quota(&b.cgroup), quota(&c.cgroup));
    let of = |group: &Option<Cgroup>, pick: fn(&Cgroup) -> Option<Bound>| group.as_ref().and_then(pick);
    let memory = |group: &Cgroup| group.memory_max_bytes;
    listing.told(
        "memory of the control group",
        of(&b.cgroup, memory),
        of(&c.cgroup, memory),
    );
    let tasks = |group: &Cgroup| group.pids_max;
    listing.told("tasks of the control group", of(&b.cgroup, tasks), of(&c.cgroup, tasks));
    let io_uring = |probe: &Option<Probe>| {
        probe.as_ref().map(|probe| match probe {
            Probe::Works => "works".to_owned(),
            Probe::Old => "old: before kernel 6.1".to_owned(),
            Probe::Refused(error) => format!("refused: {error}"),
        })
    };
    listing.told("io_uring", io_uring(&b.io_uring.probe), io_uring(&c.io_uring.probe));
    let privileged = |run: &Run| {
        run.environment
            .user
            .uid
            .map(|uid| if uid == 0 { "root" } else { "a user" })
    };
    listing.told("run by", privileged(base), privileged(current));
}

fn sysctl(listing: &mut Listing, b: &Sysctl, c: &Sysctl) {
    listing.told("net.core.somaxconn", b.somaxconn, c.somaxconn);
    listing.told("tcp_max_syn_backlog", b.tcp_max_syn_backlog, c.tcp_max_syn_backlog);
    listing.told("tcp_syncookies", b.tcp_syncookies, c.tcp_syncookies);
    listing.told(
        "tcp_abort_on_overflow",
        b.tcp_abort_on_overflow,
        c.tcp_abort_on_overflow,
    );
    listing.told(
        "tcp_syn_linear_timeouts",
        b.tcp_syn_linear_timeouts,
        c.tcp_syn_linear_timeouts,
    );
    let ports = |range: Option<[u64; 2]>| range.map(|[first, last]| format!("{first}-{last}"));
    listing.told(
        "ip_local_port_range",
        ports(b.ip_local_port_range),
        ports(c.ip_local_port_range),
    );
    listing.told("fs.file-max", b.file_max, c.file_max);
    listing.told("fs.nr_open", b.nr_open, c.nr_open);
    listing.told("kernel.threads-max", b.threads_max, c.threads_max);
    listing.told("kernel.pid_max", b.pid_max, c.pid_max);
    listing.told("vm.max_map_count", b.max_map_count, c.max_map_count);
    listing.told("nf_conntrack_max", b.nf_conntrack_max, c.nf_conntrack_max);
    let three = |sizes: Option<[u64; 3]>| sizes.map(|[a, b, c]| format!("{a} {b} {c}"));
    listing.told("tcp_mem", three(b.tcp_mem), three(c.tcp_mem));
    listing.told("tcp_rmem", three(b.tcp_rmem), three(c.tcp_rmem));
    listing.told("tcp_wmem", three(b.tcp_wmem), three(c.tcp_wmem));
    listing.told("io_uring_disabled", b.io_uring_disabled, c.io_uring_disabled);
    listing.told("perf_event_paranoid", b.perf_event_paranoid, c.perf_event_paranoid);
    listing.told("overcommit_memory", b.overcommit_memory, c.overcommit_memory);
}
