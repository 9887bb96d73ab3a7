//! Who may do what with which proofs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::factor::{Channel, Class, Method};

/// What a recovery may do to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Remove a lock.
    Unlock,
    /// Write a new password for somebody who does not know the old one.
    Reset,
    /// Replace a password that is known.
    Change,
}

/// What somebody came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The password is forgotten.
    Reset,
    /// The account is locked and the password known.
    Unlock,
    /// The password is known and shall be another.
    Change,
    /// Factors shall be set up or changed.
    Enrol,
}

impl Action {
    /// The name in configuration, API and audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::Reset => "reset",
            Self::Change => "change",
        }
    }
}

impl Purpose {
    /// The name in API and audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Unlock => "unlock",
            Self::Change => "change",
            Self::Enrol => "enrol",
        }
    }

    /// The actions that make sense for it, most wanted first. A locked account may always be offered its
    /// unlock, and someone whose account is locked although he came for something else gets both.
    pub fn actions(self) -> &'static [Action] {
        match self {
            Self::Reset => &[Action::Reset, Action::Unlock],
            Self::Unlock => &[Action::Unlock],
            Self::Change => &[Action::Change],
            Self::Enrol => &[],
        }
    }
}

/// One step of proof: any one of its methods passes it.
pub type Step = BTreeSet<Method>;

/// What members of some groups may do, and how they prove who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name in configuration and audit.
    pub name: String,
    /// Groups whose members it is for, nested membership included; empty for everybody.
    pub groups: BTreeSet<String>,
    /// What it allows.
    pub actions: BTreeSet<Action>,
    /// The steps, all of which must be passed in order.
    pub steps: Vec<Step>,
    /// Fewer steps for an unlock, where that is configured.
    pub unlock_steps: Option<Vec<Step>>,
}

impl Policy {
    /// The steps for a purpose. A change of factors takes the full steps of a reset.
    pub fn steps_for(&self, purpose: Purpose) -> &[Step] {
        match (purpose, &self.unlock_steps) {
            (Purpose::Unlock, Some(steps)) => steps,
            _ => &self.steps,
        }
    }

    fn allows(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Reset | Purpose::Enrol => self.actions.contains(&Action::Reset),
            Purpose::Unlock => self.actions.contains(&Action::Unlock),
            Purpose::Change => self.actions.contains(&Action::Change),
        }
    }
}

/// All policies, first match first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies(pub Vec<Policy>);

impl Policies {
    /// The first policy whose groups an account belongs to, if it allows the purpose.
    pub fn matching(&self, account: &Account, purpose: Purpose) -> Option<&Policy> {
        let policy = self.0.iter().find(|policy| {
            policy.groups.is_empty() || policy.groups.iter().any(|group| account.groups.contains(group))
        })?;
        policy.allows(purpose).then_some(policy)
    }

    /// Every method that some policy takes in its first step for this purpose: what everybody is shown
    /// before the first proof, whoever he says he is. An invitation starts a first enrolment under any policy.
    pub fn first_methods(&self, purpose: Purpose) -> BTreeSet<Method> {
        let mut methods: BTreeSet<Method> = self
            .0
            .iter()
            .filter(|policy| policy.allows(purpose))
            .filter_map(|policy| policy.steps_for(purpose).first())
            .flatten()
            .copied()
            .collect();
        if purpose == Purpose::Enrol {
            methods.insert(Method::Invitation);
        }
        methods
    }

    /// Every group that any policy names.
    pub fn groups(&self) -> BTreeSet<String> {
        self.0
            .iter()
            .flat_map(|policy| policy.groups.iter().cloned())
            .collect()
    }

    /// What an administrator should know about these policies before people rely on them.
    pub fn warnings(&self) -> Vec<Warning> {
        self.0.iter().flat_map(Policy::warnings).collect()
    }
}

/// A weakness of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The policy's name.
    pub policy: String,
    /// What is weak.
    pub weakness: Weakness,
}

/// What is weak in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Somebody could pass with proofs of one class only.
    OneClass,
    /// Its first step has only methods that a stranger can use up.
    FirstStepCanBeUsedUp,
    /// Two steps can only be passed over the same channel.
    SameChannelTwice,
}

impl Policy {
    fn warnings(&self) -> Vec<Warning> {
        let mut found = Vec::new();
        let mut warn = |weakness| {
            found.push(Warning {
                policy: self.name.clone(),
                weakness,
            });
        };
        let ways = ways(&self.steps);
        if ways.is_empty() {
            warn(Weakness::SameChannelTwice);
        }
        if ways.iter().any(|way| classes(way).len() < 2) {
            warn(Weakness::OneClass);
        }
        if self
            .steps
            .first()
            .is_some_and(|step| step.iter().all(|m| m.is_guessable() || m.is_sent()))
        {
            warn(Weakness::FirstStepCanBeUsedUp);
        }
        found
    }
}

