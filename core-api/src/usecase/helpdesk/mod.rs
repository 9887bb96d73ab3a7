//! What the helpdesk does for an account.

pub mod invite;
pub mod unfreeze;
