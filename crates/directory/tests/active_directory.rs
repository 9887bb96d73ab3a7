//! The contract, kept by the Active Directory adapter against a Samba domain; and what only a real domain and a
//! real network can do.
//!
//! Needs root (or a user namespace of its own), Samba's packages, ldb-tools and MIT Kerberos; fails where they
//! are missing.

mod contract;
mod samba;

use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::{
    Condition, Fixture, STAFF, Wanted, contract, find, may_reset, may_try_anyway, may_unlock, read,
};
use directory::{
    ActiveDirectory, ActiveDirectorySettings, After, Directory, DirectoryError, Security, Settled, Sid,
};
use domain::password::PolicySource;
use domain::policy::Action;
use domain::{Lookup, Protection};
use samba::{Admin, BASE, InDomain, WallClock, in_domain, runtime};
use secrecy::{ExposeSecret, SecretString};

contract!(in_domain());

/// Somebody whom every domain has.
fn administrator() -> Lookup {
    Lookup::AccountName("Administrator".into())
}

fn adapter(settings: ActiveDirectorySettings) -> ActiveDirectory {
    ActiveDirectory::new(settings, runtime(), Arc::new(WallClock)).expect("fine settings")
}

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
async fn only_the_right_certificate_is_spoken_to() {
    let fixture = in_domain().await;
    let foreign = rcgen::generate_simple_self_signed(["dc1.corp.example".to_owned()]).expect("a certificate");
    let wrong_ca = ActiveDirectorySettings {
        ca_pem: foreign.cert.pem().into(),
        ..fixture.domain.settings()
    };
    let wrong_name = ActiveDirectorySettings {
        controllers: vec![
            format!("dc9.corp.example={}", fixture.domain.address)
                .parse()
                .expect("a controller"),
        ],
        ..fixture.domain.settings()
    };
    for settings in [wrong_ca, wrong_name] {
        let directory = adapter(settings);
        let refused = directory.find(&administrator()).await;
        assert!(matches!(refused, Err(DirectoryError::Tls(_))), "{refused:?}");
        let lines = directory.check().await;
        assert!(
            lines.len() == 1
                && lines[0]
                    .remedy
                    .as_ref()
                    .is_some_and(|text| text.contains("ca_file")),
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_service_password_is_tried_once() {
    let fixture = in_domain().await;
    let service = fixture.make(Wanted::default()).await;
    let directory = adapter(ActiveDirectorySettings {
        bind_user: service.upn.clone(),
        bind_password: "Not-The-One-1".into(),
        ..fixture.domain.settings()
    });
    for _ in 0..10 {
        let refused = directory.find(&administrator()).await;
        assert!(
            matches!(refused, Err(DirectoryError::ServiceCredentials(_))),
            "{refused:?}"
        );
    }
    let seen = fixture
        .directory
        .bad_passwords(service.id)
        .await
        .expect("is counted");
    assert_eq!(seen.count, 1, "more would lock the service account");
}

#[tokio::test]
async fn a_dead_or_silent_controller_is_unavailable_in_time() {
    let fixture = in_domain().await;
    // Listens, and never says a word.
    let silent = std::net::TcpListener::bind((fixture.domain.address, 0)).expect("a port");
    let silent_port = silent.local_addr().expect("an address").port();
    let dead = std::net::TcpListener::bind((fixture.domain.address, 0)).expect("a port");
    let dead_port = dead.local_addr().expect("an address").port();
    drop(dead);
    for (port, limit) in [(dead_port, 1), (silent_port, 4)] {
        let controller = format!("dc1.corp.example={}:{port}", fixture.domain.address)
            .parse()
            .expect("a controller");
        let directory = adapter(ActiveDirectorySettings {
            controllers: vec![controller],
            ..fixture.domain.settings()
        });
        let begun = Instant::now();
        let refused = directory.find(&administrator()).await;
        assert!(
            matches!(refused, Err(DirectoryError::Unavailable(_))),
            "{refused:?}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(limit),
            "{:?}",
            begun.elapsed()
        );
        let person = domain::AccountId([1; 16]);
        let refused = directory.unlock(may_unlock(person)).await;
        assert!(
            matches!(refused, Err(DirectoryError::Unavailable(_))),
            "nothing was sent: {refused:?}"
        );
        let lines = directory.check().await;
        assert!(
            lines[0]
                .remedy
                .as_ref()
                .is_some_and(|text| text.contains(&port.to_string())),
            "{lines:?}"
        );
    }
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
async fn a_controller_that_falls_silent_during_a_write_leaves_it_unknown_until_it_is_settled() {
    let fixture = in_domain().await;
    let domain = fixture.domain;
    let person = fixture.make(Wanted::default()).await;
    drop(fixture);
    let alone = Arc::clone(&domain.in_use).write_owned().await;
    let directory = Arc::new(adapter(domain.settings()));
    let mut password = person.password.expose_secret().to_owned();
    let mut settled = false;
    // A reset takes some 25 ms, most of them in the write. Where the stop falls before it or after it, that is a
    // plain answer, and the next try stops at another moment.
    for number in 0..40 {
        let before = directory.evidence(person.id).await.expect("can be read");
        let new = format!("Tidy-Otter-{number}-back");
        let reset = {
            let (directory, new) = (Arc::clone(&directory), SecretString::from(new.as_str()));
            tokio::spawn(async move {
                directory
                    .reset(may_reset(person.id), &new, After::default())
                    .await
            })
        };
        tokio::time::sleep(Duration::from_millis(4 + number * 7 % 24)).await;
        domain.signal("STOP");
        let begun = Instant::now();
        let outcome = reset.await.expect("ends");
        domain.signal("CONT");
        assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
        match outcome {
            Ok(_) => password = new,
            Err(DirectoryError::Unavailable(_)) => {}
            Err(DirectoryError::OutcomeUnknown(_)) => {
                // The controller goes on with what it had received; give it the time to.
                tokio::time::sleep(Duration::from_secs(1)).await;
                let after = directory.evidence(person.id).await.expect("can be read again");
                match before.shows(&after, Action::Reset) {
                    Settled::Done => password = new,
                    Settled::NotDone => {}
                    Settled::CannotTell => panic!("{before:?} {after:?}"),
                }
                settled = true;
                break;
            }
            Err(other) => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    assert!(settled, "no stop fell into a write");
    drop(alone);
    let fixture = in_domain().await;
    assert!(
        fixture.signs_in(&person, &password).await,
        "the evidence told the truth"
    );
}

#[tokio::test]
async fn a_restarted_controller_is_used_again() {
    let fixture = in_domain().await;
    let domain = fixture.domain;
    let person = fixture.make(Wanted::default()).await;
    drop(fixture);
    let alone = Arc::clone(&domain.in_use).write_owned().await;
    let directory = adapter(domain.settings());
    for _ in 0..5 {
        directory
            .read(person.id)
            .await
            .expect("opens every connection that is kept");
    }
    domain.run("stop");
    domain.run("start");
    directory
        .read(person.id)
        .await
        .expect("the first one after it, though every kept connection is closed");
    domain.run("stop");
    let refused = directory.read(person.id).await;
    assert!(
        matches!(refused, Err(DirectoryError::Unavailable(_))),
        "{refused:?}"
    );
    domain.run("start");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    directory
        .reset(may_reset(person.id), &"Tidy-Otter-42".into(), After::default())
        .await
        .expect("on a new connection");
    drop(alone);
}

#[tokio::test]
async fn a_disabled_service_account_is_named_as_the_cause() {
    let fixture = in_domain().await;
    let service = fixture
        .make(Wanted {
            condition: Condition::Disabled,
            ..Wanted::default()
        })
        .await;
    let directory = adapter(ActiveDirectorySettings {
        bind_user: service.upn.clone(),
        bind_password: service.password.clone(),
        ..fixture.domain.settings()
    });
    let refused = directory.find(&administrator()).await;
    let Err(DirectoryError::ServiceCredentials(said)) = refused else {
        panic!("{refused:?}")
    };
    assert!(said.contains("Disabled") && said.contains("533"), "{said}");
    assert!(!said.contains(service.password.expose_secret()));
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
