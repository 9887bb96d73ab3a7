//! The contract, kept by the Active Directory adapter against a Samba domain; and what only a real domain and a
//! real network can do.
//!
//! Needs root (or a user namespace of its own), Samba's packages, ldb-tools and MIT Kerberos; fails where they
//! are missing.

mod contract;
mod samba;

use std::sync::Arc;

use contract::{Fixture, STAFF, Wanted, contract, find, may_reset, may_try_anyway, may_unlock, read};
use directory::{ActiveDirectory, ActiveDirectorySettings, After, Directory, DirectoryError, Security, Sid};
use domain::password::PolicySource;
use domain::{Lookup, Protection};
use samba::{Admin, BASE, InDomain, WallClock, adapter, administrator, in_domain, runtime};
use secrecy::SecretString;

contract!(in_domain());

#[tokio::test]
async fn starttls_does_the_same() {
    let fixture = in_domain().await;
    let directory = adapter(ActiveDirectorySettings {
        security: Security::StartTls,
        ..fixture.domain.settings()
    });
    let person = fixture.make(Wanted::default()).await;
    directory
        .reset(may_reset(person.id), &"Tidy-Otter-42".into(), After::default())
        .await
        .expect("is reset");
    assert!(fixture.signs_in(&person, "Tidy-Otter-42").await);
    let wrong_name = format!("dc9.corp.example={}", fixture.domain.address)
        .parse()
        .expect("a controller");
    let settings = ActiveDirectorySettings {
        security: Security::StartTls,
        controllers: vec![wrong_name],
        ..fixture.domain.settings()
    };
    let refused = adapter(settings).find(&administrator()).await;
    assert!(matches!(refused, Err(DirectoryError::Tls(_))), "{refused:?}");
}

#[tokio::test]
async fn who_stands_elsewhere_is_not_found_and_who_is_special_is_protected() {
    let fixture = in_domain().await;
    let service = Lookup::AccountName("svc-reset".into());
    for elsewhere in [administrator(), service.clone()] {
        assert_eq!(find(&*fixture, elsewhere).await, None, "outside of the base");
    }
    let everywhere = ActiveDirectorySettings {
        base_dn: BASE.into(),
        ..fixture.domain.settings()
    };
    let whole = InDomain::with(fixture.domain, everywhere.clone());
    for (name, protection) in [
        ("Administrator", Protection::Privileged),
        ("krbtgt", Protection::Privileged),
        ("svc-reset", Protection::Configured),
        ("DC1$", Protection::NotAPerson),
    ] {
        let found = find(&whole, Lookup::AccountName(name.into()))
            .await
            .expect("is there");
        assert_eq!(found.protection, Some(protection), "{name}");
    }
    let administrator = find(&whole, administrator()).await.expect("is there").id;
    assert_eq!(
        fixture.directory.read(administrator).await,
        Ok(None),
        "not by its id either"
    );

    let mut admin = Admin::of(fixture.domain).await;
    let helpdesk = admin
        .bytes(&format!("CN=Helpdesk,OU=Groups,{BASE}"), "objectSid")
        .await;
    let protected_sids = [text_of(&helpdesk)].into();
    let directory = InDomain::with(
        fixture.domain,
        ActiveDirectorySettings {
            protected_sids,
            ..everywhere
        },
    );
    let hannah = find(&directory, Lookup::AccountName("hannah".into()))
        .await
        .expect("is there");
    assert_eq!(hannah.protection, Some(Protection::Configured), "by her group");
}

/// A SID as administrators write it.
fn text_of(sid: &[u8]) -> Sid {
    let parts = sid[8..]
        .chunks(4)
        .map(|part| u32::from_le_bytes(part.try_into().expect("four bytes")).to_string());
    format!("S-1-{}-{}", sid[7], parts.collect::<Vec<_>>().join("-"))
        .parse()
        .expect("a SID")
}

#[tokio::test]
async fn an_account_without_rights_says_so() {
    let fixture = in_domain().await;
    let service = fixture.make(Wanted::default()).await;
    let person = fixture
        .make(Wanted {
            strict: true,
            ..Wanted::default()
        })
        .await;
    let directory = adapter(ActiveDirectorySettings {
        bind_user: service.upn.clone(),
        bind_password: service.password.clone(),
        ..fixture.domain.settings()
    });
    let policy = directory
        .password_policy(person.id)
        .await
        .expect("the domain's can be read");
    assert_eq!(
        (policy.source, policy.min_length, policy.lockout),
        (PolicySource::Unreadable, 7, None)
    );
    let new: SecretString = "Tidy-Otter-is-back-42".into();
    let refused = directory
        .reset(may_reset(person.id), &new, After::default())
        .await;
    assert!(
        matches!(refused, Err(DirectoryError::Forbidden(_))),
        "{refused:?}"
    );
    let refused = directory.unlock(may_unlock(person.id)).await;
    assert!(
        matches!(refused, Err(DirectoryError::Forbidden(_))),
        "{refused:?}"
    );
    let lines = directory.check().await;
    let wrong: Vec<_> = lines.iter().filter(|line| !line.is_fine()).collect();
    assert_eq!(wrong.len(), 1, "{lines:?}");
    assert!(
        wrong[0]
            .remedy
            .as_ref()
            .is_some_and(|text| text.contains("dsacls")),
        "{wrong:?}"
    );
}

