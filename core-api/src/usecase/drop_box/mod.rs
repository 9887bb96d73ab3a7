//! Drop boxes: asked for, collected, opened, ended.

pub mod collect;
mod details;
pub(super) mod end;
pub mod open;
pub mod request;
