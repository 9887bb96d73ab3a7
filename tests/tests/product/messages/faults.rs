//! Core and site with a network between them that fails, and readers behind another one.

use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::future::join_all;
use tests::faults::{Fault, FaultyNetwork};
use tests::mailbox::Mailbox;
use tests::messages::Sent;
use tests::processes::wait_for;
use tests::reader::{Link, Reader, Reading};
use tests::repeater::{Identity, Manner, Repeater};
use tests::stack::Stack;
use tokio::time::timeout;

/// At least so many are sent, and at most, until each fault has come upon somebody.
const MESSAGES: RangeInclusive<u8> = 10..=40;
/// A text that the site stores in two pieces: its push and its opening are cut amid.
const LONG: usize = 300_000;
const SEEDS: [u64; 4] = [1, 2, 3, 4];
/// Messages that are read, and as many that are revoked, until each call was sent twice in each manner.
const ROUNDS: u8 = 20;
const PATIENCE: Duration = Duration::from_mins(2);
const SENDER: &str = "sender@corp.example";
const RECIPIENT: &str = "recipient@home.example";
const PASSPHRASE: &str = "seven otters at noon";
const ENDS: [&str; 5] = ["read", "expired", "revoked", "destroyed", "lost"];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice_however_the_network_fails() {
    join_all(SEEDS.map(|seed| Box::pin(schedule(seed)))).await;
}

struct World {
    stack: Stack,
    reader: Reader,
    sync: FaultyNetwork,
    public: FaultyNetwork,
}

/// A message for somebody to read.
struct Waiting {
    id: String,
    link: Link,
    text: String,
    claim: [u8; 16],
}

/// Sends and reads through failing networks until everything has ended; then what each side knows is compared.
async fn schedule(seed: u64) {
    let mut world = World::new(seed).await;
    let revoked = world.revoke().await;
    let mut read = vec![world.mail().await];
    world.read(&read[0]).await;
    for number in 1..=*MESSAGES.end() {
        let message = world.send(seed, number).await;
        world.read(&message).await;
        read.push(message);
        if number >= *MESSAGES.start() && world.missing().is_empty() {
            break;
        }
    }
    // Were nothing to fail, the rest would show nothing.
    assert_eq!(world.missing(), [], "{}", world.story());
    world.sync.heal();
    for message in &read {
        let told = world.judge(&message.id, "read").await;
        assert_eq!(
            told,
            [1, 1],
            "{} was opened and delivered: {}",
            message.id,
            world.story()
        );
    }
    assert_eq!(
        world.judge(&revoked, "revoked").await,
        [0, 0],
        "{}",
        world.story()
    );
    world.judge_mails(&read).await;
    let sites = world.stack.sites().await;
    assert!(sites.contains("well"), "{sites}; {}", world.story());
    world.stack.stop().await;
}

impl World {
    async fn new(seed: u64) -> Self {
        let mut stack = Stack::prepare().await;
        let sync = FaultyNetwork::start(stack.port + 4, seed).await;
        let public = FaultyNetwork::start(stack.port + 1, seed ^ 0xff).await;
        stack.route_sync_through(sync.port());
        stack.start_core().await;
        stack.start_site().await;
        Self {
            reader: Reader::new(stack.port + 1, &stack.ca()).through(public.port()),
            stack,
            sync,
            public,
        }
    }

    fn story(&self) -> String {
        format!("sync: {}; public: {}", self.sync.story(), self.public.story())
    }

    /// Sends until the command has the link: one whose command gave up stays with nobody.
    async fn try_send(&self, text: &str) -> Sent {
        wait_for(
            &format!("a message is sent; {}", self.story()),
            PATIENCE,
            async || self.stack.try_send(text, &["--notify", SENDER]).await.ok(),
        )
        .await
    }

