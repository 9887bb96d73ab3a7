//! One attempt to recover an account: identify, prove, act.
//!
//! The state is an enum whose steps consume the old state, so nobody goes on with a state that is over. It
//! comes back from a database row, which is why the compiler cannot know the stage; what is *allowed* is a
//! permit, and only [`Proved::begin`] makes one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::clock::Timestamp;
use crate::factor::Method;
use crate::permit::{ChangePermit, OperationId, ResetPermit, UnlockPermit};
use crate::policy::{Action, Policy, Purpose, Step, channel_is_free};

/// A recovery, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Recovery {
    /// Proofs are asked for.
    Proving(Proving),
    /// All proofs of the policy are passed.
    Proved(Proved),
    /// The directory is being asked to act.
    Acting(Acting),
    /// It is over.
    Ended(Ended),
}

/// What is known about whom the identifier means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Subject {
    /// The directory was not asked yet.
    Unresolved,
    /// Nobody who may recover: unknown, ambiguous, or without a policy. No proof of it is ever right, and
    /// nothing else tells it from an account.
    Nobody,
    /// An account under a policy.
    Known(Known),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    account: AccountId,
    policy: String,
    steps: Vec<Step>,
    actions: BTreeSet<Action>,
}

/// A recovery whose proofs are not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proving {
    purpose: Purpose,
    until: Timestamp,
    subject: Subject,
    /// What everybody is offered before the first proof.
    first: Step,
    passed: Vec<Method>,
    asked: Option<Method>,
}

/// A recovery whose person is known for sure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    purpose: Purpose,
    until: Timestamp,
    account: AccountId,
    policy: String,
    actions: BTreeSet<Action>,
    passed: Vec<Method>,
}

/// A recovery that has asked the directory and has no answer yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acting {
    proved: Proved,
    action: Action,
    operation: OperationId,
}

/// A recovery that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// What it was for.
    pub purpose: Purpose,
    /// The account, once it was proved.
    pub account: Option<AccountId>,
    /// How it ended.
    pub how: Ending,
}

/// How a recovery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Ending {
    /// The directory did it.
    Done {
        /// What was done.
        action: Action,
    },
    /// The directory was asked and did not answer; nobody knows yet.
    Unknown {
        /// What was asked for.
        action: Action,
    },
    /// Its time was over.
    Expired,
    /// The person ended it.
    Cancelled,
}

/// The judgement of one proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right.
    Right,
    /// It is wrong, or cannot be judged in its favour.
    Wrong,
}

/// A step that does not fit the stage. One and the same refusal for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this step does not fit the recovery's stage")]
pub struct WrongStep;

/// A permit for one action.
#[derive(Debug)]
#[must_use = "a permit that is dropped did nothing"]
pub enum Permit {
    /// To unlock.
    Unlock(UnlockPermit),
    /// To reset.
    Reset(ResetPermit),
    /// To change.
    Change(ChangePermit),
}

impl Recovery {
    /// Begins one. `first` is what everybody is offered, whoever he says he is.
    pub fn begin(purpose: Purpose, first: Step, until: Timestamp) -> Self {
        Self::Proving(Proving {
            purpose,
            until,
            subject: Subject::Unresolved,
            first,
            passed: vec![],
            asked: None,
        })
    }

