//! Strangers ask a site for ids that never were, from many addresses, while others read.

use std::time::{Duration, Instant};

use tests::flood::Flood;
use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(2);
const SOURCES: u8 = 10;
const MESSAGES: u8 = 20;
/// Each address is let ask this often at once, and ten times a second from then on.
const AT_ONCE: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_ids_stops_no_reading_and_does_not_fill_the_journal() {
    let mut stack = Stack::prepare().await;
    // What a site is shipped with, in place of what the tests need.
    for line in [
        "requests_per_minute = 6000\n",
        "requests_at_once = 2000\n",
        "connections_at_once = 1000\n",
    ] {
        stack.edit("selfdestruct.toml", line, "");
    }
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let mut messages = Vec::new();
    for _ in 0..MESSAGES {
        messages.push(stack.send("read amid a flood", &[]).await);
    }
    let (before, begun) = (events(&stack).await, Instant::now());

    let flood = Flood::start(&reader, SOURCES);
    for (number, sent) in (0..).zip(&messages) {
        // Between two readings the flood goes on.
        let more = flood.answers().answered + 100;
        let most = u64::from(SOURCES) * AT_ONCE / 2;
        wait_for("the flood", PATIENCE, async || {
            (flood.answers().answered >= more.min(most)).then_some(())
        })
        .await;
        let read = reader.open(&sent.link(), [number; 16]).await;
        let text = Reading::Text("read amid a flood".to_owned());
        assert_eq!(read.expect("an answer"), text, "{:?}", flood.answers());
        let done = reader.done(&sent.link(), [number; 16]).await;
        assert_eq!(done.expect("an answer"), 204, "{:?}", flood.answers());
    }
    wait_for("the limit is reached", PATIENCE, async || {
        (flood.answers().limited > 0).then_some(())
    })
    .await;
    let answers = flood.end().await;
    assert!(
        answers.answered >= u64::from(SOURCES) * AT_ONCE / 2 && answers.others == 0,
        "{answers:?}"
    );

    for sent in &messages {
        let shown = stack.await_message(&sent.id, "read").await;
        assert_eq!(shown.count("opened"), 1, "{shown:?}");
    }
    // Opened, delivered, read; and what was only counted, which is told once in a minute.
    let grown = events(&stack).await - before;
    let told = 3 * u64::from(MESSAGES);
    let sums = begun.elapsed().as_secs() / 60 + 2;
    assert!(
        (told..=told + sums).contains(&grown),
        "{grown} events, {answers:?}"
    );
    let sites = stack.sites().await;
    assert!(sites.contains("well"), "{sites}");
    stack.stop().await;
}

/// How long the site's journal is.
async fn events(stack: &Stack) -> u64 {
    let printed = stack.core_api(&["site", "list", "--json"]).await.expect("a list");
    let sites: serde_json::Value = serde_json::from_str(&printed).expect("what the command prints as JSON");
    sites[0]["events"].as_u64().expect("a number")
}
