//! Servers that do wrong. This very program is each of them: it is started again with the kind in its environment.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, SystemTime};

use nix::sys::signal::{SigHandler, Signal, signal};

const KIND: &str = "BENCH_RUNNER_TEST_SERVER";
const PORT: &str = "BENCH_RUNNER_TEST_PORT";
const FRAME: usize = 64;

/// Words of a foreign server's command line.
pub(crate) fn foreign(kind: &str) -> String {
    format!("env {PORT}={{port}} {}", own(kind))
}

/// Without port: a server of the contract announces the one that it has got.
fn own(kind: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let program = shlex::try_quote(program.to_str().unwrap()).unwrap().into_owned();
    format!("env {KIND}={kind} {program} --exact hostile::server --nocapture")
}

/// A server of the contract: a script that leaves its standard output, on which the test harness has its say too, to
/// lines of the contract alone. Written by another process: a script that any process of ours has open for writing, if
/// only between fork and exec, cannot be executed.
pub(crate) fn contract(place: &crate::support::Place, kind: &str) -> String {
    let path = place.path(&format!("server-{kind}"));
    let script = format!("#!/bin/sh\nexec 3>&1 >/dev/null\nexec {}\n", own(kind));
    let status = std::process::Command::new("sh")
        .args(["-c", r#"printf %s "$1" > "$2" && chmod +x "$2""#, "sh", &script])
        .arg(&path)
        .status();
    assert!(status.unwrap().success());
    path.to_str().unwrap().to_owned()
}

/// No test, but the servers.
#[test]
fn server() {
    let Ok(kind) = std::env::var(KIND) else { return };
    let listener = TcpListener::bind(("127.0.0.1", std::env::var(PORT).map_or(0, |port| port.parse().unwrap())));
    let listener = listener.unwrap();
    let address = listener.local_addr().unwrap();
    let ready = format!(
        r#"{{"event":"ready","model":"{kind}","address":"{address}","pid":{},"backlog":{{"requested":1,"effective":1}},"capacity":{{"connections":9,"bound_by":"nothing"}},"workers":null}}"#,
        std::process::id()
    );
    match kind.as_str() {
        "mute" => {
            eprintln!("waiting for inspiration");
            loop {
                thread::park();
            }
        }
        "babbler" => say("hello there"),
        "stubborn" | "quitter" | "complainer" | "noisy" => {
            ignore_sigterm();
            say(&ready);
            let kind = kind.clone();
            thread::spawn(move || on_quit(&kind));
        }
        "deaf-to-sigterm" => ignore_sigterm(),
        "startled" => drop(thread::spawn(wait_to_be_interrupted)),
        _ => {}
    }
    let (open, eats) = (Arc::new(AtomicUsize::new(0)), Once::new());
    for client in listener.incoming().flatten() {
        // Not before more are there at once than in any check: one that never sleeps would not pass them.
        if open.fetch_add(1, Relaxed) >= 60 && kind == "glutton" {
            eats.call_once(|| drop(thread::spawn(use_up_what_is_left)));
        }
        let (kind, open) = (kind.clone(), Arc::clone(&open));
        thread::spawn(move || {
            let _ = serve(&kind, &client);
            open.fetch_sub(1, Relaxed);
        });
    }
}

/// epoll_wait(2) is one of the calls that end with EINTR when a stopped process goes on, signal handlers or not.
fn wait_to_be_interrupted() {
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    // SAFETY: room for one event, and a descriptor of our own.
    let waited = unsafe { libc::epoll_wait(libc::epoll_create1(0), &raw mut event, 1, -1) };
    assert_eq!(waited, -1, "nothing is watched");
    eprintln!("epoll_wait: {}", io::Error::last_os_error());
    std::process::exit(5)
}

fn ignore_sigterm() {
    // SAFETY: no handler of ours.
    unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
}

/// Says a line of the contract.
fn say(line: &str) {
    let mut out = std::fs::OpenOptions::new().write(true).open("/proc/self/fd/3").unwrap();
    writeln!(out, "{line}").unwrap();
}

fn on_quit(kind: &str) {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    match kind {
        "quitter" => std::process::exit(0),
        "complainer" => {
            eprintln!("cannot find the exit");
            std::process::exit(4)
        }
        "noisy" => {
            say("good bye");
            loop {
                thread::park();
            }
        }
        _ => {}
    }
}

static OPEN: AtomicU64 = AtomicU64::new(0);
/// Requests of the load's first connection. What verifies a server uses other numbers.
static OF_FIRST: AtomicU64 = AtomicU64::new(0);

fn serve(kind: &str, client: &TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    if kind == "sink" || kind == "glutton" {
        return swallow(client);
    }
    let open = OPEN.fetch_add(1, SeqCst) + 1;
    let served = match kind.strip_prefix("http-") {
        Some(kind) => crate::http::serve(kind, open, client),
        None if kind == "few" && open > 8 => Ok(()),
        None => echo(kind, client),
    };
    OPEN.fetch_sub(1, SeqCst);
    served
}

fn echo(kind: &str, mut client: &TcpStream) -> io::Result<()> {
    let end = |why: &str| Err(io::Error::other(why.to_owned()));
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
            "hasty" if pending.len() < FRAME => return end("no patience for pieces"),
            "curt" if pending.len() > FRAME => {
                client.write_all(&pending[..FRAME])?;
                return end("one at a time");
            }
            "small" if total > 100_000 => return end("too much"),
            _ => {}
        }
        while pending.len() >= FRAME {
            let mut reply: Vec<u8> = pending.drain(..FRAME).collect();
            if reply[..8] == [0; 8] {
                OF_FIRST.store(0, SeqCst);
            }
            let is_first = reply[4..8] == [0; 4];
            if reply[..8] == [1, 0, 0, 0, 0, 0, 0, 0] {
                LOADED.store(epoch_ms(), SeqCst);
            }
            let n = if is_first { OF_FIRST.fetch_add(1, SeqCst) } else { 0 };
            match (kind, n) {
                ("wrong", 0) if !is_first => reply[20] ^= 1,
                ("late-wrong", 20) => reply[20] ^= 1,
                ("mortal", 20) => {
                    eprintln!("starting");
                    eprintln!("out of luck");
                    std::process::exit(7);
                }
                // The others were silent for long: it is the second window.
                ("mortal-later", _) if is_first && epoch_ms() > LAST_OF_OTHERS.load(SeqCst) + 600 => {
                    eprintln!("out of luck");
                    std::process::exit(7);
                }
                ("dropper", 20) => return end("enough"),
                // Twice as long with each second that passes.
                ("tiring", _) if LOADED.load(SeqCst) > 0 => {
                    thread::sleep(Duration::from_micros(300).mul_f64(2_f64.powf(loaded_s())));
                }
                ("even", _) if LOADED.load(SeqCst) > 0 => thread::sleep(Duration::from_millis(5)),
                ("hangs", _) if loaded_s() > 0.3 => loop {
                    thread::park();
                },
                ("hiccups", _) if loaded_s() > 0.3 && !HICCUPPED.swap(true, SeqCst) => {
                    thread::sleep(Duration::from_millis(100));
                }
                _ => {}
            }
            if !is_first {
                LAST_OF_OTHERS.store(epoch_ms(), SeqCst);
            }
            client.write_all(&reply)?;
        }
    }
}

