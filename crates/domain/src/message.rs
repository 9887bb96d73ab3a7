//! The course of a one-time message: from its sender to a site, to its end.
//!
//! What is known about it comes from two sides that do not wait for each other: receipts of what was pushed, and
//! events that are pulled. So a message may be opened before its receipt is here, and every event has a meaning at
//! every stage. A step consumes the old state; there is exactly one end, and nothing leads out of it.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A message, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Message {
    /// No receipt is here yet.
    Waiting(Live),
    /// It can be opened.
    OnSite(Live),
    /// It was opened, and nobody said that it arrived.
    Opened(Live),
    /// It was opened, and the reader's browser said that it has it. It may be opened again where readings are left.
    Delivered(Live),
    /// Too many wrong passphrases: nobody can open it until its sender unlocks it.
    Locked(Live),
    /// It is over.
    Ended(Ended),
}

/// What is left of a message that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    readings_left: u32,
    tries_left: u32,
    max_wrong: u32,
    unlocked: bool,
    arrival: Arrival,
}

/// A message that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub how: Ending,
    /// When, by the clock of whoever ended it.
    pub at: Timestamp,
    /// What is known about its last reading.
    pub arrival: Arrival,
}

/// How a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It never came to the site.
    NotSent,
    /// It was opened as often as it might be.
    Read,
    /// Its time was over.
    Expired,
    /// Its sender took it back.
    Revoked,
    /// It was destroyed after too many wrong passphrases.
    Destroyed,
    /// The site lost what it knew: it may or may not have been read.
    Lost,
}

/// Whether what was opened also arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// It was never opened.
    Unopened,
    /// It was opened, and no browser has said since that it has it.
    Unconfirmed,
    /// The browser that opened it last said that it has it.
    Confirmed,
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A good receipt came.
    Stored,
    /// The site will never take it, and it never had it.
    Refused {
        /// When.
        at: Timestamp,
    },
    /// A reading was taken.
    Opened {
        /// How many are left.
        readings_left: u32,
    },
    /// The reader's browser has it.
    Delivered,
    /// A wrong passphrase.
    WrongPassphrase {
        /// How many more are borne; 0 locks it.
        tries_left: u32,
    },
    /// It can be tried again.
    Unlocked,
    /// Its end was moved.
    Extended,
    /// It is over, as the site says, or as is known here of one that never got there.
    Ended {
        /// How.
        how: Ending,
        /// When.
        at: Timestamp,
    },
}

/// What a step brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing that its sender would not know.
    Nothing,
    /// It is on the site.
    OnSite,
    /// It was opened.
    Opened,
    /// What was opened arrived.
    Delivered,
    /// It is locked now.
    Locked,
    /// It is unlocked now.
    Unlocked,
    /// It ended.
    Ended(Ending),
    /// This cannot have happened to a message in this state: something is wrong with whoever says so.
    Contradiction,
}

impl Message {
    /// Begins one that may be opened `readings` times and bears `max_wrong` wrong passphrases.
    pub const fn begin(readings: u32, max_wrong: u32) -> Self {
        Self::Waiting(Live {
            readings_left: readings,
            tries_left: max_wrong,
            max_wrong,
            unlocked: false,
            arrival: Arrival::Unopened,
        })
    }

