//! Records: what a run leaves behind, and how it is read again.
//!
//! `run.json` says what was planned and on what machine; `rows.jsonl` has an object a line, appended as cells end.
//! `benches.json` may lie beside them, exported from the criterion benchmarks. docs/FORMAT.md tells every field, and a
//! test holds it against real records. Rendering reads these and nothing else.

mod benches;
mod row;
mod run;
mod store;
mod subject;
mod warning;

pub use benches::{Bench, Benches};
pub use row::{Capacity, Connections, LoadShape, Ready, Row, ServerCost, Stopped, Verdict, Window, Worked};
pub use run::{NO_WORK, Run, SCHEMA, Settings};
pub(crate) use store::write_whole;
pub use store::{Recorded, Store, find, read};
pub use subject::Subject;
pub use warning::Warning;
