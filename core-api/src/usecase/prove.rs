//! Takes one proof: opens the box, judges what is inside, and leads on.
//!
//! A box is opened once: the step that it names is spent in the transaction that judges it, whatever the
//! verdict. A lost answer costs nothing: for a minute the box that passed gets the same answer again.

use std::sync::Arc;
use std::time::Duration;

use contract::ProblemKind;
use contract::recovery::{Answer, ProofSecret, Sealed};
use domain::policy::Purpose;
use domain::recovery::{Proving, Recovery, Verdict};
use domain::{AccountId, Method, Timestamp};
use seal::SealBlock;
use secrecy::{SecretString, zeroize::Zeroizing};
use sha2::{Digest, Sha256};
use sqlite::Connection;
use subtle::ConstantTimeEq;

use super::blocks::{self, Binding};
use super::load::{Named, named};
use super::password_try::{self, Tried};
use super::{Caller, UseCaseError, look};
use crate::core::Core;
use crate::factor::{invitation, recovery_codes, totp};
use crate::keys::Handle;
use crate::store::audit::{Entry, Event, Personal, WhyWrong};
use crate::store::recovery::Stored;
use crate::store::{Id, StoreError, attempt, audit, code, factor, invitation as invitations, recovery};

/// How long the answer to a passed box can be asked for again.
const REPEAT_WITHIN: Duration = Duration::from_secs(60);

