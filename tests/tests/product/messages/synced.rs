//! The power fails at the moment at which the first byte of an answer leaves a site: whatever was not synced by then is
//! lost, and what was told holds all the same.

use std::time::Duration;

use tests::disk::{Exchange, Moment, Syncs, Trace};
use tests::folder::copy;
use tests::messages::Sent;
use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(1);
/// A body that the site stores in two pieces: by its size the push is known from other calls of the core.
const LONG: usize = 300_000;
const SITE: [&str; 2] = ["site", "site-keys"];

/// What was sent and read while the calls of the site were noted.
struct Recorded {
    stack: Stack,
    sent: [(Sent, String); 3],
    trace: Trace,
    /// The push of the long message, and its receipt.
    push: Exchange,
    /// The opening of the first message and of the second, and what was handed out.
    openings: [Exchange; 2],
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_site_answers_is_on_the_disk_before_the_first_byte_of_the_answer() {
    let mut recorded = Recorded::make().await;
    let (push, [first, second]) = (recorded.push, recorded.openings);
    for (moment, syncs, readable) in [
        (push.answered, Syncs::Count, [true, true, true]),
        (first.asked, Syncs::Count, [true, true, true]),
        (first.answered, Syncs::Count, [false, true, true]),
        (second.asked, Syncs::Count, [false, true, true]),
        (second.answered, Syncs::Count, [false, false, true]),
    ] {
        recorded.cut_power(moment, syncs).await;
        let expected = readable.map(Some);
        assert_eq!(recorded.read_anew().await, expected, "{moment:?}");
        recorded.judge().await;
    }
    recorded.stack.stop().await;
}

/// What the disk was not asked to keep is gone: were this not found out, the test above would show nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_disk_keeps_nothing_is_found_out() {
    let mut recorded = Recorded::make().await;
    let [_, second] = recorded.openings;
    recorded.cut_power(second.answered, Syncs::DoNotCount).await;
    let stack = &mut recorded.stack;
    wait_for("the core tells of the fork", PATIENCE, async || {
        stack.sites().await.contains("turned back").then_some(())
    })
    .await;
    stack.stop().await;
}

impl Recorded {
    async fn make() -> Self {
        let mut stack = Stack::prepare().await;
        stack.lengthen_leases(); // what was opened is looked at after every cut
        stack.start_core().await;
        stack.start_site().await;
        stack.site.take().expect("it runs").stop(PATIENCE).await;
        let state = stack.state();
        for folder in SITE {
            copy(&state.join(folder), &state.join(folder).with_extension("before"));
        }
        let notes = state.join("site.trace");
        stack.site = Some(stack.run_traced_site(&notes));
        let mut sent = Vec::new();
        for text in ["first".to_owned(), "second".to_owned(), "l".repeat(LONG)] {
            sent.push((stack.send(&text, &[]).await, text));
        }
        // Confirmed by the core, which has all that happened so far. Without it nothing happens but what readers do.
        stack.await_ready(12, stack.site.as_ref()).await;
        stack.stop_core().await;
        let reader = Reader::of_tls_1_2(stack.port + 1, &stack.ca());
        for (sent, text) in &sent[..2] {
            let opened = reader.open(&sent.link(), [1; 16]).await;
            assert_eq!(opened.expect("an answer"), Reading::Text(text.clone()));
        }
        drop(stack.site.take());
        copy(&state.join("core"), &state.join("core.before"));
        let trace = Trace::read(&notes, &SITE.map(|folder| state.join(folder)));
        let push = trace.exchanges(stack.port + 4, LONG);
        let openings = trace.exchanges(stack.port + 1, 0);
        Self {
            stack,
            sent: sent.try_into().unwrap_or_else(|_| panic!("three")),
            trace,
            push: push[0],
            openings: *openings.last_chunk().expect("two were opened"),
        }
    }

    /// Starts again with what is left after a cut at this moment, and with a core as it was then.
    async fn cut_power(&mut self, moment: Moment, syncs: Syncs) {
        let state = self.stack.state();
        drop((self.stack.site.take(), self.stack.core.take()));
        copy(&state.join("core.before"), &state.join("core"));
        for folder in SITE.map(|folder| state.join(folder)) {
            copy(&folder.with_extension("before"), &folder);
            self.trace.cut_power(moment, &folder, syncs);
        }
        self.stack.launch_site();
        self.stack.start_core().await;
    }

    /// Whether each message opens for a reader who has not opened it before; what is neither is `None`.
    async fn read_anew(&self) -> [Option<bool>; 3] {
        let reader = Reader::new(self.stack.port + 1, &self.stack.ca());
        let mut readable = [None; 3];
        for ((sent, text), readable) in self.sent.iter().zip(&mut readable) {
            let link = sent.link();
            let reading = wait_for("an answer", PATIENCE, async || {
                let reading = reader.open(&link, [2; 16]).await.ok()?;
                (reading != Reading::Unavailable).then_some(reading)
            });
            *readable = match reading.await {
                Reading::Text(read) if read == *text => Some(true),
                Reading::Ended(_) => Some(false),
                _ => None,
            };
        }
        readable
    }

    /// Whoever opened them, each was opened once, and the core finds nothing wrong.
    async fn judge(&self) {
        for (sent, _) in &self.sent {
            let shown = self.stack.await_message(&sent.id, "opened").await;
            assert_eq!(shown.count("opened"), 1, "{}", sent.id);
        }
        let sites = self.stack.sites().await;
        assert!(sites.contains("well"), "{sites}");
    }
}
