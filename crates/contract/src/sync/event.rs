//! Events: what happened on a site, which the core asks for in the order of the site's chain.

use serde::{Deserialize, Serialize};

use super::{Digest, End, Token};

/// The most events of one answer to [`After`].
pub const MOST_EVENTS: u32 = 1_000;

/// The longest that a site waits for the first of them, in seconds.
pub const LONGEST_WAIT: u32 = 30;

/// Which events are asked for: the query of the long poll. It also confirms the site's chain up to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The epoch.
    pub epoch: u64,
    /// The last event that the core has; 0 for none.
    pub after: u64,
    /// Its hash; of no event, the epoch's origin.
    pub hash: Digest,
    /// How many at most.
    pub limit: u32,
    /// How many seconds to wait for the first.
    pub wait: u32,
}

/// A place in a site's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The epoch.
    pub epoch: u64,
    /// The event.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

/// Events that the core does not have yet, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// One after the other, without gaps.
    pub events: Vec<Stored>,
    /// The signed head of the chain, as a line of text. It may be beyond the last event of this answer.
    pub head: String,
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Its number.
    pub seq: u64,
    /// [`Event`] as JSON: these bytes are chained.
    pub event: String,
    /// The chain's hash up to here.
    pub hash: Digest,
    /// The ratcheting key's tag on it.
    pub tag: Digest,
}

/// Something that happened on a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, in milliseconds since the Unix epoch, by the site's clock.
    pub at: i64,
    /// What.
    pub what: What,
}

/// What can happen on a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// A message was opened: a reading was taken from it.
    Opened {
        /// The message.
        message: Token,
        /// SHA-256 of the reader's claim, which ties this to the delivery.
        claim: Digest,
        /// The reader's address.
        source: String,
        /// How many readings are left.
        readings_left: u32,
    },
    /// The reader's browser says that it has decrypted.
    Delivered {
        /// The message.
        message: Token,
        /// The claim.
        claim: Digest,
    },
    /// The holder of the link gave a wrong passphrase.
    WrongPassphrase {
        /// The message.
        message: Token,
        /// From where.
        source: String,
        /// How many more are borne; 0: the message is locked.
        tries_left: u32,
    },
    /// A message came to its end.
    Ended {
        /// The message.
        message: Token,
        /// How.
        state: End,
    },
    /// A locked message may be tried again, as was commanded.
    Unlocked {
        /// The message.
        message: Token,
    },
    /// A message's end was moved, as was commanded.
    Extended {
        /// The message.
        message: Token,
        /// The new end.
        expires_at: i64,
    },
    /// Somebody put something into a drop box.
    Dropped {
        /// The request.
        request: Token,
        /// How large it is, in bytes.
        size: u64,
        /// From where.
        source: String,
    },
    /// A minute's visits that concern no message, added up.
    Noise {
        /// Pages that were looked at.
        pages: u64,
        /// Openings of messages that are not here, or with a proof that is not the link's.
        misses: u64,
    },
    /// The site started, perhaps after it was killed.
    Started {
        /// Its version.
        version: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_written_in_the_words_of_the_design() {
        let event = Event {
            at: 7,
            what: What::Ended {
                message: Token::from([0; 16]),
                state: End::Read,
            },
        };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"at":7,"what":{"ended":{"message":"AAAAAAAAAAAAAAAAAAAAAA","state":"read"}}}"#
        );
    }
}
