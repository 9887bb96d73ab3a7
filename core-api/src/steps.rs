//! The places between which the core may die while it has to do with one-time messages.

/// What is before a step is durable, what is after it has not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A message is stored with its body and its audit record, its sender is not told.
    MessageStored,
    /// Bodies were taken out of the store, the site has not been asked.
    PushTaken,
    /// The site has answered for them, nothing of it is kept.
    PushAnswered,
    /// Receipts are kept with the letters that follow, nobody is woken.
    PushSettled,
    /// The site has answered a command, which is not kept.
    CommandAnswered,
    /// The answer is kept, nobody is woken.
    CommandSettled,
    /// Events have come, none is verified.
    EventsReceived,
    /// They follow from what is known, none is kept.
    EventsVerified,
    /// They are kept with all that follows, the site does not know it.
    EventsKept,
    /// The site knows it.
    EventsAcked,
    /// A letter is taken out of the outbox for a while, the mail server has not been asked.
    LetterTaken,
    /// The mail server has it, and the outbox has it still.
    LetterDelivered,
    /// The outbox has it no more.
    LetterErased,
    /// The site has begun an epoch, which is not kept.
    EpochAnswered,
    /// The epoch is kept, what was lost with the former one is not told.
    EpochKept,
    /// What came in by a drop box is kept, and lies on the site still.
    DropKept,
    /// It lies on the site no more.
    DropErased,
}

impl Step {
    /// Every step, in the order of its number.
    pub const ALL: [Self; 17] = [
        Self::MessageStored,
        Self::PushTaken,
        Self::PushAnswered,
        Self::PushSettled,
        Self::CommandAnswered,
        Self::CommandSettled,
        Self::EventsReceived,
        Self::EventsVerified,
        Self::EventsKept,
        Self::EventsAcked,
        Self::LetterTaken,
        Self::LetterDelivered,
        Self::LetterErased,
        Self::EpochAnswered,
        Self::EpochKept,
        Self::DropKept,
        Self::DropErased,
    ];
}

/// Is told where the core has got to. Tests kill it there.
pub trait Steps: Send + Sync {
    /// This step is reached.
    fn reached(&self, step: Step);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Steps for Unwatched {
    fn reached(&self, _step: Step) {}
}
