//! Each warning fires where it must and is silent where it must be.

use loadgen::Quantiles;

use super::*;
use crate::record::Ready;

/// A row of which nothing is to be said.
fn quiet() -> Row {
    let text = include_str!("quiet-row.json");
    serde_json::from_str(text).expect("the row of these tests")
}

/// The kinds that are told of a quiet row after one change.
fn after(change: impl FnOnce(&mut Row)) -> Vec<String> {
    let mut row = quiet();
    change(&mut row);
    warnings(&row).into_iter().map(|warning| warning.kind).collect()
}

fn text(change: impl FnOnce(&mut Row)) -> String {
    let mut row = quiet();
    change(&mut row);
    warnings(&row).remove(0).text
}

fn ready(row: &mut Row) -> &mut Ready {
    row.ready.as_mut().expect("a server of the contract")
}

#[test]
fn a_quiet_row_is_left_in_peace() {
    assert_eq!(warnings(&quiet()), []);
}

#[test]
fn what_was_not_measured_gives_no_warning() {
    let unknown = after(|row| {
        row.syn_retransmits = None;
        row.listen_overflows = None;
        row.server_steal_share = None;
        row.generator_steal_share = None;
        row.generator_wait_share = None;
        row.throttled_periods = None;
        row.elapsed_s = None;
        row.outcomes = None;
        row.ready = None;
    });
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn the_accept_queue() {
    assert_eq!(after(|row| ready(row).backlog.effective = Some(4095)), ["accept-queue"]);
    assert_eq!(after(|row| ready(row).backlog.effective = None), [""; 0], "not told");
    assert!(text(|row| ready(row).backlog.effective = Some(128)).contains("somaxconn=4096"));
    assert_eq!(after(|row| row.listen_overflows = Some(1)), ["listen-overflows"]);
    assert!(text(|row| row.listen_overflows = Some(1234)).starts_with("1,234 handshakes were dropped"));
    // Drops alone have other reasons than a full queue.
    assert_eq!(after(|row| row.listen_drops = Some(9)), [""; 0]);
}

#[test]
fn lost_handshakes() {
    assert_eq!(after(|row| row.syn_retransmits = Some(1)), ["syn-retransmits"]);
    assert!(text(|row| row.syn_retransmits = Some(1)).starts_with("1 SYN was sent again"));
    // Segments inside the window are told, and are no warning: loopback sends some again by itself.
    assert_eq!(after(|row| row.retransmitted_segments = Some(9)), [""; 0]);
}

#[test]
fn the_clients_own_limits() {
    let outcomes = |row: &mut Row, ports, descriptors| {
        let outcomes = row.outcomes.as_mut().unwrap();
        outcomes.add(Outcome::NoPorts, ports);
        outcomes.add(Outcome::NoDescriptors, descriptors);
    };
    assert_eq!(after(|row| outcomes(row, 3, 0)), ["client-ports"]);
    assert_eq!(after(|row| outcomes(row, 0, 3)), ["client-descriptors"]);
}

#[test]
fn steal_of_either_side_from_one_in_a_hundred() {
    assert_eq!(after(|row| row.server_steal_share = Some(0.01)), ["steal"]);
    assert_eq!(after(|row| row.server_steal_share = Some(0.0099)), [""; 0]);
    let both = text(|row| {
        row.server_steal_share = Some(0.05);
        row.generator_steal_share = Some(0.125);
    });
    assert!(
        both.contains("5.0 % of the time of the server's CPUs and 12.5 % of the time of the generator's CPUs"),
        "{both}"
    );
    // One tick of 10 ms in 400 ms is 2.5 %, and may be a rounding.
    let short = |share| {
        after(|row| {
            row.elapsed_s = Some(0.4);
            row.generator_steal_share = Some(share);
        })
    };
    assert_eq!(short(0.025), [""; 0]);
    assert_eq!(short(0.05), ["steal"]);
}

#[test]
fn a_quota_that_ran_out() {
    assert_eq!(after(|row| row.throttled_periods = Some(1)), ["cpu-quota"]);
    let told = text(|row| (row.throttled_periods, row.throttled_us) = (Some(12), Some(345_678)));
    assert!(told.contains("12 periods") && told.contains("345 ms"), "{told}");
}

#[test]
fn a_generator_that_had_to_wait_for_its_cpu() {
    assert_eq!(
        after(|row| row.generator_wait_share = Some(0.01)),
        ["generator-descheduled"]
    );
    assert_eq!(after(|row| row.generator_wait_share = Some(0.009)), [""; 0]);
}

#[test]
fn a_generator_that_was_late_itself() {
    let p99 = |ns| {
        Some(Quantiles {
            p99: Some(ns),
            ..Quantiles::default()
        })
    };
    let told = |late, response| {
        let row = Row {
            lateness_ns: late,
            response_ns: response,
            ..quiet()
        };
        warnings(&row).pop()
    };
    let warning = told(p99(210_000), p99(1_000_000)).unwrap();
    assert_eq!(warning.kind, "generator-late");
    assert!(
        warning.text.contains("210 µs at p99") && warning.text.contains("--spin"),
        "{}",
        warning.text
    );
    assert_eq!(told(p99(200_000), p99(1_000_000)), None, "a fifth, and no more");
    assert_eq!(told(None, None), None, "a closed loop");
}
