//! What is kept of a drop request for whoever asked, and the key that opens what comes in: under the at-rest key.

use data_encoding::BASE64URL_NOPAD;
use domain::Randomness;
use seal::DropKey;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::keys::{AtRest, Locked};
use crate::store::{Id, StoreError};

/// Why something was asked for, and its private key. Not `Debug`: it holds a secret and names people.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct DropDetails {
    /// Why.
    pub(super) reason: Option<String>,
    /// Who is told when something came in.
    pub(super) notify: Option<String>,
    /// The private key, base64url; erased with the request's end.
    key: Option<String>,
}

impl Drop for DropDetails {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl DropDetails {
    /// Those of a new request.
    pub(super) fn new(reason: Option<String>, notify: Option<String>, key: &DropKey) -> Self {
        Self {
            reason,
            notify,
            key: Some(BASE64URL_NOPAD.encode(key.to_bytes().as_slice())),
        }
    }

    /// The key pair; `None` once the request has ended.
    pub(super) fn key(&self) -> Option<DropKey> {
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(self.key.as_ref()?.as_bytes()).ok()?);
        DropKey::from_bytes(bytes.as_slice().try_into().ok()?).ok()
    }

    /// What is left of them after the end.
    #[must_use]
    pub(super) fn without_key(mut self) -> Self {
        self.key.zeroize();
        self.key = None;
        self
    }

    /// Seals them for the request's row.
    ///
    /// # Errors
    /// Never, as texts always become JSON.
    pub(super) fn lock(
        &self,
        at_rest: &AtRest,
        id: &Id,
        randomness: &dyn Randomness,
    ) -> Result<Locked, StoreError> {
        // Far more than it takes, so that it is never moved.
        let mut plain = Zeroizing::new(Vec::with_capacity(4096));
        serde_json::to_writer(&mut *plain, self)?;
        Ok(at_rest.lock(id, &plain, randomness))
    }

    /// Opens what the row holds.
    ///
    /// # Errors
    /// When the row's key is not configured, or the row was changed.
    pub(super) fn open(at_rest: &AtRest, id: &Id, locked: &Locked) -> Result<Self, StoreError> {
        Ok(serde_json::from_slice(&at_rest.open(id, locked)?)?)
    }
}
