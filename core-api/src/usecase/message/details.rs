//! What is kept of a message for its sender, and for nobody else: under the at-rest key.

use domain::Randomness;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::keys::{AtRest, Locked};
use crate::store::{Id, StoreError};

/// For whom a message is, why it was sent, whom to tell. Not `Debug`: it names people.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// To whom the core mails the link.
    pub to: Option<String>,
    /// Why it was sent.
    pub reason: Option<String>,
    /// Who is told what became of it.
    pub notify: Option<String>,
    /// How often it could be opened at first.
    pub readings: u32,
    /// Whether a passphrase is needed.
    pub with_passphrase: bool,
}

impl Details {
    /// Seals them for the message's row.
    ///
    /// # Errors
    /// Never, as texts and numbers always become JSON.
    pub fn lock(&self, at_rest: &AtRest, id: &Id, randomness: &dyn Randomness) -> Result<Locked, StoreError> {
        let plain = Zeroizing::new(serde_json::to_vec(self)?);
        Ok(at_rest.lock(id, &plain, randomness))
    }

    /// Opens what the row holds.
    ///
    /// # Errors
    /// When the row's key is not configured, or the row was changed.
    pub fn open(at_rest: &AtRest, id: &Id, locked: &Locked) -> Result<Self, StoreError> {
        Ok(serde_json::from_slice(&at_rest.open(id, locked)?)?)
    }
}
