//! Setting up, showing and removing the ways to recover.

pub mod email;
pub mod look;
mod open;
pub mod recovery_codes;
pub mod remove;
pub mod retire_sheets;
pub mod totp;
