//! Rendering: from records to what people look at. Nothing here measures.

pub mod pictures;
pub mod readme;
pub mod table;
