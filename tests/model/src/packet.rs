//! What travels between the parties.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::state::{End, Message, Reader};

/// A place in a site's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The epoch.
    pub epoch: u8,
    /// The key that the epoch was opened with.
    pub key: u8,
    /// How many events there are up to here.
    pub seq: u8,
    /// What stands for them.
    pub hash: u64,
}

impl Position {
    /// Where an epoch begins.
    pub const fn first(epoch: u8, key: u8) -> Self {
        Self {
            epoch,
            key,
            seq: 0,
            hash: 0,
        }
    }

    /// The place behind these events, which follow here.
    #[must_use]
    pub fn behind(self, events: &[Event]) -> Self {
        events.iter().fold(self, |place, event| {
            let mut hasher = DefaultHasher::new();
            (place, event).hash(&mut hasher);
            Self {
                seq: place.seq + 1,
                hash: hasher.finish(),
                ..place
            }
        })
    }
}

/// Something that happened on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// How often the site had been put back: two events that happened at different times are never the same bytes.
    pub life: u8,
    /// To which message.
    pub message: Message,
    /// What.
    pub what: What,
}

/// What can happen to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A reading was taken by this reader.
    Opened(Reader),
    /// The reader has decrypted it.
    Delivered(Reader),
    /// It is over.
    Ended(End),
}

/// A call or an answer under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packet {
    /// Core to site: a message.
    Push {
        /// Which.
        message: Message,
        /// The core's generation.
        generation: u8,
        /// The epoch into which it is pushed.
        into: u8,
    },
    /// Answer: it is stored, in this epoch.
    Receipt {
        /// Which.
        message: Message,
        /// The epoch.
        epoch: u8,
    },
    /// Answer: it was there and has ended.
    Ended {
        /// Which.
        message: Message,
        /// How.
        end: End,
        /// The epoch.
        epoch: u8,
    },
    /// Answer: its time was over before it came.
    Refused {
        /// Which.
        message: Message,
        /// The epoch.
        epoch: u8,
    },
    /// Core to site: take a message back.
    Revoke {
        /// Which.
        message: Message,
        /// The core's generation.
        generation: u8,
    },
    /// Answer: done, or it had ended in another way.
    Revoked {
        /// Which.
        message: Message,
        /// How it ended; none if it is not known there.
        end: Option<End>,
        /// The epoch.
        epoch: u8,
    },
    /// Core to site: what came after this?
    Poll {
        /// Where the core stands.
        position: Position,
        /// The core's generation.
        generation: u8,
    },
    /// Answer: the events behind a position.
    Events {
        /// The position that was asked for.
        after: Position,
        /// What follows it.
        events: Vec<Event>,
    },
    /// Answer: the position is not on the site's chain, or what follows it is pruned.
    Fork {
        /// The position that was asked for.
        after: Position,
    },
    /// Core to site: this is kept here.
    Ack {
        /// Up to where.
        position: Position,
        /// The core's generation.
        generation: u8,
    },
    /// Core to site: what lives there?
    Ask {
        /// Messages whose receipts the core had when it asked.
        placed: Vec<Message>,
        /// Messages whose end it knew.
        over: Vec<Message>,
        /// The core's generation.
        generation: u8,
    },
    /// Answer: these live, after so many events.
    Inventory {
        /// As asked.
        placed: Vec<Message>,
        /// As asked.
        over: Vec<Message>,
        /// What lives.
        live: Vec<Message>,
        /// Where the chain stood.
        at: Position,
    },
    /// Core to site: begin an epoch.
    NewEpoch {
        /// Its number.
        epoch: u8,
        /// Its first key, of which this is the name.
        key: u8,
        /// The core's generation.
        generation: u8,
    },
    /// Answer: this epoch is open, under this key; perhaps another than the one that was asked for.
    EpochOpen {
        /// Its number.
        epoch: u8,
        /// The name of its key.
        key: u8,
    },
    /// Reader to site: open it.
    Open {
        /// Who.
        reader: Reader,
        /// What.
        message: Message,
    },
    /// Answer: here it is. The number of the reading stands here for the witness alone.
    Given {
        /// To whom.
        reader: Reader,
        /// What.
        message: Message,
    },
    /// Answer: it is not there.
    Gone {
        /// To whom.
        reader: Reader,
        /// What.
        message: Message,
    },
    /// Answer: not now.
    Later {
        /// To whom.
        reader: Reader,
        /// What.
        message: Message,
    },
    /// Reader to site: I have it.
    Done {
        /// Who.
        reader: Reader,
        /// What.
        message: Message,
    },
}

/// What a call is about: of each kind only one is under way, besides late repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Pushing a message.
    Pushing(Message),
    /// Taking one back.
    Revoking(Message),
    /// Pulling.
    Pulling,
    /// Acknowledging.
    Acknowledging,
    /// Comparing.
    Comparing,
    /// Opening an epoch.
    Opening,
    /// Reading a message.
    Reading(Reader, Message),
    /// Saying that it arrived.
    Thanking(Reader, Message),
}

impl Packet {
    /// What it is about.
    pub fn errand(&self) -> Errand {
        match self {
            Self::Push { message, .. }
            | Self::Receipt { message, .. }
            | Self::Ended { message, .. }
            | Self::Refused { message, .. } => Errand::Pushing(*message),
            Self::Revoke { message, .. } | Self::Revoked { message, .. } => Errand::Revoking(*message),
            Self::Poll { .. } | Self::Events { .. } | Self::Fork { .. } => Errand::Pulling,
            Self::Ack { .. } => Errand::Acknowledging,
            Self::Ask { .. } | Self::Inventory { .. } => Errand::Comparing,
            Self::NewEpoch { .. } | Self::EpochOpen { .. } => Errand::Opening,
            Self::Open { reader, message }
            | Self::Given { reader, message }
            | Self::Gone { reader, message }
            | Self::Later { reader, message } => Errand::Reading(*reader, *message),
            Self::Done { reader, message } => Errand::Thanking(*reader, *message),
        }
    }

    /// The generation that a call of the core carries; no other packet has one.
    pub fn generation(&self) -> Option<u8> {
        match self {
            Self::Push { generation, .. }
            | Self::Revoke { generation, .. }
            | Self::Poll { generation, .. }
            | Self::Ack { generation, .. }
            | Self::Ask { generation, .. }
            | Self::NewEpoch { generation, .. } => Some(*generation),
            _ => None,
        }
    }
}
