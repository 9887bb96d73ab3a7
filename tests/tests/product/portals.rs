//! Two portals of one origin stand behind a balancer and serve one recovery in turns: neither keeps anything.

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::forwarder::Forwarder;
use tests::mailbox::Mailbox;
use tests::stack::Stack;

use super::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn two_portals_serve_one_recovery_in_turns() {
    let mut stack = Stack::prepare().await;
    let origin = stack.origin();
    let second_peer = format!(
        "[[api.peer]]\nsan = \"portal2.localhost\"\nrole = \"portal\"\norigin = \"{origin}\"\n\n[pki]"
    );
    stack.edit("core-api.toml", "[pki]", &second_peer);
    let issue = [
        "pki",
        "issue",
        "pki",
        "--role",
        "portal",
        "--san",
        "portal2.localhost",
        "--out",
        "pki/portal2",
    ];
    stack.core_api(&issue).await.expect("the authority issues");
    let listen = |port: u16| format!("listen = \"127.0.0.1:{port}\"");
    let (public, health) = (listen(stack.port), listen(stack.port + 11));
    stack.start_core().await;
    let first = stack.further_portal("first", &[(&public, &listen(stack.port + 1))]);
    let certificate = [
        ("pki/portal.pem", "pki/portal2.pem"),
        ("pki/portal.key", "pki/portal2.key"),
    ];
    let places = [
        (&*public, &*listen(stack.port + 2)),
        (&*health, &*listen(stack.port + 12)),
    ];
    let second = stack.further_portal("second", &[certificate, places].concat());
    stack.await_ready(11, Some(&first)).await;
    stack.await_ready(12, Some(&second)).await;

    let balancer = Forwarder::start(stack.port).await;
    let take_first = || balancer.lead_to(Some(stack.port + 1));
    let take_second = || balancer.lead_to(Some(stack.port + 2));
    let alice = stack.person("alice").clone();
    let mut app = Authenticator::new(alice.totp_secret.as_deref().expect("alice has an app"));
    let mut mailbox = Mailbox::new(&stack.state().join("mail"));
    take_first();
    let mut visitor = Visitor::arrive(&origin, &stack.ca(), Scripts::On).await;
    visitor.begin("I forgot my password", "alice").await;
    take_second();
    visitor.prove_by_app(&mut app).await;
    visitor.expect("One more proof, please", "choose-next").await;
    take_first();
    visitor.press("E-mail code").await;
    visitor.expect("Get a code by e-mail", "send").await;
    take_second();
    visitor.press("Send code").await;
    visitor
        .expect("Enter the code from the e-mail", "prove-mail")
        .await;
    take_first();
    visitor.fill("Code", &mailbox.code(&alice.email).await).await;
    visitor.press("Verify").await;
    visitor.expect("Choose a new password", "act-reset").await;
    take_second();
    visitor.set_password("Quill-Harbour-Basalt-52").await;
    visitor.expect("Your new password is set", "done-reset").await;
    for log in [first.log(), second.log()] {
        assert!(log.contains(r#""method":"POST""#), "it served nothing:\n{log}");
    }
}