/// Takes the time that nobody else wants.
fn use_up_what_is_left() {
    // SAFETY: a plain system call; of the calling thread alone, as Linux has it (setpriority(2)).
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 19) };
    loop {
        std::hint::spin_loop();
    }
}

/// Length of the requests of `sink` and of `glutton`, which does the same and never sleeps.
pub(crate) const SWALLOWED: usize = 1 << 18;

/// Takes long requests for next to nothing, for the kernel throws their bytes away (MSG_TRUNC, tcp(7)), and replies with
/// the tag alone: whoever makes and sends them has all the work.
fn swallow(mut client: &TcpStream) -> io::Result<()> {
    let mut tag = [0; 8];
    loop {
        client.read_exact(&mut tag)?;
        let mut left = SWALLOWED - tag.len();
        while left > 0 {
            // SAFETY: with MSG_TRUNC a stream socket writes nothing to the buffer, which may be none.
            match unsafe { libc::recv(client.as_raw_fd(), std::ptr::null_mut(), left, libc::MSG_TRUNC) } {
                n @ 1.. => left -= n as usize,
                0 => return Ok(()),
                _ => return Err(io::Error::last_os_error()),
            }
        }
        client.write_all(&[tag, [0; 8]].concat())?;
    }
}

/// When the first connection sent its first request after the hello, in milliseconds since the epoch; 0 before.
static LOADED: AtomicU64 = AtomicU64::new(0);
static HICCUPPED: AtomicBool = AtomicBool::new(false);

/// Seconds since the load began.
fn loaded_s() -> f64 {
    match LOADED.load(SeqCst) {
        0 => 0.0,
        since => epoch_ms().saturating_sub(since) as f64 / 1e3,
    }
}

/// When a connection other than the first last sent something, in milliseconds since the epoch.
static LAST_OF_OTHERS: AtomicU64 = AtomicU64::new(u64::MAX / 2);

fn epoch_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or(Duration::ZERO).as_millis() as u64
}
