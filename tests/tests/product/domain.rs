//! The same with a real domain behind it, in the judgement of MIT Kerberos.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::demo::{Demo, Person};
use tests::kinit::{Verdict, kinit};
use tests::mailbox::Mailbox;
use tests::samba::Domain;
use tests::secrets::Searcher;

use super::visitor::Visitor;

const NEW: &str = "Quill-Harbour-Basalt-52";
const OTHER: &str = "Tandem-Orchid-Gravel-77";
/// Complex, and two characters shorter than Finance's policy asks for.
const SHORT: &str = "Kurz-4711-Ab";

/// A visitor with somebody's telephone and mailbox.
struct Somebody {
    visitor: Visitor,
    person: Person,
    app: Authenticator,
    mailbox: Mailbox,
    /// Codes that came by mail.
    codes: Vec<String>,
}

impl Somebody {
    async fn new(demo: &Demo, username: &str, scripts: Scripts) -> Self {
        let person = demo.person(username).clone();
        let app = Authenticator::new(person.totp_secret.as_deref().expect("enrolled by the demo"));
        let visitor = Visitor::arrive(&demo.known().portal, &demo.known().ca, scripts).await;
        Self {
            visitor,
            person,
            app,
            mailbox: Mailbox::new(&demo.known().mail_dir),
            codes: Vec::new(),
        }
    }

    /// Up to the page behind all proofs.
    async fn prove(&mut self, choice: &str) {
        self.visitor.begin(choice, &self.person.username).await;
        self.visitor.prove_by_app(&mut self.app).await;
        let code = self
            .visitor
            .prove_by_mail(&mut self.mailbox, &self.person.email)
            .await;
        self.codes.push(code);
        self.visitor.expect("Your account", "act").await;
    }
}

/// Nothing that core and portal leave behind knows what these people typed.
fn expect_no_secret(state: &Path, people: &[Somebody]) {
    let mut secrets = vec![
        ("new password", NEW),
        ("other new password", OTHER),
        ("short password", SHORT),
    ];
    for Somebody { person, codes, .. } in people {
        secrets.push(("first password", &person.password));
        secrets.extend(
            person
                .totp_secret
                .as_deref()
                .map(|secret| ("authenticator secret", secret)),
        );
        secrets.extend(codes.iter().map(|code| ("e-mail code", code.as_str())));
    }
    let shown = people.iter().flat_map(|somebody| somebody.app.shown());
    let searcher = Searcher::new(secrets).and_codes("app code", shown);
    // What the demo writes down for newcomers, and the domain's own folder.
    let told = ["people.json", "people.txt", "demo.json", "mail", "dc"].map(|name| state.join(name));
    let told: Vec<_> = told.iter().map(PathBuf::as_path).collect();
    assert_eq!(searcher.in_folder(state, &told), BTreeSet::new());
    for page in people.iter().flat_map(|somebody| somebody.visitor.seen()) {
        assert_eq!(searcher.in_text(page.as_bytes()), BTreeSet::new(), "in a page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_real_domain_help_themselves() {
    let demo = Demo::start("samba").await;
    let known = std::fs::read(demo.state().join("dc/accounts.json")).expect("the domain's accounts");
    let domain: Domain = serde_json::from_slice(&known).expect("accounts.json is what this reads");
    let judge = |username: &str, password: &str| kinit(&domain, username, password);

    let people = [
        alice_forgets(&demo, &judge).await,
        bob_is_unlocked(&demo, &judge).await,
        erin_must_change(&demo, &judge).await,
        frank_keeps_to_his_policy(&demo, &judge).await,
    ];
    let state = demo.state();
    let _folder = demo.stop().await;
    expect_no_secret(&state, &people);
}

async fn alice_forgets(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) -> Somebody {
    let mut alice = Somebody::new(demo, "alice", Scripts::On).await;
    alice.prove("I forgot my password").await;
    alice.visitor.set_password(NEW).await;
    alice
        .visitor
        .expect("Your new password is set", "done-reset")
        .await;
    assert_eq!(judge("alice", NEW), Verdict::Ticket);
    assert_eq!(judge("alice", &alice.person.password), Verdict::WrongPassword);

    // Only the domain knows the passwords that she had: what it refuses is told as its refusal.
    alice.prove("Change my password").await;
    alice.visitor.change_password(NEW, &alice.person.password).await;
    alice
        .visitor
        .expect("domain refused this password", "act-domain-refused")
        .await;
    assert_eq!(judge("alice", NEW), Verdict::Ticket);
    // The proofs stay good for another try.
    alice.visitor.change_password(NEW, OTHER).await;
    alice
        .visitor
        .expect("Your password is changed", "done-change")
        .await;
    assert_eq!(judge("alice", OTHER), Verdict::Ticket);
    alice
}

async fn bob_is_unlocked(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) -> Somebody {
    let mut bob = Somebody::new(demo, "bob", Scripts::Off).await;
    assert_eq!(judge("bob", &bob.person.password), Verdict::Revoked);
    bob.prove("My account is locked").await;
    bob.visitor
        .expect("Your account is locked until", "act-unlock")
        .await;
    bob.visitor.press("Unlock account").await;
    bob.visitor
        .expect("Your account is unlocked", "done-unlock")
        .await;
    assert_eq!(judge("bob", &bob.person.password), Verdict::Ticket);
    bob
}

async fn erin_must_change(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) -> Somebody {
    let mut erin = Somebody::new(demo, "erin", Scripts::Off).await;
    assert_eq!(judge("erin", &erin.person.password), Verdict::MustChange);
    erin.prove("Change my password").await;
    erin.visitor
        .expect("Your password must be changed", "act-must-change")
        .await;
    erin.visitor.change_password(&erin.person.password, NEW).await;
    erin.visitor
        .expect("Your password is changed", "done-change")
        .await;
    assert_eq!(judge("erin", NEW), Verdict::Ticket);
    erin
}

async fn frank_keeps_to_his_policy(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) -> Somebody {
    let mut frank = Somebody::new(demo, "frank", Scripts::On).await;
    frank.prove("I forgot my password").await;
    frank.visitor.expect("at least 14 characters", "act-strict").await;
    frank.visitor.set_password(SHORT).await;
    frank
        .visitor
        .expect("does not keep this rule: at least 14 characters", "act-refused")
        .await;
    assert!(!was_meant(demo, "frank"), "the directory was asked");
    assert_eq!(judge("frank", &frank.person.password), Verdict::Ticket);
    frank.visitor.set_password(NEW).await;
    frank
        .visitor
        .expect("Your new password is set", "done-reset")
        .await;
    assert!(
        was_meant(demo, "frank"),
        "this is how one sees that the directory was asked"
    );
    assert_eq!(judge("frank", NEW), Verdict::Ticket);
    frank
}

/// Whether the audit has an intent to write to this account: nothing is written without one.
fn was_meant(demo: &Demo, username: &str) -> bool {
    let mut command = std::process::Command::new(tests::processes::binary("core-api"));
    command
        .arg("--config")
        .arg(demo.state().join("core-api.toml"))
        .args(["audit", "export"]);
    let output = command.output().expect("the command can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let records = String::from_utf8(output.stdout).expect("an export is text");
    records
        .lines()
        .any(|record| record.contains(r#""intent""#) && record.contains(username))
}
