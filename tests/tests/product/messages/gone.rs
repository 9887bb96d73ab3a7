//! A site that was gone for long, and finds very many messages waiting when it is back.

use std::process::Command;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tests::memory;
use tests::processes::{Running, example, wait_for};
use tests::reader::{Link, Reader, Reading};
use tests::stack::Stack;

const MESSAGES: usize = 10_000;
const LENGTH: usize = 8_000;
/// Readers at the same time.
const READERS: usize = 8;
/// Of one of so many it is seen what became of it.
const SAMPLE: usize = 100;
const PATIENCE: Duration = Duration::from_mins(10);
/// What the core may need more while it brings them: far less than all of them together.
const MOST_MORE: u64 = 32 << 20;

/// What the site may have had at most, all in all.
const MOST_OF_SITE: u64 = 64 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_that_waited_all_arrive_and_nobody_holds_them_all() {
    let mut stack = Stack::prepare().await;
    stack.lengthen_leases(); // the first is looked at when all have been read
    // All readers come from one address.
    stack.edit(
        "selfdestruct.toml",
        "requests_at_once = 2000",
        "requests_at_once = 20000",
    );
    stack.start_core().await;
    stack.start_site().await;
    stack.site.take().expect("it runs").stop(PATIENCE).await;
    stack.stop_core().await;
    let file = stack.state().join("links");
    let mut busy = Command::new(example("busy_core"));
    busy.arg(stack.state().join("core-api.toml"))
        .args([MESSAGES, LENGTH].map(|number| number.to_string()))
        .arg(&file);
    let busy = Running::spawn(busy, &stack.state().join("log/busy_core.log"));
    let links = wait_for("all are stored", PATIENCE, async || {
        std::fs::read_to_string(&file).ok()
    })
    .await;
    let links: Vec<&str> = links.lines().collect();
    assert_eq!(links.len(), MESSAGES);
    let waiting = stack.sites().await;
    assert!(waiting.contains(&format!("{MESSAGES} wait")), "{waiting}");

    let before = memory::peak(busy.id());
    stack.launch_site();
    wait_for("all are there", PATIENCE, async || {
        stack.sites().await.contains(" 0 wait").then_some(())
    })
    .await;
    let more = memory::peak(busy.id()) - before;
    assert!(more < MOST_MORE, "{more} bytes more than {before}");
    let site = memory::peak(stack.site.as_ref().expect("it runs").id());
    assert!(site < MOST_OF_SITE, "the site has had {site} bytes");
    let sites = stack.sites().await;
    assert!(
        sites.contains("well") && sites.contains(&format!("{MESSAGES} messages live")),
        "{sites}"
    );

    // It takes pushes before the core has confirmed its chain, and hands nothing out until then.
    stack.await_ready(12, stack.site.as_ref()).await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let links: Vec<Link> = links.iter().map(|link| Link::parse(link, None)).collect();
    // Each of them: how many live is the core's own account.
    let reading = links.iter().enumerate().map(async |(number, link)| {
        let first = reader.open(link, [1; 16]).await.expect("an answer");
        assert_eq!(first, Reading::Text(format!("{number:<LENGTH$}")));
    });
    stream::iter(reading)
        .buffer_unordered(READERS)
        .collect::<()>()
        .await;
    for link in links.iter().step_by(SAMPLE) {
        let second = reader.open(link, [2; 16]).await.expect("an answer");
        assert!(matches!(second, Reading::Ended(_)), "{second:?}");
        let shown = stack.await_message(&link.id(), "opened").await;
        assert_eq!(shown.count("opened"), 1);
    }
    busy.stop(PATIENCE).await;
    stack.stop().await;
}
