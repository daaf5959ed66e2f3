//! Which CPUs the server gets and which the generator.

use crate::environment::affinity;

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
        Self::divide(&affinity::allowed().unwrap_or_else(|| vec![0]), server, generator)
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
