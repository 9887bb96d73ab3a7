//! What no answer of the site is needed for: is its last good head old, is an end late?

use std::sync::Arc;
use std::time::Duration;

use contract::sync::Token;

use super::POLL;
use super::last::Last;
use crate::core::Core;
use crate::store::site::Site;
use crate::store::{StoreError, message};
use crate::usecase::operators::alarm::{self, What};

/// Without a good head for this long it is stale: three poll periods.
pub const STALE: Duration = Duration::from_secs(3 * POLL as u64);
/// How long an end may be late.
pub const GRACE: Duration = Duration::from_mins(10);
/// Between looks at late ends.
const LOOK: Duration = Duration::from_mins(1);
/// Messages looked at that are late.
const TOGETHER: u32 = 100;

/// Raises alarms for what is late.
#[derive(Default)]
pub(super) struct Lateness {
    looked: Last,
}

impl Lateness {
    /// Looks at the head each time, at ends now and then.
    pub(super) async fn look(&mut self, core: &Arc<Core>, site: &Site) -> Result<(), StoreError> {
        let now = core.now();
        // Of one that answers what is not good its own alarm says more.
        let is_stale = site.trouble.is_none() && now.since(site.head_at.unwrap_or(site.paired_at)) > STALE;
        let looks_at_ends = self.looked.take_if_due(LOOK, now);
        if !is_stale && !looks_at_ends {
            return Ok(());
        }
        let (shared, name) = (Arc::clone(core), site.name.clone());
        core.store
            .write(move |c| {
                if is_stale {
                    alarm::raise(c, &shared, &name, What::Stale, "", now)?;
                }
                if looks_at_ends {
                    for late in message::overdue(c, &name, now.minus(GRACE), TOGETHER)? {
                        let subject = Token::from(late.id).to_string();
                        alarm::raise(c, &shared, &name, What::Overdue, &subject, now)?;
                    }
                }
                Ok(())
            })
            .await
    }
}
