//! Work per request: what a server does for a request beside answering it.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Longest wait that can be asked for: a model that sleeps in its only thread must still stop within two seconds.
const LONGEST_WAIT_MS: u64 = 1000;

/// What a marked request costs the server that answers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    #[default]
    None,
    /// So many steps of computation: a fixed amount, so that contention shows as time.
    Cpu(u64),
    /// A wait that needs no processor, as for a database: in whole milliseconds, the finest that every model's timer
    /// knows.
    Wait(Duration),
    /// So much time of a processor. A test of what measures servers needs to know beforehand by how much one is slower;
    /// it shows nothing of the models, because time that passes elsewhere counts too.
    Burn(Duration),
}

impl Work {
    /// Whether it is [`Work::Wait`], for which a model may need a timer.
    #[must_use]
    pub fn waits(self) -> bool {
        matches!(self, Self::Wait(_))
    }
}

impl std::str::FromStr for Work {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORMS: &str =
            "none, cpu:STEPS (such as cpu:1000) or wait:TIME from 1ms to 1s (such as wait:5ms) is needed";
        let work = match text.split_once(':') {
            None if text == "none" => Some(Self::None),
            Some(("cpu", steps)) => steps.parse().ok().filter(|&steps| steps > 0).map(Self::Cpu),
            Some(("wait", time)) => milliseconds(time).map(|ms| Self::Wait(Duration::from_millis(ms))),
            _ => None,
        };
        work.ok_or(FORMS)
    }
}

fn milliseconds(time: &str) -> Option<u64> {
    let ms = match time.strip_suffix("ms") {
        Some(ms) => ms.parse().ok()?,
        None => time.strip_suffix('s')?.parse::<u64>().ok()?.checked_mul(1000)?,
    };
    (1..=LONGEST_WAIT_MS).contains(&ms).then_some(ms)
}

/// `steps` links of a chain of multiplications, each of which needs the one before: nothing that a processor could do
/// side by side. The shift between them is what a compiler cannot fold: it makes one of eight links that only multiply
/// and add.
pub(crate) fn compute(steps: u64) {
    let mut state = black_box(1_u64);
    for _ in 0..steps {
        state = step(state);
    }
    black_box(state);
}

/// Keeps a processor busy for `time`.
pub(crate) fn burn(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[inline]
fn step(state: u64) -> u64 {
    (state ^ (state >> 32)).wrapping_mul(6_364_136_223_846_793_005)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_step_is_folded_into_another() {
        const STEPS: u64 = 2_000_000;
        let one_by_one = || {
            let mut state = 1;
            for _ in 0..STEPS {
                state = black_box(step(state));
            }
        };
        let quickest = |work: &dyn Fn()| {
            let once = |_| {
                let began = Instant::now();
                work();
                began.elapsed()
            };
            (0..9).map(once).min().unwrap()
        };
        let (chained, apart) = (quickest(&|| compute(STEPS)), quickest(&one_by_one));
        // Handing each state through memory takes as long again; what is folded takes an eighth.
        assert!(chained * 4 > apart, "{chained:?} {apart:?}");
    }

    #[test]
    fn every_form_is_understood_and_nothing_else() {
        let wait = |ms| Work::Wait(Duration::from_millis(ms));
        for (text, work) in [
            ("none", Work::None),
            ("cpu:1", Work::Cpu(1)),
            ("cpu:250000", Work::Cpu(250_000)),
            ("wait:1ms", wait(1)),
            ("wait:1000ms", wait(1000)),
            ("wait:1s", wait(1000)),
        ] {
            assert_eq!(text.parse(), Ok(work), "{text}");
        }
        let wrong = [
            "", "cpu", "cpu:", "cpu:0", "cpu:-1", "cpu:1ms", "wait", "wait:5", "wait:0ms", "wait:2s",
        ];
        for text in wrong
            .into_iter()
            .chain(["wait:1001ms", "wait:0.5ms", "wait:1us", "None", "sleep:1ms"])
        {
            assert!(text.parse::<Work>().is_err(), "{text}");
        }
    }
}
