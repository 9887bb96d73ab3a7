//! The demo as a newcomer meets it: alice forgets her password and helps herself, with and without JavaScript, and
//! nothing that the servers leave behind knows what she typed.

use std::collections::BTreeSet;

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::demo::Demo;
use tests::mailbox::Mailbox;
use tests::secrets::Searcher;
use tests::stack::Stack;

use super::visitor::Visitor;

const FIRST_NEW: &str = "Quill-Harbour-Basalt-52";
const SECOND_NEW: &str = "Tandem-Orchid-Gravel-77";
const THIRD_NEW: &str = "Lantern-Violet-Summit-31";

#[tokio::test(flavor = "multi_thread")]
async fn alice_forgets_her_password_and_helps_herself() {
    let demo = Demo::start("embedded").await;
    let alice = demo.person("alice").clone();
    let (origin, ca) = (demo.known().portal.clone(), demo.known().ca.clone());
    let mut mailbox = Mailbox::new(&demo.known().mail_dir);
    let secret = alice.totp_secret.clone().expect("alice has an app");
    let mut app = Authenticator::new(&secret);

    let mut visitor = Visitor::arrive(&origin, &ca, Scripts::On).await;
    visitor.begin("I forgot my password", "alice").await;
    visitor.prove_by_app(&mut app).await;
    let first_code = visitor.prove_by_mail(&mut mailbox, &alice.email).await;
    visitor.expect("Choose a new password", "act-reset").await;
    visitor.set_password(FIRST_NEW).await;
    visitor.expect("Your new password is set", "done-reset").await;
    mailbox.next(&alice.email, "A new password was set").await;

    // Without JavaScript, by another name of hers: the password that she just set is the current one, the old is not.
    let mut plain = Visitor::arrive(&origin, &ca, Scripts::Off).await;
    plain.begin("Change my password", &alice.upn).await;
    plain.prove_by_app(&mut app).await;
    let second_code = plain.prove_by_mail(&mut mailbox, &alice.email).await;
    plain.expect("Change your password", "act-change").await;
    plain.change_password(&alice.password, SECOND_NEW).await;
    plain
        .expect("Your current password is not right", "act-wrong")
        .await;
    plain.change_password(FIRST_NEW, SECOND_NEW).await;
    plain.expect("Your password is changed", "done-change").await;
    mailbox.next(&alice.email, "was changed").await;

    let pages = [visitor.seen(), plain.seen()].concat();
    drop((visitor, plain));
    let state = demo.state();
    let _folder = demo.stop().await;
    let secrets = [
        ("first password", alice.password.as_str()),
        ("first new password", FIRST_NEW),
        ("second new password", SECOND_NEW),
        ("authenticator secret", &secret),
        ("first e-mail code", &first_code),
        ("second e-mail code", &second_code),
    ];
    let searcher = Searcher::new(secrets).and_codes("app code", app.shown());
    // What the demo itself writes down for newcomers, in clear and on purpose.
    let told = ["people.json", "people.txt", "demo.json", "mail"].map(|name| state.join(name));
    let told: Vec<_> = told.iter().map(std::path::PathBuf::as_path).collect();
    assert_eq!(searcher.in_folder(&state, &told), BTreeSet::new());
    for page in pages {
        assert_eq!(searcher.in_text(page.as_bytes()), BTreeSet::new(), "in a page");
    }
    // The search does find what is there: the exceptions hold everything but what she typed.
    let found: BTreeSet<_> = searcher
        .in_folder(&state, &[])
        .into_iter()
        .map(|leak| leak.secret)
        .collect();
    let known = [
        "authenticator secret",
        "first e-mail code",
        "first password",
        "second e-mail code",
    ];
    assert_eq!(found, known.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_everything_again() {
    let demo = Demo::start("embedded").await;
    let alice = demo.person("alice").clone();
    let (before, table) = (demo.known().portal.clone(), demo.said());
    assert!(
        table.contains(&alice.password) && table.contains("This is a demo"),
        "{table}"
    );
    let mut visitor = Visitor::arrive(&before, &demo.known().ca, Scripts::On).await;
    let mut app = Authenticator::new(alice.totp_secret.as_deref().expect("alice has an app"));
    let mut mailbox = Mailbox::new(&demo.known().mail_dir);
    visitor.begin("I forgot my password", "alice").await;
    visitor.prove_by_app(&mut app).await;
    visitor.prove_by_mail(&mut mailbox, &alice.email).await;
    visitor.expect("Choose a new password", "act-reset").await;
    visitor.set_password(FIRST_NEW).await;
    visitor.expect("Your new password is set", "done-reset").await;

    let folder = demo.stop().await;
    let demo = Demo::again(folder, "embedded").await;
    assert_eq!(demo.person("alice").totp_secret, alice.totp_secret);
    assert_eq!(demo.person("alice").password, alice.password);
    let mut visitor = Visitor::arrive(&demo.known().portal, &demo.known().ca, Scripts::On).await;
    visitor.begin("Change my password", "alice").await;
    visitor.prove_by_app(&mut app).await;
    visitor.prove_by_mail(&mut mailbox, &alice.email).await;
    visitor.expect("Change your password", "act-change").await;
    visitor.change_password(FIRST_NEW, THIRD_NEW).await;
    visitor.expect("Your password is changed", "done-change").await;
}

#[tokio::test]
async fn only_a_demo_writes_passwords_down() {
    let stack = Stack::prepare().await;
    let domain = "kind = \"active-directory\"\ndomain = \"corp.example\"\nbase_dn = \"DC=corp,DC=example\"\n\
        controllers = [\"dc1.corp.example=127.0.0.1\"]\nbind_user = \"svc@corp.example\"\n\
        bind_password_file = \"pki/core.key\"\nca_file = \"pki/root.pem\"\n";
    stack.edit("core-api.toml", "kind = \"embedded\"\n", domain);
    stack.edit("core-api.toml", "demo = true\n", "");
    let refused = stack.core_api(&["demo", "prepare", "--out", "told.json"]).await;
    let refused = refused.expect_err("this is no demo").to_string();
    assert!(refused.contains("only a demo may do"), "{refused}");
    assert!(!stack.state().join("told.json").exists());
}
