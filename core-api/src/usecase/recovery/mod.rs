//! A recovery, from the first page to the action that was proved, and what its owner is told of it.

pub mod act;
pub mod begin;
pub(super) mod blocks;
mod cancel;
mod intent;
mod judge;
pub(super) mod load;
pub mod look;
pub mod not_me;
pub mod notify;
mod outcome;
mod password_try;
pub mod pick;
pub mod prove;
pub mod refused_beginnings;
pub mod resolve;
pub mod send_code;
pub mod settle;
mod spray;
pub(super) mod wire;

pub use cancel::cancel;
pub use look::look;
pub use password_try::Tries;
pub use refused_beginnings::RefusedBeginnings;
