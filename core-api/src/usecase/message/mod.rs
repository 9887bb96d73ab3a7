//! One-time messages: sent, shown, ordered about, and what follows from each step of one.

pub mod command;
pub mod details;
pub mod news;
pub mod order;
pub mod seal;
pub mod send;
pub mod send_for_tool;
pub mod show;
pub(super) mod step;
