//! Controllers that are wrong, away, silent or come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use directory::{ActiveDirectorySettings, After, Directory, DirectoryError, Settled};
use domain::policy::Action;
use secrecy::{ExposeSecret, SecretString};

use super::{adapter, administrator, in_domain};
use crate::contract::{Condition, Fixture, Wanted, may_reset, may_unlock};

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
    // Before a silent one would be given up; before it could be given up twice.
    for (port, limit) in [(dead_port, 2), (silent_port, 6)] {
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
                tokio::time::sleep(Duration::from_secs(5)).await;
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
