//! The gate over real servers: what it says of the same program, of one that is clearly slower, of one that is wrong, and
//! of plans that could never be red. No test asserts a speed: the slower one is slower by its own clock.

use std::fs;
use std::process::{Command, Output};

use bench_runner::record::{GateMetric, GateRun, GateVerdict, PairRow};

use crate::support::{Place, bin_dir, output};

/// The fewest pairs that can be red, and the least time for them.
const SHORT: &str = "--pairs 7 --budget 40s -c 10 --seed 5 --self-tests self.jsonl --out gate";

fn server(flags: &str) -> String {
    format!(
        "{}/server-epoll-edge --listen {{host}}:{{port}} {flags}",
        bin_dir().display()
    )
}

fn gate(place: &Place, arguments: &str) -> Output {
    output(&mut place.bare(&format!("gate {SHORT} {arguments}")))
}

fn commands(place: &Place, base: &str, head: &str) -> Output {
    gate(place, &format!("--base-cmd '{base}' --head-cmd '{head}'"))
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn recorded(place: &Place) -> (GateRun, Vec<PairRow>) {
    let run = fs::read_to_string(place.path("gate/gate.json")).unwrap();
    let pairs = fs::read_to_string(place.path("gate/pairs.jsonl")).unwrap();
    let pairs = pairs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (serde_json::from_str(&run).unwrap(), pairs)
}

#[test]
fn the_same_program_passes_at_once() {
    let place = Place::new();
    let bin = bin_dir().display().to_string();
    let out = gate(&place, &format!("--base-dir {bin} --head-dir {bin} -m epoll-edge,poll"));
    let (code, stdout, stderr) = said(&out);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let (run, pairs) = recorded(&place);
    assert_eq!(run.identical, ["poll", "epoll-edge"]);
    assert!(pairs.is_empty() && run.trials.is_empty());
    assert!(stdout.contains("epoll-edge: the same program"), "{stdout}");
}

#[test]
fn a_build_against_itself_is_measured_in_turn_and_kept() {
    let place = Place::new();
    let out = gate(
        &place,
        &format!("--self --base-dir {} -m epoll-edge", bin_dir().display()),
    );
    let (code, stdout, stderr) = said(&out);
    let (run, pairs) = recorded(&place);
    assert!(code == Some(0) || code == Some(3), "{stdout}{stderr}");
    assert!(run.itself && run.broken.is_none(), "{stdout}{stderr}");
    assert!(pairs.len() >= 7, "{}", pairs.len());
    for pair in &pairs {
        assert!(pair.slices.len() >= 2);
        let rows = pair.slices.iter().flat_map(|slices| [slices.base, slices.head]);
        assert!(rows.into_iter().all(|slice| slice.answered > 0 && slice.cpu_ns > 0));
    }
    // Coins decide who comes first, in both senses: with this seed not always the same side.
    assert!(pairs.iter().any(|pair| pair.first != pairs[0].first));
    let kept = fs::read_to_string(place.path("self.jsonl")).unwrap();
    assert_eq!((kept.lines().count(), run.alarms.runs), (1, 1));
    let one_line = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        one_line.contains("against itself") && one_line.contains("in 1 runs of a build against itself"),
        "{stdout}"
    );
}

#[test]
fn a_server_that_takes_ten_times_the_cpu_is_red_twice() {
    let place = Place::new();
    let summary = place.path("step.md");
    let mut command = place.bare(&format!(
        "gate {SHORT} --base-cmd '{}' --head-cmd '{}'",
        server("--burn 0"),
        server("--burn 200000")
    ));
    command
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_ACTIONS", "true");
    let (code, stdout, stderr) = said(&output(&mut command));
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    let (run, pairs) = recorded(&place);
    let lines = &run.trials[0].lines;
    let cpu = lines.iter().find(|line| line.metric == GateMetric::Cpu).unwrap();
    assert_eq!(cpu.verdict, GateVerdict::Regression);
    assert!(cpu.change.unwrap() > 0.5 && cpu.low.unwrap() > 0.0, "{cpu:?}");
    assert_eq!(pairs.len(), 14, "found, and confirmed on fresh pairs");
    let again = cpu.again.unwrap();
    assert!(again.change > 0.5 && again.low.unwrap() > 0.0, "{again:?}");
    assert!(stdout.contains("on fresh pairs +"), "{stdout}");
    let long: Vec<&str> = stdout
        .lines()
        .filter(|line| line.chars().count() > 80 && !line.starts_with("::"))
        .collect();
    assert!(
        long.is_empty() || long.iter().all(|line| !line.contains(' ')),
        "{long:#?}"
    );
    assert!(stdout.contains("✗ regression"), "{stdout}");
    assert!(
        stdout.contains("::error title=performance regression::server: CPU per request"),
        "{stdout}"
    );
    let markdown = fs::read_to_string(summary).unwrap();
    assert!(
        markdown.contains("regression in server") && markdown.contains("| **✗ regression** | server |"),
        "{markdown}"
    );
}

