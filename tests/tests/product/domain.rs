//! The same with a real domain behind it, in the judgement of MIT Kerberos.

use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::demo::{Demo, Person};
use tests::kinit::{Verdict, kinit};
use tests::mailbox::Mailbox;
use tests::samba::Domain;

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
        }
    }

    /// Up to the page behind all proofs.
    async fn prove(&mut self, choice: &str) {
        self.visitor.begin(choice, &self.person.username).await;
        self.visitor.prove_by_app(&mut self.app).await;
        self.visitor
            .prove_by_mail(&mut self.mailbox, &self.person.email)
            .await;
        self.visitor.expect("Your account", "act").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_real_domain_help_themselves() {
    let demo = Demo::start("samba").await;
    let known = std::fs::read(demo.state().join("dc/accounts.json")).expect("the domain's accounts");
    let domain: Domain = serde_json::from_slice(&known).expect("accounts.json is what this reads");
    let judge = |username: &str, password: &str| kinit(&domain, username, password);

    alice_forgets(&demo, &judge).await;
    bob_is_unlocked(&demo, &judge).await;
    erin_must_change(&demo, &judge).await;
    frank_keeps_to_his_policy(&demo, &judge).await;
}

async fn alice_forgets(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) {
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
}

async fn bob_is_unlocked(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) {
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
}

async fn erin_must_change(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) {
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
}

async fn frank_keeps_to_his_policy(demo: &Demo, judge: &impl Fn(&str, &str) -> Verdict) {
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