    /// The recovery as it stands now: over, if its time is over. What the directory was asked to do is
    /// settled, never expired.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Proving(Proving { until, purpose, .. }) if now >= until => Self::Ended(Ended {
                purpose,
                account: None,
                how: Ending::Expired,
            }),
            Self::Proved(Proved {
                until,
                purpose,
                account,
                ..
            }) if now >= until => Self::Ended(Ended {
                purpose,
                account: Some(account),
                how: Ending::Expired,
            }),
            Self::Proving(_) | Self::Proved(_) | Self::Acting(_) | Self::Ended(_) => self,
        }
    }

    /// Ends it at the person's wish, unless the directory is being asked or it is over.
    ///
    /// # Errors
    /// When it cannot be ended any more.
    pub fn cancel(self) -> Result<Self, WrongStep> {
        let (purpose, account) = match self {
            Self::Proving(proving) => (proving.purpose, None),
            Self::Proved(proved) => (proved.purpose, Some(proved.account)),
            Self::Acting(_) | Self::Ended(_) => return Err(WrongStep),
        };
        Ok(Self::Ended(Ended {
            purpose,
            account,
            how: Ending::Cancelled,
        }))
    }

    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Proving(proving) => proving.purpose,
            Self::Proved(proved) => proved.purpose,
            Self::Acting(acting) => acting.proved.purpose,
            Self::Ended(ended) => ended.purpose,
        }
    }

    /// When it ends by itself; `None` once it is over or up to the directory.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Proving(proving) => Some(proving.until),
            Self::Proved(proved) => Some(proved.until),
            Self::Acting(_) | Self::Ended(_) => None,
        }
    }
}

impl Proving {
    /// Settles whom the identifier means: an account with the policy that applies, or nobody.
    #[must_use]
    pub fn resolve(self, found: Option<(AccountId, &Policy)>) -> Self {
        let subject = match found {
            None => Subject::Nobody,
            Some((account, policy)) => Subject::Known(Known {
                account,
                policy: policy.name.clone(),
                steps: policy.steps_for(self.purpose).to_vec(),
                actions: policy.actions.clone(),
            }),
        };
        Self { subject, ..self }
    }

    /// Whether the directory has answered whom the identifier means.
    pub fn is_resolved(&self) -> bool {
        self.subject != Subject::Unresolved
    }

    /// The account, if the identifier means one that may recover. Never to be shown before the proofs.
    pub fn account(&self) -> Option<AccountId> {
        match &self.subject {
            Subject::Known(known) => Some(known.account),
            Subject::Unresolved | Subject::Nobody => None,
        }
    }

    /// The methods offered now: before the first proof the same for everybody, then those of the policy's
    /// step whose channel no earlier proof used.
    pub fn offered(&self) -> Step {
        match (&self.subject, self.passed.len()) {
            (Subject::Known(known), at) if at > 0 => known
                .steps
                .get(at)
                .map(|step| {
                    step.iter()
                        .copied()
                        .filter(|method| channel_is_free(*method, &self.passed))
                        .collect()
                })
                .unwrap_or_default(),
            _ => self.first.clone(),
        }
    }

    /// The method that was picked for this step.
    pub fn asked(&self) -> Option<Method> {
        self.asked
    }

    /// The proofs passed so far, in order.
    pub fn passed(&self) -> &[Method] {
        &self.passed
    }

    /// Picks a method for this step.
    ///
    /// # Errors
    /// When it is not offered.
    pub fn ask(self, method: Method) -> Result<Self, WrongStep> {
        if !self.offered().contains(&method) {
            return Err(WrongStep);
        }
        Ok(Self {
            asked: Some(method),
            ..self
        })
    }

    /// Whether a right proof by the method that was picked would lead on. Everybody is offered the same methods
    /// first, so a method can be picked that this account's own policy does not take here.
    pub fn could_count(&self) -> bool {
        match (&self.subject, self.asked) {
            (Subject::Known(known), Some(method)) => self.counts(known, method),
            _ => false,
        }
    }

    /// A code was asked for: the recovery lasts at least as long as that code would.
    #[must_use]
    pub fn extended(self, until: Timestamp) -> Self {
        Self {
            until: self.until.max(until),
            ..self
        }
    }

