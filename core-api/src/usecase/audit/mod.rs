//! The audit is exported, checked, and freed of what it may not keep; who reads it is written down.

pub mod export;
pub mod read;
pub mod redact;
pub mod verify;
