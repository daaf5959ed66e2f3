//! Rendering: from records to what people look at. Nothing here measures.

pub mod html;
mod notes;
pub mod pictures;
pub mod readme;
pub mod table;
pub mod warnings;
