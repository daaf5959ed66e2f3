//! Exports, each read by rules that are its consumer's and not its writer's: strict readers written from the consumers'
//! documentation and sources, which the files name, and, where they can be had, the consumers' own libraries.

mod benchstat;
mod bmf;
mod consumers;
mod csv;
mod distribution;
mod gha;
mod hgrm;
mod hlog;
mod programs;
mod support;
mod usage;
