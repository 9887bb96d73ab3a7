//! How each proof is made, and how it is judged. What may be tried how often is decided by whoever asks.

pub mod hashing;
pub mod invitation;
pub mod recovery_codes;
mod spelling;
pub mod totp;
