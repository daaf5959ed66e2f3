//! Which CPUs the server gets and which the generator.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The CPUs of the two sides; empty means not pinned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The server's.
    pub server: Vec<usize>,
    /// The generator's.
    pub generator: Vec<usize>,
}

impl Placement {
    /// Divides the CPUs that this process may use: the first half for the server, the rest for the generator, which
    /// has at least as many. With one CPU nothing is pinned and the two share it.
    #[must_use]
    pub fn choose(server: Option<Vec<usize>>, generator: Option<Vec<usize>>) -> Self {
        Self::divide(&allowed(), server, generator)
    }

    fn divide(allowed: &[usize], server: Option<Vec<usize>>, generator: Option<Vec<usize>>) -> Self {
        let without = |taken: &[usize]| -> Vec<usize> {
            let left: Vec<usize> = allowed.iter().copied().filter(|cpu| !taken.contains(cpu)).collect();
            if left.is_empty() { taken.to_vec() } else { left }
        };
        match (server, generator) {
            (Some(server), Some(generator)) => Self { server, generator },
            (Some(server), None) => Self {
                generator: without(&server),
                server,
            },
            (None, Some(generator)) => Self {
                server: without(&generator),
                generator,
            },
            (None, None) if allowed.len() < 2 => Self::default(),
            (None, None) => {
                let (server, generator) = allowed.split_at(allowed.len() / 2);
                Self {
                    server: server.to_vec(),
                    generator: generator.to_vec(),
                }
            }
        }
    }
}

/// CPUs that this process may run on.
#[must_use]
pub fn allowed() -> Vec<usize> {
    let set = sched_getaffinity(Pid::from_raw(0));
    set.map_or_else(
        |_| vec![0],
        |set| {
            (0..CpuSet::count())
                .filter(|&cpu| set.is_set(cpu).unwrap_or(false))
                .collect()
        },
    )
}

/// Keeps this process off the server's CPUs.
pub fn pin_self(cpus: &[usize]) {
    let mut set = CpuSet::new();
    if !cpus.is_empty() && cpus.iter().all(|&cpu| set.set(cpu).is_ok()) {
        let _ = sched_setaffinity(Pid::from_raw(0), &set);
    }
}

/// Parses `0`, `0,2` or `0-3`.
///
/// # Errors
/// A message that quotes the text, or names the CPU that may not be used.
pub fn parse(text: &str) -> Result<Vec<usize>, String> {
    let cpus = crate::environment::parse_cpu_list(text).filter(|cpus| !cpus.is_empty());
    let cpus = cpus.ok_or_else(|| format!("'{text}' is no list of CPUs; write it as 0, 0,2 or 0-3"))?;
    let allowed = allowed();
    match cpus.iter().find(|cpu| !allowed.contains(cpu)) {
        Some(cpu) => Err(format!(
            "CPU {cpu} of '{text}' may not be used; this process has {allowed:?}"
        )),
        None => Ok(cpus),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sides_share_no_cpu_where_there_are_two() {
        let divide = |allowed: &[usize], server, generator| {
            let placement = Placement::divide(allowed, server, generator);
            (placement.server, placement.generator)
        };
        assert_eq!(divide(&[0], None, None), (vec![], vec![]));
        assert_eq!(divide(&[0, 1], None, None), (vec![0], vec![1]));
        assert_eq!(divide(&[2, 4, 6], None, None), (vec![2], vec![4, 6]));
        assert_eq!(divide(&[0, 1, 2], Some(vec![1]), None), (vec![1], vec![0, 2]));
        assert_eq!(
            divide(&[0, 1], None, Some(vec![0, 1])),
            (vec![0, 1], vec![0, 1]),
            "nothing is left for the server"
        );
    }
}
