//! Argon2id, off the async threads and a few at a time: each run takes 19 MiB and some ten milliseconds.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use crate::error::DirectoryError;

/// How many run at the same time.
const AT_ONCE: usize = 2;

/// An account's salt. One for all of its passwords, so that one run compares a new password with its whole
/// history.
pub(super) type Salt = [u8; 16];

/// A password's hash under the account's salt.
#[derive(Clone, Copy)]
pub(super) struct Hash(pub [u8; 32]);

impl Hash {
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[derive(Clone)]
pub(super) struct Hasher {
    gate: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Hasher {
    pub(super) async fn hash(&self, password: &SecretString, salt: Salt) -> Result<Hash, DirectoryError> {
        let turn = Arc::clone(&self.gate)
            .acquire_owned()
            .await
            .expect("the gate is never closed");
        let password = password.clone();
        let run = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            Hash(stretch::hash(password.expose_secret().as_bytes(), &salt))
        });
        run.await
            .map_err(|_| DirectoryError::Unavailable("the hashing thread did not finish".to_owned()))
    }
}
