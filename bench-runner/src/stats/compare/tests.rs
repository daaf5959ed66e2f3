//! Runs that are made up: a row of a real one, with other numbers in it.

use super::*;
use crate::environment::{self, Binary, Environment, Rlimit};
use crate::record::{Connections, SCHEMA, Settings, Verdict, Window};

fn row(server: &str, round: u32) -> Row {
    let mut row: Row = serde_json::from_str(include_str!("../warnings/quiet-row.json")).unwrap();
    server.clone_into(&mut row.server);
    row.round = round;
    row.verdicts = vec![Verdict::Valid];
    row.verdict = Verdict::Valid;
    row.server_cost.system_calls_per_request = Some(3.0);
    row.context_switches_per_request = Some(0.5);
    row.memory_bytes_per_connection = Some(10_000.0);
    row
}

/// Rounds whose rate and CPU scatter by a hundredth.
fn rounds(server: &str, count: u32, cpu: f64, change: impl Fn(&mut Row)) -> Vec<Row> {
    let one = |round| {
        let mut row = row(server, round);
        let scatter = 1.0 + 0.01 * (f64::from(round) - 2.0);
        row.cpu_ns_per_request = Some(cpu * scatter);
        row.rate_per_s = Some(1e9 / cpu / scatter);
        change(&mut row);
        row
    };
    (1..=count).map(one).collect()
}

/// A run on a machine that is made up.
pub(super) fn run(servers: &[&str]) -> Run {
    let binary = |name: &&str| Binary {
        name: (*name).to_owned(),
        sha256: Some(format!("{name}'s")),
        ..Binary::default()
    };
    let mut environment = Environment {
        server_cpus: vec![0],
        generator_cpus: vec![1],
        binaries: [&"loadgen"].into_iter().chain(servers).map(binary).collect(),
        ..Environment::default()
    };
    environment.cpu.model = Some("AMD EPYC".to_owned());
    environment.cpu.vulnerabilities = Some(BTreeMap::from([("retbleed".to_owned(), "Not affected".to_owned())]));
    environment.load.averages = Some([0.5; 3]);
    environment.rlimits.nofile = Some(Rlimit {
        soft: environment::Bound::At(20_000),
        hard: environment::Bound::At(20_000),
    });
    environment.build.profile = Some("release".to_owned());
    Run {
        schema: SCHEMA,
        run_id: "made-up".to_owned(),
        version: "0.1.0".to_owned(),
        started_at: environment.started_at,
        finished_at: None,
        interrupted: false,
        servers: servers.iter().map(ToString::to_string).collect(),
        faulty: Vec::new(),
        catalog: Vec::new(),
        settings: Settings::default(),
        seed: 1,
        environment,
        warnings: Vec::new(),
    }
}

fn compared(base: &[Row], current: &[Row]) -> Comparison {
    let run = run(&["poll", "select"]);
    compare((&run, base), (&run, current), &Options::default())
}

fn find<'a>(comparison: &'a Comparison, server: &str, metric: Metric) -> &'a Change {
    let found = comparison
        .changes
        .iter()
        .find(|change| change.key.server == server && change.metric == metric);
    found.unwrap_or_else(|| panic!("no {metric:?} of {server}"))
}

fn same(_: &mut Row) {}

fn serves(served: u64) -> impl Fn(&mut Row) {
    move |row| {
        row.connections = Some(Connections {
            served,
            starved: 100 - served,
            ..row.connections.unwrap()
        });
    }
}

#[test]
fn a_run_is_no_different_from_itself() {
    let rows = [rounds("poll", 3, 5e3, same), rounds("select", 3, 6e3, serves(7))].concat();
    let comparison = compared(&rows, &rows);
    assert_eq!(
        comparison.changes.len(),
        2 * 7 - 1,
        "memory of one that does not serve all it holds is not told"
    );
    assert_eq!(comparison.of(Judgement::NoDifference).count(), comparison.changes.len());
    assert_eq!(comparison.standing(), Standing::Pass);
    assert_eq!(comparison.differences, Vec::new());
    assert_eq!(comparison.programs.same, ["poll", "select"]);
}

