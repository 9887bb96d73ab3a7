//! Trying passwords that may be wrong, and what it costs.

use directory::PasswordCheck;
use domain::lockout::{NoAllowance, allow_try};
use domain::{AccountId, OperationId};
use secrecy::SecretString;

use super::fixture::{Condition, Fixture, Person, Wanted, read};
use super::permits::may_try_anyway;

async fn check(fixture: &dyn Fixture, id: AccountId, password: &SecretString) -> PasswordCheck {
    fixture
        .directory()
        .check_password(may_try_anyway(id), password)
        .await
        .expect("can be tried")
}

/// Locks the account as it is locked in life.
pub(crate) async fn lock(fixture: &dyn Fixture, person: &Person) {
    for _ in 0..5 {
        check(fixture, person.id, &"Not-The-One-1".into()).await;
    }
    assert!(
        read(fixture, person).await.state.locked.is_some(),
        "five wrong passwords lock"
    );
}

pub(crate) async fn a_right_password_tells_what_is_the_matter(fixture: &dyn Fixture) {
    for (condition, told) in [
        (Condition::Fine, PasswordCheck::Right),
        (Condition::Disabled, PasswordCheck::Disabled),
        (Condition::Expired, PasswordCheck::AccountExpired),
        (Condition::MustChange, PasswordCheck::RightMustChange),
        (Condition::PasswordExpired, PasswordCheck::RightExpired),
    ] {
        let person = fixture
            .make(Wanted {
                condition,
                ..Wanted::default()
            })
            .await;
        assert_eq!(check(fixture, person.id, &person.password).await, told);
        let wrong = check(fixture, person.id, &"Not-The-One-1".into()).await;
        assert_eq!(
            wrong,
            PasswordCheck::Wrong,
            "{condition:?} is told only behind the right password"
        );
    }
    let person = fixture.make(Wanted::default()).await;
    lock(fixture, &person).await;
    assert_eq!(
        check(fixture, person.id, &person.password).await,
        PasswordCheck::Locked
    );
}

pub(crate) async fn wrong_passwords_are_counted_and_lock(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let seen = fixture
        .directory()
        .bad_passwords(person.id)
        .await
        .expect("is counted");
    assert_eq!((seen.count, seen.last), (0, None));
    assert_eq!(check(fixture, person.id, &"".into()).await, PasswordCheck::Wrong);
    for count in 1..=5 {
        assert_eq!(
            check(fixture, person.id, &"Not-The-One-1".into()).await,
            PasswordCheck::Wrong
        );
        let seen = fixture
            .directory()
            .bad_passwords(person.id)
            .await
            .expect("is counted");
        assert_eq!(seen.count, count);
        assert!(
            seen.last.is_some_and(|last| seen.now.since(last).as_secs() < 60),
            "{seen:?}"
        );
    }
    assert!(read(fixture, &person).await.state.locked.is_some());
}

pub(crate) async fn the_allowance_never_locks(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let directory = fixture.directory();
    let lockout = directory
        .password_policy(person.id)
        .await
        .expect("can be read")
        .lockout
        .expect("is known");
    let mut refused = 0;
    for _ in 0..10 {
        let seen = directory.bad_passwords(person.id).await.expect("is counted");
        match allow_try(person.id, OperationId([1; 16]), lockout, seen, 0, 0) {
            Ok(permit) => {
                let tried = directory.check_password(permit, &"Not-The-One-1".into()).await;
                assert_eq!(tried, Ok(PasswordCheck::Wrong));
            }
            Err(why) => {
                assert_eq!(why, NoAllowance::Reserve);
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    assert!(
        read(fixture, &person).await.state.locked.is_none(),
        "some tries are left to the owner"
    );
}
