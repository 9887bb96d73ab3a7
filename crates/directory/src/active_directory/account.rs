//! An entry, read as an account.

use std::collections::BTreeSet;

use domain::account::Locked;
use domain::lockout::LockoutPolicy;
use domain::{Account, AccountId, AccountKind, AccountState, Protection, Timestamp};

use crate::active_directory::entry::Entry;
use crate::active_directory::facts::Facts;
use crate::active_directory::filetime::moment;
use crate::active_directory::settings::ActiveDirectorySettings;
use crate::active_directory::sid::Sid;
use crate::error::DirectoryError;
use crate::guard::absolute_protection;

/// What an account is read from. `tokenGroups` and the computed attributes are given by a base search only.
pub(super) const ATTRIBUTES: [&str; 16] = [
    "objectGUID",
    "objectSid",
    "objectClass",
    "sAMAccountName",
    "userPrincipalName",
    "displayName",
    "mail",
    "userAccountControl",
    "adminCount",
    "accountExpires",
    "pwdLastSet",
    "lockoutTime",
    "tokenGroups",
    "msDS-User-Account-Control-Computed",
    "msDS-UserPasswordExpiryTimeComputed",
    "msDS-ResultantPSO",
];

/// Bits of `userAccountControl` and its computed sibling (MS-ADTS 2.2.16).
mod control {
    pub(super) const DISABLED: u32 = 0x2;
    pub(super) const LOCKED: u32 = 0x10;
    /// Another domain's, a workstation's and a controller's account.
    pub(super) const MACHINE: u32 = 0x800 | 0x1000 | 0x2000;
    pub(super) const SMART_CARD_ONLY: u32 = 0x4_0000;
    pub(super) const PASSWORD_EXPIRED: u32 = 0x80_0000;
}

/// The DN by which the directory finds an object whatever its name (MS-ADTS 3.1.1.3.1.2.4).
pub(super) fn guid_dn(id: AccountId) -> String {
    format!("<GUID={}>", data_encoding::HEXLOWER.encode(&id.0))
}

/// Reads the lasting key out of an entry.
pub(super) fn id(entry: &Entry) -> Result<AccountId, DirectoryError> {
    let bytes = entry.bytes("objectGUID").and_then(|bytes| bytes.try_into().ok());
    bytes.map(AccountId).ok_or_else(|| unreadable("objectGUID"))
}

/// Whether the name stands below the base, or is it.
pub(super) fn is_below(dn: &str, base: &str) -> bool {
    let normal = |dn: &str| {
        dn.split(',')
            .map(|part| part.trim().to_lowercase())
            .collect::<Vec<_>>()
    };
    normal(dn).ends_with(&normal(base))
}

pub(super) fn unreadable(attribute: &str) -> DirectoryError {
    DirectoryError::Unreadable(format!("the service account may not read {attribute}"))
}

/// What an error means that came while an account was read that had been found: whatever is not an outage is this
/// account's, and stays so.
pub(super) fn of_this_account(error: DirectoryError) -> DirectoryError {
    match error {
        DirectoryError::Forbidden(_) | DirectoryError::Protocol(_) => {
            DirectoryError::Unreadable(error.for_operator())
        }
        other => other,
    }
}

/// Whether a policy is needed to say when the lock opens.
pub(super) fn is_locked(entry: &Entry) -> bool {
    entry
        .flags("msDS-User-Account-Control-Computed")
        .is_some_and(|bits| bits & control::LOCKED != 0)
}

/// The account that an entry tells of. `lockout` is the policy that applies to it, where it is locked.
pub(super) fn account(
    entry: &Entry,
    settings: &ActiveDirectorySettings,
    facts: &Facts,
    lockout: Option<LockoutPolicy>,
    now: Timestamp,
) -> Result<Account, DirectoryError> {
    let flags = entry
        .flags("userAccountControl")
        .ok_or_else(|| unreadable("userAccountControl"))?;
    let kind = kind(entry, flags);
    Ok(Account {
        id: id(entry)?,
        domain: settings.domain.clone(),
        name: entry
            .text("sAMAccountName")
            .ok_or_else(|| unreadable("sAMAccountName"))?
            .to_owned(),
        upn: entry.text("userPrincipalName").map(str::to_owned),
        display_name: entry.text("displayName").map(str::to_owned),
        mail: entry.texts("mail").map(str::to_owned).collect(),
        groups: groups(entry, facts),
        kind,
        state: state(entry, flags, lockout, now)?,
        protection: absolute_protection(kind, flags & control::SMART_CARD_ONLY != 0)
            .or_else(|| protection(entry, settings, facts)),
    })
}

