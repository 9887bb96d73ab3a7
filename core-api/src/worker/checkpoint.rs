//! Signs every minute where the audit stands.
//!
//! The signed line is kept beside the chain and goes into the log, from where it leaves the machine: whoever later
//! rewrites the chain, or cuts off its end, cannot make it fit the lines that are elsewhere.

use std::sync::Arc;
use std::time::Duration;

use journal::{Head, SigningKey, Statement as _, VerifyingKey};
use server::Stop;

use crate::core::Core;
use crate::store::{StoreError, audit, fact};

const PAUSE: Duration = Duration::from_mins(1);

/// Whose chain the heads speak of.
pub const NAME: &str = "core";

/// Makes a checkpoint every minute until the end, and a last one then.
pub async fn run(core: Arc<Core>, stop: Stop) {
    loop {
        if let Err(error) = try_one(&core).await {
            tracing::error!(%error, "no checkpoint could be made");
        }
        if stop.is_ordered() {
            return;
        }
        stop.pause(PAUSE).await;
    }
}

/// Makes a checkpoint if the chain grew since the last; gives the signed line.
pub async fn try_one(core: &Core) -> Result<Option<String>, StoreError> {
    let key = journal_key(core.signing());
    let now = core.now();
    let line = core
        .store
        .write(move |c| {
            let end = audit::end(c)?;
            if end.seq <= audit::last_checkpoint(c)? {
                return Ok(None);
            }
            let line = Head::of(NAME, fact::generation(c)?, end, now.0)
                .sign(&key)
                .to_string();
            audit::insert_checkpoint(c, end.seq, &line)?;
            Ok(Some((end.seq, line)))
        })
        .await?;
    Ok(line.map(|(records, line)| {
        tracing::info!(target: "checkpoint", records, head = line, "checkpoint");
        line
    }))
}

/// The core's key as the journal takes it.
pub fn journal_key(key: &seal::SigningKey) -> SigningKey {
    SigningKey::from_bytes(&key.seed())
}

/// The public half, by which checkpoints are believed.
pub fn witness_key(key: &seal::SigningKey) -> VerifyingKey {
    journal_key(key).verifying_key()
}
