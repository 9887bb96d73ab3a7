//! Beginnings that were refused, for the audit: counted, and written down together, because a stranger can make any
//! number of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::core::Core;
use crate::store::audit::{Event, Personal, WhyNotBegun};
use crate::store::{StoreError, audit};

/// What was refused since it was last written down, by portal and reason: as many as there are portals.
#[derive(Default)]
pub struct RefusedBeginnings(Mutex<BTreeMap<(String, WhyNotBegun), u64>>);

impl RefusedBeginnings {
    /// Counts one.
    pub(super) fn count(&self, portal: &str, why: WhyNotBegun) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((portal.to_owned(), why)).or_default() += 1;
    }

    fn take(&self) -> BTreeMap<(String, WhyNotBegun), u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes down what was refused since the last time.
///
/// # Errors
/// When the store fails.
pub async fn write_down(core: &Core) -> Result<(), StoreError> {
    let refused = core.refused_beginnings.take();
    if refused.is_empty() {
        return Ok(());
    }
    let entries: Vec<_> = refused
        .into_iter()
        .map(|((portal, why), count)| {
            let event = Event::BeginningsRefused { why, count };
            core.entry(event, "", &portal, Personal::default())
        })
        .collect();
    let now = core.now();
    core.store
        .write(move |c| {
            for entry in &entries {
                audit::append(c, entry, now)?;
            }
            Ok(())
        })
        .await
}
