//! Grace is new: invited, she sets up recovery, waits out the hold and helps herself. A thief who knows her password
//! and nothing else gets nowhere.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::mailbox::Mailbox;
use tests::secrets::Searcher;
use tests::stack::Stack;
use tokio::time::{Instant, sleep_until};

use super::visitor::Visitor;

/// Long enough for two browsers to press a button each, also on a busy machine.
const HOLD: Duration = Duration::from_secs(20);
const NEW: &str = "Quill-Harbour-Basalt-52";

async fn prepared() -> Stack {
    let mut stack = Stack::prepare().await;
    stack.edit(
        "core-api.toml",
        "hold = \"0s\"",
        &format!("hold = \"{}s\"", HOLD.as_secs()),
    );
    stack.start_core().await;
    stack.start_portal().await;
    stack
}

/// The code of a fresh invitation for grace.
async fn invite(stack: &Stack) -> String {
    let said = stack
        .core_api(&["invite", "grace"])
        .await
        .expect("the core invites");
    said.lines().next().expect("the code stands first").to_owned()
}

/// Up to what follows an invitation and a password.
async fn show_invitation(visitor: &mut Visitor, code: &str, password: &str) {
    visitor.begin("Set up recovery", "grace").await;
    visitor.press("Invitation").await;
    visitor
        .expect("Two things show that it is you", "prove-invitation")
        .await;
    visitor.fill("Invitation code", code).await;
    visitor.fill("Current password", password).await;
    visitor.press("Verify").await;
}

/// Up to the first code of an authenticator app: the picture is drawn, and says what the text beside it says.
async fn show_app(visitor: &mut Visitor) -> (String, Authenticator) {
    visitor.press("Add an authenticator app").await;
    visitor.expect("Show the picture and scan it", "enrol-app").await;
    visitor.press("Show the picture").await;
    visitor
        .expect_once("Enter the code that the app shows", "enrol-app-shown")
        .await;
    let drawn = "return [document.querySelector('[data-secret-text]').textContent,
        document.querySelector('[data-uri]').href, document.querySelector('[data-qr] path').getAttribute('d').length]";
    let drawn = visitor.browser().script(drawn, &[]).await;
    let secret: String = drawn[0].as_str().expect("a text").split_whitespace().collect();
    assert!(
        drawn[1]
            .as_str()
            .is_some_and(|link| link.contains(&format!("secret={secret}"))),
        "the link differs"
    );
    assert!(
        drawn[2].as_u64().is_some_and(|length| length > 1000),
        "nothing is drawn"
    );
    let mut app = Authenticator::new(&secret);
    visitor.fill("Code", &app.code().await).await;
    (secret, app)
}

/// Makes recovery codes. They are shown once: the page, asked for again, does not have them.
async fn make_codes(visitor: &mut Visitor) -> Vec<String> {
    visitor.press("Make recovery codes").await;
    visitor
        .expect("They are shown this one time only", "enrol-codes")
        .await;
    visitor.press("Make the codes").await;
    visitor
        .expect_once("Your recovery codes", "enrol-codes-shown")
        .await;
    let all = "return [...document.querySelectorAll('[data-codes] code')].map(code => code.textContent)";
    let codes: Vec<String> =
        serde_json::from_value(visitor.browser().script(all, &[]).await).expect("a list of texts");
    visitor.browser().choose("I have kept these codes safe").await;
    visitor.press("Finish").await;
    visitor.expect("It is set up", "factors-added").await;
    assert_eq!(codes.len(), 10);
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10, "each is another");
    codes
}

async fn add_address(visitor: &mut Visitor, mailbox: &mut Mailbox, address: &str) -> String {
    visitor.press("Add an e-mail address").await;
    visitor.expect("Take a private address", "enrol-mail").await;
    visitor.fill("E-mail address", address).await;
    visitor.press("Send code").await;
    visitor
        .expect("Enter the code that we sent you", "enrol-mail-code")
        .await;
    let code = mailbox.code(address).await;
    visitor.fill("Code", &code).await;
    visitor.press("Verify").await;
    visitor.expect("It is set up", "factors-added").await;
    code
}

