//! Finding accounts, and what is told of them.

use std::time::Duration;

use directory::DirectoryError;
use domain::password::PolicySource;
use domain::{AccountId, AccountKind, Lookup, Protection};

use super::fixture::{Condition, Fixture, Kind, STAFF, Wanted, find, read};
use super::permits::may_reset;
use super::trying::lock;

pub(crate) async fn every_spelling_finds_the_account(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let in_domain = |domain: &str, name: &str| Lookup::InDomain {
        domain: domain.into(),
        name: name.into(),
    };
    let account = read(fixture, &person).await;
    assert_eq!(account.name, person.name);
    assert_eq!(account.domain, "corp.example");
    assert_eq!(account.upn.as_deref(), Some(person.upn.as_str()));
    assert_eq!(account.mail, [person.mail.as_str()]);
    for spelling in [
        Lookup::AccountName(person.name.clone()),
        Lookup::AccountName(person.name.to_uppercase()),
        in_domain("CORP", &person.name),
        in_domain("corp.Example", &person.name),
        Lookup::Address(person.upn.clone()),
        Lookup::Address(person.mail.to_uppercase()),
    ] {
        assert_eq!(
            find(fixture, spelling.clone()).await,
            Some(account.clone()),
            "{spelling:?}"
        );
    }
    assert_eq!(
        find(fixture, in_domain("OTHER", &person.name)).await,
        None,
        "of another domain"
    );
    assert_eq!(
        find(fixture, Lookup::AccountName("nobody-of-that-name".into())).await,
        None
    );
}

pub(crate) async fn what_is_not_a_name_finds_nobody(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let prefix = format!("{}*", &person.name[..3]);
    let escaped = person.name.replacen(
        &person.name[..1],
        &format!("\\{:02x}", person.name.as_bytes()[0]),
        1,
    );
    for text in [
        "*",
        "x)(cn=*",
        "x)(|(cn=*)",
        "*)(objectClass=user",
        "a\0b",
        "\\",
        "",
        &prefix,
        &escaped,
    ] {
        assert_eq!(
            find(fixture, Lookup::AccountName(text.to_owned())).await,
            None,
            "{text:?}"
        );
        assert_eq!(
            find(fixture, Lookup::Address(text.to_owned())).await,
            None,
            "{text:?}"
        );
        let in_domain = Lookup::InDomain {
            domain: "CORP".into(),
            name: text.to_owned(),
        };
        assert_eq!(find(fixture, in_domain).await, None, "{text:?}");
    }
}

pub(crate) async fn a_shared_address_is_ambiguous(fixture: &dyn Fixture) {
    let one = fixture.make(Wanted::default()).await;
    let other = fixture
        .make(Wanted {
            mail: Some(one.mail.clone()),
            ..Wanted::default()
        })
        .await;
    assert_eq!(
        fixture.directory().find(&Lookup::Address(one.mail)).await,
        Err(DirectoryError::Ambiguous)
    );
    assert_eq!(
        find(fixture, Lookup::Address(other.upn))
            .await
            .map(|account| account.id),
        Some(other.id)
    );
}

pub(crate) async fn the_state_is_told(fixture: &dyn Fixture) {
    let make = |condition| {
        fixture.make(Wanted {
            condition,
            ..Wanted::default()
        })
    };

    let fine = make(Condition::Fine).await;
    let state = read(fixture, &fine).await.state;
    assert!(
        state.enabled && state.can_be_helped() && state.password_set.is_some(),
        "{state:?}"
    );
    assert!(
        !state.must_change && !state.password_expired && state.locked.is_none(),
        "{state:?}"
    );
    assert!(
        state.password_expires > state.password_set,
        "the domain's passwords end some day: {state:?}"
    );

    lock(fixture, &fine).await;
    let until = read(fixture, &fine)
        .await
        .state
        .locked
        .expect("is locked")
        .until
        .expect("opens by itself");
    let last = fixture
        .directory()
        .bad_passwords(fine.id)
        .await
        .expect("is counted")
        .last
        .expect("there was one");
    assert!(
        until.since(last).abs_diff(Duration::from_mins(30)) < Duration::from_secs(5),
        "{until:?} after {last:?}"
    );

    assert!(
        !read(fixture, &make(Condition::Disabled).await)
            .await
            .state
            .enabled
    );
    let expired = read(fixture, &make(Condition::Expired).await).await.state;
    assert!(
        expired.expired.is_some() && expired.enabled && !expired.can_be_helped(),
        "{expired:?}"
    );
    let must_change = read(fixture, &make(Condition::MustChange).await).await.state;
    assert!(
        must_change.must_change && must_change.password_set.is_none(),
        "{must_change:?}"
    );
    assert!(
        !must_change.password_expired,
        "the two are told apart: {must_change:?}"
    );
    let old = read(fixture, &make(Condition::PasswordExpired).await).await.state;
    assert!(
        old.password_expired && !old.must_change && old.password_expires.is_some(),
        "{old:?}"
    );
}