#[test]
fn dearer_and_slower_is_worse_and_stands_first() {
    let base = [rounds("poll", 3, 5e3, same), rounds("select", 3, 6e3, same)].concat();
    let current = [rounds("poll", 3, 5.1e3, same), rounds("select", 3, 9e3, same)].concat();
    let comparison = compared(&base, &current);
    assert_eq!(find(&comparison, "select", Metric::Cpu).judgement, Judgement::Worse);
    assert_eq!(find(&comparison, "select", Metric::Rate).judgement, Judgement::Worse);
    assert_eq!(
        find(&comparison, "poll", Metric::Cpu).judgement,
        Judgement::NoDifference
    );
    assert!(
        comparison.changes[..2]
            .iter()
            .all(|change| change.key.server == "select")
    );
    assert_eq!(comparison.standing(), Standing::Regression);
    let back = compared(&current, &base);
    assert_eq!(find(&back, "select", Metric::Cpu).judgement, Judgement::Better);
    assert_eq!(back.standing(), Standing::Pass);
}

#[test]
fn who_serves_fewer_is_worse_and_its_other_numbers_are_no_comparison() {
    let base = [rounds("poll", 3, 5e3, same), rounds("select", 3, 6e3, same)].concat();
    let current = [
        rounds("poll", 3, 9e3, same),
        rounds("select", 3, 3e3, |row| {
            serves(50)(row);
            row.limited_by = Some("FD_SETSIZE".to_owned());
            row.latency_ns.p99 = None;
        }),
    ]
    .concat();
    let comparison = compared(&base, &current);
    let served = &comparison.changes[0];
    assert_eq!((&*served.key.server, served.metric), ("select", Metric::Served));
    assert_eq!(served.why, Some(Why::Limit("FD_SETSIZE".to_owned())));
    for metric in [Metric::Rate, Metric::Cpu, Metric::Switches, Metric::Calls] {
        let change = find(&comparison, "select", metric);
        assert_eq!(
            (change.judgement, &change.why, change.ratio),
            (Judgement::CannotTell, &Some(Why::OtherClients), None),
            "{metric:?}"
        );
    }
    assert_eq!(
        find(&comparison, "select", Metric::P99).judgement,
        Judgement::Worse,
        "a percentile is over all that asked"
    );
    // Not in every round: it cannot be told.
    let sometimes = rounds("poll", 3, 5e3, |row| {
        if row.round == 2 {
            serves(99)(row);
        }
    });
    let comparison = compared(&rounds("poll", 3, 5e3, same), &sometimes);
    assert_eq!(
        find(&comparison, "poll", Metric::Served).judgement,
        Judgement::CannotTell
    );
    // In every round, if only one client.
    let always = rounds("poll", 3, 5e3, serves(99));
    let comparison = compared(&rounds("poll", 3, 5e3, same), &always);
    assert_eq!(find(&comparison, "poll", Metric::Served).judgement, Judgement::Worse);
    // One more of many that are not served anyway is none.
    let many = |served| {
        rounds("poll", 3, 5e3, move |row| {
            serves(7)(row);
            row.connections = row.connections.map(|c| Connections {
                served,
                active: 10_000,
                ..c
            });
        })
    };
    let comparison = compared(&many(5_000), &many(5_001));
    assert_eq!(
        find(&comparison, "poll", Metric::Served).judgement,
        Judgement::NoDifference
    );
    assert_eq!(
        find(&comparison, "poll", Metric::Cpu).judgement,
        Judgement::NoDifference
    );
    let comparison = compared(&many(5_000), &many(4_900));
    assert_eq!(find(&comparison, "poll", Metric::Served).judgement, Judgement::Worse);
}

