//! Mistakes on the command line: exit code 2, and a message that quotes what was given.

use crate::run::{loadgen, output, stderr};

/// Runs with `flags`, which are wrong; the message must contain each of `says`.
fn refused(flags: &str, says: &[&str]) {
    let mut command = loadgen();
    command.args(flags.split_whitespace());
    let output = output(command);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{flags}: {message}");
    assert!(output.stdout.is_empty(), "{flags}");
    for word in says {
        assert!(message.contains(word), "{flags}: '{word}' is not in: {message}");
    }
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn counts_that_are_none_are_refused() {
    refused("--conns 0", &["'0'"]);
    refused("--conns ten", &["'ten'", "10k"]);
    refused("--conns -3", &["-3"]);
    refused("--active 0", &["'0'"]);
    refused("--active 101 --conns 100", &["--active 101", "--conns 100"]);
    refused("--shards 0", &["'0'"]);
    refused("--pipeline 0", &["'0'"]);
    refused("--requests-per-conn 0", &["'0'"]);
    refused(
        "--pipeline 8 --requests-per-conn 7",
        &["--pipeline 8", "--requests-per-conn 7", "no connection"],
    );
    refused("--requests-per-conn 5000M", &["--requests-per-conn 5000000000"]);
    refused("--slow-every 0", &["'0'"]);
    refused("--slow-every 5000M", &["--slow-every 5000000000", "1,000,000,000"]);
}

#[test]
fn what_no_machine_can_do_is_refused_before_it_is_tried() {
    refused("--conns 2M", &["--conns 2000000", "1,000,000"]);
    refused("--pipeline 5G", &["5G"]);
    refused("--pipeline 4294967296", &["4294967296", "1,024"]);
    refused("--request-bytes 17M", &["--request-bytes 17825792"]);
    refused("--reply-bytes 17M --protocol reply", &["--reply-bytes 17825792"]);
    refused("--duration 600years", &["'600years'"]);
    refused("--think 600years", &["'600years'"]);
    refused("--ramp 600years", &["'600years'"]);
    refused("--timeout 600years", &["'600years'"]);
}

#[test]
fn sizes_and_durations_that_are_too_small_are_refused() {
    refused("--request-bytes 8", &["--request-bytes 8", "16"]);
    refused("--request-bytes many", &["'many'"]);
    refused("--reply-bytes 7 --protocol reply", &["--reply-bytes 7"]);
    refused("--duration 0s", &["--duration 0s"]);
    refused("--duration 5", &["'5'", "10s"]);
}

#[test]
fn what_belongs_to_another_protocol_is_refused() {
    refused("--path / --protocol echo", &["--path", "--protocol http", "echo"]);
    refused(
        "--check body --protocol reply",
        &["--check", "--protocol http", "reply"],
    );
    refused("--path / --request-bytes 64", &["--request-bytes", "http"]);
    refused("--protocol http --reply-bytes 64", &["--reply-bytes"]);
    refused("--protocol raw", &["'raw'"]);
    refused("--reply-until x", &["--reply-until", "--request-file"]);
    refused("--request-file x", &["--reply-bytes N", "--reply-until BYTES"]);
    refused("--request-file x --reply-bytes 1 --reply-until x", &["either"]);
    refused("--request-file x --reply-bytes 0", &["--reply-bytes 0"]);
    refused(
        "--request-file x --reply-bytes 9 --protocol echo",
        &["--request-file", "--protocol echo"],
    );
    refused("--request-file x --reply-bytes 9 --path /", &["--path", "raw"]);
    refused("--request-file x --reply-bytes 9 --slow-every 2", &["--slow-every"]);
    refused("--request-file x --reply-until \\q", &["'\\q'", "\\r\\n"]);
    refused("--path index.html", &["'index.html'", "/index.html"]);
    refused("--header nonsense", &["'nonsense'", "'K: V'"]);
    refused("--method CONNECT", &["'CONNECT'", "GET"]);
}

#[test]
fn an_address_that_is_none_is_refused() {
    refused("--target nowhere", &["'nowhere'", "127.0.0.1:9000"]);
    refused("--target 127.0.0.1:99999", &["'127.0.0.1:99999'"]);
}

#[test]
fn another_machine_is_refused_unless_it_is_allowed() {
    // 192.0.2.0/24 is for documentation, and nothing is sent: the acceptance is tested within the program.
    refused(
        "--target 192.0.2.1:9000",
        &["192.0.2.1:9000", "loopback", "--allow-remote"],
    );
}
