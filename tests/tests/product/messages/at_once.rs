//! Many readers of one message at the same moment.

use tests::reader::{Reader, Reading};
use tests::stack::Stack;
use tokio::task::JoinSet;

const READERS: u8 = 12;
const MESSAGES: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn twelve_readers_at_once_and_one_has_it() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    for number in 0..MESSAGES {
        let text = format!("the text of message {number}");
        let sent = stack.send(&text, &[]).await;
        let mut readers = JoinSet::new();
        for claim in 0..READERS {
            let (reader, link) = (reader.clone(), sent.link());
            readers.spawn(async move { reader.open(&link, [claim; 16]).await.expect("an answer") });
        }
        let readings = readers.join_all().await;
        let (texts, others): (Vec<_>, Vec<_>) = readings
            .into_iter()
            .partition(|reading| matches!(reading, Reading::Text(_)));
        assert_eq!(texts, [Reading::Text(text)], "message {number}");
        for other in others {
            assert!(matches!(other, Reading::Ended(_)), "{other:?}");
        }
        let shown = stack.await_message(&sent.id, "opened").await;
        assert_eq!(shown.count("opened"), 1, "message {number}");
    }
    stack.stop().await;
}