/// Judges a proof.
///
/// # Errors
/// `StaleStep` for a box of an earlier page, `UnknownKey` after a restart of the core, `DirectoryAway` when
/// nobody could say in time whom the identifier means (nothing is spent then), `RecoveryOver` for all else.
pub async fn prove(core: &Arc<Core>, caller: &Caller, handle: &Handle, sealed: Sealed) -> Result<Answer, UseCaseError> {
    let box_hash: [u8; 32] = Sha256::new().chain_update(&sealed.seal).chain_update([0]).chain_update(&sealed.boxed).finalize().into();
    match find(core, caller, handle).await? {
        Named::Current(_) => {}
        Named::Former(stored) => return repeat(core, handle, *stored, &sealed.seal, &box_hash).await,
        Named::Paused => return Err(ProblemKind::Paused.into()),
        Named::Nothing => return Err(ProblemKind::RecoveryOver.into()),
    }
    let (block, secret) = blocks::open::<ProofSecret>(core, handle, &sealed.seal, &sealed.boxed)?;
    let stored = resolved(core, caller, handle).await?;
    let Recovery::Proving(proving) = &stored.recovery else { return Err(ProblemKind::RecoveryOver.into()) };
    let (Some(method), Some(challenge)) = (proving.asked(), stored.challenge) else {
        return Err(ProblemKind::StaleStep.into());
    };
    if !blocks::is_bound(&block, &Binding::proof(stored.recovery.purpose(), &challenge, stored.step)) {
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
        Judged::Wrong(_) => "wrong",
        Judged::Stale | Judged::Over => "out-of-turn",
    };
    metrics::counter!("proofs_total", "method" => method.name(), "result" => result).increment(1);
    match judged {
        Judged::Stale => Err(ProblemKind::StaleStep.into()),
        Judged::Over => Err(ProblemKind::RecoveryOver.into()),
        Judged::Wrong(stored) => Ok(Answer { handle: None, view: look::view(core, handle, &stored).await? }),
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
    Ok(Answer { handle: Some(next.to_text()), view })
}

/// The same box under the old handle, soon after it passed: the same answer. Anything else is over.
async fn repeat(core: &Core, handle: &Handle, stored: Stored, seal: &str, box_hash: &[u8; 32]) -> Result<Answer, UseCaseError> {
    let block = SealBlock::parse(seal).map_err(|_| ProblemKind::Malformed)?;
    let next = core.derived.next_handle(handle, block.step);
    let fits = stored.passed.is_some_and(|(passed, at)| {
        bool::from(passed.ct_eq(box_hash)) && core.now().since(at) < REPEAT_WITHIN && next.hash() == stored.handle_hash
    });
    if !fits {
        return Err(ProblemKind::RecoveryOver.into());
    }
    passed(core, &next, &stored).await
}

/// Waits until the directory has said whom the identifier means, alike for everybody.
async fn resolved(core: &Core, caller: &Caller, handle: &Handle) -> Result<Stored, UseCaseError> {
    let deadline = tokio::time::Instant::now() + core.settings.resolve_within;
    loop {
        let waiting = core.wake.settled.notified();
        tokio::pin!(waiting);
        waiting.as_mut().enable();
        let Named::Current(stored) = find(core, caller, handle).await? else {
            return Err(ProblemKind::RecoveryOver.into());
        };
        let unresolved = matches!(&stored.recovery, Recovery::Proving(proving) if !proving.is_resolved());
        if !unresolved {
            return Ok(*stored);
        }
        if tokio::time::timeout_at(deadline, waiting).await.is_err() {
            return Err(ProblemKind::DirectoryAway.into());
        }
    }
}

/// A box of this recovery for an earlier page gets the current page; everything else is over.
fn stale_or_foreign(block: &SealBlock, stored: &Stored) -> UseCaseError {
    let ours = block.purpose == stored.recovery.purpose().name() && block.action.is_none();
    if ours { ProblemKind::StaleStep.into() } else { ProblemKind::RecoveryOver.into() }
}

/// What was found out about a proof before the transaction that judges it: what needs time or the directory.
enum Evidence {
    /// Judged within the transaction by the code itself.
    Code(Zeroizing<String>),
    /// A recovery code: its selector, and whether its secret matches.
    RecoveryCode { selector: String, matches: bool },
    /// An invitation with a password behind it.
    Invitation { selector: String, verdict: Result<(), WhyWrong> },
    /// A method that this build does not judge.
    None,
}

async fn gather(core: &Core, stored: &Stored, proving: &Proving, subject: AccountId, method: Method, secret: ProofSecret) -> Result<Evidence, UseCaseError> {
    let code = Zeroizing::new(secret.code);
    let now = core.now();
    Ok(match method {
        Method::Totp | Method::EmailCode => Evidence::Code(code),
        Method::RecoveryCode => {
            let typed = recovery_codes::parse(&code);
            let selector = typed.selector.clone();
            let found = core.store.read(move |c| factor::code_hash(c, subject, &selector, now)).await?;
            let selector = typed.selector.clone();
            let matches = recovery_codes::matches(core, typed, found.map(|(_, hash)| hash)).await;
            Evidence::RecoveryCode { selector, matches }
        }
        Method::Invitation => {
            let typed = invitation::parse(&code);
            let selector = typed.selector.clone();
            let hash = core.store.read(move |c| invitations::hash(c, &selector, subject, now)).await?;
            let right = hash.is_some_and(|hash| bool::from(hash.ct_eq(&typed.hash)));
            let current = secret.current.map(SecretString::from);
            let verdict = if right { behind_invitation(core, stored, proving, current).await? } else { Err(WhyWrong::Mismatch) };
            Evidence::Invitation { selector: typed.selector, verdict }
        }
        Method::Passkey | Method::SmsCode | Method::HelpdeskCode | Method::Radius | Method::OpenidConnect | Method::SecurityQuestions => {
            Evidence::None
        }
    })
}

/// A first enrolment takes the current password too, judged only after the invitation.
async fn behind_invitation(core: &Core, stored: &Stored, proving: &Proving, current: Option<SecretString>) -> Result<Result<(), WhyWrong>, UseCaseError> {
    if stored.recovery.purpose() != Purpose::Enrol {
        return Ok(Ok(()));
    }
    let (Some(account), Some(current)) = (proving.account(), current) else { return Ok(Err(WhyWrong::WrongPassword)) };
    Ok(match password_try::try_password(core, account, &current).await? {
        Tried::Right => Ok(()),
        Tried::Wrong => Err(WhyWrong::WrongPassword),
        Tried::NotTried => Err(WhyWrong::PasswordNotTried),
    })
}

enum Judged {
    Stale,
    Over,
    Wrong(Box<Stored>),
    Passed(Box<Stored>),
}

/// Everything that the judging transaction needs.
struct Judging {
    core: Arc<Core>,
    caller: Caller,
    hash: [u8; 32],
    next_hash: [u8; 32],
    box_hash: [u8; 32],
    step: u64,
    challenge: Id,
    method: Method,
    evidence: Evidence,
    now: Timestamp,
    salt: [u8; 32],
}

impl Judging {
    fn judge(self, c: &Connection) -> Result<Judged, StoreError> {
        let Named::Current(mut stored) = named(c, &self.hash, &self.caller, self.now)? else { return Ok(Judged::Over) };
        let Recovery::Proving(proving) = stored.recovery.clone() else { return Ok(Judged::Over) };
        if stored.step != self.step || stored.challenge != Some(self.challenge) {
            return Ok(Judged::Stale);
        }
        let subject = proving.account().unwrap_or(stored.phantom);
        let passed_before = proving.passed().len();
        let verdict = self.verdict(c, &stored, subject)?;
        let right = if verdict.is_ok() { Verdict::Right } else { Verdict::Wrong };
        let Ok(next) = proving.clone().judge(right) else { return Ok(Judged::Over) };
        let advanced = match &next {
            Recovery::Proving(next) => next.passed().len() > passed_before,
            Recovery::Proved(_) | Recovery::Acting(_) | Recovery::Ended(_) => true,
        };
        let why = if advanced { None } else { Some(verdict.err().unwrap_or(WhyWrong::NotTaken)) };
        attempt::add(c, subject, self.method, advanced, self.now)?;
        audit::append(c, &self.entry(&stored, proving.account(), advanced, why), self.now)?;
        stored.step += 1;
        stored.wrong = !advanced;
        stored.recovery = next;
        if advanced {
            stored.former_hash = Some(self.hash);
            stored.handle_hash = self.next_hash;
            stored.passed = Some((self.box_hash, self.now));
            stored.challenge = None;
        }
        recovery::save(c, &stored)?;
        Ok(if advanced { Judged::Passed(stored) } else { Judged::Wrong(stored) })
    }

    /// Looks at the proof, unless the budget is used up. The store is asked the same things in either case.
    fn verdict(&self, c: &Connection, stored: &Stored, subject: AccountId) -> Result<Result<(), WhyWrong>, StoreError> {
        let limits = &self.core.settings.limits;
        let wrong = attempt::wrong(c, subject, self.method, limits.wrong_tries.span, self.now)?;
        let allowed = limits.allows_try(self.method, wrong);
        let verdict = match &self.evidence {
            Evidence::Code(code) if self.method == Method::Totp => self.totp(c, subject, code, allowed)?,
            Evidence::Code(code) => self.sent_code(c, stored, subject, code, allowed)?,
            Evidence::RecoveryCode { selector, matches } => self.recovery_code(c, subject, selector, *matches)?,
            Evidence::Invitation { selector, verdict } => self.invitation(c, selector, *verdict)?,
            Evidence::None => Err(WhyWrong::NothingToMatch),
        };
        Ok(if allowed { verdict } else { Err(WhyWrong::BudgetUsedUp) })
    }

    fn totp(&self, c: &Connection, subject: AccountId, code: &str, allowed: bool) -> Result<Result<(), WhyWrong>, StoreError> {
        let factors = factor::counting(c, subject, Method::Totp, self.now)?;
        if factors.is_empty() {
            return Ok(Err(WhyWrong::NothingToMatch));
        }
        for factor in &factors {
            let secret = self.core.at_rest.open(&factor.id, &factor.secret)?;
            if totp::accepted_step(&secret, code, self.now, 0).is_none() {
                continue;
            }
            let Some(step) = totp::accepted_step(&secret, code, self.now, factor.last_step) else {
                return Ok(Err(WhyWrong::Replayed));
            };
            let first = allowed && factor::accept_step(c, &factor.id, step)?;
            return Ok(if first { Ok(()) } else { Err(WhyWrong::Replayed) });
        }
        Ok(Err(WhyWrong::Mismatch))
    }

    fn sent_code(&self, c: &Connection, stored: &Stored, subject: AccountId, typed: &str, allowed: bool) -> Result<Result<(), WhyWrong>, StoreError> {
        let most = self.core.settings.limits.tries_a_code;
        let typed: String = typed.chars().filter(|ch| !ch.is_whitespace() && *ch != '-').collect();
        let Some(sent) = code::current(c, &stored.id, &self.challenge, self.method, most, self.now)? else {
            return Ok(Err(WhyWrong::NothingToMatch));
        };
        let mac = self.core.derived.code_mac(&sent.id, &typed);
        let matches = bool::from(mac.ct_eq(&sent.mac)) && sent.account == subject;
        if allowed && matches && code::spend(c, &sent.id, self.now)? {
            return Ok(Ok(()));
        }
        code::count_wrong(c, &stored.id, &self.challenge)?;
        Ok(Err(WhyWrong::Mismatch))
    }

    fn recovery_code(&self, c: &Connection, subject: AccountId, selector: &str, matches: bool) -> Result<Result<(), WhyWrong>, StoreError> {
        // Asked for again, because the sheet may have been voided while the hash was computed.
        let found = factor::code_hash(c, subject, selector, self.now)?;
        let Some((sheet, _)) = found else { return Ok(Err(WhyWrong::NothingToMatch)) };
        if !matches {
            return Ok(Err(WhyWrong::Mismatch));
        }
        Ok(if factor::spend_code(c, &sheet, selector, self.now)? { Ok(()) } else { Err(WhyWrong::Replayed) })
    }

    fn invitation(&self, c: &Connection, selector: &str, verdict: Result<(), WhyWrong>) -> Result<Result<(), WhyWrong>, StoreError> {
        if let Err(why) = verdict {
            return Ok(Err(why));
        }
        Ok(if invitations::spend(c, selector, self.now)? { Ok(()) } else { Err(WhyWrong::Replayed) })
    }

    fn entry(&self, stored: &Stored, account: Option<AccountId>, correct: bool, why: Option<WhyWrong>) -> Entry {
        Entry {
            event: Event::Proof { method: self.method, correct, why },
            reference: self.caller.reference.clone(),
            through: self.caller.portal.clone(),
            personal: Personal::of(account, &stored.identifier, &stored.source),
            salt: self.salt,
        }
    }
}
