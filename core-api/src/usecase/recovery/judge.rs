//! The transaction that judges a proof: it spends the step, counts the try, writes it down, and leads on.

use std::sync::Arc;

use domain::recovery::{Recovery, Verdict};
use domain::{AccountId, Method, Timestamp};
use secrecy::zeroize::Zeroizing;
use sqlite::Connection;
use subtle::ConstantTimeEq;

use super::load::{Named, named};
use super::spray::{self, Alarm, Failure};
use crate::core::Core;
use crate::factor::totp;
use crate::store::audit::{Entry, Event, Personal, WhyWrong};
use crate::store::recovery::Stored;
use crate::store::{Id, StoreError, attempt, audit, code, factor, invitation as invitations, recovery};
use crate::usecase::Caller;

/// What was found out about a proof before the transaction that judges it: what needs time or the directory.
pub(super) enum Evidence {
    /// Judged within the transaction by the code itself.
    Code(Zeroizing<String>),
    /// A recovery code: its selector, and whether its secret matches.
    RecoveryCode {
        /// Selects the row.
        selector: String,
        /// Whether the secret matches.
        matches: bool,
    },
    /// An invitation with a password behind it.
    Invitation {
        /// Selects the row.
        selector: String,
        /// Whether code and password are right.
        verdict: Checked,
    },
    /// A method that this build does not judge.
    None,
}

/// Boxes judged in one recovery; whoever needs more begins again.
const MOST_BOXES: u64 = 40;

/// Whether a proof is right, or why it is wrong; nobody but the audit learns the reason.
pub(super) type Checked = Result<(), WhyWrong>;

/// What came of it.
pub(super) enum Judged {
    /// The box was for an earlier page.
    Stale,
    /// There is nothing to prove any more.
    Over,
    /// The proof was wrong, and perhaps one of many.
    Wrong(Box<Stored>, Vec<Alarm>),
    /// The proof was right, and the step is passed.
    Passed(Box<Stored>),
}

/// Everything that the judging transaction needs.
pub(super) struct Judging {
    pub(super) core: Arc<Core>,
    pub(super) caller: Caller,
    pub(super) hash: [u8; 32],
    pub(super) next_hash: [u8; 32],
    pub(super) box_hash: [u8; 32],
    pub(super) step: u64,
    pub(super) challenge: Id,
    pub(super) method: Method,
    pub(super) evidence: Evidence,
    pub(super) now: Timestamp,
    pub(super) salt: [u8; 32],
}

impl Judging {
    /// Judges.
    pub(super) fn judge(self, c: &Connection) -> Result<Judged, StoreError> {
        let Named::Current(mut stored) = named(c, &self.hash, &self.caller, self.now)? else {
            return Ok(Judged::Over);
        };
        let Recovery::Proving(proving) = stored.recovery.clone() else {
            return Ok(Judged::Over);
        };
        if stored.step != self.step || stored.challenge != Some(self.challenge) {
            return Ok(Judged::Stale);
        }
        if stored.step >= MOST_BOXES {
            return Ok(Judged::Over);
        }
        // A method that this account's policy does not take here must not use up the account's budget.
        let subject = proving
            .account()
            .filter(|_| proving.could_count())
            .unwrap_or(stored.phantom);
        let passed_before = proving.passed().len();
        let verdict = self.verdict(c, &stored, subject)?;
        let right = if verdict.is_ok() {
            Verdict::Right
        } else {
            Verdict::Wrong
        };
        let Ok(next) = proving.clone().judge(right) else {
            return Ok(Judged::Over);
        };
        let advanced = match &next {
            Recovery::Proving(next) => next.passed().len() > passed_before,
            Recovery::Proved(_) | Recovery::Acting(_) | Recovery::Ended(_) => true,
        };
        let why = if advanced {
            None
        } else {
            Some(verdict.err().unwrap_or(WhyWrong::NotTaken))
        };
        // Where there was nothing to guess at, or it was not looked at, nobody guessed: it is no try of the account's.
        let charged = match why {
            Some(WhyWrong::NothingToMatch | WhyWrong::BudgetUsedUp) => stored.phantom,
            _ => subject,
        };
        attempt::add(c, charged, self.method, advanced, self.now)?;
        let alarms = if advanced {
            Vec::new()
        } else {
            self.count_failure(c, &stored, charged)?
        };
        audit::append(
            c,
            &self.entry(&stored, proving.account(), advanced, why),
            self.now,
        )?;
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
        Ok(if advanced {
            Judged::Passed(stored)
        } else {
            Judged::Wrong(stored, alarms)
        })
    }

