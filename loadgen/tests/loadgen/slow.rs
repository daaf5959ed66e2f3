//! Work that only some requests ask for: the mark that the server sees, and what the account tells apart.

use std::thread;
use std::time::Duration;

use crate::run::{loadgen, measure, output};
use crate::stub::{Request, Stub, echo};

const WORK: Duration = Duration::from_millis(200);

fn is_marked(request: &Request) -> bool {
    request.bytes[8] & 1 == 1
}

/// Works where it is asked to.
fn slow() -> Stub {
    Stub::new(|request, client| {
        if is_marked(request) {
            thread::sleep(WORK);
        }
        echo(request, client)
    })
}

#[test]
fn the_slow_are_told_apart_and_the_others_do_not_show_them() {
    let stub = slow();
    let run = measure(stub.address, "--conns 4 --slow-every 10 --duration 2s --shards 2");
    run.failures(&[]);
    let m = &run.measured;
    let (slow, others) = (m.slow_histogram.as_ref().unwrap(), m.others_ns.unwrap());
    assert!(!slow.is_empty() && slow.len() < m.requests);
    // To three digits.
    let least = WORK.as_nanos() as f64 * 0.999;
    assert!(slow.quantile(0.0) as f64 >= least, "{:?}", m.slow_ns);
    // No request waits for another's work.
    assert!((others.p50.unwrap() as f64) < least, "{others:?}");
    // One in ten; of any row of requests, a connection's may be short of it by up to nine.
    let each = slow.len() * 10;
    assert!(each.abs_diff(m.requests) <= 4 * 9, "{} of {}", slow.len(), m.requests);
    assert_eq!(run.json["slow_requests"], slow.len());
    assert!(run.json["others_ns"]["p99"].is_u64() && run.json["slow_histogram"].is_string());
}

#[test]
fn all_ask_for_work_where_nothing_else_was_said() {
    let stub = Stub::new(|request, client| {
        assert!(is_marked(request));
        echo(request, client)
    });
    for flags in ["--conns 2", "--conns 2 --slow-every 1"] {
        let run = measure(stub.address, flags);
        run.failures(&[]);
        assert_eq!(run.measured.served, 2);
        for name in ["slow_ns", "others_ns", "slow_requests", "slow_histogram"] {
            assert!(run.json[name].is_null(), "{name}");
        }
    }
}

#[test]
fn fixed_replies_do_not_repeat_the_mark() {
    let stub = Stub::new(|request, mut client| {
        use std::io::Write;
        let mut reply = request.bytes[..8].to_vec();
        reply.resize(16, 0);
        client.write_all(&reply)
    });
    let run = measure(stub.address, "--conns 3 --slow-every 2 --protocol reply --pipeline 4");
    run.failures(&[]);
    assert_eq!(run.measured.served, 3);
    assert!(run.measured.slow_requests.unwrap() > 0);
}

#[test]
fn the_summary_has_a_line_for_each_part() {
    let stub = slow();
    let mut command = loadgen();
    command.args(["-c", "2", "-d", "300ms", "--slow-every", "4", "--target"]);
    command.arg(stub.address.to_string());
    let text = String::from_utf8(output(command).stdout).unwrap();
    assert!(
        text.contains("    slow       p50") && text.contains("    others     p50"),
        "{text}"
    );
}
