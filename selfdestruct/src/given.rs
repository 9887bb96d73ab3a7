//! What a site is given instead of asking the machine: time, randomness, and somebody who watches its steps.

use std::sync::Arc;
use std::time::Duration;

/// What a site is given.
#[derive(Clone)]
pub struct Given {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub randomness: Arc<dyn Randomness>,
    /// Who watches its steps.
    pub steps: Arc<dyn Steps>,
}

/// Tells the time. Tests move it by hand.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch (UTC), as the machine has it. It may go back; a site sees to it that its own
    /// time does not.
    fn now_ms(&self) -> i64;

    /// Time since some fixed moment, which nobody sets back.
    fn monotonic(&self) -> Duration;
}

/// Gives random bytes fit for keys.
pub trait Randomness: Send + Sync {
    /// Fills `bytes` completely.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub(crate) fn random_bytes<const N: usize>(randomness: &dyn Randomness) -> [u8; N] {
    let mut bytes = [0; N];
    randomness.fill(&mut bytes);
    bytes
}

/// The places between which a site may die. What is before a step is durable, what is after it has not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A push: the data key is stored, the message is not.
    KeyStored,
    /// A push: a piece of a large body is stored.
    PieceStored,
    /// A push: the message is stored, nobody is told.
    MessageStored,
    /// An opening: the reading is about to be taken.
    ReadingChecked,
    /// An opening: the reading is taken, nobody is told.
    ReadingTaken,
    /// A wrong passphrase is counted, nobody is told.
    WrongCounted,
    /// The delivery is stored, nobody is told.
    DeliveryStored,
    /// A command is carried out, nobody is told.
    CommandDone,
    /// Messages have ended and nothing of them is erased.
    EndsFound,
    /// Their keys are erased, the bytes are not.
    KeysErased,
    /// Their bytes are erased, and may still stand in the files.
    PiecesErased,
    /// The files are clean, the ends are not reported.
    FilesCleaned,
    /// An epoch ends: every key is erased, the rest is not.
    EpochKeysErased,
    /// A new epoch stands, nobody is told.
    EpochOpened,
    /// Something that came in is stored, nobody is told.
    DropStored,
}

impl Step {
    /// Every step, in the order of its number.
    pub const ALL: [Self; 15] = [
        Self::KeyStored,
        Self::PieceStored,
        Self::MessageStored,
        Self::ReadingChecked,
        Self::ReadingTaken,
        Self::WrongCounted,
        Self::DeliveryStored,
        Self::CommandDone,
        Self::EndsFound,
        Self::KeysErased,
        Self::PiecesErased,
        Self::FilesCleaned,
        Self::EpochKeysErased,
        Self::EpochOpened,
        Self::DropStored,
    ];
}

/// Is told where a site has got to. Tests kill it there.
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
