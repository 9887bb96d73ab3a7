//! Takes one proof: opens the box, judges what is inside, and leads on.
//!
//! A box is opened once: the step that it names is spent in the transaction that judges it, whatever the
//! verdict. A lost answer costs nothing: for a minute the box that passed gets the same answer again.

use std::sync::Arc;
use std::time::Duration;

use contract::ProblemKind;
use contract::recovery::{Answer, ProofSecret, Sealed};
use domain::policy::Purpose;
use domain::recovery::{Proving, Recovery};
use domain::{AccountId, Method};
use seal::SealBlock;
use secrecy::{SecretString, zeroize::Zeroizing};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::blocks::{self, Binding};
use super::judge::{Checked, Evidence, Judged, Judging};
use super::load::{Named, named};
use super::password_try::{self, Tried};
use super::{load, look, spray};
use crate::core::Core;
use crate::factor::{invitation, recovery_codes};
use crate::keys::Handle;
use crate::store::audit::WhyWrong;
use crate::store::recovery::Stored;
use crate::store::{factor, invitation as invitations};
use crate::usecase::{Caller, UseCaseError};

/// How long the answer to a passed box can be asked for again.
const REPEAT_WITHIN: Duration = Duration::from_mins(1);

/// Judges a proof.
///
/// # Errors
/// `StaleStep` for a box of an earlier page, `UnknownKey` after a restart of the core, `DirectoryAway` when
/// nobody could say in time whom the identifier means (nothing is spent then), `RecoveryOver` for all else.
pub async fn prove(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    sealed: Sealed,
) -> Result<Answer, UseCaseError> {
    let box_hash: [u8; 32] = Sha256::new()
        .chain_update(&sealed.seal)
        .chain_update([0])
        .chain_update(&sealed.boxed)
        .finalize()
        .into();
    match find(core, caller, handle).await? {
        Named::Current(_) => {}
        Named::Former(stored) => return repeat(core, handle, *stored, &sealed.seal, &box_hash).await,
        Named::Paused => return Err(ProblemKind::Paused.into()),
        Named::Nothing => return Err(ProblemKind::RecoveryOver.into()),
    }
    let (block, secret) = blocks::open::<ProofSecret>(core, handle, &sealed.seal, &sealed.boxed)?;
    let stored = resolved(core, caller, handle).await?;
    let Recovery::Proving(proving) = &stored.recovery else {
        return Err(ProblemKind::RecoveryOver.into());
    };
    let (Some(method), Some(challenge)) = (proving.asked(), stored.challenge) else {
        return Err(ProblemKind::StaleStep.into());
    };
    if !blocks::is_bound(
        &block,
        &Binding::proof(stored.recovery.purpose(), &challenge, stored.step),
    ) {
        return Err(stale_or_foreign(&block, &stored));
    }
    let subject = proving.account().unwrap_or(stored.phantom);
    let now = core.now();
    let evidence = gather(core, &stored, proving, subject, method, secret).await?;
    let next = core.derived.next_handle(handle, stored.step);
    let judging = Judging {
        core: Arc::clone(core),
        caller: caller.clone(),
        hash: handle.hash(),
        next_hash: next.hash(),
        box_hash,
        step: stored.step,
        challenge,
        method,
        evidence,
        now,
        salt: core.new_salt(),
    };
    let judged = core.store.write(move |c| judging.judge(c)).await?;
    let result = match &judged {
        Judged::Passed(_) => "right",
        Judged::Wrong(_, _) => "wrong",
        Judged::Stale | Judged::Over => "out-of-turn",
    };
    metrics::counter!("proofs_total", "method" => method.name(), "result" => result).increment(1);
    match judged {
        Judged::Stale => Err(ProblemKind::StaleStep.into()),
        Judged::Over => Err(ProblemKind::RecoveryOver.into()),
        Judged::Wrong(stored, alarms) => {
            spray::tell(core, &alarms);
            Ok(Answer {
                handle: None,
                view: look::view(core, handle, &stored).await?,
            })
        }
        Judged::Passed(stored) => passed(core, &next, &stored).await,
    }
}

async fn find(core: &Core, caller: &Caller, handle: &Handle) -> Result<Named, UseCaseError> {
    let (hash, caller, now) = (handle.hash(), caller.clone(), core.now());
    Ok(core.store.read(move |c| named(c, &hash, &caller, now)).await?)
}

