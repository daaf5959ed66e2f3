//! HTTP/1.1 as a client needs it: requests are written once, replies are cut out of what comes.
//!
//! Heads, sizes of chunks and trailers are parsed by the `httparse` crate; what a reply's length is, RFC 9112 §6.3
//! says. A reply that ends only with its connection is refused, because a connection that breaks looks the same.

mod reader;
mod request;

pub use reader::{Fault, Head, Piece, Reader};
pub use request::Request;
