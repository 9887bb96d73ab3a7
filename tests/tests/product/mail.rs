//! Codes and notices by a real mail server, with TLS and a password; also one that is away for a while.

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::forwarder::Forwarder;
use tests::mailbox::code_in;
use tests::pki::Authority;
use tests::smtp::MailServer;
use tests::stack::Stack;

use super::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_notices_wait_for_a_mail_server_that_is_away() {
    let authority = Authority::new("mail CA");
    let (server, way) = (MailServer::start(&authority).await, Forwarder::start(0).await);
    let mut stack = Stack::prepare().await;
    let alice = stack.person("alice").clone();
    let password = stack.state().join("mail-password");
    // A copy of a secret file of the stack has its mode.
    std::fs::copy(stack.state().join("pki/core.key"), &password).expect("the test's folder is writable");
    std::fs::write(&password, MailServer::PASSWORD).expect("the test's folder is writable");
    std::fs::write(stack.state().join("mail-ca.pem"), authority.pem())
        .expect("the test's folder is writable");
    let smtp = format!(
        "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npassword_file = \"mail-password\"\n\
         ca_file = \"mail-ca.pem\"\n",
        way.port(),
        MailServer::USERNAME
    );
    stack.edit(
        "core-api.toml",
        "transport = \"file\"\ndirectory = \"mail\"\n",
        &smtp,
    );
    stack.start_core().await;
    stack.start_portal().await;

    let mut app = Authenticator::new(alice.totp_secret.as_deref().expect("alice has an app"));
    let mut visitor = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    visitor.begin("I forgot my password", "alice").await;
    visitor.prove_by_app(&mut app).await;
    visitor.ask_for_mail().await;
    tests::stack::await_log(&stack.state().join("log/core-api.log"), "WARN").await;
    assert!(server.mails().is_empty(), "it is away");

    way.lead_to(Some(server.port()));
    let mail = server.next_to(&alice.email, 0).await;
    assert_eq!(mail.subject, "Corp Example: your code to set a new password");
    visitor.fill("Code", &code_in(&mail.text)).await;
    visitor.press("Verify").await;
    visitor.expect("Choose a new password", "act-reset").await;

    // What waits in the outbox outlives the core.
    way.lead_to(None);
    visitor.set_password("Quill-Harbour-Basalt-52").await;
    visitor.expect("Your new password is set", "done-reset").await;
    stack.stop_core().await;
    assert_eq!(server.mails().len(), 1, "it is away");
    way.lead_to(Some(server.port()));
    stack.start_core().await;
    let notice = server.next_to(&alice.email, 1).await;
    assert!(
        notice.text.contains("A new password was set for your account"),
        "{}",
        notice.text
    );
    assert_eq!(server.mails().len(), 2, "each is sent once");
}
