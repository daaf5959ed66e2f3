//! Rendering: from records to what people look at. Nothing here measures.

pub mod compare;

mod notes;
mod paint;
pub mod pictures;
pub mod readme;
pub mod table;
pub mod warnings;
