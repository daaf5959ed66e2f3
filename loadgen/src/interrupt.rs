//! Ctrl-C as a flag: whoever waits is woken with EINTR and looks.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Has SIGINT and SIGTERM set the flag; a second one ends the process in the usual way.
pub fn install() {
    // SA_RESETHAND gives the user a way out if the orderly one takes too long. No SA_RESTART: waits must return.
    let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::SA_RESETHAND, SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        // SAFETY: the handler only stores to an atomic.
        let _ = unsafe { sigaction(signal, &action) };
    }
}

/// Whether the user asked to stop.
#[must_use]
pub fn requested() -> bool {
    REQUESTED.load(Relaxed)
}

extern "C" fn on_signal(_: libc::c_int) {
    REQUESTED.store(true, Relaxed);
}
