//! How many connections a model can have on this machine, by arithmetic.
//!
//! An estimate from limits that are known, not a promise: the servers announce their own and the run counts. All
//! figures in bytes are what was measured with 10,000 connections on x86-64 (docs/METHODOLOGY.md).

use crate::environment::{Bound, Cgroup, Environment};

use super::format::{bytes, grouped};
use super::wish::{Model, PerConnection, Wish};

/// Kernel memory of an idle connection, both ends: two sockets with their inodes and descriptors (7.7 KiB in the slab).
pub(super) const KERNEL_PER_CONNECTION: u64 = 8 << 10;
/// A forked process that shares its program: page tables, kernel stack, dirtied pages (135 to 142 KiB).
const PER_PROCESS: u64 = 140 << 10;
/// A thread: 16 KiB of kernel stack, touched pages of its own stack, page tables (59 to 69 KiB).
const PER_THREAD: u64 = 70 << 10;
/// A coroutine: the touched page of its stack and a page table's share.
const PER_STACK: u64 = 8 << 10;

/// Mappings of a std thread: its stack with its guard, and the alternate signal stack with its guard.
const MAPPINGS_PER_THREAD: u64 = 4;
/// Mappings of a coroutine's stack: the stack and its guard.
const MAPPINGS_PER_STACK: u64 = 2;
/// Mappings that a small program has anyway.
const MAPPINGS_BEFORE: u64 = 64;

/// Descriptors that a server needs besides its connections: standard streams, listener, poller, one in reserve.
pub(super) const DESCRIPTORS_BEFORE: u64 = 16;
/// Of those, the ones that a select server has below FD_SETSIZE.
const DESCRIPTORS_OF_SELECT: u64 = 5;
/// Process numbers below this are not handed out again once they have wrapped around (RESERVED_PIDS, kernel/pid.c).
const RESERVED_PIDS: u64 = 300;
/// Tasks that the runner, the generator and a server need besides those that connections take.
pub(super) const TASKS_BEFORE: u64 = 32;

/// A bound on the connections of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// Connections that still fit below it.
    pub connections: u64,
    /// The limit's name and value: `max_map_count 65,530`.
    pub bound_by: String,
}

impl Ceiling {
    fn new(connections: u64, bound_by: impl Into<String>) -> Self {
        Self {
            connections,
            bound_by: bound_by.into(),
        }
    }
}

/// The lowest limit that `model` would run into; `None` when no known limit binds it.
///
/// For a pool of workers it is how many the machine can hold open, not how many are served at a time.
pub fn ceiling(env: &Environment, wish: &Wish, model: &Model) -> Option<Ceiling> {
    let task = matches!(model.per_connection, PerConnection::Thread | PerConnection::Process);
    let all = [
        set_size(model),
        descriptors(env, wish).filter(|_| model.per_connection != PerConnection::Process),
        files(env),
        user_tasks(env).filter(|_| task),
        threads_max(env).filter(|_| task),
        pid_max(env).filter(|_| task),
        group_tasks(env).filter(|_| task),
        mappings(env, model),
        memory(env, model),
    ];
    all.into_iter().flatten().min_by_key(|ceiling| ceiling.connections)
}

fn set_size(model: &Model) -> Option<Ceiling> {
    let PerConnection::DescriptorBelow(size) = model.per_connection else {
        return None;
    };
    Some(Ceiling::new(
        size.saturating_sub(DESCRIPTORS_OF_SELECT),
        format!("FD_SETSIZE {}", grouped(size)),
    ))
}

/// The highest RLIMIT_NOFILE that a server can be given.
pub(super) fn nofile(env: &Environment, wish: &Wish) -> Option<Bound> {
    let hard = env.rlimits.nofile?.hard;
    Some(wish.server_nofile.map_or(hard, |given| hard.min(Bound::At(given))))
}