fn fails(row: &mut Row) {
    row.verdict = Verdict::Failed;
    row.verdicts = vec![Verdict::Failed];
    row.reason = Some("it answered wrongly 3 times".to_owned());
    row.connections = None;
    row.rate_per_s = None;
    row.cpu_ns_per_request = None;
}

#[test]
fn who_fails_now_and_did_not_before_has_broken_whatever_else() {
    let base = rounds("poll", 3, 5e3, same);
    let current = rounds("poll", 3, 5e3, |row| {
        if row.round == 3 {
            fails(row);
        }
    });
    let comparison = compared(&base, &current);
    assert_eq!(comparison.standing(), Standing::Broken);
    let served = &comparison.changes[0];
    assert!(served.broke());
    let why = "it answered wrongly 3 times (in 1 of 3 rounds)";
    assert_eq!(served.why, Some(Why::Failed(why.to_owned())));
    assert_eq!(
        find(&comparison, "poll", Metric::Cpu).judgement,
        Judgement::NoDifference,
        "the rounds that were measured are compared"
    );
    let back = compared(&current, &base);
    assert_eq!(
        (back.changes[0].judgement, back.standing()),
        (Judgement::Better, Standing::Pass)
    );
    let broken = rounds("poll", 3, 5e3, fails);
    let comparison = compared(&base, &broken);
    assert_eq!((comparison.changes.len(), comparison.standing()), (1, Standing::Broken));
    let both = compared(&broken, &broken);
    assert_eq!((both.changes.len(), both.standing()), (1, Standing::Pass));
}

#[test]
fn a_rate_that_the_generator_bounded_is_compared_only_as_far_as_it_is_true() {
    let bounded = |row: &mut Row| row.verdicts = vec![Verdict::ClientBound];
    let (slow, fast) = (rounds("poll", 3, 9e3, same), rounds("poll", 3, 5e3, bounded));
    let slower = compared(&fast, &slow);
    let rate = find(&slower, "poll", Metric::Rate);
    assert_eq!(rate.judgement, Judgement::Worse, "base could do even more");
    assert_eq!(rate.ratio.unwrap().bound, Some(Bound::AtMost));
    let (slow, fast) = (rounds("poll", 3, 9e3, bounded), rounds("poll", 3, 5e3, same));
    let unknown = compared(&fast, &slow);
    let rate = find(&unknown, "poll", Metric::Rate);
    assert_eq!(
        (rate.judgement, &rate.why),
        (Judgement::CannotTell, &Some(Why::Bounded))
    );
    // What a request cost holds whichever side gave out.
    assert_eq!(find(&unknown, "poll", Metric::Cpu).judgement, Judgement::Worse);
}

#[test]
fn what_contradicts_itself_or_was_read_elsewhere_is_no_comparison() {
    let base = rounds("poll", 3, 5e3, same);
    let unsound = rounds("poll", 3, 9e3, |row| row.verdicts = vec![Verdict::Unsound]);
    let comparison = compared(&base, &unsound);
    assert_eq!(find(&comparison, "poll", Metric::Cpu).why, Some(Why::Unsound));
    assert_eq!(find(&comparison, "poll", Metric::Switches).why, None);
    let read = |from: &str| {
        let from = from.to_owned();
        move |row: &mut Row| drop(row.sources.insert("server_cost.cpu_ns".to_owned(), from.clone()))
    };
    let perf = rounds("poll", 3, 5e3, read("perf"));
    let group = rounds("poll", 3, 9e3, read("cpu.stat, for want of better: paranoid"));
    let comparison = compared(&perf, &group);
    let cpu = find(&comparison, "poll", Metric::Cpu);
    assert_eq!(cpu.why, Some(Why::OtherSource("perf, then cpu.stat".to_owned())));
    assert_eq!(cpu.judgement, Judgement::CannotTell);
    let alike = compared(
        &group,
        &rounds("poll", 3, 14e3, read("cpu.stat, for want of better: none")),
    );
    assert_eq!(find(&alike, "poll", Metric::Cpu).judgement, Judgement::Worse);
}

