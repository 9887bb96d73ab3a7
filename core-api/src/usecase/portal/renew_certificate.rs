//! Renews the certificate of the portal that asks, for its own name and nothing else.

use contract::ProblemKind;

use crate::core::Core;
use crate::pki::{self, Authority, Role};
use crate::store::audit::{Event, Personal};
use crate::store::{audit, pause};
use crate::usecase::{Caller, UseCaseError};

/// Signs the request and gives the chain, PEM.
///
/// # Errors
/// `Paused` for a portal that somebody stopped: it must not outlive its certificate. `NotAllowed` where this core is
/// no authority, `Malformed` for a request that cannot be signed.
pub async fn renew(
    core: &Core,
    caller: &Caller,
    authority: Option<&Authority>,
    request: &str,
) -> Result<String, UseCaseError> {
    let authority = authority.ok_or(ProblemKind::NotAllowed)?;
    let portal = caller.portal.clone();
    if core.store.read(move |c| pause::is_paused(c, &portal)).await? {
        return Err(ProblemKind::Paused.into());
    }
    let names = std::slice::from_ref(&caller.portal);
    let chain = pki::sign_request(
        authority,
        request,
        names,
        Role::Portal,
        core.now(),
        &*core.randomness,
    );
    let chain = chain.map_err(|error| {
        tracing::warn!(cause = %error, "a certificate request was refused");
        ProblemKind::Malformed
    })?;
    let personal = Personal {
        name: Some(caller.portal.clone()),
        ..Personal::default()
    };
    let entry = core.entry(
        Event::CertificateRenewed,
        &caller.reference,
        &caller.portal,
        personal,
    );
    let now = core.now();
    core.store.write(move |c| audit::append(c, &entry, now)).await?;
    tracing::info!(portal = caller.portal, "a certificate was renewed");
    Ok(chain)
}