#[tokio::test(flavor = "multi_thread")]
async fn grace_is_invited_sets_up_recovery_waits_and_recovers() {
    let mut stack = prepared().await;
    let grace = stack.person("grace").clone();
    assert_eq!(grace.totp_secret, None, "she has nothing yet");
    let mut mailbox = Mailbox::new(&stack.state().join("mail"));
    let invitation = invite(&stack).await;
    let mut visitor = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;

    show_invitation(&mut visitor, &invitation, &grace.password).await;
    visitor
        .expect("You have not set up anything yet", "factors-empty")
        .await;
    let address_code = add_address(&mut visitor, &mut mailbox, &grace.email).await;
    let codes = make_codes(&mut visitor).await;

    // During the hold a new factor proves nothing. It is short, so whoever tries stands before the page already.
    let mut early = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::Off).await;
    early.begin("I forgot my password", "grace").await;
    early.press("Authenticator app").await;
    early.expect("Enter the code from your app", "prove-app").await;
    let (secret, mut app) = show_app(&mut visitor).await;
    early.fill("Code", &app.code().await).await;
    let held_until = Instant::now() + HOLD;
    visitor.press("Verify").await;
    visitor.browser().expect("It is set up").await;
    early.press("Verify").await;
    early.browser().expect("This was not accepted").await;
    assert!(
        Instant::now() < held_until,
        "the hold was over before it was tried"
    );
    visitor.expect("It is set up", "factors-added").await;
    visitor.expect("Counts from", "factors-held").await;
    visitor.press("I am done").await;
    visitor.expect("What do you need?", "home").await;
    // An invitation is good for one enrolment.
    show_invitation(&mut visitor, &invitation, &grace.password).await;
    visitor.expect("This was not accepted", "prove-wrong").await;

    sleep_until(held_until).await;
    visitor.begin("I forgot my password", "grace").await;
    visitor.press("Recovery code").await;
    visitor.expect("Enter a recovery code", "prove-code").await;
    visitor.fill("Code", &codes[3]).await;
    visitor.press("Verify").await;
    let mail_code = visitor.prove_by_mail(&mut mailbox, &grace.email).await;
    visitor.expect("Choose a new password", "act-reset").await;
    visitor.set_password(NEW).await;
    visitor.expect("Your new password is set", "done-reset").await;
    mailbox.next(&grace.email, "A new password was set").await;

    // A recovery code is good for one proof.
    visitor.begin("I forgot my password", "grace").await;
    visitor.press("Recovery code").await;
    visitor.fill("Code", &codes[3]).await;
    visitor.press("Verify").await;
    visitor.expect("This was not accepted", "prove-wrong").await;

    let pages = [visitor.seen(), early.seen()].concat();
    drop((visitor, early));
    stack.stop().await;
    let mut secrets = vec![
        ("invitation", invitation.as_str()),
        ("first password", &grace.password),
        ("new password", NEW),
        ("authenticator secret", &secret),
        ("code to the new address", &address_code),
        ("e-mail code", &mail_code),
    ];
    secrets.extend(codes.iter().map(|code| ("recovery code", code.as_str())));
    let searcher = Searcher::new(secrets).and_codes("app code", app.shown());
    let told = ["people.json", "mail"].map(|name| stack.state().join(name));
    let told: Vec<_> = told.iter().map(std::path::PathBuf::as_path).collect();
    assert_eq!(searcher.in_folder(&stack.state(), &told), BTreeSet::new());
    for page in pages {
        assert_eq!(searcher.in_text(page.as_bytes()), BTreeSet::new(), "in a page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_with_only_the_password_enrols_nothing() {
    let stack = prepared().await;
    let grace = stack.person("grace").clone();
    let invitation = invite(&stack).await;
    let mut thief = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    for (code, password) in [
        ("0000-0000-0000-0000", grace.password.as_str()),
        (&invitation, "not her password"),
    ] {
        show_invitation(&mut thief, code, password).await;
        // The same words for both: which of the two was wrong is nobody's to know.
        thief
            .expect(
                "This was not accepted. Check what you typed and try again.",
                "prove-invitation-wrong",
            )
            .await;
        thief.open("/enrol").await;
        thief.expect("Which account is it?", "identify").await;
    }
    // Her password alone opens none of the other ways either, nor does it get a code sent.
    thief.begin("Set up recovery", "grace").await;
    thief.press("Authenticator app").await;
    thief.fill("Code", &grace.password).await;
    thief.press("Verify").await;
    thief.expect("This was not accepted", "prove-wrong").await;
    assert_eq!(Mailbox::new(&stack.state().join("mail")).unread(&grace.email), []);

    // The wrong password did not spend the invitation: grace herself still gets in with it.
    show_invitation(&mut thief, &invitation, &grace.password).await;
    thief
        .expect("You have not set up anything yet", "factors-empty")
        .await;
    let title = thief.browser().script("return document.title", &[]).await;
    assert_eq!(title, json!("Your ways to recover – Corp Example"));
}
