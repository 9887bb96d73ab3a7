//! The clock of a site is set, by somebody or by something, while the core's is right.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use tests::mailbox::Mailbox;
use tests::messages::Sent;
use tests::processes::{Running, example, wait_for};
use tests::reader::{Link, Reader, Reading};
use tests::stack::Stack;

const HOUR_MS: i64 = 3_600_000;
const PATIENCE: Duration = Duration::from_mins(2);
const OPERATOR: &str = "operator@corp.example";
/// What operators are mailed about it.
const TOLD: [&str; 2] = ["demo", "the site's clock and ours are far apart"];

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_clock_was_set_is_told_of_and_serves_again_when_it_is_right() {
    join_all([HOUR_MS, -HOUR_MS].map(|shift| Box::pin(set(shift)))).await;
}

struct World {
    stack: Stack,
    reader: Reader,
}

async fn set(shift_ms: i64) {
    let mut world = World::new().await;
    let first = world.stack.send("first", &[]).await;
    let second = world.stack.send("second", &["--notify", OPERATOR]).await;
    world.write_shift(shift_ms);
    // The site serves for as long as the core's last word is good. The reading ends the poll that was begun before.
    assert_eq!(world.read(&first, 1).await, "first");

    // The site answers that it does not believe, with its time, by which the core knows what is wrong.
    let told = wait_for("the core tells of the skew", PATIENCE, async || {
        let told = world.stack.sites().await;
        told.contains("demo: skew").then_some(told)
    })
    .await;
    let clock = told
        .split("its clock ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let clock: i64 = clock
        .and_then(|clock| clock.parse().ok())
        .expect("how far it is off");
    assert!((clock - shift_ms).abs() < HOUR_MS / 2, "{told}");
    // Without a word of the core that is young enough, nothing is handed out.
    let stranger = stranger(&second);
    wait_for("the confirmation is too old", PATIENCE, async || {
        let answer = world.reader.open(&stranger, [2; 16]).await.ok()?;
        (answer == Reading::Unavailable).then_some(())
    })
    .await;
    let answer = world.reader.open(&second.link(), [3; 16]).await;
    assert_eq!(answer.expect("an answer"), Reading::Unavailable);

    // The clock is right again, and so is all else; nobody did anything about it.
    world.write_shift(0);
    assert_eq!(world.read(&second, 3).await, "second");
    wait_for("all is well", PATIENCE, async || {
        world.stack.sites().await.contains("well").then_some(())
    })
    .await;
    for sent in [&first, &second] {
        let shown = world.stack.await_message(&sent.id, "opened").await;
        assert_eq!(shown.count("opened"), 1, "{shown:?}");
    }
    // The mail about the reading wakes whoever sends them.
    let mailbox = Mailbox::new(&world.stack.state().join("mail"));
    wait_for("operators are told", PATIENCE, async || {
        (mailbox.count(OPERATOR, &TOLD) > 0).then_some(())
    })
    .await;
    assert_eq!(mailbox.count(OPERATOR, &TOLD), 1, "once while it stood");
    world.stack.stop().await;
}

/// A link to the same message with another secret: asking with it changes nothing.
fn stranger(sent: &Sent) -> Link {
    let (address, fragment) = sent.link.split_once('#').expect("a link has a fragment");
    let other = if fragment.starts_with('A') { 'B' } else { 'A' };
    Link::parse(&format!("{address}#{other}{}", &fragment[1..]), None)
}

impl World {
    async fn new() -> Self {
        let mut stack = Stack::prepare().await;
        stack.lengthen_leases(); // what was opened is looked at when the clock is right again
        let from = "from = \"Corp Example <reset@corp.example>\"";
        stack.edit(
            "core-api.toml",
            from,
            &format!("{from}\noperators = [\"{OPERATOR}\"]"),
        );
        stack.edit(
            "selfdestruct.toml",
            "data_dir = \"site\"",
            "data_dir = \"site\"\nconfirm_within = \"30s\"",
        );
        stack.start_core().await;
        stack.pair().await;
        let world = Self {
            reader: Reader::new(stack.port + 1, &stack.ca()),
            stack,
        };
        world.write_shift(0);
        world.started().await
    }

    async fn started(mut self) -> Self {
        let mut command = Command::new(example("shifted_site"));
        command
            .arg(self.stack.state().join("selfdestruct.toml"))
            .arg(self.shift());
        let log = self.stack.state().join("log/shifted_site.log");
        self.stack.site = Some(Running::spawn(command, &log));
        self.stack.await_ready(12, self.stack.site.as_ref()).await;
        self
    }

    fn shift(&self) -> PathBuf {
        self.stack.state().join("shift")
    }

    /// Sets the site's clock. By another name first: the site reads the file at any time.
    fn write_shift(&self, ms: i64) {
        let part = self.shift().with_extension("part");
        std::fs::write(&part, ms.to_string()).expect("the test's folder is writable");
        std::fs::rename(&part, self.shift()).expect("the test's folder is writable");
    }

    async fn read(&self, sent: &Sent, claim: u8) -> String {
        wait_for("the message opens", PATIENCE, async || {
            match self.reader.open(&sent.link(), [claim; 16]).await.ok()? {
                Reading::Text(text) => Some(text),
                Reading::Unavailable => None,
                other => panic!("{other:?}"),
            }
        })
        .await
    }
}
