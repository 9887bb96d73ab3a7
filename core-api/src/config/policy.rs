//! Who may do what with which proofs.

use std::collections::BTreeSet;

use domain::Method;
use domain::policy::{Action, Policies, Policy, Step};
use server::config::Section;

use super::list;

/// The methods that this release offers.
const OFFERED: [Method; 4] = [
    Method::Totp,
    Method::RecoveryCode,
    Method::EmailCode,
    Method::Invitation,
];

/// Reads `[[recovery.policy]]`, first match first.
pub(super) fn read(recovery: &Section<'_>) -> Policies {
    let mut names = BTreeSet::new();
    let sections = recovery.sections("policy");
    let policies = sections.iter().map(|section| {
        let policy = policy(section);
        if !policy.name.is_empty() && !names.insert(policy.name.clone()) {
            section.mistake("name", "another policy has this name already");
        }
        policy
    });
    Policies(policies.collect())
}

fn policy(section: &Section<'_>) -> Policy {
    let names: Vec<Vec<String>> = section.get("steps");
    let unlock = section.find::<Vec<Vec<String>>>("unlock_steps");
    Policy {
        name: section.get("name"),
        groups: list(section, "groups").into_iter().collect(),
        actions: actions(section),
        steps: steps(section, "steps", &names),
        unlock_steps: unlock.map(|names| steps(section, "unlock_steps", &names)),
    }
}

fn actions(section: &Section<'_>) -> BTreeSet<Action> {
    let named: Vec<String> = section.get("actions");
    let all = [Action::Unlock, Action::Reset, Action::Change];
    let found: BTreeSet<Action> = all
        .into_iter()
        .filter(|action| named.iter().any(|name| name == action.name()))
        .collect();
    if found.is_empty() || found.len() != named.len() {
        section.mistake(
            "actions",
            "write one or more of \"unlock\", \"reset\" and \"change\", each once",
        );
    }
    found
}

fn steps(section: &Section<'_>, key: &str, named: &[Vec<String>]) -> Vec<Step> {
    if named.is_empty() || named.iter().any(Vec::is_empty) {
        section.mistake(
            key,
            "every policy has a step and every step a method; without proof nobody is let in",
        );
    }
    named
        .iter()
        .map(|names| {
            names
                .iter()
                .filter_map(|name| method(section, key, name))
                .collect()
        })
        .collect()
}

fn method(section: &Section<'_>, key: &str, name: &str) -> Option<Method> {
    let offered = Method::named(name).filter(|method| OFFERED.contains(method));
    if offered.is_none() {
        let all = OFFERED.map(|method| format!("\"{}\"", method.name())).join(", ");
        section.mistake(
            key,
            &format!("{name:?} is not offered by this release; write some of {all}"),
        );
    }
    offered
}
