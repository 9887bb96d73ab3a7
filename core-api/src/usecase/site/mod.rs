//! A site of one-time messages: paired, pushed to, pulled from, looked after, retired.

pub mod acknowledge;
pub mod certificate;
pub mod command;
pub mod inventory;
pub mod list;
pub mod new_epoch;
pub mod pair;
mod plausible;
pub mod pull;
pub mod push;
pub mod retire;
pub mod witness;
