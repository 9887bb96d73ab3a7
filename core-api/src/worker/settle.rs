//! Settles operations whose outcome nobody knows, at start and then every minute.

use std::sync::Arc;
use std::time::Duration;

use server::Stop;

use crate::core::Core;
use crate::usecase::recovery::settle::settle_all;

const EVERY: Duration = Duration::from_mins(1);

/// Settles until told to stop.
pub async fn run(core: Arc<Core>, stop: Stop) {
    loop {
        if let Err(error) = settle_all(&core).await {
            tracing::error!(cause = %error, "operations cannot be settled");
        }
        if !stop.pause(EVERY).await {
            return;
        }
    }
}
