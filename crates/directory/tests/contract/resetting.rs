//! Writing passwords and removing locks without knowing the old password.

use directory::{After, DirectoryError, PolicyRefusal, Settled};
use domain::Protection;
use domain::policy::Action;
use secrecy::{ExposeSecret, SecretString};

use super::fixture::{Fixture, Kind, Person, Wanted, read};
use super::permits::{may_change, may_reset, may_unlock};
use super::trying::lock;

const UNLOCK: After = After { unlock: true };

async fn reset(
    fixture: &dyn Fixture,
    person: &Person,
    new: &str,
    after: After,
) -> Result<(), DirectoryError> {
    fixture
        .directory()
        .reset(may_reset(person.id), &new.into(), after)
        .await
        .map(drop)
}

pub(crate) async fn a_reset_sets_the_password_and_nothing_else(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    assert!(fixture.signs_in(&person, person.password.expose_secret()).await);
    assert_eq!(
        reset(fixture, &person, "Tidy-Otter-42", After::default()).await,
        Ok(())
    );
    assert!(fixture.signs_in(&person, "Tidy-Otter-42").await);
    assert!(
        !fixture.signs_in(&person, person.password.expose_secret()).await,
        "the old one is over"
    );

    lock(fixture, &person).await;
    assert_eq!(
        reset(fixture, &person, "Calm-Heron-43", After::default()).await,
        Ok(())
    );
    assert!(
        read(fixture, &person).await.state.locked.is_some(),
        "a reset alone does not unlock"
    );
}

pub(crate) async fn a_reset_unlocks_when_asked(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    lock(fixture, &person).await;
    assert_eq!(reset(fixture, &person, "Tidy-Otter-42", UNLOCK).await, Ok(()));
    assert!(read(fixture, &person).await.state.locked.is_none());
    assert!(fixture.signs_in(&person, "Tidy-Otter-42").await);
}

pub(crate) async fn a_refused_reset_changes_nothing_at_all(fixture: &dyn Fixture) {
    let person = fixture
        .make(Wanted {
            strict: true,
            ..Wanted::default()
        })
        .await;
    lock(fixture, &person).await;
    for refused in ["Aa1-x", "only lower case letters", "Under-14-Char"] {
        let outcome = reset(fixture, &person, refused, UNLOCK).await;
        assert!(
            matches!(outcome, Err(DirectoryError::Policy(_))),
            "{refused}: {outcome:?}"
        );
    }
    assert!(
        read(fixture, &person).await.state.locked.is_some(),
        "the unlock went with the password"
    );
    fixture
        .directory()
        .unlock(may_unlock(person.id))
        .await
        .expect("is unlocked");
    assert!(fixture.signs_in(&person, person.password.expose_secret()).await);
}

pub(crate) async fn any_text_can_be_a_password_but_no_malformed_one(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let longest = format!("Aa1{}", "x".repeat(253));
    for fit in [
        "In\"ner-\"Quotes\"-1",
        "Zażółć-gęślą-1",
        "Otter-😀-42",
        "密码密码密码A1a",
        " Blank at 1 end ",
        &longest,
    ] {
        assert_eq!(
            reset(fixture, &person, fit, After::default()).await,
            Ok(()),
            "{fit}"
        );
        assert!(fixture.signs_in(&person, fit).await, "{fit}");
    }
    let before = fixture.directory().evidence(person.id).await;
    let too_long = format!("Aa1{}", "x".repeat(254));
    for malformed in ["", "Aa1-Otter\0-42", &too_long] {
        let refused = Err(DirectoryError::Policy(PolicyRefusal::Malformed));
        assert_eq!(
            reset(fixture, &person, malformed, After::default()).await,
            refused
        );
        let current = SecretString::from(longest.as_str());
        let changed = fixture
            .directory()
            .change(may_change(person.id), &current, &malformed.into())
            .await;
        assert_eq!(changed.map(drop), refused);
    }
    assert_eq!(
        fixture.directory().evidence(person.id).await,
        before,
        "nothing was written"
    );
}

pub(crate) async fn unlocking_twice_is_no_error(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    lock(fixture, &person).await;
    for _ in 0..2 {
        fixture
            .directory()
            .unlock(may_unlock(person.id))
            .await
            .expect("is unlocked");
        assert!(read(fixture, &person).await.state.locked.is_none());
    }
    assert!(
        fixture.signs_in(&person, person.password.expose_secret()).await,
        "the password is the same"
    );
}

pub(crate) async fn protected_accounts_stay_untouched(fixture: &dyn Fixture) {
    for (kind, protection) in [
        (Kind::Privileged, Protection::Privileged),
        (Kind::SmartCardOnly, Protection::SmartCardOnly),
        (Kind::Computer, Protection::NotAPerson),
    ] {
        let account = fixture
            .make(Wanted {
                kind,
                ..Wanted::default()
            })
            .await;
        assert_eq!(read(fixture, &account).await.protection, Some(protection));
        let refused = Err(DirectoryError::Protected(protection));
        let directory = fixture.directory();
        let before = directory.evidence(account.id).await;
        let new: SecretString = "Tidy-Otter-42".into();
        assert_eq!(
            directory.reset(may_reset(account.id), &new, UNLOCK).await,
            refused
        );
        assert_eq!(directory.unlock(may_unlock(account.id)).await, refused);
        assert_eq!(
            directory
                .change(may_change(account.id), &account.password, &new)
                .await,
            refused
        );
        assert_eq!(
            directory.evidence(account.id).await,
            before,
            "nothing was written"
        );
    }
}

pub(crate) async fn evidence_settles_what_was_done(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let evidence = || async {
        fixture
            .directory()
            .evidence(person.id)
            .await
            .expect("can be read")
    };

    let start = evidence().await;
    assert_eq!(start.shows(&evidence().await, Action::Reset), Settled::NotDone);
    assert!(reset(fixture, &person, "short", After::default()).await.is_err());
    assert_eq!(
        start.shows(&evidence().await, Action::Reset),
        Settled::NotDone,
        "it was refused"
    );
    reset(fixture, &person, "Tidy-Otter-42", After::default())
        .await
        .expect("is reset");
    let reset = evidence().await;
    assert_eq!(start.shows(&reset, Action::Reset), Settled::Done);

    lock(fixture, &person).await;
    let locked = evidence().await;
    assert_eq!(locked.shows(&evidence().await, Action::Unlock), Settled::NotDone);
    fixture
        .directory()
        .unlock(may_unlock(person.id))
        .await
        .expect("is unlocked");
    assert_eq!(locked.shows(&evidence().await, Action::Unlock), Settled::Done);

    let (old, new) = ("Tidy-Otter-42".into(), "Calm-Heron-43".into());
    fixture
        .directory()
        .change(may_change(person.id), &old, &new)
        .await
        .expect("is changed");
    assert_eq!(reset.shows(&evidence().await, Action::Change), Settled::Done);
}
