//! What is put into drop boxes: how much at once, and how slowly.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Payload;
use futures_util::StreamExt as _;
use server::{Leeway, Reason, Refused};

use crate::places::Places;

/// Bytes that a body must get on by in a second: ten MiB within ten minutes, which is as long as the page waits.
const LEAST_SPEED: u64 = 20 * 1024;

/// At once, from everybody and from one visitor.
pub(super) fn places() -> Arc<Places> {
    Places::new(8, 2)
}

/// Reads a body of at most so many bytes. Whatever has come adds to the time that the rest may take.
pub(super) async fn read(mut body: Payload, largest: usize, leeway: &Leeway) -> Result<Vec<u8>, Refused> {
    let mut whole = Vec::new();
    while let Some(part) = body.next().await {
        let part = part.map_err(|_| Refused(Reason::Malformed))?;
        if part.len() > largest - whole.len() {
            return Err(Refused(Reason::TooLarge));
        }
        whole.extend_from_slice(&part);
        leeway.grant(Duration::from_secs(whole.len() as u64 / LEAST_SPEED));
    }
    Ok(whole)
}
