//! Takes away sheets of recovery codes that a newer one has replaced by now.

use crate::core::Core;
use crate::store::audit::{Event, FactorChange, Personal};
use crate::store::{StoreError, audit, factor};

/// Sheets that go in one transaction.
const BATCH: u32 = 100;

/// Removes a batch of void sheets and writes each into the audit; says how many there were.
///
/// # Errors
/// When the store fails.
pub async fn retire_sheets(core: &Core) -> Result<usize, StoreError> {
    let now = core.now();
    let void = core
        .store
        .read(move |c| factor::void_sheets(c, now, BATCH))
        .await?;
    let gone: Vec<_> = void
        .into_iter()
        .map(|sheet| {
            let event = Event::Factor {
                method: sheet.method,
                change: FactorChange::Removed,
            };
            let personal = Personal {
                account: Some(sheet.account.to_string()),
                ..Personal::default()
            };
            (sheet, core.entry(event, "", "core", personal))
        })
        .collect();
    let count = gone.len();
    core.store
        .write(move |c| {
            for (sheet, entry) in &gone {
                // Its owner may have removed it meanwhile.
                if factor::remove(c, sheet.account, &sheet.id)? {
                    audit::append(c, entry, now)?;
                }
            }
            Ok(count)
        })
        .await
}
