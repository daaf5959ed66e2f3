//! Kernel settings that bound or shape a run.
//!
//! Those of `net` belong to the network namespace we are in, the others (mostly) to the whole machine.

use serde::{Deserialize, Serialize};

use super::root::Root;

/// Kernel settings (Documentation/admin-guide/sysctl/, Documentation/networking/ip-sysctl.rst).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sysctl {
    /// Longest accept queue, in connections: a larger backlog is silently cut to this (listen(2)).
    pub somaxconn: Option<u64>,
    /// Half-open connections a listener remembers; counts only while SYN cookies are off.
    pub tcp_max_syn_backlog: Option<u64>,
    /// Retries of a lost SYN that are one second apart before the intervals double (kernel 6.5 and later).
    pub tcp_syn_linear_timeouts: Option<u64>,
    /// SYN cookies: 0 never, 1 when the queue of half-open connections is full, 2 always.
    pub tcp_syncookies: Option<u64>,
    /// Whether a full accept queue answers with a reset (1) or with silence (0).
    pub tcp_abort_on_overflow: Option<u64>,
    /// First and last port handed out to outgoing connections.
    pub ip_local_port_range: Option<[u64; 2]>,
    /// Ports in that range that are not handed out, as a list; empty when none are reserved.
    pub ip_local_reserved_ports: Option<String>,
    /// Memory of all TCP sockets: low, pressure and high marks, in pages.
    pub tcp_mem: Option<[u64; 3]>,
    /// Receive buffer of a socket: least, default and largest, in bytes.
    pub tcp_rmem: Option<[u64; 3]>,
    /// Send buffer of a socket: least, default and largest, in bytes.
    pub tcp_wmem: Option<[u64; 3]>,
    /// Connections that the firewall tracks at most; `None` also where it tracks none.
    pub nf_conntrack_max: Option<u64>,
    /// Connections that the firewall tracks now.
    pub nf_conntrack_count: Option<u64>,
    /// Open files, all processes together, at most.
    pub file_max: Option<u64>,
    /// Open files, all processes together, now.
    pub files_open: Option<u64>,
    /// The highest value that RLIMIT_NOFILE can be raised to.
    pub nr_open: Option<u64>,
    /// Tasks, all processes and threads together, at most.
    pub threads_max: Option<u64>,
    /// One more than the highest process or thread number.
    pub pid_max: Option<u64>,
    /// Memory mappings a process may have.
    pub max_map_count: Option<u64>,
    /// Who may use io_uring: 0 everybody, 1 only a group and the privileged, 2 nobody.
    pub io_uring_disabled: Option<u64>,
    /// What perf events the unprivileged may not open: above 0 CPU-wide ones, above 1 the kernel's, above 2 any.
    pub perf_event_paranoid: Option<i64>,
    /// Overcommit of memory: 0 by heuristics, 1 always, 2 never.
    pub overcommit_memory: Option<u64>,
}

impl Sysctl {
    pub(super) fn read(root: &Root) -> Self {
        let number = |name: &str| root.number(&format!("/proc/sys/{name}"));
        Self {
            somaxconn: number("net/core/somaxconn"),
            tcp_max_syn_backlog: number("net/ipv4/tcp_max_syn_backlog"),
            tcp_syn_linear_timeouts: number("net/ipv4/tcp_syn_linear_timeouts"),
            tcp_syncookies: number("net/ipv4/tcp_syncookies"),
            tcp_abort_on_overflow: number("net/ipv4/tcp_abort_on_overflow"),
            ip_local_port_range: root.numbers("/proc/sys/net/ipv4/ip_local_port_range"),
            ip_local_reserved_ports: root.text("/proc/sys/net/ipv4/ip_local_reserved_ports"),
            tcp_mem: root.numbers("/proc/sys/net/ipv4/tcp_mem"),
            tcp_rmem: root.numbers("/proc/sys/net/ipv4/tcp_rmem"),
            tcp_wmem: root.numbers("/proc/sys/net/ipv4/tcp_wmem"),
            nf_conntrack_max: number("net/netfilter/nf_conntrack_max"),
            nf_conntrack_count: number("net/netfilter/nf_conntrack_count"),
            file_max: number("fs/file-max"),
            // "allocated, free, max"; the middle one has been 0 since 2.6 (Documentation/admin-guide/sysctl/fs.rst).
            files_open: root
                .numbers::<3>("/proc/sys/fs/file-nr")
                .map(|[allocated, free, _]| allocated.saturating_sub(free)),
            nr_open: number("fs/nr_open"),
            threads_max: number("kernel/threads-max"),
            pid_max: number("kernel/pid_max"),
            max_map_count: number("vm/max_map_count"),
            io_uring_disabled: number("kernel/io_uring_disabled"),
            perf_event_paranoid: root.number("/proc/sys/kernel/perf_event_paranoid"),
            overcommit_memory: number("vm/overcommit_memory"),
        }
    }
}
