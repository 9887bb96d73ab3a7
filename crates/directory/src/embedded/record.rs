//! One account as it is stored, and the rules that a domain controller would apply to it.

use std::collections::BTreeSet;

use domain::account::Locked;
use domain::lockout::LockoutPolicy;
use domain::password::{OwnRules, PasswordPolicy, Rule, Writing, broken, rules};
use domain::{Account, AccountId, AccountKind, AccountState, Protection, Timestamp};
use secrecy::SecretString;

use crate::answer::PasswordCheck;
use crate::embedded::EmbeddedSettings;
use crate::embedded::hashing::{Hash, Salt};
use crate::embedded::new_account::{Mark, NewAccount};
use crate::error::{DirectoryError, PolicyRefusal};
use crate::guard::absolute_protection;

#[derive(Clone)]
pub(super) struct Record {
    pub id: AccountId,
    pub name: String,
    pub upn: Option<String>,
    pub display_name: Option<String>,
    pub mail: Vec<String>,
    pub groups: BTreeSet<String>,
    pub kind: AccountKind,
    pub marks: BTreeSet<Mark>,
    pub expires: Option<Timestamp>,
    pub policy: Option<PasswordPolicy>,
    pub salt: Salt,
    pub hash: Hash,
    /// Milliseconds since the epoch; zero while the password must be changed, as in `pwdLastSet`.
    pub password_set: i64,
    /// Milliseconds since the epoch; zero when not locked, as in `lockoutTime`.
    pub lockout: i64,
    pub bad_count: u32,
    pub bad_time: Option<Timestamp>,
}

/// The directory has no rules of the organisation's own; the core checks those.
struct NoOwnRules;

impl OwnRules for NoOwnRules {
    fn is_blocked(&self, _password: &str) -> bool {
        false
    }
    fn is_breached(&self, _password: &str) -> bool {
        false
    }
    fn knows_breaches(&self) -> bool {
        false
    }
}

impl Record {
    pub(super) fn new(id: AccountId, new: NewAccount, salt: Salt, hash: Hash, now: Timestamp) -> Self {
        Self {
            id,
            name: new.name,
            upn: new.upn,
            display_name: new.display_name,
            mail: new.mail,
            groups: new.groups,
            kind: new.kind,
            marks: new.marks,
            expires: new.expires,
            policy: new.policy,
            salt,
            hash,
            password_set: if new.must_change {
                0
            } else {
                now.minus(new.password_age).0.max(1)
            },
            lockout: if new.locked { now.0.max(1) } else { 0 },
            bad_count: 0,
            bad_time: None,
        }
    }

    pub(super) fn policy<'a>(&'a self, settings: &'a EmbeddedSettings) -> &'a PasswordPolicy {
        self.policy.as_ref().unwrap_or(&settings.policy)
    }

    pub(super) fn account(&self, settings: &EmbeddedSettings, now: Timestamp) -> Account {
        let is_member = |group: &&String| self.groups.iter().any(|own| own.eq_ignore_ascii_case(group));
        Account {
            id: self.id,
            domain: settings.domain.clone(),
            name: self.name.clone(),
            upn: self.upn.clone(),
            display_name: self.display_name.clone(),
            mail: self.mail.clone(),
            groups: settings.policy_groups.iter().filter(is_member).cloned().collect(),
            kind: self.kind,
            state: self.state(settings, now),
            protection: self.protection(),
        }
    }

    fn protection(&self) -> Option<Protection> {
        absolute_protection(self.kind, self.marks.contains(&Mark::SmartCardOnly)).or_else(|| {
            self.marks
                .contains(&Mark::Privileged)
                .then_some(Protection::Privileged)
        })
    }

    fn state(&self, settings: &EmbeddedSettings, now: Timestamp) -> AccountState {
        let must_change = self.password_set == 0;
        let password_set = (!must_change).then_some(Timestamp(self.password_set));
        let ages = !self.marks.contains(&Mark::PasswordNeverExpires);
        let password_expires = self
            .policy(settings)
            .max_age
            .filter(|_| ages)
            .zip(password_set)
            .map(|(age, set)| set.plus(age));
        AccountState {
            enabled: !self.marks.contains(&Mark::Disabled),
            locked: self.locked(settings, now),
            expired: self.expires.filter(|end| *end <= now),
            password_set,
            password_expires,
            password_expired: password_expires.is_some_and(|end| end <= now),
            must_change,
        }
    }

