//! The people of the demo: one for each thing that can be the matter with an account.

use std::time::Duration;

use domain::password::{PasswordPolicy, PolicySource};
use domain::{AccountId, Lookup};
use secrecy::SecretString;

use crate::embedded::{Embedded, Mark, NewAccount};
use crate::error::DirectoryError;
use crate::port::Directory;

/// The fewest characters under the stricter policy.
const STRICT_LENGTH: u32 = 14;

/// An account of the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoAccount {
    /// Its lasting key.
    pub id: AccountId,
    /// The sAMAccountName.
    pub username: &'static str,
    /// The userPrincipalName.
    pub upn: String,
    /// A private mail address.
    pub email: String,
    /// What is the matter with it: `normal`, `locked`, `disabled`, `expired`, `must-change` or `privileged`.
    pub state: &'static str,
    /// Whether it was made by this call; otherwise it was there, with the password that it had.
    pub is_new: bool,
}

/// Name, display name, state, and groups besides Staff: the same people as in the demo's Samba domain.
const PEOPLE: [(&str, &str, &str, &[&str]); 9] = [
    ("alice", "Alice Archer", "normal", &[]),
    ("bob", "Bob Baker", "locked", &[]),
    ("carol", "Carol Cooper", "disabled", &[]),
    ("dave", "Dave Dyer", "expired", &[]),
    ("erin", "Erin Eagle", "must-change", &[]),
    ("frank", "Frank Falconer", "normal", &["Finance"]),
    ("grace", "Grace Gardener", "normal", &[]),
    ("hannah", "Hannah Herald", "normal", &["Helpdesk"]),
    ("padmin", "Paul Admin", "privileged", &[]),
];

impl Embedded {
    /// Makes those people of the demo that are not there yet, with the passwords that `password` gives for
    /// their user names. Frank, in Finance, has a stricter policy.
    pub async fn seed_demo(
        &self,
        password: impl Fn(&str) -> SecretString + Send,
    ) -> Result<Vec<DemoAccount>, DirectoryError> {
        let mut seeded = Vec::with_capacity(PEOPLE.len());
        for (username, display_name, state, groups) in PEOPLE {
            let known = self.find(&Lookup::AccountName(username.to_owned())).await?;
            let id = if let Some(account) = &known {
                account.id
            } else {
                let new = self.demo_person(username, display_name, state, groups);
                self.create_account(new, &password(username)).await?
            };
            seeded.push(DemoAccount {
                id,
                username,
                upn: self.upn(username),
                email: email(username),
                state,
                is_new: known.is_none(),
            });
        }
        Ok(seeded)
    }

    fn demo_person(&self, username: &str, display_name: &str, state: &str, groups: &[&str]) -> NewAccount {
        let day = Duration::from_hours(24);
        let mut person = NewAccount::person(username);
        person.upn = Some(self.upn(username));
        person.display_name = Some(display_name.to_owned());
        person.mail = vec![email(username)];
        person.groups = std::iter::once(&"Staff")
            .chain(groups)
            .map(|group| self.group_dn(group))
            .collect();
        person.locked = state == "locked";
        person.must_change = state == "must-change";
        person.expires = (state == "expired").then(|| self.clock.now().minus(day));
        person
            .marks
            .extend((state == "disabled").then_some(Mark::Disabled));
        person
            .marks
            .extend((state == "privileged").then_some(Mark::Privileged));
        person.policy = groups.contains(&"Finance").then(|| PasswordPolicy {
            source: PolicySource::FineGrained("Strict".to_owned()),
            min_length: STRICT_LENGTH,
            ..self.settings.policy.clone()
        });
        person
    }

    fn upn(&self, username: &str) -> String {
        format!("{username}@{}", self.settings.domain)
    }

    /// Groups are named as in a real domain, so that one configuration fits both.
    fn group_dn(&self, group: &str) -> String {
        let base: Vec<String> = self
            .settings
            .domain
            .split('.')
            .map(|part| format!("DC={part}"))
            .collect();
        format!("CN={group},OU=Groups,{}", base.join(","))
    }
}

fn email(username: &str) -> String {
    format!("{username}@home.example")
}
