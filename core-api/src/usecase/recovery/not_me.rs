//! "This was not me": stops self-service of an account until the helpdesk allows it again.

use std::net::IpAddr;

use contract::ProblemKind;
use data_encoding::BASE64URL_NOPAD;
use domain::AccountId;
use domain::recovery::Recovery;
use sqlite::Connection;
use zeroize::Zeroizing;

use super::notify;
use crate::core::Core;
use crate::store::audit::{Event, Personal};
use crate::store::{StoreError, audit, freeze, recovery};
use crate::usecase::{Caller, UseCaseError};

/// Why the account is frozen, in words for whoever lifts it.
const WHY: &str = "its owner says that a recovery was not his";

/// Takes the token of a notice's link. Good or bad, the answer is the same.
///
/// # Errors
/// `Malformed` for a source that is no address.
pub async fn not_me(core: &Core, caller: &Caller, token: &str, source: &str) -> Result<(), UseCaseError> {
    let source: IpAddr = source.parse().map_err(|_| ProblemKind::Malformed)?;
    let Some(hash) = hash(token) else { return Ok(()) };
    let now = core.now();
    let Some(account) = core
        .store
        .read(move |c| freeze::account_of_token(c, &hash, now))
        .await?
    else {
        return Ok(());
    };
    let notices = notify::prepare_frozen(core, account, mail(core, account).await);
    let personal = Personal {
        account: Some(account.to_string()),
        source: Some(source.to_string()),
        ..Personal::default()
    };
    let entry = core.entry(
        Event::Freeze { frozen: true },
        &caller.reference,
        &caller.portal,
        personal,
    );
    core.store
        .write(move |c| {
            // Whoever comes second finds the token used up.
            if freeze::take_token(c, &hash, now)?.is_none() {
                return Ok(());
            }
            freeze::set(c, account, WHY, now)?;
            end_recoveries(c, account)?;
            audit::append(c, &entry, now)?;
            notices.queue(c, now)?;
            Ok(())
        })
        .await?;
    core.wake.outbox.notify_one();
    tracing::warn!("an owner stopped self-service of an account");
    Ok(())
}

fn hash(token: &str) -> Option<[u8; 32]> {
    let token = Zeroizing::new(BASE64URL_NOPAD.decode(token.as_bytes()).ok()?);
    (token.len() == 32).then(|| notify::token_hash(&token))
}

/// The addresses that the directory holds, if it answers. The freeze does not wait for a directory that is away.
async fn mail(core: &Core, account: AccountId) -> Vec<String> {
    let found = core.directory.read(account).await.ok().flatten();
    found.map(|account| account.mail).unwrap_or_default()
}

/// Ends what is under way for the account. What the directory is being asked to do is settled by itself.
fn end_recoveries(c: &Connection, account: AccountId) -> Result<(), StoreError> {
    for mut stored in recovery::open(c)? {
        let of = match &stored.recovery {
            Recovery::Proving(proving) => proving.account(),
            Recovery::Proved(proved) => Some(proved.account()),
            Recovery::Acting(_) | Recovery::Ended(_) => None,
        };
        if of != Some(account) {
            continue;
        }
        if let Ok(ended) = stored.recovery.clone().cancel() {
            stored.recovery = ended;
            recovery::save(c, &stored)?;
        }
    }
    Ok(())
}
