//! The power fails at the moment at which either side says something: what it says is in what is left of its database.
//! Whether the protocol makes the right thing of it is asked beside this, in `synced.rs`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tests::disk::{Moment, Syncs, Trace};
use tests::folder::copy;
use tests::reader::{Link, Reader, Reading};
use tests::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(1);
const CLAIM: [u8; 16] = [1; 16];

/// What was said, when, and what has to be there by then: a query that counts it.
type Said = (&'static str, Moment, &'static str);

/// A folder as it was before, what was done in it since, and what was said meanwhile.
struct Recorded {
    /// Holds the folder; nothing of it runs.
    _stack: Stack,
    folder: PathBuf,
    database: &'static str,
    trace: Trace,
    said: Vec<Said>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_site_says_of_an_end_and_of_a_guess_is_on_its_disk() {
    record_site().await.judge();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_core_says_is_on_its_disk() {
    record_core().await.judge();
}

impl Recorded {
    fn judge(&self) {
        for (what, moment, query) in &self.said {
            assert_eq!(self.count(*moment, Syncs::Count, query), 1, "{what}");
            // Were a disk that keeps nothing not found out, this would show nothing.
            assert_eq!(self.count(*moment, Syncs::DoNotCount, query), 0, "{what}");
        }
    }

    fn count(&self, moment: Moment, syncs: Syncs, query: &str) -> i64 {
        copy(&before(&self.folder), &self.folder);
        self.trace.cut_power(moment, &self.folder, syncs);
        let database = sqlite::Connection::open(self.folder.join(self.database)).expect("a database");
        let count = database.query_row(query, [], |row| row.get(0));
        count.expect("the tables are there")
    }
}

fn before(folder: &Path) -> PathBuf {
    folder.with_extension("before")
}

async fn record_site() -> Recorded {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    stack.site.take().expect("it runs").stop(PATIENCE).await;
    let (folder, notes) = (stack.state().join("site"), stack.state().join("site.trace"));
    copy(&folder, &before(&folder));
    stack.site = Some(stack.run_traced_site(&notes));
    let read = stack.send("read", &[]).await;
    let guessed = stack.send("guessed", &["--generate-passphrase"]).await;
    let revoked = stack.send("revoked", &[]).await;
    // What the site says here is found in the notes again: what comes later is about the order.
    stack.await_ready(12, stack.site.as_ref()).await;
    let order = stack.core_api(&["message", "revoke", &revoked.id]).await;
    order.expect("it can be taken back");
    stack.await_message(&revoked.id, "revoked").await;
    // Without the core nobody comes to the site but readers.
    stack.stop_core().await;
    let reader = Reader::of_tls_1_2(stack.port + 1, &stack.ca());
    let opened = reader.open(&read.link(), CLAIM).await.expect("an answer");
    assert_eq!(opened, Reading::Text("read".to_owned()));
    assert_eq!(reader.done(&read.link(), CLAIM).await.expect("an answer"), 204);
    let wrong = Link::parse(&guessed.link, Some("no passphrase of anybody"));
    let refused = reader.open(&wrong, CLAIM).await.expect("an answer");
    assert!(matches!(refused, Reading::WrongPassphrase { .. }), "{refused:?}");
    drop(stack.site.take());
    let trace = Trace::read(&notes, std::slice::from_ref(&folder));
    let order = trace.first_exchange_since(trace.last_answer_on(stack.port + 12), stack.port + 4);
    let exchanges = trace.exchanges(stack.port + 1, 0);
    let [_, thanks, guess] = exchanges.last_chunk().expect("three came");
    let said = vec![
        (
            "it is taken back",
            order.answered,
            "SELECT count(*) FROM message WHERE ended = 3",
        ),
        (
            "it has arrived",
            thanks.answered,
            "SELECT count(*) FROM event WHERE event LIKE '%\"delivered\"%'",
        ),
        (
            "the passphrase is wrong",
            guess.answered,
            "SELECT count(*) FROM message WHERE tries_left < max_wrong",
        ),
    ];
    Recorded {
        _stack: stack,
        folder,
        database: "site.db",
        trace,
        said,
    }
}

/// The core dies when its `ack` is answered: nothing that it asked of the site is later.
async fn record_core() -> Recorded {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    stack.stop_core().await;
    let (folder, notes) = (stack.state().join("core"), stack.state().join("core.trace"));
    copy(&folder, &before(&folder));
    let mut core = stack.traced_core_that_dies_at("EventsAcked", &notes);
    stack.await_ready(10, Some(&core)).await;
    let sent = stack.send("acked", &[]).await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let opened = reader.open(&sent.link(), CLAIM).await.expect("an answer");
    assert_eq!(opened, Reading::Text("acked".to_owned()));
    core.ended(PATIENCE).await;
    let trace = Trace::read(&notes, std::slice::from_ref(&folder));
    let linked = trace.last_answer_by(&folder.join("admin.sock"));
    let acked = trace.last_question_to(stack.port + 4);
    let said = vec![
        ("here is the link", linked, "SELECT count(*) FROM message"),
        (
            "the site has it",
            linked,
            "SELECT count(*) FROM message WHERE stored_at IS NOT NULL",
        ),
        (
            "the events are kept",
            acked,
            "SELECT count(*) FROM site_event WHERE event LIKE '%\"opened\"%'",
        ),
    ];
    Recorded {
        _stack: stack,
        folder,
        database: "core.db",
        trace,
        said,
    }
}
