//! Records: what a run leaves behind, and how it is read again.
//!
//! `run.json` says what was planned and on what machine; `rows.jsonl` has an object a line, appended as cells end.
//! `benches.json` may lie beside them, exported from the criterion benchmarks; `history.jsonl` has ratios of many runs.
//! docs/FORMAT.md tells every field, and a test holds it against real records. Rendering reads these and nothing else.

mod alarms;
mod benches;
mod gate;
mod gate_run;
mod history;
mod mended;
mod row;
mod run;
mod store;
mod subject;
mod warning;

pub use alarms::{SelfTest, keep as keep_self_test, self_tests};
pub use benches::{Bench, Benches};
pub use gate::{
    Campaign, GATE_SCHEMA, GateMetric, GateStore, PairRow, PerRequest, Side, SlicePair, SliceRow, TrialLoad,
};
pub use gate_run::{Again, Alarms, GateRun, GateVerdict, Line, SideRecord, Trial};
pub use history::{Appended, HISTORY_SCHEMA, History, Metric, Point, append_history, read_history};
pub use row::{Capacity, Connections, LoadShape, Ready, Row, ServerCost, Stopped, Verdict, Window, Worked};
pub use run::{NO_WORK, Run, SCHEMA, Settings};
pub(crate) use store::write_whole;
pub use store::{Recorded, Store, find, read};
pub use subject::Subject;
pub use warning::Warning;
