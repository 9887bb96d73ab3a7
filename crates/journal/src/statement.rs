//! What one side says to the other and signs.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Signed, SignedError, SigningKey, VerifyingKey};

/// A kind of statement. The purpose is signed along with it, so that none can be passed off as another; another form
/// gets another number in it.
pub trait Statement: Serialize + DeserializeOwned {
    /// What the signature is for.
    const PURPOSE: &'static str;

    /// Signs it with its author's key.
    fn sign(&self, key: &SigningKey) -> Signed {
        Signed::seal(Self::PURPOSE, self, key)
    }

    /// Reads a statement that the owner of this key signed. Whether it speaks of what was asked is for the caller to
    /// say.
    ///
    /// # Errors
    /// When the signature does not fit, or the text has another form.
    fn open(signed: &Signed, key: &VerifyingKey) -> Result<Self, SignedError> {
        signed.open(Self::PURPOSE, key)
    }
}
