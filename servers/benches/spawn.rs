//! What one more costs: a process, a thread, a coroutine or a task, made, run to its end and cleared away.
//!
//! The bodies are empty: what is measured is what a server pays for a connection before and after it serves it. All of
//! it on one core: elsewhere the newcomer would start on another one, and its start and its end would mostly be the
//! wake-ups of cores that had fallen asleep, which `switch` measures by themselves.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};
use criterion::Criterion;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use tokio::runtime::Builder;

/// As in the coroutine servers.
const COROUTINE_STACK_BYTES: usize = 64 * 1024;
/// The default of the thread server.
const THREAD_STACK_BYTES: usize = 128 * 1024;

fn main() {
    pin();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("spawn");
    // First: fork copies the parent's page tables, so its price grows with the memory that the parent has touched, and
    // now this process is still about as small as a server is.
    group.bench_function("fork", |b| b.iter(one_process));
    group.bench_function("thread", |b| b.iter(one_thread));
    group.bench_function("coroutine", |b| b.iter(one_coroutine));
    // From within a task: to wake the one that `block_on` runs takes a system call where the runtime waits for I/O.
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    group.bench_function("task", |b| {
        b.iter_custom(|count| runtime.block_on(runtime.spawn(tasks(count))).expect("a task that ends"));
    });
    group.finish();
    criterion.final_summary();
}

/// The child ends at once, and the parent waits for it as it would reap it.
fn one_process() {
    // SAFETY: the child calls nothing but _exit(2).
    match unsafe { fork() }.expect("a child") {
        // SAFETY: ends the process, and nothing of the parent's is flushed or dropped twice.
        ForkResult::Child => unsafe { libc::_exit(0) },
        ForkResult::Parent { child } => waitpid(child, None).expect("a child that has ended"),
    };
}

fn one_thread() {
    let builder = thread::Builder::new().stack_size(THREAD_STACK_BYTES);
    let thread = builder.spawn(|| black_box(())).expect("a thread");
    thread.join().expect("a thread that has ended");
}

/// On a stack of its own, mapped for it and unmapped behind it, as the servers do for each connection.
fn one_coroutine() {
    let stack = DefaultStack::new(COROUTINE_STACK_BYTES).expect("a stack");
    let mut coroutine = Coroutine::with_stack(stack, |_: &Yielder<(), ()>, ()| black_box(()));
    coroutine.resume(());
}

/// One after the other: spawned, then waited for.
async fn tasks(count: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        tokio::spawn(async { black_box(()) }).await.expect("a task that ends");
    }
    start.elapsed()
}

/// To the first CPU that this process may use.
fn pin() {
    let this = Pid::from_raw(0);
    let anywhere = sched_getaffinity(this).expect("this thread's affinity");
    let first = (0..CpuSet::count()).find(|&cpu| anywhere.is_set(cpu).unwrap_or(false));
    let mut cpus = CpuSet::new();
    cpus.set(first.expect("a CPU to run on")).expect("a CPU of the set");
    sched_setaffinity(this, &cpus).expect("a CPU of this thread's affinity");
}