    fn lockout_policy(&self, settings: &EmbeddedSettings) -> Option<LockoutPolicy> {
        self.policy(settings)
            .lockout
            .filter(|lockout| lockout.threshold > 0)
    }

    fn locked(&self, settings: &EmbeddedSettings, now: Timestamp) -> Option<Locked> {
        if self.lockout == 0 {
            return None;
        }
        let duration = self.policy(settings).lockout.and_then(|lockout| lockout.duration);
        let until = duration.map(|duration| Timestamp(self.lockout).plus(duration));
        until.is_none_or(|until| until > now).then_some(Locked { until })
    }

    /// Judges a password that somebody gave, and counts it if it is wrong.
    pub(super) fn try_hash(&mut self, hash: &Hash, settings: &EmbeddedSettings, now: Timestamp) -> bool {
        if self.hash.is(hash) {
            return true;
        }
        let Some(lockout) = self.lockout_policy(settings) else {
            self.bad_count = self.bad_count.saturating_add(1);
            self.bad_time = Some(now);
            return false;
        };
        let quiet = self.bad_time.is_some_and(|last| now > last.plus(lockout.window));
        self.bad_count = if quiet {
            1
        } else {
            self.bad_count.saturating_add(1)
        };
        self.bad_time = Some(now);
        if self.bad_count >= lockout.threshold {
            self.lockout = now.0.max(1);
        }
        false
    }

    /// A sign-in. What is the matter with the account is told only behind the right password, and a locked
    /// account tells nothing at all.
    pub(super) fn sign_in(
        &mut self,
        hash: &Hash,
        settings: &EmbeddedSettings,
        now: Timestamp,
    ) -> PasswordCheck {
        let state = self.state(settings, now);
        if state.locked.is_some() {
            return PasswordCheck::Locked;
        }
        if !self.try_hash(hash, settings, now) {
            return PasswordCheck::Wrong;
        }
        if !state.enabled {
            return PasswordCheck::Disabled;
        }
        if state.expired.is_some() {
            return PasswordCheck::AccountExpired;
        }
        if state.must_change {
            return PasswordCheck::RightMustChange;
        }
        if state.password_expired {
            return PasswordCheck::RightExpired;
        }
        self.unlock();
        PasswordCheck::Right
    }

    /// Refuses what a domain controller would refuse, but for the history.
    pub(super) fn refuse_by_rules(
        &self,
        new: &SecretString,
        writing: Writing,
        settings: &EmbeddedSettings,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let account = self.account(settings, now);
        let rules = rules(self.policy(settings), &account, writing, &NoOwnRules, now);
        match broken(&rules, new, None, &NoOwnRules, now).first() {
            None => Ok(()),
            Some(rule) => Err(DirectoryError::Policy(refusal(rule))),
        }
    }

    /// Sets the password. The stamp always moves, so that evidence shows it even within one millisecond.
    pub(super) fn set_password(&mut self, hash: Hash, now: Timestamp) {
        self.hash = hash;
        self.password_set = now.0.max(self.password_set + 1);
    }

    pub(super) fn unlock(&mut self) {
        self.lockout = 0;
        self.bad_count = 0;
    }
}

fn refusal(rule: &Rule) -> PolicyRefusal {
    match rule {
        Rule::MinLength { .. } => PolicyRefusal::TooShort,
        Rule::MaxUtf16 { .. } => PolicyRefusal::Malformed,
        Rule::Classes { .. } | Rule::NotAccountName { .. } | Rule::NotDisplayName { .. } => {
            PolicyRefusal::Complexity
        }
        Rule::History { .. } => PolicyRefusal::History,
        Rule::MinAge { .. } => PolicyRefusal::TooYoung,
        Rule::NotBlocked | Rule::NotBreached | Rule::NotSimilar => PolicyRefusal::Unspecified,
    }
}
