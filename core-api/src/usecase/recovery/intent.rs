//! The transaction before the directory is asked: it spends the proofs for a permit and writes down what is meant.

use std::sync::Arc;

use contract::recovery::Refused;
use directory::Evidence;
use domain::policy::Action;
use domain::recovery::{Permit, Recovery};
use domain::{AccountId, OperationId, Timestamp};
use sqlite::Connection;

use super::load::{Named, named};
use super::outcome::refusal_word;
use crate::core::Core;
use crate::store::audit::{Event, Personal, operation_text};
use crate::store::operation::{self, Operation, Outcome};
use crate::store::recovery::Stored;
use crate::store::{StoreError, audit, freeze, pause, recovery};
use crate::usecase::Caller;

/// What came of it.
pub(super) enum Intended {
    /// The box was for an earlier page.
    Stale,
    /// Nothing is proved any more.
    Over,
    /// The same key was there first.
    Repeat,
    /// The portal has done more than any portal should, and is paused.
    Braked,
    /// Refused before the directory is asked.
    Refused(Box<Stored>),
    /// The directory may be asked.
    Go(Permit),
}

/// Everything that the transaction of the intent needs.
pub(super) struct Intent {
    pub(super) core: Arc<Core>,
    pub(super) caller: Caller,
    pub(super) hash: [u8; 32],
    pub(super) step: u64,
    pub(super) key: String,
    pub(super) operation: OperationId,
    pub(super) action: Action,
    pub(super) refused: Option<Refused>,
    pub(super) unlock_too: bool,
    pub(super) evidence: Evidence,
    pub(super) now: Timestamp,
    pub(super) salt: [u8; 32],
}

impl Intent {
    /// Writes the intent down, or why there is none.
    pub(super) fn write_down(self, c: &Connection) -> Result<Intended, StoreError> {
        let Named::Current(mut stored) = named(c, &self.hash, &self.caller, self.now)? else {
            return Ok(Intended::Over);
        };
        if operation::by_key(c, &stored.id, &self.key)?.is_some() {
            return Ok(Intended::Repeat);
        }
        if stored.step != self.step {
            return Ok(Intended::Stale);
        }
        let Recovery::Proved(proved) = stored.recovery.clone() else {
            return Ok(Intended::Over);
        };
        let account = proved.account();
        if freeze::is_frozen(c, account)? {
            return Ok(Intended::Over);
        }
        if self.brakes(c)? {
            return Ok(Intended::Braked);
        }
        stored.step += 1;
        let refused = self.refusal(c, account)?;
        let policy = proved.policy().to_owned();
        let intended = match refused {
            Some(refused) => {
                self.remember(
                    c,
                    &stored,
                    account,
                    Some(Outcome::Refused {
                        refused: refused.clone(),
                    }),
                )?;
                self.audit(
                    c,
                    &stored,
                    account,
                    Event::Refused {
                        action: self.action,
                        why: refusal_word(&refused).to_owned(),
                    },
                )?;
                None
            }
            None => match proved.begin(self.action, self.operation, self.now) {
                Err(_) => return Ok(Intended::Over),
                Ok((acting, permit)) => {
                    self.remember(c, &stored, account, None)?;
                    let operation = operation_text(self.operation);
                    self.audit(
                        c,
                        &stored,
                        account,
                        Event::Intent {
                            action: self.action,
                            operation,
                            policy,
                        },
                    )?;
                    stored.recovery = Recovery::Acting(acting);
                    Some(permit)
                }
            },
        };
        recovery::save(c, &stored)?;
        Ok(intended.map_or_else(|| Intended::Refused(stored), Intended::Go))
    }

    /// Pauses a portal through which more is done than its share. What the portal says about itself plays no part.
    fn brakes(&self, c: &Connection) -> Result<bool, StoreError> {
        let limit = self.core.settings.limits.actions_by_portal;
        let done = operation::done_through(c, &self.caller.portal, self.now.minus(limit.span))?;
        if limit.has_room(done) {
            return Ok(false);
        }
        pause::set(
            c,
            &self.caller.portal,
            "more actions in an hour than limits.actions_by_portal_an_hour",
            self.now,
        )?;
        let personal = Personal {
            name: Some(self.caller.portal.clone()),
            ..Personal::default()
        };
        let entry = audit::Entry {
            event: Event::Pause { paused: true },
            reference: self.caller.reference.clone(),
            through: "core".to_owned(),
            personal,
            salt: self.salt,
        };
        audit::append(c, &entry, self.now)?;
        Ok(true)
    }

    /// What was found before, or that the account had enough of these today.
    fn refusal(&self, c: &Connection, account: AccountId) -> Result<Option<Refused>, StoreError> {
        let limit = self.core.settings.limits.actions;
        let done = operation::done_since(c, account, self.action, self.now.minus(limit.span))?;
        let too_many = (!limit.has_room(done)).then_some(Refused::TooManyToday);
        Ok(self.refused.clone().or(too_many))
    }

    fn remember(
        &self,
        c: &Connection,
        stored: &Stored,
        account: AccountId,
        outcome: Option<Outcome>,
    ) -> Result<(), StoreError> {
        operation::insert(
            c,
            &Operation {
                id: self.operation,
                recovery: stored.id,
                idempotency: self.key.clone(),
                account,
                action: self.action,
                unlock_too: self.unlock_too,
                reference: self.caller.reference.clone(),
                portal: self.caller.portal.clone(),
                evidence: serde_json::to_string(&self.evidence)?,
                asked_at: self.now,
                outcome,
            },
        )
    }

    fn audit(
        &self,
        c: &Connection,
        stored: &Stored,
        account: AccountId,
        event: Event,
    ) -> Result<(), StoreError> {
        let entry = audit::Entry {
            event,
            reference: self.caller.reference.clone(),
            through: self.caller.portal.clone(),
            personal: Personal::of(Some(account), &stored.identifier, &stored.source),
            salt: self.salt,
        };
        audit::append(c, &entry, self.now).map(|_| ())
    }
}
