//! Changing a password by somebody who knows the current one.

use directory::{DirectoryError, PolicyRefusal};
use secrecy::{ExposeSecret, SecretString};

use super::fixture::{Condition, Fixture, Person, Wanted, read};
use super::permits::may_change;
use super::trying::lock;

async fn change(
    fixture: &dyn Fixture,
    person: &Person,
    current: &SecretString,
    new: &str,
) -> Result<(), DirectoryError> {
    fixture
        .directory()
        .change(may_change(person.id), current, &new.into())
        .await
        .map(drop)
}

pub(crate) async fn a_change_needs_the_current_password(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let wrong = change(fixture, &person, &"Not-The-One-1".into(), "Tidy-Otter-42").await;
    assert_eq!(wrong, Err(DirectoryError::WrongPassword));
    assert_eq!(
        fixture
            .directory()
            .bad_passwords(person.id)
            .await
            .expect("is counted")
            .count,
        1
    );
    for empty in ["", "a\0b"] {
        assert_eq!(
            change(fixture, &person, &empty.into(), "Tidy-Otter-42").await,
            Err(DirectoryError::WrongPassword)
        );
    }
    assert_eq!(
        fixture
            .directory()
            .bad_passwords(person.id)
            .await
            .expect("is counted")
            .count,
        1,
        "not sent"
    );

    assert_eq!(
        change(fixture, &person, &person.password, "Tidy-Otter-42").await,
        Ok(())
    );
    assert!(fixture.signs_in(&person, "Tidy-Otter-42").await);
    assert!(!fixture.signs_in(&person, person.password.expose_secret()).await);
}

pub(crate) async fn a_change_is_held_to_the_policy(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    for refused in [
        "Aa1-x",
        "only lower case letters",
        person.password.expose_secret(),
    ] {
        let outcome = change(fixture, &person, &person.password, refused).await;
        assert!(
            matches!(outcome, Err(DirectoryError::Policy(_))),
            "{refused}: {outcome:?}"
        );
    }
    assert_eq!(
        change(fixture, &person, &person.password, "Tidy-Otter-42").await,
        Ok(())
    );
    let back = change(
        fixture,
        &person,
        &"Tidy-Otter-42".into(),
        person.password.expose_secret(),
    )
    .await;
    assert_eq!(
        back,
        Err(DirectoryError::Policy(PolicyRefusal::History)),
        "used before"
    );
    assert!(fixture.signs_in(&person, "Tidy-Otter-42").await);
}

pub(crate) async fn a_change_waits_for_the_minimum_age_unless_it_is_a_must(fixture: &dyn Fixture) {
    let young = fixture
        .make(Wanted {
            strict: true,
            ..Wanted::default()
        })
        .await;
    let early = change(fixture, &young, &young.password, "Tidy-Otter-is-back-42").await;
    assert_eq!(early, Err(DirectoryError::Policy(PolicyRefusal::TooYoung)));

    let must = Wanted {
        strict: true,
        condition: Condition::MustChange,
        ..Wanted::default()
    };
    let must = fixture.make(must).await;
    assert_eq!(
        change(fixture, &must, &must.password, "Tidy-Otter-is-back-42").await,
        Ok(())
    );
    assert!(!read(fixture, &must).await.state.must_change);
    assert!(fixture.signs_in(&must, "Tidy-Otter-is-back-42").await);

    let old = fixture
        .make(Wanted {
            condition: Condition::PasswordExpired,
            ..Wanted::default()
        })
        .await;
    assert_eq!(
        change(fixture, &old, &old.password, "Tidy-Otter-is-back-42").await,
        Ok(())
    );
}

pub(crate) async fn an_unusable_account_is_not_changed(fixture: &dyn Fixture) {
    for (condition, refusal) in [
        (Condition::Disabled, DirectoryError::Disabled),
        (Condition::Expired, DirectoryError::Expired),
    ] {
        let person = fixture
            .make(Wanted {
                condition,
                ..Wanted::default()
            })
            .await;
        assert_eq!(
            change(fixture, &person, &person.password, "Tidy-Otter-42").await,
            Err(refusal)
        );
    }
    let locked = fixture.make(Wanted::default()).await;
    lock(fixture, &locked).await;
    assert_eq!(
        change(fixture, &locked, &locked.password, "Tidy-Otter-42").await,
        Err(DirectoryError::Locked)
    );
}