/// The page behind a passed step. If the directory is away just now the step is passed all the same, and the
/// new handle must not be lost over it: the page says so and can be asked for again.
async fn passed(core: &Core, next: &Handle, stored: &Stored) -> Result<Answer, UseCaseError> {
    let view = look::view_or_away(core, next, stored).await?;
    Ok(Answer {
        handle: Some(next.to_text()),
        view,
    })
}

/// The same box under the old handle, soon after it passed: the same answer. Anything else is over.
async fn repeat(
    core: &Core,
    handle: &Handle,
    stored: Stored,
    seal: &str,
    box_hash: &[u8; 32],
) -> Result<Answer, UseCaseError> {
    let block = SealBlock::parse(seal).map_err(|_| ProblemKind::Malformed)?;
    let next = core.derived.next_handle(handle, block.step);
    let fits = stored.passed.is_some_and(|(passed, at)| {
        bool::from(passed.ct_eq(box_hash))
            && core.now().since(at) < REPEAT_WITHIN
            && next.hash() == stored.handle_hash
    });
    if !fits {
        return Err(ProblemKind::RecoveryOver.into());
    }
    passed(core, &next, &stored).await
}

/// Waits until the directory has said whom the identifier means, alike for everybody.
async fn resolved(core: &Core, caller: &Caller, handle: &Handle) -> Result<Stored, UseCaseError> {
    let patience = core.settings.resolve_within;
    let waited = load::wait_until(core, caller, handle, patience, |_, stored| {
        let unresolved = matches!(&stored.recovery, Recovery::Proving(proving) if !proving.is_resolved());
        Ok(!unresolved)
    })
    .await?;
    if waited.ready {
        Ok(waited.stored)
    } else {
        Err(ProblemKind::DirectoryAway.into())
    }
}

/// A box of this recovery for an earlier page gets the current page; everything else is over.
fn stale_or_foreign(block: &SealBlock, stored: &Stored) -> UseCaseError {
    let ours = block.purpose == stored.recovery.purpose().name() && block.action.is_none();
    if ours {
        ProblemKind::StaleStep.into()
    } else {
        ProblemKind::RecoveryOver.into()
    }
}

/// Finds out what needs time or the directory, before the transaction that judges.
async fn gather(
    core: &Core,
    stored: &Stored,
    proving: &Proving,
    subject: AccountId,
    method: Method,
    secret: ProofSecret,
) -> Result<Evidence, UseCaseError> {
    let typed_code = Zeroizing::new(secret.code);
    let now = core.now();
    Ok(match method {
        Method::Totp | Method::EmailCode => Evidence::Code(typed_code),
        Method::RecoveryCode => {
            let typed = recovery_codes::parse(&typed_code);
            let (selector, wanted) = (typed.selector.clone(), typed.selector.clone());
            let found = core
                .store
                .read(move |c| factor::code_hash(c, subject, &wanted, now))
                .await?;
            let matches =
                recovery_codes::matches_from(core, &stored.source, typed, found.map(|(_, hash)| hash))
                    .await?;
            Evidence::RecoveryCode { selector, matches }
        }
        Method::Invitation => {
            let typed = invitation::parse(&typed_code);
            let selector = typed.selector.clone();
            let hash = core
                .store
                .read(move |c| invitations::hash(c, &selector, subject, now))
                .await?;
            let right = hash.is_some_and(|hash| bool::from(hash.ct_eq(&typed.hash)));
            let current = secret.current.map(SecretString::from);
            let verdict = if right {
                behind_invitation(core, stored, proving, current).await?
            } else {
                Err(WhyWrong::Mismatch)
            };
            Evidence::Invitation {
                selector: typed.selector,
                verdict,
            }
        }
        Method::Passkey
        | Method::SmsCode
        | Method::HelpdeskCode
        | Method::Radius
        | Method::OpenidConnect
        | Method::SecurityQuestions => Evidence::None,
    })
}

/// A first enrolment takes the current password too, judged only after the invitation.
async fn behind_invitation(
    core: &Core,
    stored: &Stored,
    proving: &Proving,
    current: Option<SecretString>,
) -> Result<Checked, UseCaseError> {
    if stored.recovery.purpose() != Purpose::Enrol {
        return Ok(Ok(()));
    }
    let (Some(account), Some(current)) = (proving.account(), current) else {
        return Ok(Err(WhyWrong::WrongPassword));
    };
    Ok(match password_try::try_password(core, account, &current).await? {
        Tried::Right => Ok(()),
        Tried::Wrong => Err(WhyWrong::WrongPassword),
        Tried::Withheld => Err(WhyWrong::PasswordNotTried),
    })
}
