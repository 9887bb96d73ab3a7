//! Seal blocks: what a box is bound to, made for each page and checked when the box comes back.

use contract::ProblemKind;
use data_encoding::BASE64URL_NOPAD;
use domain::policy::{Action, Purpose};
use seal::{OpenError, SealBlock};
use serde::de::DeserializeOwned;

use crate::core::Core;
use crate::keys::Handle;
use crate::store::Id;
use crate::usecase::UseCaseError;

/// The challenge of boxes that carry an action: there is no challenge any more.
const ACT: &str = "act";

/// What a box must be bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    /// What the recovery is for.
    pub(crate) purpose: Purpose,
    /// The action or enrolment step that the box carries; `None` for a proof.
    pub(crate) action: Option<String>,
    /// The challenge that it answers.
    pub(crate) challenge: String,
    /// The step that it spends.
    pub(crate) step: u64,
}

impl Binding {
    /// For a proof that answers this challenge.
    pub(crate) fn proof(purpose: Purpose, challenge: &Id, step: u64) -> Self {
        Self {
            purpose,
            action: None,
            challenge: BASE64URL_NOPAD.encode(challenge),
            step,
        }
    }

    /// For an action.
    pub(crate) fn action(purpose: Purpose, action: Action, step: u64) -> Self {
        Self {
            purpose,
            action: Some(action.name().to_owned()),
            challenge: ACT.to_owned(),
            step,
        }
    }

    /// The block's text for the recovery with this handle.
    pub(crate) fn block(&self, core: &Core, handle: &Handle) -> String {
        SealBlock::new(
            core.block_key(),
            handle.rid(),
            self.purpose.name(),
            self.action.clone(),
            self.challenge.clone(),
            self.step,
        )
        .to_json()
    }
}

/// Opens a box and reads what is inside. The block must speak of the recovery with this handle; which step it
/// is for is in what comes back, and the caller spends it.
///
/// # Errors
/// `UnknownKey` when the key is gone, `Malformed` for what does not open, `RecoveryOver` for a box of another
/// recovery.
pub(crate) fn open<T: DeserializeOwned>(
    core: &Core,
    handle: &Handle,
    seal: &str,
    boxed: &str,
) -> Result<(SealBlock, T), UseCaseError> {
    let plain = core.open_box(seal, boxed).map_err(|error| match error {
        OpenError::UnknownKey => ProblemKind::UnknownKey,
        OpenError::Malformed | OpenError::Forged => ProblemKind::Malformed,
    })?;
    let block = SealBlock::parse(seal).map_err(|_| ProblemKind::Malformed)?;
    if block.rid != handle.rid() {
        return Err(ProblemKind::RecoveryOver.into());
    }
    let secret = serde_json::from_slice(&plain).map_err(|_| ProblemKind::Malformed)?;
    Ok((block, secret))
}

/// Whether a block is bound to what is expected now.
pub(crate) fn is_bound(block: &SealBlock, expected: &Binding) -> bool {
    block.purpose == expected.purpose.name()
        && block.action == expected.action
        && block.challenge == expected.challenge
        && block.step == expected.step
}
