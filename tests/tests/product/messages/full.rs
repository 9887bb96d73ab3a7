//! A disk that is full, on either side: what cannot be written down does not happen, and goes on as soon as there is room.

use std::time::Duration;

use tests::mailbox::Mailbox;
use tests::messages::Sent;
use tests::processes::{Running, wait_for};
use tests::reader::{Reader, Reading};
use tests::small_disk::SmallDisk;
use tests::stack::{Stack, await_log};

const SENDER: &str = "sender@corp.example";
const PATIENCE: Duration = Duration::from_mins(1);
/// With less than 64 MiB free a site is not ready.
const MEBIBYTES: u32 = 96;
const CLAIM: [u8; 16] = [3; 16];

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_room_hands_nothing_out_and_loses_nothing() {
    let (mut stack, disk, reader) = with_small("site").await;
    let before = stack.send("before", &["--notify", SENDER]).await;
    disk.fill();
    for _ in 0..3 {
        let answer = reader.open(&before.link(), CLAIM).await.expect("an answer");
        assert_eq!(answer, Reading::Unavailable, "no event, no reading");
    }
    let meanwhile = send_into_full(&stack, &disk).await;
    assert_eq!(open(&reader, &before).await, "before");
    assert_eq!(open(&reader, &meanwhile).await, "meanwhile");
    judge(&stack, [&before, &meanwhile]).await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_room_for_keys_takes_nothing_and_loses_nothing() {
    let (mut stack, disk, reader) = with_small("site-keys").await;
    let before = stack.send("before", &["--notify", SENDER]).await;
    disk.fill();
    let meanwhile = send_into_full(&stack, &disk).await;
    assert_eq!(open(&reader, &before).await, "before");
    assert_eq!(open(&reader, &meanwhile).await, "meanwhile");
    judge(&stack, [&before, &meanwhile]).await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_without_room_loses_nothing_and_tells_everything_later() {
    let mut stack = Stack::prepare().await;
    let disk = SmallDisk::at(&stack.state().join("core"), MEBIBYTES);
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let before = stack.send("before", &["--notify", SENDER]).await;
    disk.fill();
    assert_eq!(open(&reader, &before).await, "before");
    let log = stack.state().join("log/core-api.log");
    await_log(&log, "what happened on a site could not be kept").await;
    let refused = stack.try_send("refused", &["--notify", SENDER]).await;
    // Not for some later reason: one that is taken without having been stored is known to nobody afterwards.
    let why = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(
        why.contains("disk is full"),
        "what cannot be stored is not promised: {why}"
    );
    assert!(stack.core.as_mut().is_some_and(Running::is_running));
    disk.make_room();
    let after = stack.send("after", &["--notify", SENDER]).await;
    assert_eq!(open(&reader, &after).await, "after");
    judge(&stack, [&before, &after]).await;
    stack.stop().await;
}

/// Core and site; this folder of the site is on a small disk.
async fn with_small(folder: &str) -> (Stack, SmallDisk, Reader) {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    stack.site.take().expect("it runs").stop(PATIENCE).await;
    let disk = SmallDisk::at(&stack.state().join(folder), MEBIBYTES);
    stack.launch_site();
    stack.await_ready(12, stack.site.as_ref()).await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    (stack, disk, reader)
}

/// Sends to a site that has no room; it has some once the core was told so.
async fn send_into_full(stack: &Stack, disk: &SmallDisk) -> Sent {
    let log = stack.state().join("log/core-api.log");
    let told = async {
        await_log(&log, "it has no room").await;
        disk.make_room();
    };
    let (sent, ()) = tokio::join!(stack.send("meanwhile", &["--notify", SENDER]), told);
    sent
}

async fn open(reader: &Reader, sent: &Sent) -> String {
    let link = sent.link();
    let text = wait_for("the message opens", PATIENCE, async || {
        match reader.open(&link, CLAIM).await.ok()? {
            Reading::Text(text) => Some(text),
            Reading::Unavailable => None,
            other => panic!("{other:?}"),
        }
    })
    .await;
    reader.done(&link, CLAIM).await.expect("an answer");
    text
}

/// Each was read, once, and its sender was told, once.
async fn judge(stack: &Stack, messages: [&Sent; 2]) {
    let mailbox = Mailbox::new(&stack.state().join("mail"));
    for sent in messages {
        let shown = wait_for(&format!("{} is read", sent.id), PATIENCE, async || {
            let shown = stack.message(&sent.id).await;
            (shown.state == "read").then_some(shown)
        })
        .await;
        assert_eq!((shown.count("opened"), shown.count("read")), (1, 1), "{shown:?}");
        let words = [sent.id.as_str(), "was opened"];
        wait_for("the sender is told", PATIENCE, async || {
            (mailbox.count(SENDER, &words) > 0).then_some(())
        })
        .await;
        assert_eq!(mailbox.count(SENDER, &words), 1, "{}", sent.id);
    }
    let sites = stack.sites().await;
    assert!(sites.contains("well"), "{sites}");
}
