//! How long a recovery lasts tells nothing about whom it is for.

use std::time::Duration;

use contract::{Method, Purpose};
use core_api::worker::outbox::{Outcome, prepare_one};

use crate::bench::Bench;

/// A code keeps a recovery alive whether or not it was really sent: at a quarter past the beginning nobody can tell
/// an account with a mailbox from a made-up name.
#[tokio::test]
async fn a_code_that_is_never_sent_keeps_the_recovery_alive_as_long_as_one_that_is() {
    let bench = Bench::with(|mut settings| {
        settings.policies.0[0].steps = vec![[domain::Method::EmailCode, domain::Method::RecoveryCode].into()];
        settings
    })
    .await;
    bench.enrol_mailbox("alice", "alice@elsewhere.example").await;
    let mut people = vec![];
    for name in ["alice", "grace", "nobody-here"] {
        people.push(bench.begin(Purpose::Reset, name).await);
    }
    bench.resolve().await;
    bench.clock.forward(Duration::from_mins(6));
    for person in &mut people {
        person.pick(Method::EmailCode).await.expect("is offered");
        while prepare_one(&bench.core).await.expect("the store") != Outcome::Nothing {}
    }
    bench.clock.forward(Duration::from_secs(9 * 60 + 30));
    for person in &mut people {
        person.look().await.expect("it lasts as long as the code");
    }
    let ends: Vec<_> = people.iter().map(|person| person.answer.view.until).collect();
    assert_eq!(ends, [ends[0]; 3]);
    bench.clock.forward(Duration::from_mins(1));
    for person in &mut people {
        assert!(person.look().await.is_err());
    }
}
