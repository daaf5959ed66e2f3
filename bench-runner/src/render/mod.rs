//! Rendering: from records to what people look at. Nothing here measures.

pub mod claims;
pub mod compare;
pub mod gate;
pub mod html;
mod notes;
mod paint;
pub mod pictures;
pub mod readme;
pub mod table;
pub mod trend;
pub mod warnings;
