//! `bench-runner`: what each way of writing a concurrent TCP server costs, and where it breaks.

fn main() {}
