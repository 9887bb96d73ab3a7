//! What nobody waits for: each worker is a step that can be run by hand, and a loop around it.

pub mod resolve;
pub mod settle;
