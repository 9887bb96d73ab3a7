//! Sets up an authenticator app: a secret for the app, then the app's first code.

use std::sync::Arc;

use contract::enrolment::{Enrolment, Outward, ReplyKey};
use contract::recovery::{ProofSecret, Sealed};
use domain::Method;
use serde::Serialize;
use zeroize::Zeroizing;

use super::look;
use super::open::{self, NewFactor, Request, Step};
use crate::core::Core;
use crate::factor::totp;
use crate::keys::Handle;
use crate::store::{StoreError, factor};
use crate::usecase::recovery::blocks;
use crate::usecase::{Caller, UseCaseError};

/// What the page shows, in the browser only.
#[derive(Serialize)]
struct Shown<'a> {
    secret: &'a str,
    uri: &'a str,
    qr: &'a [String],
}

/// Makes a secret and gives it away, sealed to the key that the browser sent in its box. An earlier secret that
/// was not confirmed is void.
///
/// # Errors
/// `StaleStep` for a box of an earlier page, `Malformed` for a box or key that is none, and the rules of
/// enrolment.
pub async fn begin(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    sealed: Sealed,
) -> Result<Outward, UseCaseError> {
    let (block, asked) = blocks::open::<ReplyKey>(core, handle, &sealed.seal, &sealed.boxed)?;
    let account = open::account(core, caller, handle).await?;
    let secret = totp::new_secret(&*core.randomness);
    let uri = totp::uri(&*secret, &core.settings.organisation, &account.name);
    let qr = Zeroizing::new(totp::qr_rows(&uri));
    let shown = Shown {
        secret: &totp::base32(&*secret),
        uri: &uri,
        qr: &qr,
    };
    let outward = open::seal_to_browser(core, &asked.reply_key, &sealed.seal, &shown)?;
    let new = NewFactor {
        id: core.new_id(),
        method: Method::Totp,
        label: String::new(),
        secret: Zeroizing::new(secret.to_vec()),
    };
    let step = Request::new(core, caller, handle)
        .change(move |c, mut open| {
            open.demand_offered(Method::Totp)?;
            open.spend(c, &block, Step::Totp)?;
            open.begin(c, new)?;
            Ok(open.stored.step)
        })
        .await?;
    let next = Step::TotpConfirmation.block(core, handle, step);
    Ok(Outward {
        seal: sealed.seal,
        outward,
        next: Some(next),
    })
}

/// Takes the app's first code: it shows that the app has the secret and that its clock is right.
///
/// # Errors
/// `NothingPending` without a secret that awaits it, `StaleStep` for a box of an earlier page.
pub async fn confirm(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    sealed: Sealed,
) -> Result<Enrolment, UseCaseError> {
    let (block, secret) = blocks::open::<ProofSecret>(core, handle, &sealed.seal, &sealed.boxed)?;
    let typed = Zeroizing::new(secret.code);
    let account = open::account(core, caller, handle).await?;
    let owner = account.clone();
    let right = Request::new(core, caller, handle)
        .change(move |c, mut open| {
            let pending = open.pending(c, Method::Totp)?;
            open.spend(c, &block, Step::TotpConfirmation)?;
            let secret = open
                .core
                .at_rest
                .open(&pending.id, &pending.secret)
                .map_err(StoreError::from)?;
            let Some(step) = totp::accepted_step(&secret, &typed, open.now, pending.last_step) else {
                return Ok(false);
            };
            // The code that confirmed it proves nothing later.
            factor::accept_step(c, &pending.id, step)?;
            open.confirm(c, &pending, &owner)?;
            Ok(true)
        })
        .await?;
    look::page(core, caller, handle, &account, !right).await
}