fn kind(entry: &Entry, flags: u32) -> AccountKind {
    let is_a = |class: &str| {
        entry
            .texts("objectClass")
            .any(|own| own.eq_ignore_ascii_case(class))
    };
    if is_a("msDS-GroupManagedServiceAccount")
        || is_a("msDS-ManagedServiceAccount")
        || is_a("msDS-DelegatedManagedServiceAccount")
    {
        AccountKind::ManagedService
    } else if is_a("computer") || flags & control::MACHINE != 0 {
        AccountKind::Computer
    } else {
        AccountKind::Person
    }
}

fn token_groups(entry: &Entry) -> impl Iterator<Item = Option<Sid>> {
    entry
        .values("tokenGroups")
        .iter()
        .map(|group| Sid::from_bytes(group))
}

fn groups(entry: &Entry, facts: &Facts) -> BTreeSet<String> {
    token_groups(entry)
        .flatten()
        .filter_map(|group| facts.groups.get(&group).cloned())
        .collect()
}

/// Everybody is in some group, so an empty list means that it may not be read; and then nobody can say that the
/// account is not privileged.
fn protection(entry: &Entry, settings: &ActiveDirectorySettings, facts: &Facts) -> Option<Protection> {
    let own = entry.bytes("objectSid").and_then(Sid::from_bytes);
    let groups: Option<Vec<Sid>> = token_groups(entry).collect();
    let (Some(own), Some(groups)) = (own, groups.filter(|groups| !groups.is_empty())) else {
        return Some(Protection::Unreadable);
    };
    let has_count = entry.number("adminCount").is_some_and(|count| count > 0);
    if has_count || own.is_privileged() || groups.iter().any(Sid::is_privileged) {
        return Some(Protection::Privileged);
    }
    let is_service = facts.service.as_ref().is_some_and(|service| service.sid == own);
    let configured = &settings.protected_sids;
    (is_service || configured.contains(&own) || groups.iter().any(|group| configured.contains(group)))
        .then_some(Protection::Configured)
}

fn state(
    entry: &Entry,
    flags: u32,
    lockout: Option<LockoutPolicy>,
    now: Timestamp,
) -> Result<AccountState, DirectoryError> {
    let computed = "msDS-User-Account-Control-Computed";
    let computed = entry.flags(computed).ok_or_else(|| unreadable(computed))?;
    let password_set = entry.number("pwdLastSet").and_then(moment);
    let password_over = computed & control::PASSWORD_EXPIRED != 0;
    Ok(AccountState {
        enabled: flags & control::DISABLED == 0,
        locked: (computed & control::LOCKED != 0).then(|| locked(entry, lockout)),
        expired: entry
            .number("accountExpires")
            .and_then(moment)
            .filter(|end| *end <= now),
        password_set,
        password_expires: entry
            .number("msDS-UserPasswordExpiryTimeComputed")
            .and_then(moment),
        password_expired: password_over && password_set.is_some(),
        must_change: password_over && password_set.is_none(),
    })
}

