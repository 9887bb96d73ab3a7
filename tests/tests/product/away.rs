//! The core is away, and comes back.

use serde_json::json;
use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::mailbox::Mailbox;
use tests::stack::Stack;

use super::visitor::Visitor;

/// Status and `Retry-After` of the answer to a form that begins a recovery.
const BEGIN: &str = "const body = new URLSearchParams({ identifier: 'alice' });
    return fetch('/forgot', { method: 'POST', body, redirect: 'manual' })
        .then(answer => [answer.status, answer.headers.get('retry-after')])";

#[tokio::test(flavor = "multi_thread")]
async fn a_core_that_is_away_costs_nobody_anything() {
    let mut stack = Stack::start().await;
    let alice = stack.person("alice").clone();
    let mut app = Authenticator::new(alice.totp_secret.as_deref().expect("alice has an app"));
    let mut mailbox = Mailbox::new(&stack.state().join("mail"));
    let mut visitor = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    visitor.begin("I forgot my password", "alice").await;
    visitor.press("Authenticator app").await;
    visitor.expect("Enter the code from your app", "prove-app").await;

    stack.stop_core().await;
    visitor.fill("Code", &app.code().await).await;
    visitor.press("Verify").await;
    visitor.expect_once("We cannot help you right now", "away").await;
    visitor
        .expect_once("neither a code nor a try has been used up", "away")
        .await;
    let mut other = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    other.open("/").await;
    other.expect("What do you need?", "home").await;
    let answer = other.browser().script(BEGIN, &[]).await;
    assert_eq!(answer[0], json!(503));
    assert!(
        answer[1]
            .as_str()
            .is_some_and(|seconds| seconds.parse::<u32>().is_ok()),
        "no Retry-After: {answer}"
    );

    // The same recovery goes on where it was, with the fresh core's sealing key.
    stack.start_core().await;
    visitor.open("/recovery").await;
    visitor.expect("Enter the code from your app", "prove-app").await;
    visitor.fill("Code", &app.code().await).await;
    visitor.press("Verify").await;
    visitor.prove_by_mail(&mut mailbox, &alice.email).await;
    visitor.expect("Choose a new password", "act-reset").await;

    // A page that was sealed to a key of before the restart asks once more; the proofs stay good.
    stack.stop_core().await;
    stack.start_core().await;
    visitor.set_password("Quill-Harbour-Basalt-52").await;
    visitor.expect("Choose a new password", "act-reset").await;
    visitor.set_password("Quill-Harbour-Basalt-52").await;
    visitor.expect("Your new password is set", "done-reset").await;
}
