//! Either side is killed, again and again, while messages are sent and read.

use std::time::Duration;

use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const ROUNDS: u8 = 6;
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice_whoever_is_killed() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let mut read = Vec::new();
    for round in 0..ROUNDS {
        let text = format!("the message of round {round}");
        let sent = stack.send(&text, &[]).await;
        let (link, claim) = (sent.link(), [round; 16]);
        // An opening is under way while the site goes; some rounds it is done by then, some not.
        let opening = {
            let reader = reader.clone();
            tokio::spawn(async move { (reader.open(&link, claim).await.ok(), link) })
        };
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 3)).await;
        drop(stack.site.take()); // killed, not asked
        let (first, link) = opening.await.expect("no panic");
        if round % 2 == 0 {
            drop(stack.core.take());
            stack.start_core().await;
        }
        stack.launch_site();
        let again = wait_for(
            "the message opens again for its reader",
            PATIENCE,
            async || match reader.open(&link, claim).await.ok()? {
                Reading::Text(text) => Some(text),
                Reading::Unavailable => None,
                other => panic!("round {round}: {other:?} after {first:?}"),
            },
        );
        assert_eq!(again.await, text, "round {round}");
        read.push(sent.id);
    }
    for id in read {
        let shown = wait_for("the core knows of the reading", PATIENCE, async || {
            let shown = stack.message(&id).await;
            (shown.count("opened") > 0).then_some(shown)
        });
        assert_eq!(shown.await.count("opened"), 1, "{id}");
    }
    let sites = stack.sites().await;
    assert!(sites.contains("well"), "{sites}");
    stack.stop().await;
}