    /// The stage's name: one word each, as it is stored and shown to programs.
    pub const fn stage(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "waiting",
            Self::OnSite(_) => "on-site",
            Self::Opened(_) => "opened",
            Self::Delivered(_) => "delivered",
            Self::Locked(_) => "locked",
            Self::Ended(ended) => ended.how.word(),
        }
    }

    /// What is left of it; nothing once it ended.
    pub const fn live(&self) -> Option<&Live> {
        match self {
            Self::Waiting(live)
            | Self::OnSite(live)
            | Self::Opened(live)
            | Self::Delivered(live)
            | Self::Locked(live) => Some(live),
            Self::Ended(_) => None,
        }
    }

    /// Its end, if it came.
    pub const fn ended(&self) -> Option<&Ended> {
        match self {
            Self::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// Goes on by one event.
    #[must_use = "the old state is gone"]
    pub fn step(self, event: Event) -> (Self, Change) {
        match self {
            Self::Ended(ended) => ended.step(event),
            Self::Waiting(live) => live.step(true, event),
            Self::OnSite(live) | Self::Opened(live) | Self::Delivered(live) | Self::Locked(live) => {
                live.step(false, event)
            }
        }
    }
}

impl Live {
    /// How often it may still be opened.
    pub const fn readings_left(&self) -> u32 {
        self.readings_left
    }

    /// How many wrong passphrases are still borne; 0: locked.
    pub const fn tries_left(&self) -> u32 {
        self.tries_left
    }

    /// Whether it was unlocked before, which happens once.
    pub const fn was_unlocked(&self) -> bool {
        self.unlocked
    }

    fn step(self, waiting: bool, event: Event) -> (Message, Change) {
        match event {
            Event::Stored if waiting => (Message::OnSite(self), Change::OnSite),
            Event::Stored | Event::Extended => (self.placed(), Change::Nothing),
            Event::Refused { at } if waiting => self.end(Ending::NotSent, at),
            // It was there, so what is refused now is something else.
            Event::Refused { .. } => (self.placed(), Change::Contradiction),
            Event::Opened { readings_left } => self.opened(readings_left),
            Event::Delivered => self.delivered(),
            Event::WrongPassphrase { tries_left } => self.wrong_passphrase(tries_left),
            Event::Unlocked => self.unlocked(),
            Event::Ended { how, at } => self.end(how, at),
        }
    }

    fn opened(mut self, readings_left: u32) -> (Message, Change) {
        // A reading beyond the last is what this product promises not to give.
        let is_one_too_many = readings_left >= self.readings_left;
        self.readings_left = readings_left.min(self.readings_left);
        self.arrival = Arrival::Unconfirmed;
        let change = if is_one_too_many {
            Change::Contradiction
        } else {
            Change::Opened
        };
        (self.placed(), change)
    }

    /// Tries do not grow: what could be locked over and over would tell its sender each time.
    fn wrong_passphrase(mut self, tries_left: u32) -> (Message, Change) {
        if tries_left > self.tries_left {
            return (self.placed(), Change::Contradiction);
        }
        let is_new = tries_left < self.tries_left;
        self.tries_left = tries_left;
        let change = if is_new && tries_left == 0 {
            Change::Locked
        } else {
            Change::Nothing
        };
        (self.placed(), change)
    }

    /// Once, and only what is locked.
    fn unlocked(mut self) -> (Message, Change) {
        if self.unlocked || self.tries_left > 0 {
            return (self.placed(), Change::Contradiction);
        }
        self.tries_left = self.max_wrong;
        self.unlocked = true;
        (self.placed(), Change::Unlocked)
    }

    fn delivered(mut self) -> (Message, Change) {
        let change = match self.arrival {
            Arrival::Unopened => Change::Contradiction,
            Arrival::Unconfirmed => Change::Delivered,
            Arrival::Confirmed => Change::Nothing,
        };
        if self.arrival != Arrival::Unopened {
            self.arrival = Arrival::Confirmed;
        }
        (self.placed(), change)
    }

    fn end(self, how: Ending, at: Timestamp) -> (Message, Change) {
        let ended = Ended {
            how,
            at,
            arrival: self.arrival,
        };
        (Message::Ended(ended), Change::Ended(how))
    }

    /// The stage on the site that these figures mean.
    const fn placed(self) -> Message {
        match self.arrival {
            _ if self.tries_left == 0 => Message::Locked(self),
            Arrival::Unopened => Message::OnSite(self),
            Arrival::Unconfirmed => Message::Opened(self),
            Arrival::Confirmed => Message::Delivered(self),
        }
    }
}

impl Ended {
    /// Nothing leads out of an end. A last reading may be confirmed after it.
    fn step(mut self, event: Event) -> (Message, Change) {
        let change = match event {
            Event::Delivered if self.arrival == Arrival::Unconfirmed => {
                self.arrival = Arrival::Confirmed;
                Change::Delivered
            }
            Event::Delivered if self.arrival == Arrival::Confirmed => Change::Nothing,
            Event::Ended { how, .. } if how == self.how => Change::Nothing,
            // Commands and repeated pushes overtake each other.
            Event::Stored | Event::Refused { .. } | Event::Extended | Event::Unlocked => Change::Nothing,
            Event::Opened { .. } | Event::Delivered | Event::WrongPassphrase { .. } | Event::Ended { .. } => {
                Change::Contradiction
            }
        };
        (Message::Ended(self), change)
    }
}

impl Ending {
    /// One word, as it is stored and shown to programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotSent => "not-sent",
            Self::Read => "read",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Destroyed => "destroyed",
            Self::Lost => "lost",
        }
    }
}

#[cfg(test)]
mod tests;
