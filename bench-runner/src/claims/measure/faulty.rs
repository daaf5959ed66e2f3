//! Servers with the two faults of claim 14, put through the checks of `verify`.

use super::Laboratory;
use crate::claims::measured::Faulty;
use crate::execute::verify;
use crate::record::Settings;

const SERVERS: [&str; 2] = ["tutorial-read-once", "tutorial-always-writable"];

pub(super) fn measure(lab: &mut Laboratory) -> Result<Vec<Faulty>, String> {
    let checked = |name: &&str| {
        let launch = lab.start_of(name).map_err(|failure| failure.reason)?;
        let report = verify::verify(&launch, &Settings::default(), &lab.placement.server, false);
        Ok(Faulty {
            server: (*name).to_owned(),
            faults: report.map_err(|error| format!("{name}: {error:#}"))?.faults(),
        })
    };
    SERVERS.iter().map(checked).collect()
}