pub(super) fn descriptors(env: &Environment, wish: &Wish) -> Option<Ceiling> {
    let limit = nofile(env, wish)?.at()?;
    Some(Ceiling::new(
        limit.saturating_sub(DESCRIPTORS_BEFORE),
        format!("RLIMIT_NOFILE {}", grouped(limit)),
    ))
}

/// Both ends of a connection are files on this machine.
pub(super) fn files(env: &Environment) -> Option<Ceiling> {
    let limit = env.sysctl.file_max?;
    let free = limit.saturating_sub(env.sysctl.files_open.unwrap_or(0));
    Some(Ceiling::new(free / 2, format!("fs.file-max {}", grouped(limit))))
}

pub(super) fn user_tasks(env: &Environment) -> Option<Ceiling> {
    let limit = env.rlimits.nproc?.hard.at().filter(|_| env.user.bound_by_nproc())?;
    Some(Ceiling::new(
        free_tasks(env, limit),
        format!("RLIMIT_NPROC {}", grouped(limit)),
    ))
}

pub(super) fn threads_max(env: &Environment) -> Option<Ceiling> {
    let limit = env.sysctl.threads_max?;
    Some(Ceiling::new(
        free_tasks(env, limit),
        format!("kernel.threads-max {}", grouped(limit)),
    ))
}

/// Threads have numbers too.
pub(super) fn pid_max(env: &Environment) -> Option<Ceiling> {
    let limit = env.sysctl.pid_max?;
    Some(Ceiling::new(
        free_tasks(env, limit.saturating_sub(RESERVED_PIDS)),
        format!("kernel.pid_max {}", grouped(limit)),
    ))
}

pub(super) fn group_tasks(env: &Environment) -> Option<Ceiling> {
    let group = env.cgroup.as_ref()?;
    let limit = group.pids_max?.at()?;
    Some(Ceiling::new(
        group.pids_left()?.saturating_sub(TASKS_BEFORE),
        format!("cgroup pids.max {}", grouped(limit)),
    ))
}

/// All tasks of the machine are counted as ours where limits are the user's: a little too careful, and never too bold.
fn free_tasks(env: &Environment, limit: u64) -> u64 {
    limit.saturating_sub(env.load.tasks.unwrap_or(0) + TASKS_BEFORE)
}

pub(super) fn mappings(env: &Environment, model: &Model) -> Option<Ceiling> {
    let each = match model.per_connection {
        PerConnection::Thread => MAPPINGS_PER_THREAD,
        PerConnection::Stack => MAPPINGS_PER_STACK,
        _ => return None,
    };
    let limit = env.sysctl.max_map_count?;
    Some(Ceiling::new(
        limit.saturating_sub(MAPPINGS_BEFORE) / each,
        format!("vm.max_map_count {}", grouped(limit)),
    ))
}

/// A tenth is left to everybody else: at the very edge the machine thrashes before it fails.
pub(super) fn memory(env: &Environment, model: &Model) -> Option<Ceiling> {
    let free = free_memory(env)?;
    let room = free / 10 * 9 / bytes_per_connection(model.per_connection);
    Some(Ceiling::new(room, format!("{} of free memory", bytes(free))))
}

/// What programs may still take: the machine's memory or the control group's, whichever ends first.
pub(super) fn free_memory(env: &Environment) -> Option<u64> {
    let machine = env.memory.available_bytes;
    let group = env.cgroup.as_ref().and_then(Cgroup::memory_left_bytes);
    machine.into_iter().chain(group).min()
}

pub(super) fn bytes_per_connection(kind: PerConnection) -> u64 {
    let own = match kind {
        PerConnection::Process => PER_PROCESS,
        PerConnection::Thread => PER_THREAD,
        PerConnection::Stack => PER_STACK,
        PerConnection::Descriptor | PerConnection::DescriptorBelow(_) | PerConnection::Worker => 0,
    };
    KERNEL_PER_CONNECTION + own
}