    async fn send(&self, seed: u64, number: u8) -> Waiting {
        let text = format!("message {number} under seed {seed}");
        let text = if number == 1 {
            text.repeat(LONG / text.len())
        } else {
            text
        };
        let sent = self.try_send(&text).await;
        Waiting {
            link: sent.link(),
            id: sent.id,
            text,
            claim: [number; 16],
        }
    }

    /// Sends one whose link the core mails.
    async fn mail(&self) -> Waiting {
        let options = ["--to", RECIPIENT, "--passphrase", PASSPHRASE, "--notify", SENDER];
        // Whether the command waited long enough or not, the mail goes out once the site has the message.
        let _ = self.stack.command_send("mailed", &options).await;
        let mailbox = Mailbox::new(&self.stack.state().join("mail"));
        let (_, mail) = wait_for(
            &format!("a link is mailed; {}", self.story()),
            PATIENCE,
            async || mailbox.unread(RECIPIENT).pop(),
        )
        .await;
        let link = mail.split_whitespace().find(|word| word.contains("/m/"));
        let link = Link::parse(link.expect("a link"), Some(PASSPHRASE));
        Waiting {
            id: link.id(),
            link,
            text: "mailed".to_owned(),
            claim: [0xee; 16],
        }
    }

    /// Sends one, takes it back, and is told so with its link.
    async fn revoke(&self) -> String {
        let sent = self.try_send("never to be read").await;
        // The command may give up before the site has answered; the order stands.
        let _ = self.stack.core_api(&["message", "revoke", &sent.id]).await;
        let told = wait_for(
            &format!("{} is revoked; {}", sent.id, self.story()),
            PATIENCE,
            async || {
                let shown = self.stack.message(&sent.id).await;
                (shown.state == "revoked").then_some(())?;
                let reading =
                    timeout(Duration::from_secs(5), self.reader.open(&sent.link(), [0xdd; 16])).await;
                match reading.ok()?.ok()? {
                    Reading::Unavailable => None,
                    other => Some(other),
                }
            },
        )
        .await;
        assert_eq!(told, Reading::Ended("revoked".to_owned()), "{}", self.story());
        sent.id
    }

    /// Asks again with the same claim as long as the answer does not come; then says until it is heard that it has come.
    async fn read(&self, message: &Waiting) {
        let id = &message.id;
        wait_for(&format!("{id} opens; {}", self.story()), PATIENCE, async || {
            let opening = self.reader.open(&message.link, message.claim);
            match timeout(Duration::from_secs(5), opening).await.ok()?.ok()? {
                Reading::Text(read) => {
                    assert_eq!(read, message.text, "{}", self.story());
                    Some(())
                }
                Reading::Unavailable => None,
                other => panic!("{id}: {other:?}; {}", self.story()),
            }
        })
        .await;
        wait_for(
            &format!("{id} is delivered; {}", self.story()),
            PATIENCE,
            async || {
                let done = self.reader.done(&message.link, message.claim);
                let status = timeout(Duration::from_secs(5), done).await.ok()?.ok()?;
                (status == 204).then_some(())
            },
        )
        .await;
    }

    /// The faults that have come upon nobody so far.
    fn missing(&self) -> Vec<Fault> {
        let large = [
            (&self.sync, Fault::LargeRequestCut),
            (&self.public, Fault::LargeAnswerCut),
        ];
        let any = Fault::OF_ANY.into_iter();
        let any = any.flat_map(|fault| [(&self.sync, fault), (&self.public, fault)]);
        let missing = any
            .chain(large)
            .filter(|(network, fault)| network.count(*fault) == 0);
        missing.map(|(_, fault)| fault).collect()
    }

    /// It has ended so, and in no other way; how often it was opened and delivered.
    async fn judge(&self, id: &str, end: &str) -> [usize; 2] {
        let shown = wait_for(
            &format!("{id} is {end}; {}", self.story()),
            PATIENCE,
            async || {
                let shown = self.stack.message(id).await;
                (shown.state == end).then_some(shown)
            },
        )
        .await;
        let ends: usize = ENDS.iter().map(|end| shown.count(end)).sum();
        assert_eq!(ends, 1, "{shown:?}; {}", self.story());
        ["opened", "delivered"].map(|kind| shown.count(kind))
    }

