//! Core and site with a network between them that fails, and readers behind another one.

use std::collections::BTreeMap;
use std::time::Duration;

use tests::faults::FaultyNetwork;
use tests::processes::wait_for;
use tests::reader::{Link, Reader, Reading};
use tests::stack::Stack;
use tokio::time::timeout;

const MESSAGES: u8 = 12;
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice_however_the_network_fails() {
    for seed in [1, 2] {
        Box::pin(schedule(seed)).await;
    }
}

/// Sends and reads through failing networks until everything was read; then what each side knows is compared.
async fn schedule(seed: u64) {
    let mut stack = Stack::prepare().await;
    let sync = FaultyNetwork::start(stack.port + 4, seed).await;
    let public = FaultyNetwork::start(stack.port + 1, seed ^ 0xff).await;
    let (direct, failing) = (format!(":{}\"", stack.port + 4), format!(":{}\"", sync.port()));
    stack.edit(
        "core-api.toml",
        &format!("sync_url = \"https://127.0.0.1{direct}"),
        &format!("sync_url = \"https://127.0.0.1{failing}"),
    );
    stack.start_core().await;
    stack.start_site().await;
    let story = || format!("sync: {}; public: {}", sync.story(), public.story());
    let reader = Reader::new(stack.port + 1, &stack.ca()).through(public.port());

    let mut waiting: BTreeMap<String, (Link, String, [u8; 16])> = BTreeMap::new();
    for number in 0..MESSAGES {
        let text = format!("message {number} under seed {seed}");
        let sent = stack.send(&text, &[]).await;
        waiting.insert(sent.id.clone(), (sent.link(), text, [number; 16]));
    }
    let ids: Vec<String> = waiting.keys().cloned().collect();
    wait_for(&format!("all are read; {}", story()), PATIENCE, async || {
        for id in &ids {
            let Some((link, text, claim)) = waiting.get(id) else {
                continue;
            };
            let reading = timeout(Duration::from_secs(5), reader.open(link, *claim)).await;
            match reading {
                Ok(Ok(Reading::Text(read))) => {
                    assert_eq!(&read, text, "{}", story());
                    waiting.remove(id);
                }
                // Not now, or the answer was lost: the same claim asks again within the lease.
                Ok(Ok(Reading::Unavailable) | Err(_)) | Err(_) => {}
                Ok(Ok(other)) => panic!("{id}: {other:?}; {}", story()),
            }
        }
        waiting.is_empty().then_some(())
    })
    .await;
    sync.heal();
    for id in &ids {
        let shown = wait_for(
            &format!("{id} is known as opened; {}", story()),
            PATIENCE,
            async || {
                let shown = stack.message(id).await;
                (shown.count("opened") > 0).then_some(shown)
            },
        )
        .await;
        assert_eq!(shown.count("opened"), 1, "{id}; {}", story());
    }
    let sites = stack.sites().await;
    assert!(sites.contains("well"), "{sites}; {}", story());
    stack.stop().await;
}
