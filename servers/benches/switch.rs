//! What one switch costs: from one coroutine, task, thread or process to another, which has waited for it.
//!
//! One iteration is one switch, one way: there and back are two. The pairs of threads and processes hand a turn to and
//! fro, and each is blocked until the other wakes it. On one core the scheduler changes from one to the other; on two
//! the price is the wake-up of a core that has fallen asleep meanwhile, which on virtual machines goes by way of the
//! hypervisor.

use std::fs;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};
use criterion::{BenchmarkId, Criterion};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

/// As in the coroutine servers.
const STACK_BYTES: usize = 64 * 1024;

/// The calling thread, to sched_setaffinity(2).
const SELF: Pid = Pid::from_raw(0);

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("switch");
    group.bench_function("coroutine", |b| b.iter_custom(|trips| coroutines(trips) / 2));
    // Neither timers nor I/O: whenever all tasks have given way tokio looks at its drivers, so with them every other
    // yield would have an epoll_wait in it, which is measured by itself.
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    group.bench_function("task", |b| b.iter_custom(|trips| tasks(&runtime, trips) / 2));
    let anywhere = sched_getaffinity(SELF).expect("this thread's affinity");
    for (place, here, there) in places(&anywhere) {
        pin(here);
        group.bench_function(BenchmarkId::new("thread", place), |b| {
            b.iter_custom(|trips| threads(there, trips) / 2);
        });
        with_process(there, |to, from| {
            group.bench_function(BenchmarkId::new("process", place), |b| {
                b.iter_custom(|trips| processes(to, from, trips) / 2);
            });
        });
        sched_setaffinity(SELF, &anywhere).expect("the affinity it had");
    }
    group.finish();
    criterion.final_summary();
}

/// From the caller into a coroutine and back; its stack stays in the cache.
fn coroutines(trips: u64) -> Duration {
    let stack = DefaultStack::new(STACK_BYTES).expect("a stack");
    let mut coroutine = Coroutine::with_stack(stack, move |caller: &Yielder<(), ()>, ()| {
        for _ in 0..trips {
            caller.suspend(());
        }
    });
    let start = Instant::now();
    for _ in 0..trips {
        coroutine.resume(());
    }
    let time = start.elapsed();
    // To its end, untimed: one that is dropped before would have to be unwound.
    coroutine.resume(());
    time
}

/// Two tasks, each of which gives way to the other.
fn tasks(runtime: &Runtime, trips: u64) -> Duration {
    let give_way = || async move {
        for _ in 0..trips {
            yield_now().await;
        }
    };
    runtime.block_on(async {
        let start = Instant::now();
        let (one, other) = (tokio::spawn(give_way()), tokio::spawn(give_way()));
        one.await.expect("a task that ends");
        other.await.expect("a task that ends");
        start.elapsed()
    })
}

/// A turn that this thread and another one hand to and fro by park and unpark, that is, by futex(2).
fn threads(there: usize, trips: u64) -> Duration {
    let theirs = AtomicBool::new(false);
    let hand_to = |thread: &Thread, other: bool| {
        theirs.store(other, Ordering::Release);
        thread.unpark();
    };
    let wait_for = |other: bool| {
        while theirs.load(Ordering::Acquire) != other {
            thread::park();
        }
    };
    let this = thread::current();
    thread::scope(|scope| {
        let partner = scope.spawn(|| {
            pin(there);
            for _ in 0..=trips {
                wait_for(true);
                hand_to(&this, false);
            }
        });
        let round_trip = || {
            hand_to(partner.thread(), true);
            wait_for(false);
        };
        // Untimed: until the partner is made and pinned.
        round_trip();
        let start = Instant::now();
        for _ in 0..trips {
            round_trip();
        }
        start.elapsed()
    })
}

/// A byte that this process and its child hand to and fro through two pipes.
fn processes(to: &mut PipeWriter, from: &mut PipeReader, trips: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..trips {
        to.write_all(b"x").expect("a child that reads");
        from.read_exact(&mut [0]).expect("a child that answers");
    }
    start.elapsed()
}

/// Makes the child, which lives until the pipe to it is closed: at the end of `body`, or with this process.
fn with_process(there: usize, body: impl FnOnce(&mut PipeWriter, &mut PipeReader)) {
    let (mut here, mut answer) = pipe().expect("a pipe");
    let (mut question, mut to) = pipe().expect("a pipe");
    // SAFETY: this process has one thread again, so the child may go on with everything it inherits.
    match unsafe { fork() }.expect("a child") {
        ForkResult::Child => {
            drop((here, to));
            pin(there);
            let mut byte = [0];
            while question
                .read_exact(&mut byte)
                .and_then(|()| answer.write_all(&byte))
                .is_ok()
            {}
            // SAFETY: ends the process, and nothing of the parent's is flushed or dropped twice.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            drop((question, answer));
            body(&mut to, &mut here);
            drop(to);
            waitpid(child, None).expect("a child that has ended");
        }
    }
}

/// Where the two of a pair run: on one core, and on two where this process may use as many.
fn places(anywhere: &CpuSet) -> Vec<(&'static str, usize, usize)> {
    let allowed = |&cpu: &usize| anywhere.is_set(cpu).unwrap_or(false);
    let mut cpus = (0..CpuSet::count()).filter(allowed);
    let first = cpus.next().expect("a CPU to run on");
    let mut places = vec![("one-core", first, first)];
    match cpus.find(|&cpu| core(cpu) != core(first)) {
        Some(other) => places.push(("two-cores", first, other)),
        None => eprintln!("switch: two-cores is left out: this process may run on one core only"),
    }
    places
}

/// What is equal for the CPUs that are threads of one core.
fn core(cpu: usize) -> String {
    let siblings = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
    fs::read_to_string(siblings).unwrap_or_else(|_| cpu.to_string())
}

fn pin(cpu: usize) {
    let mut cpus = CpuSet::new();
    cpus.set(cpu).expect("a CPU of this thread's affinity");
    sched_setaffinity(SELF, &cpus).expect("a CPU of this thread's affinity");
}