    /// Takes the judgement of a proof by the method that was picked. A right one leads on, a wrong one
    /// leaves everything as it is; for nobody, and for a method that the account's own policy does not take
    /// here, every proof is wrong.
    ///
    /// # Errors
    /// When no method was picked or the directory has not answered yet.
    pub fn judge(mut self, verdict: Verdict) -> Result<Recovery, WrongStep> {
        let method = self.asked.ok_or(WrongStep)?;
        let known = match &self.subject {
            Subject::Unresolved => return Err(WrongStep),
            Subject::Nobody => return Ok(Recovery::Proving(self)),
            Subject::Known(known) => known.clone(),
        };
        if verdict == Verdict::Wrong || !self.counts(&known, method) {
            return Ok(Recovery::Proving(self));
        }
        self.passed.push(method);
        self.asked = None;
        let invited = self.purpose == Purpose::Enrol && method == Method::Invitation;
        if !invited {
            self.let_a_passkey_serve_again(&known, method);
        }
        if invited || self.passed.len() >= known.steps.len() {
            return Ok(Recovery::Proved(Proved {
                purpose: self.purpose,
                until: self.until,
                account: known.account,
                policy: known.policy,
                actions: known.actions,
                passed: self.passed,
            }));
        }
        Ok(Recovery::Proving(self))
    }

    /// Whether a proof by this method counts at this step for this account.
    fn counts(&self, known: &Known, method: Method) -> bool {
        let first_enrolment =
            self.purpose == Purpose::Enrol && self.passed.is_empty() && method == Method::Invitation;
        let of_the_step = known
            .steps
            .get(self.passed.len())
            .is_some_and(|step| step.contains(&method));
        first_enrolment || (of_the_step && channel_is_free(method, &self.passed))
    }

    /// A passkey with user verification proves two classes, so one assertion may fulfil the next step too.
    fn let_a_passkey_serve_again(&mut self, known: &Known, method: Method) {
        if method == Method::Passkey
            && known
                .steps
                .get(self.passed.len())
                .is_some_and(|step| step.contains(&method))
        {
            self.passed.push(method);
        }
    }
}

impl Proved {
    /// The account.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The name of the policy that applied.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The proofs that were passed, in order.
    pub fn passed(&self) -> &[Method] {
        &self.passed
    }

    /// When it ends by itself.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether an invitation opened it: a first enrolment.
    pub fn is_invited(&self) -> bool {
        self.purpose == Purpose::Enrol && self.passed.contains(&Method::Invitation)
    }

    /// The actions that both the purpose and the policy allow.
    pub fn actions(&self) -> impl Iterator<Item = Action> + '_ {
        self.purpose
            .actions()
            .iter()
            .copied()
            .filter(|action| self.actions.contains(action))
    }

    /// Begins one action. The only maker of permits for the directory.
    ///
    /// # Errors
    /// When neither purpose nor policy allows the action, or the time is over.
    pub fn begin(
        self,
        action: Action,
        operation: OperationId,
        now: Timestamp,
    ) -> Result<(Acting, Permit), WrongStep> {
        if now >= self.until || !self.actions().any(|allowed| allowed == action) {
            return Err(WrongStep);
        }
        // Lifting the protection takes a passkey and a second operator, which no policy can ask for yet.
        let protected = false;
        let permit = match action {
            Action::Unlock => Permit::Unlock(UnlockPermit::mint(self.account, operation, protected)),
            Action::Reset => Permit::Reset(ResetPermit::mint(self.account, operation, protected)),
            Action::Change => Permit::Change(ChangePermit::mint(self.account, operation, protected)),
        };
        Ok((
            Acting {
                proved: self,
                action,
                operation,
            },
            permit,
        ))
    }
}

impl Acting {
    /// What the directory was asked to do.
    pub fn action(&self) -> Action {
        self.action
    }

    /// The operation in the audit's intent.
    pub fn operation(&self) -> OperationId {
        self.operation
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        self.proved.account
    }

    /// The directory did it.
    pub fn done(self) -> Ended {
        let how = Ending::Done { action: self.action };
        Ended {
            purpose: self.proved.purpose,
            account: Some(self.proved.account),
            how,
        }
    }

    /// The directory refused: the proofs stay, and a new permit can be made.
    pub fn refused(self) -> Proved {
        self.proved
    }

    /// Nobody knows whether the directory did it.
    pub fn unknown(self) -> Ended {
        let how = Ending::Unknown { action: self.action };
        Ended {
            purpose: self.proved.purpose,
            account: Some(self.proved.account),
            how,
        }
    }
}

#[cfg(test)]
mod tests;
