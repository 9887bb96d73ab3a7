//! Making accounts, for the demo and for tests.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::clock::random_bytes;
use domain::password::PasswordPolicy;
use domain::{AccountId, AccountKind, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::embedded::record::Record;
use crate::embedded::{Embedded, store};
use crate::error::{DirectoryError, PolicyRefusal};
use crate::secret::is_writable;

/// What an administrator of a real directory would have set on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Switched off.
    Disabled,
    /// In a protected group.
    Privileged,
    /// Signs in by smart card only.
    SmartCardOnly,
    /// The password never expires.
    PasswordNeverExpires,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The sAMAccountName.
    pub name: String,
    /// The userPrincipalName.
    pub upn: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// Mail addresses.
    pub mail: Vec<String>,
    /// Groups, nested membership included.
    pub groups: BTreeSet<String>,
    /// What it is.
    pub kind: AccountKind,
    /// What an administrator set on it.
    pub marks: BTreeSet<Mark>,
    /// Locked from the start.
    pub locked: bool,
    /// The first password must be changed.
    pub must_change: bool,
    /// When the account ends.
    pub expires: Option<Timestamp>,
    /// How long ago the password was set.
    pub password_age: Duration,
    /// A policy of its own.
    pub policy: Option<PasswordPolicy>,
}

impl NewAccount {
    /// A person that nothing is the matter with, whose password may be changed at once.
    pub fn person(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            upn: None,
            display_name: None,
            mail: Vec::new(),
            groups: BTreeSet::new(),
            kind: AccountKind::Person,
            marks: BTreeSet::new(),
            locked: false,
            must_change: false,
            expires: None,
            password_age: Duration::from_hours(48),
            policy: None,
        }
    }
}

impl Embedded {
    /// Makes an account. Its first password is held to no policy.
    pub async fn create_account(
        &self,
        new: NewAccount,
        password: &SecretString,
    ) -> Result<AccountId, DirectoryError> {
        if !is_writable(password.expose_secret()) {
            return Err(DirectoryError::Policy(PolicyRefusal::Malformed));
        }
        let id = AccountId(random_bytes(self.randomness.as_ref()));
        let salt = random_bytes(self.randomness.as_ref());
        let hash = self.hasher.hash(password, salt).await?;
        let record = Record::new(id, new, salt, hash, self.clock.now());
        let name = record.name.clone();
        let made = store::write(&self.database, move |conn| store::insert(conn, &record)).await?;
        if made {
            Ok(id)
        } else {
            Err(DirectoryError::Misconfigured(format!(
                "there is an account {name} already"
            )))
        }
    }
}
