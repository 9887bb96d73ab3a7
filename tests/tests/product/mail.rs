//! Codes and notices by a real mail server, with TLS and a password; also one that is away for a while.

use std::collections::BTreeSet;

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::forwarder::Forwarder;
use tests::mailbox::code_in;
use tests::pki::Authority;
use tests::secrets::Searcher;
use tests::smtp::MailServer;
use tests::stack::Stack;

use super::visitor::Visitor;

const NEW: &str = "Quill-Harbour-Basalt-52";

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
    let code = code_in(&mail.text);
    visitor.fill("Code", &code).await;
    visitor.press("Verify").await;
    visitor.expect("Choose a new password", "act-reset").await;

    // What waits in the outbox outlives the core.
    way.lead_to(None);
    visitor.set_password(NEW).await;
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

    let pages = visitor.seen().to_vec();
    drop(visitor);
    stack.stop().await;
    let secrets = [
        ("first password", alice.password.as_str()),
        ("new password", NEW),
        (
            "authenticator secret",
            alice.totp_secret.as_deref().expect("alice has an app"),
        ),
        ("e-mail code", &code),
        ("password at the mail server", MailServer::PASSWORD),
    ];
    let searcher = Searcher::new(secrets).and_codes("app code", app.shown());
    let told = ["people.json", "mail-password"].map(|name| stack.state().join(name));
    let told: Vec<_> = told.iter().map(std::path::PathBuf::as_path).collect();
    assert_eq!(searcher.in_folder(&stack.state(), &told), BTreeSet::new());
    for page in pages {
        assert_eq!(searcher.in_text(page.as_bytes()), BTreeSet::new(), "in a page");
    }
}
