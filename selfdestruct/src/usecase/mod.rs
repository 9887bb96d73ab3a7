//! What can be asked of a site, one file for each thing. Transactions are opened here and nowhere else.

pub(crate) mod ack;
pub(crate) mod admit;
pub(crate) mod command;
pub(crate) mod done;
pub(crate) mod drop_box;
pub(crate) mod erase;
pub(crate) mod events;
pub(crate) mod inventory;
pub(crate) mod judge;
pub(crate) mod new_epoch;
pub(crate) mod noise;
pub(crate) mod open;
pub(crate) mod orphans;
pub(crate) mod push;
pub(crate) mod start;
pub(crate) mod sweep;
pub(crate) mod upload;
pub(crate) mod witness;

use std::panic::resume_unwind;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::running::InEpoch;
use crate::site::SiteError;

/// Goes on to its end, in the epoch in which it began, even when whoever waits for it hangs up: the writer does what it was
/// given, and then others have to be told. Only the end of the thread's runtime, when the site stops, cuts it short.
pub(crate) async fn to_its_end<T: Send + 'static>(
    epoch: InEpoch,
    work: impl Future<Output = Result<T, SiteError>> + Send + 'static,
) -> Result<T, SiteError> {
    let whole = async move {
        let done = work.await;
        drop(epoch);
        done
    };
    match tokio::spawn(whole).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(error) => Err(SiteError::Failed(error.to_string())), // the site stops
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether this is the thing whose SHA-256 is stored, in constant time.
pub(crate) fn fits(shown: &[u8], stored: &[u8; 32]) -> bool {
    sha256(shown).ct_eq(stored).into()
}
