//! The link between portal and core holds only with the right certificates, either way.

use std::path::Path;

use tests::browser::Scripts;
use tests::pki::{Authority, Issued, Validity};
use tests::stack::Stack;

use super::visitor::Visitor;

/// A certificate with the one that signed it behind it, as files of the stack.
fn put(stack: &Stack, name: &str, issued: &Issued, authority: &Authority) {
    let pki = stack.state().join("pki");
    let chain = format!("{}{}", issued.certificate, authority.pem());
    write(&pki.join(format!("{name}.pem")), &chain);
    write(&pki.join(format!("{name}.key")), &issued.key);
}

/// Into a file that is there, whose mode stays.
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the test's folder is writable");
}

fn demo_authority(stack: &Stack) -> Authority {
    let pki = stack.state().join("pki");
    Authority::open(&pki.join("issuing.pem"), &pki.join("issuing.key"))
}

/// What a visitor reads who can do nothing about it.
const AWAY: &str = "We cannot help you right now";
const WRONG: &str = "Something went wrong on our side";

/// The portal serves its pages, and every way into a recovery ends at a kind page.
async fn expect_shut(stack: &Stack, visitor: &mut Visitor, words: &str) {
    stack.await_alive(11).await;
    visitor.open("/forgot").await;
    visitor.expect("Which account is it?", "identify").await;
    visitor.fill("User name or e-mail", "alice").await;
    visitor.press("Continue").await;
    visitor.expect_once(words, "link-wrong").await;
    visitor.expect_once("contact the helpdesk", "link-wrong").await;
    assert!(!stack.is_ready(11).await, "it calls itself ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_without_the_right_certificate_is_refused() {
    let mut stack = Stack::start().await;
    let (ours, foreign) = (demo_authority(&stack), Authority::new("Sallyport demo issuing"));
    let mut visitor = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::Off).await;
    visitor.begin("I forgot my password", "alice").await; // with its own certificate all is well
    let wrong = [
        ("portal.localhost", Validity::Expired, &ours, AWAY),
        ("portal.localhost", Validity::Now, &foreign, AWAY),
        ("portal9.localhost", Validity::Now, &ours, WRONG), // nobody's name
        ("tools.localhost", Validity::Now, &ours, WRONG),   // of a tool, which may not carry recoveries
    ];
    for (name, validity, authority, words) in wrong {
        drop(stack.portal.take());
        put(&stack, "portal", &authority.issue(&[name], validity), authority);
        stack.launch_portal();
        expect_shut(&stack, &mut visitor, words).await;
    }
    drop(stack.portal.take());
    put(
        &stack,
        "portal",
        &ours.issue(&["portal.localhost"], Validity::Now),
        &ours,
    );
    stack.start_portal().await;
    visitor.begin("I forgot my password", "alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_without_the_right_certificate_is_not_believed() {
    let mut stack = Stack::start().await;
    let (ours, foreign) = (demo_authority(&stack), Authority::new("Sallyport demo issuing"));
    let mut visitor = Visitor::arrive(&stack.origin(), &stack.ca(), Scripts::Off).await;
    visitor.begin("I forgot my password", "alice").await;
    let wrong = [
        ("127.0.0.1", Validity::Expired, &ours),
        ("127.0.0.1", Validity::Now, &foreign),
        ("core9.localhost", Validity::Now, &ours),
    ];
    for (name, validity, authority) in wrong {
        drop(stack.portal.take());
        stack.stop_core().await;
        put(&stack, "core", &authority.issue(&[name], validity), authority);
        stack.start_core().await;
        stack.launch_portal();
        expect_shut(&stack, &mut visitor, AWAY).await;
    }
    drop(stack.portal.take());
    stack.stop_core().await;
    put(&stack, "core", &ours.issue(&["127.0.0.1"], Validity::Now), &ours);
    stack.start_core().await;
    stack.start_portal().await;
    visitor.begin("I forgot my password", "alice").await;
}
