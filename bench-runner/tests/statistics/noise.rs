//! Six kinds of noise, and the coin that deals head and base to the slots of a pair.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal, StudentT};

/// Pairs of a campaign, as the gate has them by default.
pub(crate) const PAIRS: usize = 16;
/// Campaigns for each count.
pub(crate) const CAMPAIGNS: usize = 2_000;

/// ln of what each slot of each pair would measure of the same program.
type Slots = Vec<[f64; 2]>;

/// Noise belongs to the slots of a pair. It need not be alike in both.
pub(crate) struct Noise {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Campaign c has this and c as its seed, and the one that confirms it 500,000 more.
    first_seed: u64,
    slots: fn(&mut StdRng) -> Slots,
}

pub(crate) const NOISES: [Noise; 6] = [
    Noise {
        name: "independent",
        what: "normal, paired SD 3 %",
        first_seed: 1_000_000,
        slots: |random| pairs(|_, _| 0.03 * normal(random) / 2_f64.sqrt()),
    },
    Noise {
        name: "heavy tails",
        what: "t with 3 degrees of freedom, scale 2 %",
        first_seed: 2_000_000,
        slots: |random| {
            let heavy = StudentT::new(3.0).unwrap();
            pairs(|_, _| 0.02 * heavy.sample(random))
        },
    },
    Noise {
        name: "AR(1)",
        what: "0.6 of each slot's deviation stays for the next pair, SD 3 %",
        first_seed: 3_000_000,
        slots: |random| {
            let mut deviation = [0.03 * normal(random), 0.03 * normal(random)];
            pairs(|_, slot| {
                deviation[slot] = 0.6 * deviation[slot] + 0.8 * 0.03 * normal(random);
                deviation[slot]
            })
        },
    },
    Noise {
        name: "a step",
        what: "from the ninth pair on both slots cost 20 % more, the second a further 10 %; SD 2 %",
        first_seed: 4_000_000,
        slots: |random| {
            let step = |pair, slot: usize| {
                if pair < PAIRS / 2 {
                    0.0
                } else {
                    [1.2_f64, 1.32][slot].ln()
                }
            };
            pairs(|pair, slot| step(pair, slot) + 0.02 * normal(random))
        },
    },
    Noise {
        name: "spikes",
        what: "one slot in ten costs 1.5 times as much; SD 1 %",
        first_seed: 5_000_000,
        slots: |random| {
            pairs(|_, _| {
                let spike = if random.random_bool(0.1) { 1.5_f64.ln() } else { 0.0 };
                spike + 0.01 * normal(random)
            })
        },
    },
    Noise {
        name: "unequal variance",
        what: "SD 1 % in the first slot, 6 % in the second",
        first_seed: 6_000_000,
        slots: |random| pairs(|_, slot| [0.01, 0.06][slot] * normal(random)),
    },
];

/// Of the campaigns under one kind of noise.
pub(crate) fn seeds(noise: &Noise) -> impl Iterator<Item = u64> {
    (noise.first_seed..).take(CAMPAIGNS)
}

fn pairs(mut of: impl FnMut(usize, usize) -> f64) -> Slots {
    (0..PAIRS).map(|pair| [of(pair, 0), of(pair, 1)]).collect()
}

fn normal(random: &mut StdRng) -> f64 {
    StandardNormal.sample(random)
}

/// ln(head / base) of each pair, where head is dealt to a slot by a coin toss and costs `effect` (ln) more.
pub(crate) fn dealt(noise: &Noise, effect: f64, seed: u64) -> Vec<f64> {
    let mut random = StdRng::seed_from_u64(seed);
    let slots = (noise.slots)(&mut random);
    let datum = |[first, second]: &[f64; 2]| {
        effect
            + if random.random() {
                second - first
            } else {
                first - second
            }
    };
    slots.iter().map(datum).collect()
}

/// The same noise, with head always in the second slot.
pub(crate) fn undealt(noise: &Noise, seed: u64) -> Vec<f64> {
    let slots = (noise.slots)(&mut StdRng::seed_from_u64(seed));
    slots.iter().map(|[first, second]| second - first).collect()
}

/// Independent normal data of SD 1.
pub(crate) fn standard(n: usize, seed: u64) -> Vec<f64> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..n).map(|_| normal(&mut random)).collect()
}