#[test]
fn a_server_that_falls_behind_has_no_response_time() {
    let open = |behind: bool| {
        move |row: &mut Row| {
            row.window = Window::Open;
            row.load.mode = "open".to_owned();
            row.load.rate_per_s = Some(2e4);
            row.response_ns = Some(row.latency_ns);
            if behind {
                row.verdicts = vec![Verdict::Behind];
            }
        }
    };
    let (base, current) = (rounds("poll", 3, 5e3, open(false)), rounds("poll", 3, 5e3, open(true)));
    let change = compared(&base, &current);
    let p99 = find(&change, "poll", Metric::P99);
    assert_eq!(
        (p99.judgement, p99.current.unwrap().median),
        (Judgement::Worse, f64::INFINITY)
    );
}

#[test]
fn another_load_is_left_out_and_said() {
    let base = rounds("poll", 3, 5e3, same);
    let current = rounds("poll", 3, 5e3, |row| row.load.pipeline = 16);
    let comparison = compared(&base, &current);
    assert_eq!(comparison.changes, Vec::new());
    let because = "pipeline 1, then 16".to_owned();
    assert_eq!(comparison.left_out, [LeftOut { because, windows: 1 }]);
    assert_eq!(comparison.standing(), Standing::Inconclusive);
    // Nobody sends such a reply.
    let current = rounds("poll", 3, 5e3, |row| row.load.reply_bytes = 99);
    assert_eq!(compared(&base, &current).left_out, Vec::new());
}

#[test]
fn what_one_side_lacks_is_told_and_no_difference() {
    let base = [rounds("poll", 3, 5e3, same), rounds("select", 3, 5e3, same)].concat();
    let current = rounds("poll", 3, 5e3, |row| {
        row.context_switches_per_request = None;
        row.missing
            .insert("server_cost.context_switches".to_owned(), "paranoid".to_owned());
        row.cpu_ns_per_request = Some(f64::NAN);
    });
    let comparison = compared(&base, &current);
    assert_eq!(comparison.only_in_base.len(), 1);
    assert_eq!(comparison.only_in_base[0].server, "select");
    let absent = |metric| comparison.absent.iter().find(|absent| absent.metric == metric).unwrap();
    assert_eq!(absent(Metric::Switches).because.as_deref(), Some("paranoid"));
    assert!(!absent(Metric::Cpu).in_base);
    assert_eq!(
        comparison.of(Judgement::Worse).count() + comparison.of(Judgement::Better).count(),
        0
    );
    assert_eq!(comparison.standing(), Standing::Inconclusive);
    assert_eq!(
        compared(&current, &current).absent,
        Vec::new(),
        "what both lack is nothing to tell"
    );
}

#[test]
fn only_what_is_asked_for_is_compared_and_limits_hold() {
    let run = run(&["poll", "select"]);
    let base = [rounds("poll", 5, 5e3, same), rounds("select", 5, 5e3, same)].concat();
    let current = [rounds("poll", 5, 5.4e3, same), rounds("select", 5, 5.4e3, same)].concat();
    let options = Options {
        metrics: vec![Metric::Cpu],
        servers: Some(vec!["poll".to_owned()]),
        ..Options::default()
    };
    let told = |options: &Options| compare((&run, &base), (&run, &current), options).changes;
    let changes = told(&options);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].judgement, Judgement::Worse);
    assert_eq!(changes[0].ratio.unwrap().method, Method::RankSum);
    let limits = BTreeMap::from([(Metric::Cpu, 0.2)]);
    let lenient = Options { limits, ..options };
    assert_eq!(told(&lenient)[0].judgement, Judgement::NoDifference);
    let elsewhere = Options {
        conns: vec![5],
        ..lenient
    };
    assert_eq!(told(&elsewhere), Vec::new());
}
