//! The rules of account recovery, pure: no I/O, no async, no clock and no randomness of its own.
//!
//! Everything that decides lives here, so that it can be tested without a server: who may act
//! ([`policy`]), what counts as a proof ([`factor`]), the course of one recovery ([`recovery`]), the
//! permits that the directory demands ([`permit`]), password rules ([`password`]) and the limits that
//! keep strangers from guessing or locking anybody out ([`budget`], [`lockout`], [`risk`]). The course of a
//! one-time message stands in [`message`].

pub mod account;
pub mod budget;
pub mod clock;
pub mod factor;
pub mod identifier;
pub mod lockout;
pub mod message;
pub mod password;
pub mod permit;
pub mod policy;
pub mod recovery;
pub mod risk;

pub use account::{Account, AccountId, AccountKind, AccountState, Protection};
pub use clock::{Clock, Randomness, Timestamp};
pub use factor::Method;
pub use identifier::{Identifier, Lookup};
pub use permit::{ChangePermit, OperationId, ResetPermit, UnlockPermit};
