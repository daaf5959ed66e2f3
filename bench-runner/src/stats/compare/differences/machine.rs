//! Processors, kernel, virtualisation.

use std::collections::BTreeSet;

use loadgen::units::bytes;

use super::Listing;
use crate::machine::cpus;
use crate::record::Run;

pub(super) fn list(listing: &mut Listing, base: &Run, current: &Run) {
    let (b, c) = (&base.environment, &current.environment);
    listing.told("CPU", b.cpu.model.clone(), c.cpu.model.clone());
    let list = |cpus_of: &Option<Vec<usize>>| cpus_of.as_deref().map(cpus);
    listing.told("CPUs online", list(&b.cpu.online), list(&c.cpu.online));
    listing.told("cores", b.cpu.cores, c.cpu.cores);
    listing.told("threads a core", b.cpu.threads_per_core, c.cpu.threads_per_core);
    listing.told("sockets", b.cpu.sockets, c.cpu.sockets);
    let pinned = |list: &[usize]| {
        if list.is_empty() {
            "not pinned".to_owned()
        } else {
            cpus(list)
        }
    };
    listing.text("CPUs of the server", pinned(&b.server_cpus), pinned(&c.server_cpus));
    let generators = [&b.generator_cpus, &c.generator_cpus].map(|list| pinned(list));
    let [before, after] = generators;
    listing.text("CPUs of the generator", before, after);
    listing.told("frequency governor", b.cpu.governor.clone(), c.cpu.governor.clone());
    let megahertz = |mhz: Option<f64>| mhz.map(|mhz| format!("{mhz:.0} MHz"));
    listing.told("highest frequency", megahertz(b.cpu.max_mhz), megahertz(c.cpu.max_mhz));
    listing.told("boost", on(b.cpu.boost), on(c.cpu.boost));
    listing.told(
        "idle governor",
        b.cpu.idle_governor.clone(),
        c.cpu.idle_governor.clone(),
    );
    listing.told("clock", b.cpu.clocksource.clone(), c.cpu.clocksource.clone());
    listing.told("architecture", b.os.architecture.clone(), c.os.architecture.clone());
    listing.told("kernel", b.os.kernel_release.clone(), c.os.kernel_release.clone());
    listing.told("kernel build", b.os.kernel_version.clone(), c.os.kernel_version.clone());
    let parameters = |of: &Option<Vec<String>>| of.as_ref().map(|words| words.join(" "));
    listing.told(
        "boot parameters",
        parameters(&b.os.kernel_parameters),
        parameters(&c.os.kernel_parameters),
    );
    mitigations(listing, base, current);
    listing.text("machine", b.virtualisation.summary(), c.virtualisation.summary());
    let largest = |run: &Run| {
        let caches = run.environment.cpu.caches.as_deref()?;
        let largest = caches.iter().max_by_key(|cache| cache.level)?;
        Some(bytes(largest.size_bytes? as f64))
    };
    listing.told("last-level cache", largest(base), largest(current));
    listing.told("NUMA nodes", b.cpu.numa_nodes, c.cpu.numa_nodes);
    let memory = |of: Option<u64>| of.map(|size| bytes(size as f64));
    listing.told("memory", memory(b.memory.total_bytes), memory(c.memory.total_bytes));
    listing.told(
        "huge pages",
        b.memory.transparent_hugepages.clone(),
        c.memory.transparent_hugepages.clone(),
    );
    listing.told("system", b.os.pretty_name.clone(), c.os.pretty_name.clone());
    listing.told("host", b.os.hostname.clone(), c.os.hostname.clone());
}

/// Each by itself: system calls are as dear as they are.
fn mitigations(listing: &mut Listing, base: &Run, current: &Run) {
    let states = [base, current].map(|run| run.environment.cpu.vulnerabilities.as_ref());
    let [Some(before), Some(after)] = states else {
        let known = |run: Option<_>| run.map(|_| "known");
        listing.told("mitigations", known(states[0]), known(states[1]));
        return;
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        // Which of them a kernel knows of is its release's business.
        listing.both(&format!("mitigation of {name}"), before.get(name), after.get(name));
    }
}

fn on(boost: Option<bool>) -> Option<&'static str> {
    boost.map(|on| if on { "on" } else { "off" })
}
