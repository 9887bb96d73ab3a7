//! "This was not me": the link in a notice stops self-service until the helpdesk allows it again.

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::mailbox::Mailbox;
use tests::stack::Stack;

use super::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_so_stops_self_service() {
    let stack = Stack::start().await;
    let alice = stack.person("alice").clone();
    let mut app = Authenticator::new(alice.totp_secret.as_deref().expect("alice has an app"));
    let mut mailbox = Mailbox::new(&stack.state().join("mail"));
    let mut thief = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    thief.begin("I forgot my password", "alice").await;
    thief.prove_by_app(&mut app).await;
    thief.prove_by_mail(&mut mailbox, &alice.email).await;
    thief.expect("Choose a new password", "act-reset").await;
    thief.set_password("Quill-Harbour-Basalt-52").await;
    thief.expect("Your new password is set", "done-reset").await;

    let notice = mailbox.next(&alice.email, "A new password was set").await;
    let link = notice
        .split_whitespace()
        .find(|word| word.starts_with("https://"))
        .expect("a link");
    let mut owner = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    owner.browser().open(link).await;
    owner.expect_once("This was not you?", "not-me").await;
    owner.press("This was not me").await;
    owner
        .expect("Self-service is stopped for your account", "not-me-done")
        .await;
    mailbox.next(&alice.email, "self-service for your account").await;

    // Right proofs get the thief no further than wrong ones.
    thief.begin("I forgot my password", "alice").await;
    thief.prove_by_app(&mut app).await;
    thief.expect("This was not accepted", "prove-wrong").await;

    stack
        .core_api(&["unfreeze", "alice"])
        .await
        .expect("the helpdesk lifts it");
    owner.begin("I forgot my password", "alice").await;
    owner.prove_by_app(&mut app).await;
    owner.expect("One more proof, please", "choose-next").await;
}