    fn count_failure(
        &self,
        c: &Connection,
        stored: &Stored,
        account: AccountId,
    ) -> Result<Vec<Alarm>, StoreError> {
        let failure = Failure {
            account,
            is_real: account != stored.phantom,
            source: &stored.source,
            portal: &self.caller.portal,
            reference: &self.caller.reference,
        };
        spray::count(&self.core, c, &failure, self.now)
    }

    /// Looks at the proof, unless the budget is used up. The store is asked the same things in either case.
    fn verdict(&self, c: &Connection, stored: &Stored, subject: AccountId) -> Result<Checked, StoreError> {
        let limits = &self.core.settings.limits;
        let wrong = attempt::wrong(c, subject, self.method, limits.wrong_tries.span, self.now)?;
        let in_a_row = attempt::wrong_in_a_row(c, subject, self.method)?;
        let allowed = limits.allows_try(self.method, wrong) && limits.outlasts(self.method, in_a_row);
        let verdict = match &self.evidence {
            Evidence::Code(code) if self.method == Method::Totp => self.totp(c, subject, code, allowed)?,
            Evidence::Code(code) => self.sent_code(c, stored, subject, code, allowed)?,
            Evidence::RecoveryCode { selector, matches } => {
                self.recovery_code(c, subject, selector, *matches)?
            }
            Evidence::Invitation { selector, verdict } => self.invitation(c, selector, *verdict)?,
            Evidence::None => Err(WhyWrong::NothingToMatch),
        };
        Ok(if allowed {
            verdict
        } else {
            Err(WhyWrong::BudgetUsedUp)
        })
    }

    fn totp(
        &self,
        c: &Connection,
        subject: AccountId,
        code: &str,
        allowed: bool,
    ) -> Result<Checked, StoreError> {
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

    fn sent_code(
        &self,
        c: &Connection,
        stored: &Stored,
        subject: AccountId,
        typed: &str,
        allowed: bool,
    ) -> Result<Checked, StoreError> {
        let most = self.core.settings.limits.tries_a_code;
        let typed: String = typed
            .chars()
            .filter(|ch| !ch.is_whitespace() && *ch != '-')
            .collect();
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

    fn recovery_code(
        &self,
        c: &Connection,
        subject: AccountId,
        selector: &str,
        matches: bool,
    ) -> Result<Checked, StoreError> {
        // Asked for again, because the sheet may have been voided while the hash was computed.
        let found = factor::code_hash(c, subject, selector, self.now)?;
        let Some((sheet, _)) = found else {
            return Ok(Err(WhyWrong::NothingToMatch));
        };
        if !matches {
            return Ok(Err(WhyWrong::Mismatch));
        }
        Ok(if factor::spend_code(c, &sheet, selector, self.now)? {
            Ok(())
        } else {
            Err(WhyWrong::Replayed)
        })
    }

    fn invitation(&self, c: &Connection, selector: &str, verdict: Checked) -> Result<Checked, StoreError> {
        if let Err(why) = verdict {
            return Ok(Err(why));
        }
        Ok(if invitations::spend(c, selector, self.now)? {
            Ok(())
        } else {
            Err(WhyWrong::Replayed)
        })
    }

    fn entry(
        &self,
        stored: &Stored,
        account: Option<AccountId>,
        correct: bool,
        why: Option<WhyWrong>,
    ) -> Entry {
        Entry {
            event: Event::Proof {
                method: self.method,
                correct,
                why,
            },
            reference: self.caller.reference.clone(),
            through: self.caller.portal.clone(),
            personal: Personal::of(account, &stored.identifier, &stored.source),
            salt: self.salt,
        }
    }
}
