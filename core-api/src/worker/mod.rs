//! What nobody waits for: each worker is a step that can be run by hand, and a loop around it.

mod job;
pub mod outbox;
pub mod checkpoint;
pub mod reap;
pub mod resolve;
pub mod rewrap;
pub mod settle;
