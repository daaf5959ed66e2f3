//! `compare` over records that are made up, and over the reference run: what it says, what it refuses, and how it ends.

mod ends;
mod guide;
mod says;
mod support;
