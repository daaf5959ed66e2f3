//! Rendering: from records to what people look at. Nothing here measures.

mod notes;
pub mod pictures;
pub mod readme;
pub mod table;
pub mod trend;
pub mod warnings;
