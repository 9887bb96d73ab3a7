//! What fetches links without meaning to read them: mail scanners, chat previews, browsers that look ahead.

use tests::browser::{Browser, Scripts};
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_burns_before_somebody_presses_the_button() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let sent = stack.send("still here", &[]).await;
    let path = format!("/m/{}", sent.id);
    let page = reader.fetch("GET", &path).await.expect("an answer");
    assert_eq!(page.status, 200);
    for method in ["GET", "HEAD", "OPTIONS"] {
        for address in [path.clone(), format!("{path}/open"), format!("{path}/done")] {
            reader.fetch(method, &address).await.expect("an answer");
        }
    }
    // A scanner that runs scripts and presses nothing.
    let browser = Browser::start(&[&stack.ca()], Scripts::On).await;
    browser.open(&sent.link).await;
    browser.expect("Open message").await;
    drop(browser);

    // The page is the same for every id, whether it lives, was read or never was.
    let opened = reader.open(&sent.link(), [3; 16]).await.expect("an answer");
    assert_eq!(opened, Reading::Text("still here".to_owned()));
    for id in [sent.id.as_str(), "AAAAAAAAAAAAAAAAAAAAAA", "no-id-at-all"] {
        let other = reader.fetch("GET", &format!("/m/{id}")).await.expect("an answer");
        assert_eq!((other.status, &other.body), (200, &page.body), "{id}");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_saw_an_id_can_neither_burn_the_message_nor_learn_that_it_lives() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let sent = stack.send("still here", &["--generate-passphrase"]).await;
    let wrong = serde_json::json!({ "link": "A".repeat(43), "claim": "A".repeat(22) });
    let ask = async |id: &str| {
        let path = format!("/m/{id}/open");
        reader.post(&path, &wrong).await.expect("an answer")
    };
    let unknown = ask("AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(unknown.status, 410);
    for _ in 0..100 {
        let answer = ask(&sent.id).await;
        assert_eq!((answer.status, &answer.body), (410, &unknown.body));
    }
    let opened = reader.open(&sent.link(), [4; 16]).await.expect("an answer");
    assert_eq!(
        opened,
        Reading::Text("still here".to_owned()),
        "nothing was counted"
    );
    stack.stop().await;
}
