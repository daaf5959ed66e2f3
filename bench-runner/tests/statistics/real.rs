//! Gates of real servers whose truth is known, as `scripts/witness/gate` has recorded them: judged again from their slices.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

use bench_runner::record::{Campaign, GateMetric, GateVerdict, PairRow};
use bench_runner::stats::gate::{Final, Judged, Rule, Verdict, judge, paired};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// What head was, in the order of the table.
const KINDS: [&str; 3] = ["itself", "+5 %", "+10 %"];

/// A gate that was recorded.
struct Gate {
    kind: String,
    burn_ns: u64,
    red: bool,
    /// CPU time per request, as it was said to be.
    verdict: GateVerdict,
    change: f64,
    sd: f64,
    pairs: Vec<PairRow>,
}

static GATES: LazyLock<Vec<Gate>> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference/gate");
    let packed = fs::read(directory.join("pairs.jsonl.gz")).unwrap();
    let mut text = String::new();
    MultiGzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
    let mut pairs: BTreeMap<(String, u64), Vec<PairRow>> = BTreeMap::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let key = (
            value["kind"].as_str().unwrap().to_owned(),
            value["run"].as_u64().unwrap(),
        );
        pairs.entry(key).or_default().push(serde_json::from_str(line).unwrap());
    }
    let gates = fs::read_to_string(directory.join("gates.jsonl")).unwrap();
    let gate = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let kind = value["kind"].as_str().unwrap().to_owned();
        let lines = value["gate"]["trials"][0]["lines"].as_array().unwrap();
        let cpu = lines.iter().find(|line| line["metric"] == "cpu").unwrap();
        Gate {
            burn_ns: value["burn_ns"].as_u64().unwrap(),
            red: value["red"].as_bool().unwrap(),
            verdict: serde_json::from_value(cpu["verdict"].clone()).unwrap(),
            change: cpu["change"].as_f64().unwrap(),
            sd: cpu["sd"].as_f64().unwrap(),
            pairs: pairs.remove(&(kind.clone(), value["run"].as_u64().unwrap())).unwrap(),
            kind,
        }
    };
    gates.lines().map(gate).collect()
});

impl Gate {
    /// What its campaign says, from its slices.
    fn judged(&self, campaign: Campaign) -> Option<Judged> {
        let own: Vec<PairRow> = self
            .pairs
            .iter()
            .filter(|pair| pair.campaign == campaign)
            .cloned()
            .collect();
        (!own.is_empty()).then(|| judge(&[paired(&own, GateMetric::Cpu)], &Rule::default(), 0).unwrap()[0])
    }
}

fn of_kind(kind: &str) -> Vec<&'static Gate> {
    GATES.iter().filter(|gate| gate.kind == kind).collect()
}

#[test]
fn what_was_said_is_what_the_slices_say() {
    assert_eq!(GATES.len(), 60);
    for gate in GATES.iter() {
        let first = gate.judged(Campaign::First).unwrap();
        assert!((first.estimate.exp_m1() - gate.change).abs() < 1e-9, "{}", gate.change);
        assert!((first.sd - gate.sd).abs() < 1e-9, "{}", gate.sd);
        let again = gate.judged(Campaign::Confirmation).map(|judged| judged.verdict);
        let given = Final::of(first.verdict, again);
        let expected = match given.verdict {
            _ if given.not_confirmed => GateVerdict::NotConfirmed,
            Verdict::Regression => GateVerdict::Regression,
            Verdict::Improvement => GateVerdict::Improvement,
            Verdict::NoDifference => GateVerdict::NoDifference,
            Verdict::Inconclusive => GateVerdict::Inconclusive,
        };
        assert_eq!(gate.verdict, expected);
        assert_eq!(
            gate.red,
            expected == GateVerdict::Regression,
            "nothing else was gated red"
        );
    }
}

#[test]
fn a_server_is_never_red_against_itself_and_what_is_slower_is_found() {
    let red = |kind: &str| {
        let gates = of_kind(kind);
        assert_eq!(gates.len(), 20, "{kind}");
        gates.iter().filter(|gate| gate.red).count()
    };
    assert_eq!(red("itself"), 0);
    assert!(red("+5 %") >= 16, "{}", red("+5 %"));
    assert_eq!(red("+10 %"), 20);
}

/// The middle one, and the two ends.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (values[(n - 1) / 2].midpoint(values[n / 2]), values[0], values[n - 1])
}

pub(crate) fn table() -> String {
    let mut out = String::from(
        "| head | burnt a request | gates | red | change found: median | least, most | paired SD: median | least, most |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    );
    for kind in KINDS {
        let gates = of_kind(kind);
        let burnt = gates[0].burn_ns;
        assert!(gates.iter().all(|gate| gate.burn_ns == burnt), "{kind}");
        let red = gates.iter().filter(|gate| gate.red).count();
        let change = spread(gates.iter().map(|gate| gate.change * 100.0).collect());
        let sd = spread(gates.iter().map(|gate| gate.sd * 100.0).collect());
        let n = gates.len();
        let _ = write!(
            out,
            "\n| {kind} | {burnt} ns | {n} | {red} | {:+.1} % | {:+.1}, {:+.1} % | {:.1} % | {:.1}, {:.1} % |",
            change.0, change.1, change.2, sd.0, sd.1, sd.2
        );
    }
    out
}
