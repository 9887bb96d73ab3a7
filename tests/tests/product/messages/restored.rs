//! A site whose files are put back to an older state hands nothing out, and says so.

use std::time::Duration;

use tests::folder::copy;
use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_a_site_hands_nothing_out_a_second_time() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let (read, unread) = (stack.send("once", &[]).await, stack.send("never", &[]).await);
    stack
        .site
        .take()
        .expect("it runs")
        .stop(Duration::from_secs(20))
        .await;
    for folder in ["site", "site-keys"] {
        copy(
            &stack.state().join(folder),
            &stack.state().join(format!("{folder}.old")),
        );
    }
    stack.launch_site();
    let first = wait_for("the message is handed out", PATIENCE, async || {
        match reader.open(&read.link(), [5; 16]).await.ok()? {
            Reading::Text(text) => Some(text),
            _ => None,
        }
    });
    assert_eq!(first.await, "once");
    stack.await_message(&read.id, "opened").await;

    stack
        .site
        .take()
        .expect("it runs")
        .stop(Duration::from_secs(20))
        .await;
    for folder in ["site", "site-keys"] {
        copy(
            &stack.state().join(format!("{folder}.old")),
            &stack.state().join(folder),
        );
    }
    stack.launch_site();
    wait_for("the core tells of the fork", PATIENCE, async || {
        stack.sites().await.contains("turned back").then_some(())
    })
    .await;
    for sent in [&read, &unread] {
        let answer = reader.open(&sent.link(), [6; 16]).await.expect("an answer");
        assert_eq!(answer, Reading::Unavailable, "nothing of the old epoch is served");
    }

    // A new epoch: what the core does not know as ended is lost, its sender may send again, and all is well.
    stack
        .core_api(&["site", "re-key", "demo"])
        .await
        .expect("a new epoch begins");
    stack.await_message(&unread.id, "lost").await;
    let again = stack.send("again", &[]).await;
    let opened = wait_for(
        "a message of the new epoch opens",
        PATIENCE,
        async || match reader.open(&again.link(), [7; 16]).await.ok()? {
            Reading::Text(text) => Some(text),
            _ => None,
        },
    );
    assert_eq!(opened.await, "again");
    stack.stop().await;
}

/// The core is away when it is read, and before it comes back somebody puts the site's database back, as a backup has it.
/// The keys are on a path that no backup covers.
#[tokio::test]
async fn a_reading_that_the_core_never_saw_is_not_given_again() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let sent = stack.send("once", &[]).await;
    let stopped = async |stack: &mut Stack| {
        let site = stack.site.take().expect("it runs");
        site.stop(Duration::from_secs(20)).await;
    };
    let (current, old) = (stack.state().join("site"), stack.state().join("site.old"));
    stopped(&mut stack).await;
    copy(&current, &old);
    stack.start_site().await;
    stack.stop_core().await;
    let read = reader.open(&sent.link(), [5; 16]).await.expect("an answer");
    assert_eq!(read, Reading::Text("once".to_owned()));
    wait_for("the other database knows how far it was", PATIENCE, async || {
        let number = |file: &str, sql: &str| {
            let database = sqlite::Connection::open(stack.state().join(file)).ok()?;
            database.query_row(sql, [], |row| row.get::<_, i64>(0)).ok()
        };
        let anchor = number("site-keys/keys.db", "SELECT seq FROM anchor")?;
        (Some(anchor) == number("site/site.db", "SELECT seq FROM chain")).then_some(())
    })
    .await;
    stopped(&mut stack).await;
    copy(&old, &current);
    stack.launch_site();
    stack.start_core().await;
    wait_for("the core tells of the fork", PATIENCE, async || {
        stack.sites().await.contains("turned back").then_some(())
    })
    .await;
    let again = reader.open(&sent.link(), [5; 16]).await.expect("an answer");
    assert_eq!(again, Reading::Unavailable);
    stack
        .core_api(&["site", "re-key", "demo"])
        .await
        .expect("a new epoch begins");
    stack.await_message(&sent.id, "lost").await;
    stack.stop().await;
}
