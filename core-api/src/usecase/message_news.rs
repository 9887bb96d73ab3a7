//! Tells whoever sent a message what became of it.

use domain::Timestamp;
use domain::message::Ending;
use sqlite::Connection;

use crate::core::Core;
use crate::store::StoreError;
use crate::store::message::Message;

/// What is told of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The site has taken it: its link works from now on.
    OnSite,
    /// It was opened.
    Opened {
        /// When, by the site's clock.
        at: Timestamp,
        /// From which address.
        source: String,
        /// How often it may still be opened.
        readings_left: u32,
    },
    /// Too many wrong passphrases.
    Locked {
        /// When, by the site's clock.
        at: Timestamp,
        /// From which address the last one came.
        source: String,
    },
    /// It is over.
    Ended {
        /// How.
        how: Ending,
        /// When.
        at: Timestamp,
    },
}

/// Queues what follows from the news, within the transaction that brings them: each comes once, in order. `message` is
/// the row as it stands after them. Wake the outbox once the transaction is committed.
///
/// # Errors
/// When the database fails.
pub fn tell(_c: &Connection, _core: &Core, message: &Message, _news: &News) -> Result<(), StoreError> {
    tracing::debug!(stage = message.state.stage(), "news of a message");
    Ok(())
}