struct Fixed;

impl domain::Randomness for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

#[tokio::test]
async fn the_right_to_reset_is_tried_on_the_probe_account() {
    let fixture = in_domain().await;
    let line = fixture.directory.check_reset_right("svc-probe", &Fixed).await;
    assert!(line.is_fine(), "{line:?}");
    let missing = fixture
        .directory
        .check_reset_right("nobody-of-that-name", &Fixed)
        .await;
    assert!(!missing.is_fine(), "{missing:?}");
    let privileged = fixture.directory.check_reset_right("padmin", &Fixed).await;
    assert!(!privileged.is_fine(), "{privileged:?}");
    let service = fixture.make(Wanted::default()).await;
    let without_rights = adapter(ActiveDirectorySettings {
        bind_user: service.upn,
        bind_password: service.password,
        ..fixture.domain.settings()
    });
    let line = without_rights.check_reset_right("svc-probe", &Fixed).await;
    assert!(
        line.remedy
            .as_ref()
            .is_some_and(|text| text.contains("Reset Password")),
        "{line:?}"
    );
}

#[tokio::test]
async fn what_the_configuration_gets_wrong_is_reported() {
    let fixture = in_domain().await;
    let wrong = ActiveDirectorySettings {
        policy_groups: [STAFF.to_owned(), format!("CN=Nobody,{BASE}"), "Staff".to_owned()].into(),
        require_history: true,
        ..fixture.domain.settings()
    };
    let directory = adapter(wrong.clone());
    let lines = directory.check().await;
    let said: Vec<_> = lines
        .iter()
        .filter_map(|line| line.result.as_ref().err())
        .collect();
    assert_eq!(said.len(), 2, "{lines:?}");
    assert!(
        said.iter()
            .any(|text| text.contains("CN=Nobody") && text.contains("Staff: there is no")),
        "{said:?}"
    );
    let person = fixture.make(Wanted::default()).await;
    let refused = directory
        .reset(may_reset(person.id), &"Tidy-Otter-42".into(), After::default())
        .await;
    assert!(
        matches!(refused, Err(DirectoryError::Misconfigured(_))),
        "Samba enforces no history: {refused:?}"
    );

    let nowhere = adapter(ActiveDirectorySettings {
        base_dn: "OU=Nowhere,DC=corp,DC=example".into(),
        ..wrong.clone()
    });
    let refused = nowhere.find(&administrator()).await;
    assert!(
        matches!(refused, Err(DirectoryError::Misconfigured(_))),
        "{refused:?}"
    );
    let two = ActiveDirectorySettings {
        controllers: [wrong.controllers.clone(), wrong.controllers.clone()].concat(),
        ..wrong
    };
    assert!(matches!(
        ActiveDirectory::new(two, runtime(), Arc::new(WallClock)).map(drop),
        Err(DirectoryError::Misconfigured(_))
    ));
}

#[tokio::test]
async fn many_at_once_are_all_served() {
    let fixture = in_domain().await;
    let person = fixture.make(Wanted::default()).await;
    let directory = Arc::new(adapter(fixture.domain.settings()));
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let (directory, id) = (Arc::clone(&directory), person.id);
            tokio::spawn(async move {
                match number % 6 {
                    0 => directory.unlock(may_unlock(id)).await.map(drop),
                    _ => directory.read(id).await.map(drop),
                }
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("ends"), Ok(()));
    }
}

#[tokio::test]
async fn a_renamed_account_is_the_same_account() {
    let fixture = in_domain().await;
    let person = fixture.make(Wanted::default()).await;
    let mut admin = Admin::of(fixture.domain).await;
    let dn = format!("<GUID={}>", data_encoding::HEXLOWER.encode(&person.id.0));
    admin
        .set(&dn, &[("displayName", "Zoë \"Z\" O'Neil, Jr.".as_bytes())])
        .await;
    assert_eq!(
        read(&*fixture, &person).await.display_name.as_deref(),
        Some("Zoë \"Z\" O'Neil, Jr.")
    );
    let number = person.name.trim_start_matches("person");
    admin
        .rename(
            &format!("CN=Person {number},OU=People,{BASE}"),
            "Somebody\\, Else",
        )
        .await;
    assert_eq!(
        read(&*fixture, &person).await.id,
        person.id,
        "a rename changes nothing"
    );
    let checked = fixture
        .directory
        .check_password(may_try_anyway(person.id), &person.password)
        .await;
    assert_eq!(
        checked,
        Ok(directory::PasswordCheck::Right),
        "also under a name with a comma"
    );
}