fn locked(entry: &Entry, lockout: Option<LockoutPolicy>) -> Locked {
    let since = entry.number("lockoutTime").and_then(moment);
    let duration = lockout.and_then(|lockout| lockout.duration);
    Locked {
        until: since.zip(duration).map(|(since, duration)| since.plus(duration)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::active_directory::settings::Security;

    const USERS: &[u8] = &[
        1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 2, 0, 0,
    ];
    const ALICE: &[u8] = &[
        1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9, 9, 0, 0,
    ];
    const ADMINISTRATORS: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];

    type Attribute<'a> = (&'a str, &'a [&'a [u8]]);

    /// An ordinary person, but for these attributes.
    fn read(others: &[Attribute<'_>]) -> Result<Account, DirectoryError> {
        let settings = ActiveDirectorySettings {
            domain: "corp.example".into(),
            netbios: None,
            base_dn: "DC=corp,DC=example".into(),
            controllers: vec![],
            security: Security::Ldaps,
            bind_user: "svc".into(),
            bind_password: "secret".into(),
            ca_pem: vec![],
            protected_sids: [].into(),
            policy_groups: [].into(),
            require_history: false,
        };
        let facts = Facts {
            head: "DC=corp,DC=example".into(),
            netbios: "CORP".into(),
            has_policy_hints: false,
            groups: BTreeMap::new(),
            missing_groups: vec![],
            service: None,
        };
        let mut all: Vec<Attribute<'_>> = vec![
            ("objectGUID", &[&[7; 16]]),
            ("objectSid", &[ALICE]),
            (
                "objectClass",
                &[b"top", b"person", b"organizationalPerson", b"user"],
            ),
            ("sAMAccountName", &[b"alice"]),
            ("userAccountControl", &[b"512"]),
            ("pwdLastSet", &[b"133500000000000000"]),
            ("msDS-User-Account-Control-Computed", &[b"0"]),
            ("tokenGroups", &[USERS]),
        ];
        all.extend(others);
        account(
            &Entry::of(&all),
            &settings,
            &facts,
            None,
            Timestamp(1_700_000_000_000),
        )
    }

    fn protection_with(others: &[Attribute<'_>]) -> Option<Protection> {
        read(others).expect("an account").protection
    }

    #[test]
    fn who_cannot_be_shown_to_be_ordinary_is_protected() {
        assert_eq!(protection_with(&[]), None);
        assert_eq!(
            protection_with(&[("tokenGroups", &[])]),
            Some(Protection::Unreadable),
            "may not be read"
        );
        assert_eq!(
            protection_with(&[("tokenGroups", &[USERS, b"no SID"])]),
            Some(Protection::Unreadable)
        );
        assert_eq!(
            protection_with(&[("objectSid", &[])]),
            Some(Protection::Unreadable)
        );
        assert_eq!(
            protection_with(&[("tokenGroups", &[USERS, ADMINISTRATORS])]),
            Some(Protection::Privileged)
        );
        assert_eq!(
            protection_with(&[("adminCount", &[b"1"])]),
            Some(Protection::Privileged)
        );
        assert_eq!(protection_with(&[("adminCount", &[b"0"])]), None);
    }

    #[test]
    fn what_is_no_person_is_never_one() {
        let managed: Attribute<'_> = (
            "objectClass",
            &[b"user", b"computer", b"msDS-GroupManagedServiceAccount"],
        );
        assert_eq!(
            read(&[managed]).expect("an account").kind,
            AccountKind::ManagedService
        );
        assert_eq!(protection_with(&[managed]), Some(Protection::NotAPerson));
        assert_eq!(
            protection_with(&[("userAccountControl", &[b"2080"])]),
            Some(Protection::NotAPerson),
            "a trust"
        );
        assert_eq!(
            protection_with(&[("userAccountControl", &[b"262656"])]),
            Some(Protection::SmartCardOnly)
        );
    }

    #[test]
    fn a_password_is_over_by_age_or_by_order() {
        let state = |others: &[Attribute<'_>]| read(others).expect("an account").state;
        let over: Attribute<'_> = ("msDS-User-Account-Control-Computed", &[b"8388608"]);
        let aged = state(&[over]);
        assert!(aged.password_expired && !aged.must_change);
        let ordered = state(&[over, ("pwdLastSet", &[b"0"])]);
        assert!(ordered.must_change && !ordered.password_expired && ordered.password_set.is_none());
        let exempt = state(&[("pwdLastSet", &[b"0"])]);
        assert!(
            !exempt.must_change,
            "a password that never expires need not be changed either"
        );
    }

    #[test]
    fn what_may_not_be_read_is_no_account() {
        for attribute in [
            "userAccountControl",
            "msDS-User-Account-Control-Computed",
            "sAMAccountName",
            "objectGUID",
        ] {
            assert!(
                matches!(read(&[(attribute, &[])]), Err(DirectoryError::Unreadable(_))),
                "{attribute}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_one_account_is_told_from_what_is_wrong_with_the_domain() {
        let unreadable = DirectoryError::Unreadable("result 50".into());
        for wrong in [
            DirectoryError::Forbidden("result 50".into()),
            DirectoryError::Protocol("result 50".into()),
        ] {
            let found = of_this_account(wrong);
            assert_eq!(found.word(), unreadable.word(), "{found:?}");
        }
        for outage in [
            DirectoryError::Unavailable("no route".into()),
            DirectoryError::Tls("another name".into()),
            DirectoryError::ServiceCredentials("data 52e".into()),
            DirectoryError::Misconfigured("no such base".into()),
        ] {
            assert_eq!(of_this_account(outage.clone()), outage);
        }
    }

    #[test]
    fn a_guid_is_named_in_the_order_of_its_bytes() {
        let id = AccountId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(guid_dn(id), "<GUID=000102030405060708090a0b0c0d0eff>");
    }

    #[test]
    fn below_is_told_by_whole_parts() {
        let base = "OU=People, DC=corp,DC=example";
        assert!(is_below("CN=Alice,OU=Inner,ou=people,DC=Corp,DC=example", base));
        assert!(!is_below("CN=Alice,OU=MorePeople,DC=corp,DC=example", base));
        assert!(!is_below("CN=Alice,DC=corp,DC=example", base));
    }
}
