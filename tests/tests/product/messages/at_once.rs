//! Many readers of one message at the same moment.

use futures_util::{StreamExt as _, stream};
use tests::messages::Sent;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;
use tokio::task::JoinSet;

const READERS: u8 = 12;
const MESSAGES: usize = 200;
/// Messages that are sent at the same time.
const SENDERS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn twelve_readers_at_once_and_one_has_it() {
    let mut stack = Stack::prepare().await;
    stack.lengthen_leases(); // the first is looked at when all have been read
    // All of them come from one address.
    stack.edit(
        "selfdestruct.toml",
        "requests_at_once = 2000",
        "requests_at_once = 6000",
    );
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let texts: Vec<String> = (0..MESSAGES)
        .map(|number| format!("the text of message {number}"))
        .collect();
    let sending = texts.iter().map(|text| stack.send(text, &[]));
    let sent: Vec<Sent> = stream::iter(sending).buffered(SENDERS).collect().await;
    for (sent, text) in sent.iter().zip(&texts) {
        let mut readers = JoinSet::new();
        for claim in 0..READERS {
            let (reader, link) = (reader.clone(), sent.link());
            readers.spawn(async move { reader.open(&link, [claim; 16]).await.expect("an answer") });
        }
        let readings = readers.join_all().await;
        let (texts, others): (Vec<_>, Vec<_>) = readings
            .into_iter()
            .partition(|reading| matches!(reading, Reading::Text(_)));
        assert_eq!(texts, [Reading::Text(text.clone())]);
        for other in others {
            assert!(matches!(other, Reading::Ended(_)), "{other:?}");
        }
    }
    for (sent, text) in sent.iter().zip(&texts) {
        let shown = stack.await_message(&sent.id, "opened").await;
        assert_eq!(shown.count("opened"), 1, "{text}");
    }
    stack.stop().await;
}
