//! What is listed, in which order, and that nothing else is.

use super::*;
use crate::environment::{Bound, Rlimit};
use crate::record::Warning;
use crate::stats::compare::tests;

fn run() -> Run {
    tests::run(&["poll", "select", "thread"])
}

fn found(base: &Run, current: &Run) -> Vec<Difference> {
    differences((base, &[]), (current, &[]))
}

#[test]
fn what_is_the_same_is_not_listed() {
    let (base, mut current) = (run(), run());
    // What is another in every run.
    current.run_id = "another".to_owned();
    current.seed = 7;
    current.environment.command_line.clear();
    current.environment.cpu.current_mhz = Some(1.0);
    current.environment.memory.available_bytes = Some(1);
    current.environment.load.averages = base
        .environment
        .load
        .averages
        .map(|averages| averages.map(|load| load + 0.1));
    assert_eq!(found(&base, &current), Vec::new());
}

#[test]
fn each_kind_is_found_first_what_moves_numbers_most() {
    let (base, mut current) = (run(), run());
    current.settings.rounds = 9;
    current.environment.rlimits.nofile = Some(Rlimit {
        soft: Bound::At(1024),
        hard: Bound::Unlimited,
    });
    current.environment.build.profile = Some("debug".to_owned());
    current.environment.cpu.model = Some("Another".to_owned());
    current.environment.cpu.governor = Some("powersave".to_owned());
    current.environment.server_cpus = vec![0, 1, 2];
    let mitigations = current.environment.cpu.vulnerabilities.as_mut().unwrap();
    mitigations.insert("retbleed".to_owned(), "Mitigation: untrained return thunk".to_owned());
    current.warnings.push(Warning::new("debug-build", "It is."));
    let told: Vec<String> = found(&base, &current)
        .into_iter()
        .map(|d| format!("{}: {}: {} → {}", d.group.name(), d.name, d.base, d.current))
        .collect();
    assert_eq!(
        told,
        [
            "machine: CPU: AMD EPYC → Another",
            "machine: CPUs of the server: 0 → 0-2",
            "machine: frequency governor: unknown → powersave",
            "machine: mitigation of retbleed: Not affected → Mitigation: untrained return thunk",
            "programs: build profile: release → debug",
            "settings: rounds: 3 → 9",
            "limits: RLIMIT_NOFILE: 20000 → 1024",
            "limits: RLIMIT_NOFILE, hard: 20000 → unlimited",
            "state: warning debug-build: no → yes",
        ]
    );
}

#[test]
fn programs_are_told_by_their_hashes() {
    let (base, mut current) = (run(), run());
    assert_eq!(programs(&base, &current, |_| true).same, base.servers);
    for binary in &mut current.environment.binaries {
        match &*binary.name {
            "poll" | "loadgen" => binary.sha256 = Some("00".to_owned()),
            "select" => binary.sha256 = None,
            _ => {}
        }
    }
    let told = programs(&base, &current, |_| true);
    assert_eq!(
        (told.changed, told.unknown),
        (vec!["poll".to_owned()], vec!["select".to_owned()])
    );
    assert_eq!(told.same.len(), base.servers.len() - 2);
    let listed = found(&base, &current);
    assert_eq!(listed.len(), 1);
    assert_eq!((&*listed[0].name, &*listed[0].current), ("load generator", "00"));
}

#[test]
fn a_busy_machine_is_told() {
    let (base, mut current) = (run(), run());
    current.environment.load.averages = Some([9.0, 9.0, 9.0]);
    let listed = found(&base, &current);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&*listed[0].name, &*listed[0].current),
        ("load average at start", "9.00")
    );
}
