//! An account as the directory knows it, and what is the matter with it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// The `objectGUID`: the one key of an account that survives renames and moves. Sixteen bytes in the
/// order in which the directory sends them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(pub [u8; 16]);

impl fmt::Display for AccountId {
    /// The usual notation: the first three groups are little-endian (MS-DTYP 2.3.4).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let b = &self.0;
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        for (place, index) in order.into_iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02x}", b[index])?;
        }
        Ok(())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({self})")
    }
}

/// What kind of principal an account is. Only persons recover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// A user account of a person.
    Person,
    /// A computer account.
    Computer,
    /// A (group-)managed service account.
    ManagedService,
}

/// Why an account is never touched by an ordinary recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// `adminCount=1` or member of a protected group (MS-ADTS 3.1.1.6.1).
    Privileged,
    /// Its group memberships could not be read, so nobody can say that it is not privileged.
    Unreadable,
    /// The service account itself, or a SID that the configuration protects.
    Configured,
    /// A computer or managed service account: no person owns it.
    NotAPerson,
    /// Signs in by smart card only; a password would be meaningless.
    SmartCardOnly,
}

impl Protection {
    /// Whether even a policy for protected accounts may not lift it.
    pub fn is_absolute(self) -> bool {
        matches!(self, Self::NotAPerson | Self::SmartCardOnly | Self::Unreadable)
    }
}

/// An account, as far as recovery needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its lasting key.
    pub id: AccountId,
    /// The DNS name of its domain.
    pub domain: String,
    /// The sAMAccountName.
    pub name: String,
    /// The userPrincipalName, if set.
    pub upn: Option<String>,
    /// The display name, if set.
    pub display_name: Option<String>,
    /// Mail addresses that the directory holds: suggestions, not verified.
    pub mail: Vec<String>,
    /// Those groups of the configured policies that it belongs to, nested membership included,
    /// spelt as in the configuration.
    pub groups: BTreeSet<String>,
    /// What kind of principal it is.
    pub kind: AccountKind,
    /// What is the matter with it.
    pub state: AccountState,
    /// Why it must not be touched, if so.
    pub protection: Option<Protection>,
}

/// What is the matter with an account, in the terms in which a person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Not switched off by an administrator.
    pub enabled: bool,
    /// Locked now, after too many wrong passwords.
    pub locked: Option<Locked>,
    /// The account itself (not its password) ended at this moment.
    pub expired: Option<Timestamp>,
    /// The password was last set at this moment; `None` when it was never set or must be changed.
    pub password_set: Option<Timestamp>,
    /// The password ends or ended at this moment; `None` for never.
    pub password_expires: Option<Timestamp>,
    /// The password has expired.
    pub password_expired: bool,
    /// The password must be changed at the next sign-in.
    pub must_change: bool,
}

/// A lock by too many wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// When it opens by itself; `None` when only an administrator or an unlock opens it.
    pub until: Option<Timestamp>,
}

impl AccountState {
    /// An account that nothing is the matter with; a start for tests and fakes.
    pub fn healthy(password_set: Timestamp) -> Self {
        Self {
            enabled: true,
            locked: None,
            expired: None,
            password_set: Some(password_set),
            password_expires: None,
            password_expired: false,
            must_change: false,
        }
    }

    /// Whether a new password or an unlock would let its owner in.
    pub fn can_be_helped(&self) -> bool {
        self.enabled && self.expired.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_prints_in_the_usual_order() {
        let id = AccountId([
            0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
        ]);
        assert_eq!(id.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
    }
}
