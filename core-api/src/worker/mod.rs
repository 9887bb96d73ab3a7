//! What nobody waits for: each worker is a step that can be run by hand, and a loop around it.

pub mod checkpoint;
pub mod drops;
mod job;
pub mod line;
pub mod outbox;
pub mod pages;
mod patience;
pub mod pull;
pub mod push;
pub mod reap;
pub mod resolve;
pub mod rewrap;
pub mod settle;