/// Without perf events, as on most runners of CI, a verdict is the same; what changed with it is not known.
#[test]
fn where_nothing_can_be_counted_a_regression_is_one_all_the_same() {
    let place = Place::new();
    let (base, head) = (server("--burn 0"), server("--burn 200000"));
    let gate = place.bare(&format!("gate {SHORT} --base-cmd '{base}' --head-cmd '{head}'"));
    let Some(mut command) = place.without_perf(&gate) else {
        return;
    };
    let (code, stdout, stderr) = said(&output(&mut command));
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    assert!(
        stdout.contains("neither system calls nor context switches could be counted here"),
        "{stdout}"
    );
}

/// It takes no CPU to sleep, and nothing else would say that its clients wait.
#[test]
fn a_head_that_does_not_keep_up_is_red_whatever_cpu_it_takes() {
    let there = Command::new("python3").arg("--version").output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3");
        return;
    }
    let place = Place::new();
    let script = "
import selectors, socket, sys, time
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
watched = selectors.DefaultSelector()
watched.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in watched.select():
        if key.fileobj is listener:
            watched.register(listener.accept()[0], selectors.EVENT_READ)
        elif data := key.fileobj.recv(65536):
            time.sleep(float(sys.argv[2]))
            key.fileobj.sendall(data)
        else:
            watched.unregister(key.fileobj)
            key.fileobj.close()
";
    fs::write(place.path("echo.py"), script).unwrap();
    let (code, stdout, stderr) = said(&commands(
        &place,
        "python3 echo.py {port} 0",
        "python3 echo.py {port} 0.01",
    ));
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    let (run, _) = recorded(&place);
    let lines = &run.trials[0].lines;
    let answered = lines.iter().find(|line| line.metric == GateMetric::Answered).unwrap();
    assert_eq!(answered.verdict, GateVerdict::Regression, "{answered:?}");
    assert!(
        answered.head < answered.base && answered.again.is_some(),
        "{answered:?}"
    );
    assert_eq!(lines[0].verdict, GateVerdict::Regression, "the worst stands first");
}

#[test]
fn a_side_that_dies_or_answers_wrongly_is_named() {
    let place = Place::new();
    let good = server("--burn 0");
    let (code, stdout, stderr) = said(&commands(&place, &good, "sh -c \"echo no >&2; exit 3\" {port}"));
    assert_eq!(code, Some(5), "{stdout}{stderr}");
    assert!(
        stdout.contains("head of 'server'") && stdout.contains("exit code 3"),
        "{stdout}"
    );
    let place = Place::new();
    // What answers 16 bytes to 64 is no echo.
    let (code, stdout, stderr) = said(&commands(&place, &server("--protocol reply"), &good));
    assert_eq!(code, Some(5), "{stdout}{stderr}");
    assert!(stdout.contains("base of 'server'"), "{stdout}");
    let (run, _) = recorded(&place);
    assert!(run.broken.is_some() && run.trials.is_empty());
}

#[test]
fn a_plan_that_could_never_be_red_is_refused() {
    let good = server("--burn 0");
    let other = server("--burn 1");
    let refused = |flags: &str| {
        let place = Place::new();
        let line = format!("gate --out gate {flags}");
        let (code, stdout, stderr) = said(&output(&mut place.bare(&line)));
        assert_eq!(code, Some(2), "{flags}: {stdout}{stderr}");
        stderr
    };
    let both = format!("--base-cmd '{good}' --head-cmd '{other}'");
    assert!(refused("").contains("nothing to compare with"));
    let few = refused(&format!("{both} --pairs 5"));
    assert!(few.contains("5 pairs cannot show a regression"), "{few}");
    let short = refused(&format!("{both} --budget 10s"));
    assert!(short.contains("too short for 16 pairs"), "{short}");
    assert!(refused(&format!("--base-cmd '{good}'")).contains("--head-cmd is needed too"));
    assert!(refused(&format!("{both} --limit speed=5%")).contains("'speed=5%'"));
    assert!(refused("--base-dir /nowhere --head-dir /nowhere").contains("'/nowhere' is no directory"));
}
