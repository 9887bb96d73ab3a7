//! A model of the protocol between the core and a site of one-time messages, small enough to be explored as a whole.
//!
//! The core pushes messages and pulls events, the site answers only from what is on its disk, readers open what was
//! mailed to them. Around them everything goes wrong that may: calls are lost, repeated and overtake each other, each
//! side is killed between any two steps, each side is put back to an old copy of itself. [`Scope`] says how often;
//! within it, [`stateright`] visits every order of the steps and holds each state to [`properties`]. Which bounds are
//! exhausted so, and which only walked, stands in `tests/protocol.rs`.
//!
//! A disk is a value that changes only with `Commit`; what memory holds beyond it is gone with a crash. A chain's hash
//! stands for the events before it, as SHA-256 does. Time is what may pass at any moment: a lease, an expiry, a
//! confirmation. Not modelled: cryptography, passphrases, `extend`, drop boxes, sizes.
//!
//! [`Flaw`] breaks one rule of the protocol at a time, to show that the checker notices.
//!
//! What the model says about machines that are put back, besides the window that the design states: an event that the
//! core had not pulled when its site was put back is lost without an alarm, for nothing on earth remembers it. One that
//! the core had not pulled when its site was found to be turned back is lost with the epoch, and the alarm tells.

mod core;
mod packet;
pub mod properties;
mod protocol;
mod readers;
mod scope;
mod site;
mod state;
pub mod traces;

pub use crate::core::{Core, Entry, Ledger, Stage};
pub use crate::packet::{Errand, Event, Packet, Position, What};
pub use crate::protocol::{Action, Protocol};
pub use crate::scope::{Flaw, Scope};
pub use crate::site::{Held, Site, Store};
pub use crate::state::{End, Faults, Message, Progress, Reader, State, Witness};

/// Most messages that a scope may have.
pub const MESSAGES: usize = 2;
/// Most readers.
pub const READERS: usize = 2;
