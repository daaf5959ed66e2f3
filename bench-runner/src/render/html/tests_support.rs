//! What the tests of the page share: the committed reference run.

use std::path::Path;

use super::Page;
use super::models::models;
use crate::record::{self, Benches, Row, Run};
use crate::stats::{Summary, choices};

/// The reference run.
pub(super) fn reference() -> (Run, Vec<Row>, Option<Benches>) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/reference");
    let recorded = record::read(&directory).unwrap();
    (recorded.run, recorded.rows, recorded.benches)
}

pub(super) fn page_of<'a>(run: &'a Run, rows: &'a [Row], summary: &'a Summary) -> Page<'a> {
    Page {
        run,
        rows,
        summary,
        benches: None,
        models: models(run, rows).unwrap(),
        choices: choices(summary),
    }
}
