//! The directory: where accounts live, behind one async trait with two adapters.
//!
//! [`Directory`] is the port. [`ActiveDirectory`] speaks LDAP over TLS to a domain controller; [`Embedded`]
//! keeps accounts in `SQLite` with the same semantics, so that the whole system can be tried and tested with
//! no domain at hand. Both pass one contract suite (`tests/contract`).
//!
//! Whoever asks for a dangerous thing brings a permit of [`domain::permit`]; both adapters besides read the
//! account again right before they write and refuse a protected one, whatever the caller believes.

mod active_directory;
mod answer;
mod embedded;
mod error;
mod evidence;
mod guard;
mod port;
mod secret;

pub use active_directory::{ActiveDirectory, ActiveDirectorySettings, Controller, Security, Sid};
pub use answer::{After, CheckLine, PasswordCheck, Receipt, Survey};
pub use embedded::{DemoAccount, Embedded, EmbeddedSettings, Mark, NewAccount};
pub use error::{DirectoryError, PolicyRefusal};
pub use evidence::{Evidence, Settled};
pub use port::Directory;
