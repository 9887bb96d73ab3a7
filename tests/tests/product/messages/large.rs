//! The largest that can be sent, in both directions, and one byte more.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tests::browser::{Browser, Scripts};
use tests::processes::wait_for;
use tests::stack::Stack;

const LARGEST: usize = 10 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes that do not repeat with any power of two, so that no piece can stand in another's place unnoticed.
fn bytes(length: usize) -> Vec<u8> {
    (0..=250_u8)
        .cycle()
        .zip(1_u8..=241)
        .map(|(one, other)| one ^ other)
        .cycle()
        .take(length)
        .collect()
}

fn write(stack: &Stack, name: &str, bytes: &[u8]) {
    std::fs::write(stack.state().join(name), bytes).expect("the test's folder is writable");
}

/// Waits until this stands in a file, byte for byte; a file that is saved has its name only when it is whole.
async fn expect_file(file: &Path, bytes: &[u8]) {
    let saved = wait_for("the file is saved", PATIENCE, async || std::fs::read(file).ok());
    let saved = saved.await;
    assert!(saved == bytes, "{} bytes arrived, or other ones", saved.len());
}

async fn json(stack: &Stack, arguments: &[&str]) -> Value {
    let printed = stack.core_api(arguments).await.expect("the command succeeds");
    serde_json::from_str(&printed).expect("what the command prints as JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_file_arrives_byte_for_byte_and_a_larger_one_is_refused() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let largest = bytes(LARGEST);
    write(&stack, "largest.bin", &largest);
    write(&stack, "larger.bin", &bytes(LARGEST + 1));

    let refused = stack
        .try_send_file("larger.bin")
        .await
        .err()
        .expect("it is too large");
    let said = refused.to_string();
    assert!(said.contains("larger.bin: it is larger than 10 MiB"), "{said}");
    assert_eq!(
        json(&stack, &["message", "list", "--json"]).await,
        Value::Array(vec![])
    );

    let sent = stack
        .try_send_file("largest.bin")
        .await
        .expect("it is not too large");
    let browser = Browser::start(&[&stack.ca()], Scripts::On).await;
    let saved = stack.state().join("saved");
    std::fs::create_dir(&saved).expect("the test's folder is writable");
    browser.save_into(&saved).await;
    browser.open(&sent.link).await;
    browser.press("Open message").await;
    browser.expect("largest.bin").await;
    browser.press("Save").await;
    expect_file(&saved.join("largest.bin"), &largest).await;
    stack.await_message(&sent.id, "read").await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_takes_the_largest_file_and_loses_nothing_over_a_larger_one() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let largest = bytes(LARGEST);
    write(&stack, "largest.bin", &largest);
    write(&stack, "larger.bin", &bytes(LARGEST + 1));

    let asked = json(&stack, &["drop", "request", "--json"]).await;
    let browser = Browser::start(&[&stack.ca()], Scripts::On).await;
    browser.open(asked["link"].as_str().expect("a link")).await;
    browser.attach("Files", &stack.state().join("larger.bin")).await;
    browser.press("Lock and send").await;
    browser.expect("may be up to 10.5 MB").await;
    browser.expect("larger.bin").await;

    // The box was not used up by that.
    browser.open(&stack.site_origin()).await;
    browser.open(asked["link"].as_str().expect("a link")).await;
    browser.attach("Files", &stack.state().join("largest.bin")).await;
    browser.press("Lock and send").await;
    browser.expect("Thank you, it has arrived").await;
    let id = asked["id"].as_str().expect("an id");
    wait_for("what came in is opened inside", PATIENCE, async || {
        let shown = stack.core_api(&["drop", "show", id, "--out", "came-in"]).await;
        shown.ok()
    })
    .await;
    expect_file(&stack.state().join("came-in/largest.bin"), &largest).await;
    stack.stop().await;
}
