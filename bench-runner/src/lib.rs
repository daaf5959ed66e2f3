//! The experiment: plan, run, record, judge, draw.
//!
//! Data flows one way: catalogue and flags → plan → cells → rows → statistics → rendering.