pub(crate) async fn groups_of_the_policies_are_reported(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    assert_eq!(
        read(fixture, &person).await.groups,
        [STAFF.to_owned()].into(),
        "and no others, spelt as configured"
    );
}

pub(crate) async fn policies_have_their_values(fixture: &dyn Fixture) {
    let person = fixture.make(Wanted::default()).await;
    let policy = fixture
        .directory()
        .password_policy(person.id)
        .await
        .expect("can be read");
    assert_eq!(policy.source, PolicySource::Domain);
    assert_eq!(
        (policy.min_length, policy.history, policy.complexity),
        (7, 24, true)
    );
    assert_eq!(
        (policy.min_age, policy.max_age),
        (Duration::ZERO, Some(Duration::from_hours(42 * 24)))
    );
    let lockout = policy.lockout.expect("can be read");
    let half_an_hour = Duration::from_mins(30);
    assert_eq!(
        (lockout.threshold, lockout.window, lockout.duration),
        (5, half_an_hour, Some(half_an_hour))
    );

    let strict = fixture
        .make(Wanted {
            strict: true,
            ..Wanted::default()
        })
        .await;
    let policy = fixture
        .directory()
        .password_policy(strict.id)
        .await
        .expect("can be read");
    assert_eq!(policy.source, PolicySource::FineGrained("Strict".into()));
    assert_eq!(
        (policy.min_length, policy.min_age),
        (14, Duration::from_hours(24))
    );
}

pub(crate) async fn a_survey_tells_what_the_single_questions_tell(fixture: &dyn Fixture) {
    for strict in [false, true] {
        let person = fixture
            .make(Wanted {
                strict,
                ..Wanted::default()
            })
            .await;
        lock(fixture, &person).await;
        let (directory, id) = (fixture.directory(), person.id);
        let survey = directory
            .survey(id)
            .await
            .expect("can be read")
            .expect("is there");
        assert_eq!(
            Some(survey.account),
            directory.read(id).await.expect("can be read")
        );
        assert_eq!(Ok(survey.policy), directory.password_policy(id).await);
        assert_eq!(Ok(survey.evidence), directory.evidence(id).await);
    }
}

pub(crate) async fn nobody_is_found_behind_an_id_that_is_gone(fixture: &dyn Fixture) {
    let gone = AccountId([0xee; 16]);
    let directory = fixture.directory();
    assert_eq!(directory.read(gone).await, Ok(None));
    assert_eq!(directory.survey(gone).await, Ok(None));
    assert_eq!(directory.evidence(gone).await, Err(DirectoryError::NotFound));
    assert_eq!(
        directory.password_policy(gone).await,
        Err(DirectoryError::NotFound)
    );
    let reset = directory
        .reset(
            may_reset(gone),
            &"Tidy-Otter-42".into(),
            directory::After::default(),
        )
        .await;
    assert_eq!(reset, Err(DirectoryError::NotFound));
}

pub(crate) async fn everything_that_is_needed_is_there(fixture: &dyn Fixture) {
    let lines = fixture.directory().check().await;
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.is_fine() && line.remedy.is_none(), "{line:?}");
    }
    let computer = fixture
        .make(Wanted {
            kind: Kind::Computer,
            ..Wanted::default()
        })
        .await;
    let found = find(fixture, Lookup::AccountName(computer.name))
        .await
        .expect("is found like a person");
    assert_eq!(
        (found.kind, found.protection),
        (AccountKind::Computer, Some(Protection::NotAPerson))
    );
}
