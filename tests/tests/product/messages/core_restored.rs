//! A core whose database is put back to an older copy: it reads again what happened meanwhile, brings no message back, and
//! tells of those that it knows nothing of.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tests::folder::copy;
use tests::mailbox::Mailbox;
use tests::messages::Sent;
use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(1);
const SENDER: &str = "sender@corp.example";
const CLAIM: [u8; 16] = [1; 16];

#[tokio::test(flavor = "multi_thread")]
async fn a_core_from_an_older_copy_catches_up_and_brings_no_message_back() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let there = stack.send("there", &["--notify", SENDER]).await;
    let site = stack.site.take().expect("it runs");
    site.stop(PATIENCE).await;
    let copied = async {
        copy_with_one_waiting(&stack).await;
        stack.run_site()
    };
    let (waiting, site) = tokio::join!(stack.send("waiting", &["--notify", SENDER]), copied);
    stack.site = Some(site);
    for (sent, text) in [(&there, "there"), (&waiting, "waiting")] {
        read(&reader, sent, text).await;
        stack.await_message(&sent.id, "read").await;
    }
    let mut letters = Vec::new();
    for sent in [&there, &waiting] {
        letters.push(letter_about(&stack, sent).await);
    }
    let unread = stack.send("unread", &[]).await;
    let gone = stack.send("gone", &[]).await;
    read(&reader, &gone, "gone").await;
    stack.await_message(&gone.id, "read").await;

    stack.stop_core().await;
    for letter in &letters {
        std::fs::remove_file(letter).expect("it has come");
    }
    copy(&stack.state().join("core.old"), &stack.state().join("core"));
    stack.start_core().await;
    // What it knew of comes to the same end, once; what it was about to bring is not brought a second time.
    for sent in [&there, &waiting] {
        let shown = stack.await_message(&sent.id, "read").await;
        let counts = ["opened", "delivered", "read"].map(|kind| shown.count(kind));
        assert_eq!(counts, [1, 1, 1], "{shown:?}");
        let again = reader.open(&sent.link(), [2; 16]).await.expect("an answer");
        assert_eq!(again, Reading::Ended("read".to_owned()));
    }
    // Its sender is told again, by a letter with the same name, by which mailboxes recognise the double.
    for (sent, letter) in [&there, &waiting].into_iter().zip(&letters) {
        assert_eq!(letter_about(&stack, sent).await, *letter);
    }
    // What it knows nothing of is told by its id, and what still lives of it is taken back.
    wait_for("it tells of both", PATIENCE, async || {
        let sites = stack.sites().await;
        let is_told = |sent: &Sent| sites.contains(&format!("unknown-message {}", sent.id));
        (is_told(&unread) && is_told(&gone)).then_some(())
    })
    .await;
    wait_for("it is taken back", PATIENCE, async || {
        let reading = reader.open(&unread.link(), [2; 16]).await.ok()?;
        (reading == Reading::Ended("revoked".to_owned())).then_some(())
    })
    .await;
    stack.stop().await;
}

/// Copies the core's files at a moment at which it has a message for a site that is away.
async fn copy_with_one_waiting(stack: &Stack) {
    wait_for("a message waits", PATIENCE, async || {
        let list = stack.core_api(&["message", "list", "--json"]).await.ok()?;
        list.contains("\"waiting\"").then_some(())
    })
    .await;
    let core = stack.core.as_ref().expect("it runs");
    core.signal(Signal::STOP);
    copy(&stack.state().join("core"), &stack.state().join("core.old"));
    core.signal(Signal::CONT);
}

/// The file of the only mail about a message.
async fn letter_about(stack: &Stack, sent: &Sent) -> PathBuf {
    let mailbox = Mailbox::new(&stack.state().join("mail"));
    let about = || {
        let mut mails = mailbox.unread(SENDER);
        mails.retain(|(_, text)| text.contains(&sent.id));
        mails
    };
    wait_for("the sender is told", PATIENCE, async || {
        (!about().is_empty()).then_some(())
    })
    .await;
    let [(path, _)] = &about()[..] else {
        panic!("one mail about {}", sent.id)
    };
    path.clone()
}

async fn read(reader: &Reader, sent: &Sent, text: &str) {
    let link = sent.link();
    let reading = wait_for("the message opens", PATIENCE, async || {
        let reading = reader.open(&link, CLAIM).await.ok()?;
        (reading != Reading::Unavailable).then_some(reading)
    });
    assert_eq!(reading.await, Reading::Text(text.to_owned()));
    reader.done(&link, CLAIM).await.expect("an answer");
}
