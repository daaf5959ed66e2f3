//! What the generator itself spends on a request, beside the sockets: the parts of the closed loop that take most.
//!
//! A reading of the clock, the reply that must have come made and compared byte for byte, the latency recorded, and the
//! next request made, as `closed.rs` does them one after the other. Not in it are the counts that the loop keeps of
//! windows, intervals and clients. It is the floor: one connection, whose state and buffers are in the first-level
//! cache.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use loadgen::clock::now_ns;
use loadgen::{Histogram, Payload, Protocol};

const REQUEST_BYTES: [usize; 2] = [64, 4096];
const ID: u32 = 7;
/// Sequence numbers in turn: as many as there are different bodies. Their replies are made beforehand, because to copy
/// them to the receiver is the kernel's part.
const SEQUENCES: u32 = 4;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("request-path");
    for bytes in REQUEST_BYTES {
        let mut payload = Payload::new(Protocol::Echo, bytes, bytes);
        let received: Vec<Vec<u8>> = (0..SEQUENCES).map(|n| payload.request(ID, n).to_vec()).collect();
        let mut latencies = Histogram::default();
        let (mut sequence, mut sent) = (0, now_ns());
        group.bench_function(BenchmarkId::new("echo", bytes), |b| {
            b.iter(|| {
                let reply = black_box(&received[sequence as usize]);
                let now = now_ns();
                assert!(payload.reply(ID, sequence) == reply.as_slice());
                latencies.record(now - std::mem::replace(&mut sent, now));
                sequence = (sequence + 1) % SEQUENCES;
                black_box(payload.request(ID, sequence));
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
