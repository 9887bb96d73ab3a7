//! How much may happen, and what is done wrong on purpose.

use crate::state::Faults;

/// The bounds of an exploration.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// How many messages there are, at most two.
    pub messages: usize,
    /// How many readers want each of them that is read, at most two.
    pub readers: usize,
    /// How many messages are read, beginning with the first; the others only come and go.
    pub read: usize,
    /// How often the first message may be read; the second may be read once.
    pub readings: u8,
    /// How many messages their sender takes back, beginning with the first.
    pub revocations: usize,
    /// What may go wrong, and how often.
    pub faults: Faults,
    /// Whether each step of the site is on its disk at once, which leaves fewer orders to look at.
    pub at_once: bool,
    /// The same of the core.
    pub core_at_once: bool,
    /// What is done wrong.
    pub flaw: Option<Flaw>,
}

impl Scope {
    /// A scope in which nothing goes wrong.
    pub const fn calm(messages: usize, readers: usize) -> Self {
        Self {
            messages,
            readers,
            read: messages,
            readings: 1,
            revocations: 0,
            faults: Faults::NONE,
            at_once: false,
            core_at_once: true,
            flaw: None,
        }
    }

    /// The same with something done wrong.
    #[must_use]
    pub const fn with(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }
}

/// A rule of the protocol that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The site answers a reader before the reading is on its disk.
    AnswerBeforeCommit,
    /// The core acknowledges events before they are on its disk.
    AckBeforeCommit,
    /// The site forgets that a message ended, so that a repeated push brings it back.
    NoTombstone,
    /// The core mails the link when it pushes.
    MailBeforeReceipt,
    /// The site serves readers after a start, before the core confirmed its chain.
    ServeUnconfirmed,
    /// The site takes any position of the core for one on its chain.
    ForkUnnoticed,
    /// The lease is good for every claim.
    LeaseForAnybody,
    /// The site forgets who has the lease, so that a lost answer costs the reading.
    NoLease,
    /// The core stores what it pulled without looking whether it has it.
    EventsTwice,
    /// The site does not look into which epoch a message is pushed.
    EpochUnsaid,
    /// The core takes an answer about a message for its end, before it has the events that led there.
    EndByAnswer,
    /// The core moves its place in the chain on before the events are on its disk.
    PlaceBeforeCommit,
    /// The core erases its log when it opens an epoch.
    LogErased,
    /// The core takes an event for one that it has if its number is, in whatever epoch.
    EventsByNumber,
    /// A site that found a fork takes it along into the next epoch.
    ForkStays,
    /// The core never compares what lives on the site with what should.
    NoInventory,
}
