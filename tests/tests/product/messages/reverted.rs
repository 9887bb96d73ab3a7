//! A machine that is put back to an earlier moment while it runs: the site's process knows nothing of it, and its files are
//! those of before a reading. For as long as the core's last word counts (`confirm_within`) it cannot know better; after
//! that, or as soon as the core comes by, it hands nothing out.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tests::messages::Sent;
use tests::processes::{Running, wait_for};
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(1);
const SITE: [&str; 2] = ["site", "site-keys"];

/// A site that was put back to before a reading which the core knows. The core is away.
struct Reverted {
    stack: Stack,
    reader: Reader,
    read: Sent,
    unread: Sent,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reverted_machine_may_repeat_a_reading_until_its_confirmation_is_old_and_the_core_finds_out() {
    let mut reverted = Reverted::make("2m").await;
    // What is stated in the documents: within this time nobody can tell.
    let again = reverted.open(&reverted.read, 2).await;
    assert_eq!(again, Reading::Text("read".to_owned()));
    reverted.judge(async |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reverted_machine_whose_confirmation_is_old_hands_nothing_out() {
    let mut reverted = Reverted::make("10s").await;
    let stack = &reverted.stack;
    wait_for("the confirmation is old", PATIENCE, async || {
        (!stack.is_ready(12).await).then_some(())
    })
    .await;
    reverted.hand_nothing_out().await;
    // Not for a moment either once the core has asked: its question confirms no chain that it does not know.
    reverted
        .judge(async |reverted| reverted.hand_nothing_out().await)
        .await;
}

impl Reverted {
    async fn make(confirm_within: &str) -> Self {
        let mut stack = Stack::prepare().await;
        let folders = "keys_dir = \"site-keys\"";
        let both = format!("{folders}\nconfirm_within = \"{confirm_within}\"");
        stack.edit("selfdestruct.toml", folders, &both);
        stack.start_core().await;
        stack.start_site().await;
        let reader = Reader::new(stack.port + 1, &stack.ca());
        let (read, unread) = (stack.send("read", &[]).await, stack.send("unread", &[]).await);
        let site = stack.site.as_ref().expect("it runs");
        while_stopped(site, || copy_over(&stack.state(), "", ".snapshot"));
        let opened = wait_for("the message opens", PATIENCE, async || {
            let reading = reader.open(&read.link(), [1; 16]).await.ok()?;
            (reading != Reading::Unavailable).then_some(reading)
        });
        assert_eq!(opened.await, Reading::Text("read".to_owned()));
        stack.await_message(&read.id, "opened").await;
        stack.stop_core().await;
        let site = stack.site.as_ref().expect("it runs");
        while_stopped(site, || copy_over(&stack.state(), ".snapshot", ""));
        Self {
            stack,
            reader,
            read,
            unread,
        }
    }

    async fn open(&self, sent: &Sent, claim: u8) -> Reading {
        let opened = self.reader.open(&sent.link(), [claim; 16]).await;
        opened.expect("an answer")
    }

    async fn hand_nothing_out(&self) {
        for sent in [&self.read, &self.unread] {
            assert_eq!(self.open(sent, 2).await, Reading::Unavailable);
        }
    }

    /// The core is there again: it sees that the chain is not the one that it knows, and the site stands still.
    async fn judge(&mut self, meanwhile: impl AsyncFn(&Self)) {
        self.stack.start_core().await;
        let reverted = &*self;
        wait_for("the core tells of the fork", PATIENCE, async || {
            meanwhile(reverted).await;
            reverted.stack.sites().await.contains("turned back").then_some(())
        })
        .await;
        for (sent, claim) in [(&self.read, 1), (&self.read, 3), (&self.unread, 3)] {
            assert_eq!(self.open(sent, claim).await, Reading::Unavailable);
        }
        let stack = &mut self.stack;
        let rekeyed = stack.core_api(&["site", "re-key", "demo"]).await;
        rekeyed.expect("a new epoch begins");
        // What the core knew stays; of the rest it says that it does not know.
        for sent in [&self.read, &self.unread] {
            stack.await_message(&sent.id, "lost").await;
        }
        assert_eq!(stack.message(&self.read.id).await.count("opened"), 1);
        assert_eq!(stack.message(&self.unread.id).await.count("opened"), 0);
        stack.stop().await;
    }
}

fn while_stopped(site: &Running, work: impl FnOnce()) {
    site.signal(Signal::STOP);
    work();
    site.signal(Signal::CONT);
}

/// Copies what is in the site's folders into files that may be open: they stay the same files.
fn copy_over(state: &Path, from: &str, to: &str) {
    for folder in SITE {
        let (from, to) = (
            state.join(format!("{folder}{from}")),
            state.join(format!("{folder}{to}")),
        );
        std::fs::create_dir_all(&to).expect("the test's folder is writable");
        for entry in std::fs::read_dir(&from).expect("a folder of the site") {
            let entry = entry.expect("a file of the site");
            let bytes = std::fs::read(entry.path()).expect("a file of the site");
            std::fs::write(to.join(entry.file_name()), bytes).expect("it is writable");
        }
    }
}
