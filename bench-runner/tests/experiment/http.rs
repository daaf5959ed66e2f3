//! HTTP: our servers as rows like all others, nginx beside them, and servers that do wrong.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::hostile::foreign;
use crate::support::{Place, output};

const REPLY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright";
const BAD: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Requests of the load, which asks for work, other than what verifies a server.
static OF_LOAD: AtomicU64 = AtomicU64::new(0);

/// A server that does wrong in the way of its `kind`, on one of `open` connections.
pub(crate) fn serve(kind: &str, open: u64, mut client: &TcpStream) -> io::Result<()> {
    let end = |why: &str| Err(io::Error::other(why.to_owned()));
    if kind == "few" && open > 8 {
        return Ok(());
    }
    let (mut buffer, mut pending, mut total) = ([0; 4096], Vec::new(), 0);
    loop {
        let received = client.read(&mut buffer)?;
        if received == 0 {
            if kind == "talkative" {
                client.write_all(b"bye")?;
            }
            return Ok(());
        }
        total += received;
        pending.extend_from_slice(&buffer[..received]);
        match kind {
            "hasty" if !pending.ends_with(b"\r\n\r\n") => return end("no patience for pieces"),
            "small" if total > 100_000 => return end("too much"),
            _ => {}
        }
        while let Some(at) = pending.windows(4).position(|window| window == b"\r\n\r\n") {
            let request = String::from_utf8(pending.drain(..at + 4).collect()).unwrap();
            if !request.starts_with("GET ") && kind != "lax" {
                client.write_all(BAD.as_bytes())?;
                return end("no request");
            }
            let of_load = !request.contains("X-Work: 0");
            let reply = match kind {
                "missing" => REPLY.replace("200 OK", "404 Not Found"),
                "fickle" => format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{:05}",
                    OF_LOAD.load(SeqCst)
                ),
                "late-wrong" if of_load && OF_LOAD.load(SeqCst) == 40 => REPLY.replace("right", "wrong"),
                _ => REPLY.to_owned(),
            };
            OF_LOAD.fetch_add(u64::from(of_load), SeqCst);
            client.write_all(reply.as_bytes())?;
            if kind == "curt" && !pending.is_empty() {
                return end("one at a time");
            }
        }
    }
}

#[test]
fn each_check_of_http_can_fail() {
    let place = Place::new();
    let mut command = place.command("verify -m epoll --protocol http");
    let checks = [
        ("missing", "check 'a first reply': the first reply has status 404"),
        ("hasty", "check 'a request in pieces'"),
        ("curt", "check 'requests in one piece': reply 2 of 7"),
        ("small", "check 'more than all buffers hold'"),
        (
            "talkative",
            "check 'half-closed connection': bytes come after the last reply",
        ),
        (
            "lax",
            "check 'what is no request': it is answered with status 200 where 400 is due",
        ),
        ("few", "check 'many connections'"),
    ];
    for (kind, _) in checks {
        let server = foreign(&format!("http-{kind}"));
        command.arg("--server").arg(format!("{kind}={server}"));
    }
    command
        .arg("--server")
        .arg(format!("fickle={}", foreign("http-fickle")));
    // On a busy machine the pieces of a request may reach a server together, however long the pauses between them.
    let text = (0..10).find_map(|_| {
        let output = output(&mut command);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        text.contains(checks[1].1).then_some(text)
    });
    let text = text.expect("a server that cannot wait for the second piece is found out");
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(
        line("epoll-edge").ends_with("answers rightly (status 200, 13 bytes of body, byte for byte)"),
        "{text}"
    );
    assert!(
        line("fickle").ends_with("answers rightly (status 200, 5 bytes of body)"),
        "{text}"
    );
    for (kind, told) in checks {
        assert!(
            line(kind).contains(&format!("✗ {told}")),
            "{kind}: '{told}' is not in:\n{text}"
        );
    }
    place.nothing_left();
}

#[test]
fn servers_of_http_are_rows_that_say_so() {
    let place = Place::new();
    let mut command = place.short_run("--protocol http --path /a?b -m iterative,poll,io-uring,tokio -c 30 --active 5");
    for kind in ["late-wrong", "missing"] {
        let server = foreign(&format!("http-{kind}"));
        command.arg("--server").arg(format!("{kind}={server}"));
    }
    let run = place.recorded(output(&mut command));
    assert_eq!(run.code, Some(1), "{}", run.told);
    for server in ["poll", "tokio"] {
        run.is_measured(server);
        for row in run.of(server) {
            assert_eq!((&*row.load.protocol, row.load.path.as_deref()), ("http", Some("/a?b")));
            assert_eq!(row.connections.unwrap().lost, 0);
            assert_eq!(row.reconnects, Some(0));
        }
    }
    run.has_failed("late-wrong", &["it answered wrongly 1 times"]);
    run.has_failed("missing", &["the first reply has status 404"]);
    assert_eq!(run.run["settings"]["protocol"], "http");
    assert_eq!(run.run["settings"]["path"], "/a?b");
    for file in ["README.md", "2-watched.svg"] {
        let text = fs::read_to_string(place.path("out").join(file)).unwrap();
        assert!(text.contains("http requests of /a?b"), "{file}");
    }
    place.nothing_left();
}

#[test]
fn some_requests_of_http_ask_for_work_and_others_do_not() {
    let place = Place::new();
    let run = place.measure("--protocol http -m epoll -c 20 --active 5 --work wait:3ms --slow-every 4");
    assert_eq!(run.code, Some(0), "{}", run.told);
    for row in run.of("epoll-edge") {
        let slow = row.slow_requests.unwrap() as f64 / row.requests.unwrap() as f64;
        assert!((0.15..=0.35).contains(&slow), "{slow}");
        assert!(row.slow_ns.unwrap().p50.unwrap() >= 3_000_000, "{:?}", row.slow_ns);
    }
}

#[test]
fn nginx_is_a_row_or_says_what_to_install() {
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/foreign/models.toml");
    let place = Place::new();
    let mut command = place.short_run("--protocol http -c 30 --active 5 -m poll,nginx");
    let temporary = place.path("temporary");
    fs::create_dir(&temporary).unwrap();
    command.arg("--catalog").arg(&catalog).env("TMPDIR", &temporary);
    let run = place.recorded(output(&mut command));
    run.is_measured("poll");
    let nginx = Command::new("sh")
        .args(["-c", "PATH=$PATH:/usr/sbin:/usr/local/sbin nginx -v"])
        .stderr(Stdio::null())
        .status();
    if nginx.is_ok_and(|status| status.success()) {
        run.is_measured("nginx");
        assert_eq!(run.code, Some(0), "{}", run.told);
    } else {
        run.has_failed("nginx", &["it lacks something here", "apt-get install nginx-light"]);
    }
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "its folder is gone");
    place.nothing_left();

    let mut command = place.command("verify -m nginx");
    command.arg("--catalog").arg(&catalog);
    let refused = output(&mut command);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(
        told.contains("'nginx' does not speak echo; give --protocol http"),
        "{told}"
    );
}

#[test]
fn flags_of_http_are_refused_where_they_mean_nothing() {
    let place = Place::new();
    for (arguments, words) in [
        ("--dry-run --path /", "--path / belongs to --protocol http"),
        ("--dry-run --protocol http --path here", "'here' is no path"),
        ("--dry-run --protocol raw", "'raw'"),
    ] {
        let refused = output(&mut place.command(arguments));
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments}: {told}");
        assert!(told.contains(words), "{arguments}: {told}");
    }
}
