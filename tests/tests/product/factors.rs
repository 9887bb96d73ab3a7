//! Somebody with factors adds others and takes one away: everybody on file is told, and what proved her stays.

use serde_json::json;
use tests::authenticator::Authenticator;
use tests::browser::Scripts;
use tests::mailbox::Mailbox;
use tests::stack::Stack;

use super::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn a_way_to_recover_is_taken_away_by_its_owner() {
    let stack = Stack::start().await;
    let hannah = stack.person("hannah").clone();
    let mut app = Authenticator::new(hannah.totp_secret.as_deref().expect("hannah has an app"));
    let mut mailbox = Mailbox::new(&stack.state().join("mail"));
    let mut visitor = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::On).await;
    visitor.begin("Set up recovery", "hannah").await;
    visitor.prove_by_app(&mut app).await;
    visitor.prove_by_mail(&mut mailbox, &hannah.email).await;
    visitor.expect("Your ways to recover", "factors").await;

    visitor.press("Add an e-mail address").await;
    visitor.fill("E-mail address", "hannah@corp.example").await;
    visitor.press("Send code").await;
    visitor
        .expect_once("Codes cannot be sent to this address", "enrol-mail-refused")
        .await;
    visitor.fill("E-mail address", "hannah@other.example").await;
    visitor.press("Send code").await;
    visitor
        .expect("Enter the code that we sent you", "enrol-mail-code")
        .await;
    let code = mailbox.code("hannah@other.example").await;
    visitor.fill("Code", &code).await;
    visitor.press("Verify").await;
    visitor.expect("It is set up", "factors-added").await;
    for address in [&*hannah.email, "hannah@other.example"] {
        mailbox.next(address, "A new way to recover").await;
    }
    visitor.press("Make recovery codes").await;
    visitor.press("Make the codes").await;
    visitor.browser().choose("I have kept these codes safe").await;
    visitor.press("Finish").await;
    visitor.expect("It is set up", "factors-added").await;

    remove(&mut visitor, "Recovery codes").await;
    visitor.expect("It is removed", "factors-removed").await;
    let listed = "return document.querySelector('ul.factors').innerText.includes('Recovery codes')";
    let is_listed = visitor.browser().script(listed, &[]).await;
    assert_eq!(is_listed, json!(false), "they are still there");
    for address in [&*hannah.email, "hannah@other.example"] {
        mailbox.next(address, "was removed").await;
    }
    // What proved her just now cannot go: else whoever had her telephone for a minute could lock her out for good.
    remove(&mut visitor, "Authenticator app").await;
    visitor
        .expect("Please prove who you are in another way", "other-proof")
        .await;
}

/// Asks for the removal of the first way to recover whose description begins so.
async fn remove(visitor: &mut Visitor, name: &str) {
    visitor.open("/enrol").await;
    let link = "const items = [...document.querySelectorAll('ul.factors li')];
        items.find(item => item.innerText.trim().startsWith(arguments[0])).querySelector('a').click()";
    visitor.browser().script(link, &[json!(name)]).await;
    visitor
        .expect("You can no longer recover with it", "remove")
        .await;
    visitor.press("Remove").await;
}