/// Every way through the steps in which no channel serves twice; a passkey may serve two.
pub(crate) fn ways(steps: &[Step]) -> Vec<Vec<Method>> {
    let Some((step, rest)) = steps.split_first() else {
        return vec![Vec::new()];
    };
    let tails = ways(rest);
    step.iter()
        .flat_map(|method| {
            tails
                .iter()
                .filter(|tail| fits(*method, tail))
                .map(|tail| with_head(*method, tail))
        })
        .collect()
}

fn fits(method: Method, others: &[Method]) -> bool {
    others.iter().all(|other| {
        (method == Method::Passkey && *other == Method::Passkey) || method.channel() != other.channel()
    })
}

fn with_head(method: Method, tail: &[Method]) -> Vec<Method> {
    std::iter::once(method).chain(tail.iter().copied()).collect()
}

fn classes(way: &[Method]) -> BTreeSet<Class> {
    way.iter().flat_map(|method| method.classes()).copied().collect()
}

/// Whether a method may still serve after these were passed.
pub fn channel_is_free(method: Method, passed: &[Method]) -> bool {
    let used: BTreeSet<Channel> = passed.iter().map(|m| m.channel()).collect();
    (method == Method::Passkey && passed.contains(&Method::Passkey)) || !used.contains(&method.channel())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountId, AccountKind, AccountState};
    use crate::clock::Timestamp;

    fn step(methods: &[Method]) -> Step {
        methods.iter().copied().collect()
    }

    fn policy(name: &str, groups: &[&str], steps: &[&[Method]]) -> Policy {
        Policy {
            name: name.into(),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            actions: [Action::Reset, Action::Unlock].into(),
            steps: steps.iter().map(|s| step(s)).collect(),
            unlock_steps: None,
        }
    }

    fn member_of(groups: &[&str]) -> Account {
        Account {
            id: AccountId([1; 16]),
            domain: "corp.example".into(),
            name: "alice".into(),
            upn: None,
            display_name: None,
            mail: vec![],
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            kind: AccountKind::Person,
            state: AccountState::healthy(Timestamp(0)),
            protection: None,
        }
    }

    #[test]
    fn the_first_match_decides_even_if_a_later_one_would_allow_more() {
        let mut first = policy("first", &["CN=A"], &[&[Method::Totp]]);
        first.actions = [Action::Unlock].into();
        let policies = Policies(vec![first, policy("second", &[], &[&[Method::Totp]])]);
        assert_eq!(policies.matching(&member_of(&["CN=A"]), Purpose::Reset), None);
        assert_eq!(
            policies
                .matching(&member_of(&[]), Purpose::Reset)
                .map(|p| p.name.as_str()),
            Some("second")
        );
        assert_eq!(
            policies.matching(&member_of(&[]), Purpose::Change),
            None,
            "not among its actions"
        );
    }

    #[test]
    fn everybody_sees_the_methods_of_every_policy() {
        let policies = Policies(vec![
            policy("a", &["CN=A"], &[&[Method::Passkey], &[Method::EmailCode]]),
            policy("b", &[], &[&[Method::Totp]]),
        ]);
        assert_eq!(
            policies.first_methods(Purpose::Reset),
            step(&[Method::Passkey, Method::Totp])
        );
        assert!(
            policies
                .first_methods(Purpose::Enrol)
                .contains(&Method::Invitation)
        );
    }

    #[test]
    fn weak_policies_are_named() {
        let weak = |steps: &[&[Method]]| -> Vec<Weakness> {
            Policies(vec![policy("p", &[], steps)])
                .warnings()
                .into_iter()
                .map(|w| w.weakness)
                .collect()
        };
        assert!(weak(&[&[Method::Totp], &[Method::EmailCode]]).contains(&Weakness::OneClass));
        assert!(weak(&[&[Method::Totp]]).contains(&Weakness::FirstStepCanBeUsedUp));
        assert!(!weak(&[&[Method::Totp, Method::RecoveryCode]]).contains(&Weakness::FirstStepCanBeUsedUp));
        assert!(weak(&[&[Method::EmailCode], &[Method::EmailCode]]).contains(&Weakness::SameChannelTwice));
        assert_eq!(weak(&[&[Method::Passkey]]), vec![]);
        assert_eq!(
            weak(&[&[Method::Passkey], &[Method::Passkey]]),
            vec![],
            "one assertion fulfils both"
        );
    }
}
