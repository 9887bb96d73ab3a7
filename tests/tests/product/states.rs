//! What is the matter with an account is told in plain words, and only behind all proofs.

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::mailbox::Mailbox;
use tests::stack::Stack;

use super::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_told_behind_all_proofs() {
    let stack = Stack::start().await;
    let mut mailbox = Mailbox::new(&stack.state().join("mail"));
    let mut visitor = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    let states = [
        ("bob", "Your account is locked until"),
        ("carol", "Your account is disabled"),
        ("dave", "Your account has expired"),
        ("erin", "Your password must be changed"),
        ("padmin", "Your account has special rights"),
    ];
    for (username, words) in states {
        let person = stack.person(username).clone();
        let mut app = Authenticator::new(person.totp_secret.as_deref().expect("enrolled by the demo"));
        visitor.begin("I forgot my password", username).await;
        let first = visitor.seen().len() - 1;
        visitor.prove_by_app(&mut app).await;
        visitor.prove_by_mail(&mut mailbox, &person.email).await;
        visitor.expect(words, &format!("act-{}", person.state)).await;
        let before = &visitor.seen()[first..visitor.seen().len() - 1];
        assert!(
            before.iter().all(|page| !page.contains(words)),
            "{username}: told before all proofs"
        );
    }
}
