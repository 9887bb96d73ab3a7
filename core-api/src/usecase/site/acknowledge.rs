//! An operator has looked at what a site did. What stands for good otherwise is taken back by his word only.

use std::sync::Arc;

use super::pair::PairError;
use crate::core::Core;
use crate::store::audit::{Event, Personal};
use crate::store::{audit, site};
use crate::usecase::operators::alarm::{self, What, through};

/// What nothing that follows makes good: a later good answer says nothing about it.
const LASTING: [What; 7] = [
    What::Contradiction,
    What::Figures,
    What::Unknown,
    What::Gone,
    What::Receipt,
    What::Witness,
    What::Request,
];

/// Takes back the lasting alarms of a site; says how many there were.
///
/// # Errors
/// When it was never paired.
pub async fn acknowledge(
    core: &Arc<Core>,
    name: &str,
    reference: &str,
    operator: &str,
) -> Result<usize, PairError> {
    let (shared, site, now) = (Arc::clone(core), name.to_owned(), core.now());
    let (reference, operator) = (reference.to_owned(), operator.to_owned());
    let lowered = core
        .store
        .write(move |c| {
            if site::by_name(c, &site)?.is_none() {
                return Ok(None);
            }
            let mut lowered = 0;
            for what in LASTING {
                lowered += alarm::lower_kind(c, &site, what)?;
            }
            let personal = Personal {
                operator: Some(operator),
                ..Personal::default()
            };
            let entry = shared.entry(Event::SiteAcknowledged, &reference, &through(&site), personal);
            audit::append(c, &entry, now)?;
            Ok(Some(lowered))
        })
        .await?;
    lowered.ok_or(PairError::NotPaired)
}