    /// The sender is told once of each reading, and the recipient got one link.
    async fn judge_mails(&self, read: &[Waiting]) {
        let mailbox = Mailbox::new(&self.stack.state().join("mail"));
        for message in read {
            let words = [message.id.as_str(), "was opened"];
            wait_for(&format!("a mail that says {words:?}"), PATIENCE, async || {
                (mailbox.count(SENDER, &words) > 0).then_some(())
            })
            .await;
        }
        for message in read {
            let words = [message.id.as_str(), "was opened"];
            assert_eq!(mailbox.count(SENDER, &words), 1, "{words:?}; {}", self.story());
        }
        assert_eq!(mailbox.count(RECIPIENT, &["/m/"]), 1, "{}", self.story());
    }
}

/// The answers of the site, too, are compared: of what reaches it twice one is believed, whichever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn what_reaches_a_site_a_second_time_is_refused_and_does_nothing_twice() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.pair().await;
    stack.stop_core().await;
    let repeater = Repeater::start(
        stack.port + 4,
        &Identity::of(&stack.state().join("core/keys"), "sync"),
        &Identity::of(&stack.state().join("site"), "sync"),
    )
    .await;
    stack.route_sync_through(repeater.port());
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let (mut read, mut revoked) = (Vec::new(), Vec::new());
    let mut round = 0;
    while let Some(missing) = not_yet_repeated(&repeater) {
        assert!(
            round < ROUNDS,
            "never repeated: {missing}; {:?}",
            repeater.heard()
        );
        round += 1;
        let (first, second) = (
            stack.send("read", &["--notify", SENDER]).await,
            stack.send("revoked", &[]).await,
        );
        let opened = wait_for("it opens", PATIENCE, async || {
            match reader.open(&first.link(), [round; 16]).await.ok()? {
                Reading::Text(text) => Some(text),
                _ => None,
            }
        });
        assert_eq!(opened.await, "read");
        reader.done(&first.link(), [round; 16]).await.expect("an answer");
        let _ = stack.core_api(&["message", "revoke", &second.id]).await;
        stack.await_message(&first.id, "read").await;
        stack.await_message(&second.id, "revoked").await;
        read.push(first.id);
        revoked.push(second.id);
    }
    for (what, statuses) in repeater.heard() {
        for [first, second] in statuses {
            let is_believed_once = (200..300).contains(&first) && second == 401;
            assert!(is_believed_once, "{what:?}: {first} and {second}");
        }
    }
    let mailbox = Mailbox::new(&stack.state().join("mail"));
    for id in &read {
        let shown = stack.message(id).await;
        let counts = ["opened", "delivered", "read"].map(|kind| shown.count(kind));
        assert_eq!(counts, [1, 1, 1], "{shown:?}");
        assert_eq!(mailbox.count(SENDER, &[id, "was opened"]), 1);
    }
    for id in &revoked {
        let shown = stack.message(id).await;
        assert_eq!(
            (shown.count("revoked"), shown.count("opened")),
            (1, 0),
            "{shown:?}"
        );
    }
    let sites = stack.sites().await;
    assert!(sites.contains("well"), "{sites}");
    stack.stop().await;
}

/// A call that was not sent twice in this manner so far.
fn not_yet_repeated(repeater: &Repeater) -> Option<String> {
    let heard = repeater.heard();
    let calls = [
        "PUT /sync/v1/messages",
        "POST /sync/v1/commands",
        "GET /sync/v1/events",
        "POST /sync/v1/ack",
    ];
    let wanted = calls
        .into_iter()
        .flat_map(|call| Manner::ALL.map(|manner| (call.to_owned(), manner)));
    let mut missing = wanted.filter(|wanted| !heard.contains_key(wanted));
    missing.next().map(|missing| format!("{missing:?}"))
}
