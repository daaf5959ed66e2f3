//! Making connections: queues on the server's side, ports on the client's, the firewall between.

use crate::environment::{Environment, parse_cpu_list};

use super::advice::{Advice, Severity};
use super::format::grouped;
use super::wish::Wish;

/// listen(2) cuts a larger backlog to somaxconn without a word. What overflows is not refused: the handshake's last
/// packet is dropped, and the client tries again after a second.
pub(super) fn accept_queue(env: &Environment, wish: &Wish) -> Option<Advice> {
    const TOPIC: &str = "accept queue (net.core.somaxconn)";
    let limit = env.sysctl.somaxconn?;
    let retries = match env.sysctl.tcp_syn_linear_timeouts {
        Some(linear) if linear > 0 => "1, 2 and 3 s",
        _ => "1, 3 and 7 s",
    };
    if limit < wish.backlog {
        let finding = format!(
            "the kernel cuts the backlog of {} to {}.",
            grouped(wish.backlog),
            grouped(limit)
        );
        let consequence = format!(
            "A burst of connects beyond it is dropped and tried again: connect times of {retries}, or timeouts."
        );
        let advice = Advice::new(Severity::Warning, TOPIC, finding, consequence);
        return Some(advice.command(format!("sudo sysctl -w net.core.somaxconn={}", wish.backlog)));
    }
    if wish.max_conns <= wish.backlog {
        return None;
    }
    let finding = format!(
        "a backlog of {} is shorter than the {} connections asked for.",
        grouped(wish.backlog),
        grouped(wish.max_conns)
    );
    let consequence = format!(
        "A server that accepts more slowly than clients come loses some at first: modes at {retries} in the connect \
         times. One that stops accepting holds backlog + 1 that it never serves, and the others time out."
    );
    Some(Advice::new(Severity::Info, TOPIC, finding, consequence))
}

/// Consulted only while SYN cookies are off, and then a quarter of it is kept for known peers (tcp_conn_request() in
/// net/ipv4/tcp_input.c; ip-sysctl.rst). With cookies on, the listener's backlog is the bound.
pub(super) fn half_open(env: &Environment, wish: &Wish) -> Option<Advice> {
    let limit = env.sysctl.tcp_max_syn_backlog?;
    let usable = limit - limit / 4;
    if env.sysctl.tcp_syncookies != Some(0) || usable >= wish.backlog {
        return None;
    }
    let finding = format!(
        "SYN cookies are off, so a listener remembers {} half-open connections, {} of them from unknown peers.",
        grouped(limit),
        grouped(usable)
    );
    let consequence = "A burst of connects beyond that is dropped although the accept queue has room.";
    let advice = Advice::new(
        Severity::Warning,
        "half-open connections (tcp_max_syn_backlog)",
        finding,
        consequence,
    );
    Some(advice.command(format!(
        "sudo sysctl -w net.ipv4.tcp_max_syn_backlog={}",
        wish.backlog * 2
    )))
}

/// A connection made by cookie has lost what the SYN carried, unless timestamps hold it (ip-sysctl.rst, tcp_syncookies).
pub(super) fn cookies(env: &Environment, wish: &Wish) -> Option<Advice> {
    const TOPIC: &str = "SYN cookies (net.ipv4.tcp_syncookies)";
    match env.sysctl.tcp_syncookies? {
        2.. => {
            let consequence = "Every connection is made the expensive way, with a hash for each and without some of its \
                               TCP options: a setting for tests of the network.";
            let advice = Advice::new(
                Severity::Warning,
                TOPIC,
                "SYN cookies are sent for every connection.",
                consequence,
            );
            Some(advice.command("sudo sysctl -w net.ipv4.tcp_syncookies=1"))
        }
        1 if wish.max_conns > wish.backlog => {
            let finding = "SYN cookies are sent when the queue of half-open connections is full.";
            let consequence = "A burst of connects can look like a flood: the kernel's log will say so once, and nothing \
                               is lost by it. TcpExtSyncookiesSent counts them (nstat -az).";
            Some(Advice::new(Severity::Info, TOPIC, finding, consequence))
        }
        _ => None,
    }
}

pub(super) fn abort_on_overflow(env: &Environment, _: &Wish) -> Option<Advice> {
    if env.sysctl.tcp_abort_on_overflow? == 0 {
        return None;
    }
    let finding = "a full accept queue answers with a reset instead of silence.";
    let consequence = "Connections that would be made a second later count as reset; runs elsewhere, where the default \
                       holds, cannot be compared with this one.";
    let advice = Advice::new(
        Severity::Warning,
        "net.ipv4.tcp_abort_on_overflow",
        finding,
        consequence,
    );
    Some(advice.command("sudo sysctl -w net.ipv4.tcp_abort_on_overflow=0"))
}

/// A tracked connection stays for two minutes after it has closed (Documentation/networking/nf_conntrack-sysctl.rst), so
/// that of two servers in turn the second finds the table full of the first one's. Loopback is tracked like the rest.
pub(super) fn tracked(env: &Environment, wish: &Wish) -> Option<Advice> {
    let limit = env.sysctl.nf_conntrack_max?;
    // The setting is there as soon as the module is; that nothing at all is tracked means that no rule asks for it.
    let now = env.sysctl.nf_conntrack_count.filter(|&now| now > 0)?;
    // One server's connections and those that the one before it has left.
    let needed = now + 2 * wish.max_conns;
    if needed <= limit {
        return None;
    }
    let finding = format!(
        "the firewall tracks at most {} connections, and {} now.",
        grouped(limit),
        grouped(now)
    );
    let consequence = "With the table full, packets of new connections are dropped: connect timeouts that no server is to \
                       blame for (\"nf_conntrack: table full\" in the kernel's log).";
    let advice = Advice::new(
        Severity::Warning,
        "connection tracking (nf_conntrack_max)",
        finding,
        consequence,
    );
    Some(
        advice
            .remedy("Raise it, or leave loopback untracked.")
            .command(format!("sudo sysctl -w net.netfilter.nf_conntrack_max={}", needed * 2))
            .command("sudo iptables -t raw -A OUTPUT -o lo -j NOTRACK"),
    )
}

/// A source address has one connection per port to the same server (ip(7), ip_local_port_range).
pub(super) fn ports(env: &Environment, wish: &Wish) -> Option<Advice> {
    let [first, last] = env.sysctl.ip_local_port_range?;
    let reserved = env
        .sysctl
        .ip_local_reserved_ports
        .as_deref()
        .and_then(parse_cpu_list)
        .unwrap_or_default();
    let reserved = reserved
        .into_iter()
        .filter(|&port| (first..=last).contains(&(port as u64)))
        .count() as u64;
    let ports = (last + 1).saturating_sub(first).saturating_sub(reserved);
    if ports >= wish.max_conns {
        return None;
    }
    let finding = format!(
        "{first} to {last} are {} ports for outgoing connections of one address.",
        grouped(ports)
    );
    let consequence = "The load generator takes source addresses all over 127.0.0.0/8, so this binds nothing on loopback. \
                       Another generator, or a server on another host, would stop there.";
    let advice = Advice::new(
        Severity::Info,
        "ephemeral ports (ip_local_port_range)",
        finding,
        consequence,
    );
    Some(advice.command("sudo sysctl -w net.ipv4.ip_local_port_range='1024 65535'"))
}
