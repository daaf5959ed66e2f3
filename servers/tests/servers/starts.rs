//! A server that cannot start says why, in words that help, and does not claim to be ready.

use std::net::TcpListener;
use std::process::Command;

use crate::Model;
use crate::harness::run_to_end;
use crate::sandbox::Sandbox;

pub(crate) fn version_and_help(model: &Model) {
    for (flag, says) in [("--version", env!("CARGO_PKG_VERSION")), ("--help", "--control-stdin")] {
        let (status, out, err) = run_to_end(Command::new(model.binary).arg(flag));
        assert_eq!((status.code(), err.as_str()), (Some(0), ""), "{flag}");
        assert!(
            out.contains(says) && out.contains(&format!("server-{}", model.name)),
            "{flag}: {out}"
        );
    }
}

/// One that listens on `address` must fail with `code` and say all of `words`.
#[track_caller]
fn fails(command: &mut Command, address: &str, code: i32, words: &[&str]) {
    let (status, out, err) = run_to_end(command.args(["--listen", address]));
    assert_eq!(status.code(), Some(code), "{err}");
    assert_eq!(out, "", "standard output is for `ready` and `stopped`");
    for word in words {
        assert!(err.contains(word), "no {word:?} in: {err}");
    }
}

pub(crate) fn address_in_use(model: &Model) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    fails(
        &mut Command::new(model.binary),
        &address,
        1,
        &[&address, "in use", "hint: ", "port 0"],
    );
}

pub(crate) fn address_of_another_machine(model: &Model) {
    // TEST-NET-1, which is nobody's.
    let address = "192.0.2.1:0";
    if TcpListener::bind(address).is_ok() {
        eprintln!("skipped: this machine binds addresses that it has not (net.ipv4.ip_nonlocal_bind)");
        return;
    }
    fails(
        &mut Command::new(model.binary),
        address,
        1,
        &[address, "not this machine's", "hint: "],
    );
}

pub(crate) fn address_that_is_none(model: &Model) {
    for address in ["localhost", "9000", "127.0.0.1", "127.0.0.1:99999", "[::1:9000"] {
        // The value quoted, and an example of one that would do.
        fails(
            &mut Command::new(model.binary),
            address,
            2,
            &[&format!("'{address}'"), "--listen", "127.0.0.1:9000"],
        );
    }
}

pub(crate) fn privileged_port(model: &Model) {
    let first_free = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    if first_free.trim().parse().is_ok_and(|first: u16| first <= 1) {
        eprintln!("skipped: no port needs a privilege here (net.ipv4.ip_unprivileged_port_start)");
        return;
    }
    let mut command = Sandbox::unprivileged().command(model.binary);
    fails(
        &mut command,
        "127.0.0.1:1",
        1,
        &["127.0.0.1:1", "permission denied", "hint: "],
    );
}

#[track_caller]
fn without_io_uring(model: &Model, errno: i32, words: &[&str]) {
    if let Some(reason) = Sandbox::unable_to_fail() {
        eprintln!("skipped: {reason}");
        return;
    }
    let mut command = Sandbox::failing(libc::SYS_io_uring_setup, errno).command(model.binary);
    let (status, out, err) = run_to_end(command.args(["--listen", "127.0.0.1:0"]));
    assert_eq!(status.code(), Some(1), "{err}");
    assert_eq!(out, "", "it is not ready");
    assert_eq!(err.lines().count(), 1, "one line: {err}");
    for word in words {
        assert!(err.contains(word), "no {word:?} in: {err}");
    }
}

pub(crate) fn io_uring_forbidden(model: &Model) {
    without_io_uring(
        model,
        libc::EPERM,
        &["server-io-uring: ", "forbids io_uring", "seccomp"],
    );
}

pub(crate) fn io_uring_missing(model: &Model) {
    without_io_uring(model, libc::ENOSYS, &["server-io-uring: ", "no io_uring"]);
}
