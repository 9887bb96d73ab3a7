//! Sealing on arrival: what a browser without JavaScript sent plain is sealed to the core before anything else
//! happens with it, and only to a key that the core published under its signature.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use client::ClientError;
use client::core::CoreApi;
use contract::recovery::{SealKey, Sealed};
use seal::{DocumentError, KeyDocument, PinnedKey, SealBlock, SignedDocument, os_random, seal_to};
use zeroize::Zeroizing;

use crate::form::Form;

/// A document older than this is fetched again before it is relied on.
const BELIEVED_FOR: Duration = Duration::from_mins(5);

/// The core's published sealing keys, as far as this portal knows them.
pub(crate) struct KeyBook {
    core: Arc<dyn CoreApi>,
    pin: PinnedKey,
    known: RwLock<Option<Known>>,
}

struct Known {
    document: KeyDocument,
    fetched: Instant,
}

/// Why the keys are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The core does not say.
    #[error("the core's key document cannot be had: {0}")]
    Core(#[from] ClientError),
    /// What it says is not what the owner of the pinned key said.
    #[error("{0}; compare core.signing_key with what the core prints")]
    Document(#[from] DocumentError),
}

impl KeyBook {
    pub(crate) fn new(core: Arc<dyn CoreApi>, pin: PinnedKey) -> Self {
        Self {
            core,
            pin,
            known: RwLock::new(None),
        }
    }

    /// Fetches the document, and believes it if the pinned key signed it.
    pub(crate) async fn refresh(&self) -> Result<(), KeyError> {
        let SealKey { document, signature } = self.core.seal_key().await?;
        let document = SignedDocument { document, signature }.verify(&self.pin)?;
        let known = Known {
            document,
            fetched: Instant::now(),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(())
    }

    /// How long ago the core last proved who it is.
    pub(crate) fn age(&self) -> Option<Duration> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|known| known.fetched.elapsed())
    }

    /// Whether the block names a key that the core publishes. One that is not known here may be newer than what
    /// is known, so the core is asked.
    async fn publishes(&self, block: &SealBlock) -> Result<bool, KeyError> {
        if !self.knows(block) {
            self.refresh().await?;
        }
        Ok(self.knows(block))
    }

    fn knows(&self, block: &SealBlock) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .is_some_and(|known| known.fetched.elapsed() < BELIEVED_FOR && known.document.publishes(block))
    }
}

/// Why a form has no box and gets none.
#[derive(Debug)]
pub(crate) enum Unsealed {
    /// The form is not one of ours, or too long, or plain where the browser must seal.
    Malformed,
    /// The block names a key that the core does not publish: reload the page.
    ForeignKey,
    /// The core's keys are not known.
    Keys(KeyError),
}

/// The box of a form: the one that the browser made, or one made here of the plain `secrets` (names of fields).
pub(crate) async fn sealed(
    form: &Form,
    secrets: &[&str],
    keys: &KeyBook,
    browser_only: bool,
) -> Result<Sealed, Unsealed> {
    let block = form.get("seal").ok_or(Unsealed::Malformed)?;
    if let Some(boxed) = form.get("box") {
        return Ok(Sealed {
            seal: block.to_owned(),
            boxed: boxed.to_owned(),
        });
    }
    if browser_only {
        return Err(Unsealed::Malformed);
    }
    let parsed = SealBlock::parse(block).map_err(|_| Unsealed::Malformed)?;
    if !keys.publishes(&parsed).await.map_err(Unsealed::Keys)? {
        return Err(Unsealed::ForeignKey);
    }
    let boxed = seal_to(block, &json(form, secrets), &mut os_random).map_err(|_| Unsealed::Malformed)?;
    Ok(Sealed {
        seal: block.to_owned(),
        boxed,
    })
}

/// The object that the page's script would have sealed.
fn json(form: &Form, secrets: &[&str]) -> Zeroizing<Vec<u8>> {
    let fields: BTreeMap<&str, &str> = secrets
        .iter()
        .filter_map(|name| form.get(name).map(|value| (*name, value)))
        .collect();
    // Large enough from the start (an escaped character takes six bytes): a vector that grows leaves copies behind.
    let room = fields
        .iter()
        .map(|(name, value)| 6 * (name.len() + value.len()) + 8)
        .sum::<usize>()
        + 2;
    let mut json = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *json, &fields)
        .expect("texts always serialise, and a vector takes every byte");
    json
}
