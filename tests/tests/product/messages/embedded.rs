//! Where there is no DMZ the core serves the site itself: the same messages, the same promises.

use std::time::Duration;

use tests::messages::Sent;
use tests::pki::{Authority, Validity};
use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const SECRET: &str = "Verdigris-Trellis-2291-Marrow";

/// A stack whose core serves the site of one-time messages.
async fn without_dmz() -> Stack {
    serving_itself(Stack::prepare().await).await
}

async fn serving_itself(mut stack: Stack) -> Stack {
    let section = format!(
        "mail = \"help@corp.example\"\n\n[site.embedded]\nlisten = \"127.0.0.1:{}\"\n\
         sources = [\"127.0.0.0/8\"]\ncert_file = \"pki/site.pem\"\nkey_file = \"pki/site.key\"\n\n[mail]",
        stack.port + 1
    );
    stack.edit(
        "core-api.toml",
        "mail = \"help@corp.example\"\n\n[mail]",
        &section,
    );
    stack.start_core().await;
    stack
}

async fn open(stack: &Stack, sent: &Sent, token: u8) -> Reading {
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let opened = wait_for(
        "an answer that is not 503",
        Duration::from_secs(20),
        async || match reader.open(&sent.link(), [token; 16]).await.ok()? {
            Reading::Unavailable => None,
            reading => Some(reading),
        },
    );
    let opened = opened.await;
    reader.done(&sent.link(), [token; 16]).await.expect("an answer");
    opened
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_read_once_from_a_core_that_serves_its_site_itself() {
    let mut stack = without_dmz().await;
    let (first, second) = (stack.send(SECRET, &[]).await, stack.send(SECRET, &[]).await);
    assert_eq!(open(&stack, &first, 1).await, Reading::Text(SECRET.to_owned()));
    let shown = stack.await_message(&first.id, "read").await;
    assert_eq!((shown.count("opened"), shown.count("read")), (1, 1));
    assert!(matches!(open(&stack, &first, 2).await, Reading::Ended(_)));

    // A power cut: what was read stays read, and what was not is still there.
    drop(stack.core.take()); // killed
    stack.start_core().await;
    assert!(matches!(open(&stack, &first, 3).await, Reading::Ended(_)));
    assert_eq!(open(&stack, &second, 1).await, Reading::Text(SECRET.to_owned()));
    stack.await_message(&second.id, "read").await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_whose_embedded_site_was_wiped_pairs_anew_and_tells_what_is_lost() {
    let mut stack = without_dmz().await;
    let sent = stack.send(SECRET, &[]).await;
    stack.stop_core().await;
    std::fs::remove_dir_all(stack.state().join("core/sites")).expect("the site is there");
    stack.start_core().await;
    stack.await_message(&sent.id, "lost").await;
    let sites = stack.sites().await;
    assert!(sites.contains("epoch 2"), "{sites}");
    let again = stack.send(SECRET, &[]).await;
    assert_eq!(open(&stack, &again, 1).await, Reading::Text(SECRET.to_owned()));

    // Ended for good; a start finds the section still there and begins anew.
    stack
        .core_api(&["site", "retire", "demo"])
        .await
        .expect("it is paired");
    stack.stop_core().await;
    stack.start_core().await;
    let third = stack.send(SECRET, &[]).await;
    assert_eq!(open(&stack, &third, 1).await, Reading::Text(SECRET.to_owned()));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_a_site_within_the_core_is_renewed_while_the_core_runs() {
    let stack = Stack::prepare().await;
    let other = Authority::new("Another authority");
    stack.trust_for_sites(&other);
    let mut stack = serving_itself(stack).await;
    let folder = stack.state().join("other");
    std::fs::create_dir(&folder).expect("the test's folder is writable");
    let reader = Reader::new(stack.port + 1, &other.write(&folder));
    assert!(reader.fetch("GET", "/").await.is_err(), "nobody has it yet");
    // The core pairs with its own site once both run.
    wait_for("a request of the site", Duration::from_secs(20), async || {
        let asked = ["site", "certificate", "demo", "--out", "site.csr"];
        stack.core_api(&asked).await.ok()
    })
    .await;
    let request = std::fs::read_to_string(stack.state().join("site.csr")).expect("it was written");
    std::fs::write(
        stack.state().join("chain.pem"),
        other.sign(&request, Validity::Now),
    )
    .expect("the test's folder is writable");
    stack
        .core_api(&["site", "certificate", "demo", "--chain", "chain.pem"])
        .await
        .expect("it fits");
    assert_eq!(reader.fetch("GET", "/").await.expect("an answer").status, 200);
    stack.stop().await;
}
