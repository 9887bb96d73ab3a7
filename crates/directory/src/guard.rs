//! The last look before a write: who is protected stays untouched.

use domain::{Account, Protection};

use crate::error::DirectoryError;

/// Refuses a protected account. Only a permit that a policy for protected accounts minted lifts a protection,
/// and the absolute ones stay even then.
pub(crate) fn refuse_protected(account: &Account, lifted: bool) -> Result<(), DirectoryError> {
    match account.protection {
        Some(protection) if !lifted || protection.is_absolute() => Err(DirectoryError::Protected(protection)),
        _ => Ok(()),
    }
}

/// Refuses to change the password of an account that nobody may use: the directory itself would take it.
pub(crate) fn refuse_unusable(account: &Account) -> Result<(), DirectoryError> {
    let state = &account.state;
    if !state.enabled {
        return Err(DirectoryError::Disabled);
    }
    if state.expired.is_some() {
        return Err(DirectoryError::Expired);
    }
    if state.locked.is_some() {
        return Err(DirectoryError::Locked);
    }
    Ok(())
}

/// The protection of what is no person or needs no password, which no membership is asked for.
pub(crate) fn absolute_protection(kind: domain::AccountKind, smart_card_only: bool) -> Option<Protection> {
    match kind {
        domain::AccountKind::Computer | domain::AccountKind::ManagedService => Some(Protection::NotAPerson),
        domain::AccountKind::Person => smart_card_only.then_some(Protection::SmartCardOnly),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AccountId, AccountKind, AccountState, Timestamp};

    fn account(protection: Option<Protection>) -> Account {
        Account {
            id: AccountId([1; 16]),
            domain: "corp.example".into(),
            name: "alice".into(),
            upn: None,
            display_name: None,
            mail: vec![],
            groups: [].into(),
            kind: AccountKind::Person,
            state: AccountState::healthy(Timestamp(0)),
            protection,
        }
    }

    #[test]
    fn a_policy_lifts_privilege_and_nothing_absolute() {
        for protection in [Protection::Privileged, Protection::Configured] {
            assert!(refuse_protected(&account(Some(protection)), false).is_err());
            assert!(refuse_protected(&account(Some(protection)), true).is_ok());
        }
        for protection in [
            Protection::NotAPerson,
            Protection::SmartCardOnly,
            Protection::Unreadable,
        ] {
            assert!(
                refuse_protected(&account(Some(protection)), true).is_err(),
                "{protection:?}"
            );
        }
        assert!(refuse_protected(&account(None), false).is_ok());
    }
}
