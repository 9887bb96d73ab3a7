//! Either side is killed at each of its steps, with SIGKILL, while messages live from their sending to their end; then it
//! starts again, and all comes to the end that it would have come to.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use futures_util::future::join_all;
use rustix::process::Signal;
use seal::{Content, os_random, seal_drop};
use tests::dying::steps_of;
use tests::mailbox::Mailbox;
use tests::messages::{Sent, Shown};
use tests::processes::{Running, wait_for};
use tests::reader::{Link, Reader, Reading};
use tests::stack::Stack;

const SENDER: &str = "sender@corp.example";
const PASSPHRASE: &str = "seven otters at noon";
const CLAIM: [u8; 16] = [7; 16];
/// More than a letter waits that was taken out of the outbox by a core that died.
const PATIENCE: Duration = Duration::from_secs(150);
/// A text that the site stores in two pieces.
const LONG: usize = 300_000;
const ENDS: [&str; 5] = ["read", "expired", "revoked", "destroyed", "lost"];

/// A mail that has to have come exactly once: to whom, and what it says.
type Expected = (String, Vec<String>);

/// A letter by its name, and how often it had come by then.
type Delivery = (String, usize);

struct World {
    stack: Stack,
    reader: Reader,
    mailbox: Mailbox,
}

/// Worlds that go through the steps side by side: most of the time each waits for a clock.
const WORLDS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_site_killed_at_any_step_loses_nothing_and_does_nothing_twice() {
    let steps = steps_of("dying_site");
    assert_eq!(steps.len(), 15, "{steps:?}");
    let shares = steps.chunks(steps.len().div_ceil(WORLDS));
    join_all(shares.map(|some| Box::pin(kill_sites(some)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_killed_at_any_step_loses_nothing_and_does_nothing_twice() {
    let steps = steps_of("dying_core");
    assert_eq!(steps.len(), 17, "{steps:?}");
    let shares = steps.chunks(steps.len().div_ceil(WORLDS));
    join_all(shares.map(|some| Box::pin(kill_cores(some)))).await;
}

async fn kill_sites(steps: &[String]) {
    let mut world = World::new().await;
    drop(world.stack.site.take());
    let mut expected = Vec::new();
    for step in steps {
        let dying = world.stack.site_that_dies_at(step);
        let replaced = replaced(step, dying, || world.stack.run_site());
        let (site, mails) = tokio::join!(replaced, world.live_beside_site(step));
        expected.extend(mails);
        site.stop(PATIENCE).await;
    }
    world.stack.launch_site();
    world.judge(&expected, &BTreeSet::new()).await;
    world.stop().await;
}

async fn kill_cores(steps: &[String]) {
    let mut world = World::new().await;
    world.stack.stop_core().await;
    let (mut expected, mut cut) = (Vec::new(), BTreeSet::new());
    for step in steps {
        let dying = world.stack.core_that_dies_at(step);
        let replaced = replaced(step, dying, || {
            let between = world.delivered_and_not_erased();
            assert!(
                step != "LetterDelivered" || !between.is_empty(),
                "a letter was cut off"
            );
            cut.extend(between);
            world.stack.run_core()
        });
        let (core, mails) = tokio::join!(replaced, world.live_beside_core(step));
        expected.extend(mails);
        core.stop(PATIENCE).await;
    }
    world.stack.start_core().await;
    world.judge(&expected, &cut).await;
    world.stop().await;
    let verified = world.stack.core_api(&["audit", "verify"]).await;
    verified.expect("the audit is whole");
}

/// Waits until the process has killed itself, and starts the shipped one in its place.
async fn replaced(step: &str, mut dying: Running, start: impl FnOnce() -> Running) -> Running {
    let status = dying.ended(PATIENCE).await;
    let killed = Some(Signal::KILL.as_raw());
    assert_eq!(status.signal(), killed, "{step} is reached: {}", dying.log());
    start()
}

impl World {
    async fn new() -> Self {
        let mut stack = Stack::prepare().await;
        stack.start_core().await;
        stack.start_site().await;
        Self {
            reader: Reader::new(stack.port + 1, &stack.ca()),
            mailbox: Mailbox::new(&stack.state().join("mail")),
            stack,
        }
    }

    /// What a site goes through. Each call is what its caller asks again after a lost answer.
    async fn live_beside_site(&self, step: &str) -> Vec<Expected> {
        let text = step.repeat(LONG / step.len());
        let sent = self.send(&text, &[]).await;
        let mut expected = vec![self.read(&sent.id, &sent.link(), &text).await];
        match step {
            "WrongCounted" => {
                let mut sent = self.send(step, &["--generate-passphrase"]).await;
                let right = sent.passphrase.replace("certainly not this".to_owned());
                self.guess(&sent.link()).await;
                sent.passphrase = right;
                expected.push(self.read(&sent.id, &sent.link(), step).await);
                let guesses = self.shown(&sent.id).await.count("wrong-passphrase");
                assert!(matches!(guesses, 1 | 2), "a guess that was counted stays counted");
            }
            "CommandDone" => self.revoke(step).await,
            "EpochKeysErased" | "EpochOpened" => expected.extend(self.begin_anew(step).await),
            "DropStored" => expected.push(self.drop_in(step).await),
            _ => {}
        }
        expected
    }

    /// What a core goes through.
    async fn live_beside_core(&self, step: &str) -> Vec<Expected> {
        let mut expected = match step {
            "MessageStored" | "PushTaken" | "PushAnswered" | "PushSettled" => self.mail(step).await,
            _ => {
                let sent = self.send(step, &[]).await;
                vec![self.read(&sent.id, &sent.link(), step).await]
            }
        };
        match step {
            "CommandAnswered" | "CommandSettled" => self.revoke(step).await,
            "EpochAnswered" | "EpochKept" => expected.extend(self.begin_anew(step).await),
            "DropKept" | "DropErased" => expected.push(self.drop_in(step).await),
            _ => {}
        }
        expected
    }

    /// Sends until the command has the link: one whose command was cut off stays with nobody.
    async fn send(&self, text: &str, further: &[&str]) -> Sent {
        let further = [&["--notify", SENDER], further].concat();
        wait_for("a message is sent", PATIENCE, async || {
            self.stack.try_send(text, &further).await.ok()
        })
        .await
    }

    /// Sends once, by a command that may be cut off, and reads what the core mails.
    async fn mail(&self, step: &str) -> Vec<Expected> {
        wait_for("the core serves", PATIENCE, async || {
            self.stack.is_ready(10).await.then_some(())
        })
        .await;
        let recipient = format!("{step}@home.example").to_lowercase();
        let options = ["--to", &recipient, "--passphrase", PASSPHRASE, "--notify", SENDER];
        let _ = self.stack.command_send(step, &options).await;
        let mail = Mailbox::new(&self.stack.state().join("mail"))
            .next(&recipient, "/m/")
            .await;
        let mut words = mail.split_whitespace();
        let link = words.find(|word| word.contains("/m/")).expect("a link");
        let link = Link::parse(link, Some(PASSPHRASE));
        let told = self.read(&link.id(), &link, step).await;
        vec![(recipient, vec![link.id()]), told]
    }

    /// Reads to the end; the sender has to be told of it.
    async fn read(&self, id: &str, link: &Link, text: &str) -> Expected {
        let read = wait_for("the message opens", PATIENCE, async || {
            match self.reader.open(link, CLAIM).await.ok()? {
                Reading::Text(text) => Some(text),
                Reading::Unavailable => None,
                other => panic!("{id}: {other:?}"),
            }
        });
        assert_eq!(read.await, text);
        wait_for("the delivery is noted", PATIENCE, async || {
            self.reader.done(link, CLAIM).await.ok()
        })
        .await;
        let shown = self.await_end(id, "read").await;
        assert_eq!((shown.count("opened"), shown.count("delivered")), (1, 1), "{id}");
        (SENDER.to_owned(), vec![id.to_owned(), "was opened".to_owned()])
    }

    async fn guess(&self, link: &Link) {
        wait_for("a guess is refused", PATIENCE, async || {
            match self.reader.open(link, CLAIM).await.ok()? {
                Reading::WrongPassphrase { .. } => Some(()),
                Reading::Unavailable => None,
                other => panic!("{other:?}"),
            }
        })
        .await;
    }

    async fn revoke(&self, step: &str) {
        let sent = self.send(step, &[]).await;
        wait_for("the order is given", PATIENCE, async || {
            let ordered = self.stack.core_api(&["message", "revoke", &sent.id]).await;
            let is_over = || async {
                self.try_shown(&sent.id)
                    .await
                    .is_some_and(|it| it.state == "revoked")
            };
            (ordered.is_ok() || is_over().await).then_some(())
        })
        .await;
        let shown = self.await_end(&sent.id, "revoked").await;
        assert_eq!(shown.count("opened"), 0);
    }

    /// A new epoch: what waits there is lost, which its sender is told, and all goes on.
    async fn begin_anew(&self, step: &str) -> Vec<Expected> {
        let lost = self.send(step, &[]).await;
        wait_for("a new epoch begins", PATIENCE, async || {
            self.stack.core_api(&["site", "re-key", "demo"]).await.ok()
        })
        .await;
        wait_for("it is lost", PATIENCE, async || {
            self.try_shown(&lost.id)
                .await
                .filter(|shown| shown.state == "lost")
        })
        .await;
        let again = self.send(step, &[]).await;
        let told = self.read(&again.id, &again.link(), step).await;
        let lost = (SENDER.to_owned(), vec![lost.id, "may or may not".to_owned()]);
        vec![told, lost]
    }

    /// Somebody outside puts something into a drop box; it is opened inside.
    async fn drop_in(&self, step: &str) -> Expected {
        let asked = wait_for("a drop box stands open", PATIENCE, async || {
            let request = ["drop", "request", "--notify", SENDER, "--json"];
            self.stack.core_api(&request).await.ok()
        })
        .await;
        let asked: serde_json::Value = serde_json::from_str(&asked).expect("JSON");
        let text = |key: &str| asked[key].as_str().expect("as the command prints it").to_owned();
        let (id, link) = (text("id"), text("link"));
        let sealed = self.sealed_for(&link, step).await;
        wait_for("something is put in", PATIENCE, async || {
            match self.reader.drop_in(&link, &sealed).await.ok()? {
                // Taken, or taken already, after which the box may be as good as none.
                200 | 201 | 404 | 410 => Some(()),
                503 => None,
                other => panic!("{other}"),
            }
        })
        .await;
        // The core may die when everything is written and the command was not told: nothing is written over, and nothing
        // is handed out again.
        let mut tries = 0;
        let out = wait_for("it is opened inside", PATIENCE, async || {
            tries += 1;
            let out = self.stack.state().join(format!("dropped/{step}/{tries}"));
            let show = [
                "drop",
                "show",
                &id,
                "--out",
                out.to_str().expect("a path in UTF-8"),
            ];
            let is_told = self.stack.core_api(&show).await.is_ok();
            (is_told || out.join("text.txt").is_file()).then_some(out)
        })
        .await;
        let came = std::fs::read_to_string(out.join("text.txt"));
        assert_eq!(came.expect("the text"), step);
        (SENDER.to_owned(), vec![id, "drop box".to_owned()])
    }

    /// Seals to the key that the site shows, as the page's script does.
    async fn sealed_for(&self, link: &str, text: &str) -> Vec<u8> {
        let (address, _) = link.split_once('#').expect("a fragment");
        let id = address.rsplit('/').next().expect("a path");
        let key: serde_json::Value = wait_for("the key of the box", PATIENCE, async || {
            let answer = self.reader.fetch("GET", &format!("/d/{id}/key")).await.ok()?;
            serde_json::from_slice(&answer.body).ok()
        })
        .await;
        let decode = |text: &str| {
            data_encoding::BASE64URL_NOPAD
                .decode(text.as_bytes())
                .expect("base64url")
        };
        let public: [u8; 65] = decode(key["key"].as_str().expect("a key"))
            .try_into()
            .expect("a point");
        let id: [u8; 16] = decode(id).try_into().expect("an id");
        let content = Content::new(text.to_owned().into(), vec![]).expect("it is short");
        seal_drop(&id, &public, &content, &mut os_random).expect("a key")
    }

    async fn try_shown(&self, id: &str) -> Option<Shown> {
        let printed = self.stack.core_api(&["message", "show", id, "--json"]).await;
        serde_json::from_str(&printed.ok()?).ok()
    }

    async fn shown(&self, id: &str) -> Shown {
        let shown = wait_for("a message is shown", PATIENCE, async || self.try_shown(id).await);
        shown.await
    }

    /// The message ends so, and in no other way.
    async fn await_end(&self, id: &str, end: &str) -> Shown {
        let what = format!("{id} is {end}");
        let shown = wait_for(&what, PATIENCE, async || {
            self.try_shown(id).await.filter(|shown| shown.state == end)
        })
        .await;
        let ends = ENDS.map(|end| shown.count(end));
        assert_eq!(ends.iter().sum::<usize>(), 1, "{shown:?}");
        shown
    }

    /// The letters between whose delivery and erasure the core was killed: they come again, and no others may.
    fn delivered_and_not_erased(&self) -> BTreeSet<Delivery> {
        let came = self.mailbox.letters();
        let left = self.stack.letters_left().into_iter();
        left.filter_map(|letter| came.get(&letter).map(|times| (letter, *times)))
            .collect()
    }

    /// Stops both sides. What came is erased, so that it does not come once more.
    async fn stop(&mut self) {
        self.stack.stop().await;
        assert_eq!(self.delivered_and_not_erased(), BTreeSet::new());
    }

    /// When all is over: every mail came, none came twice but for those that were `cut` off, as often as they were, and
    /// the chain is as the core knows it.
    async fn judge(&self, expected: &[Expected], cut: &BTreeSet<Delivery>) {
        for (to, words) in expected {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            wait_for(
                &format!("a mail to {to} that says {words:?}"),
                PATIENCE,
                async || (self.mailbox.count(to, &words) > 0).then_some(()),
            )
            .await;
        }
        for (to, words) in expected {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(self.mailbox.different(to, &words), 1, "{to}: {words:?}");
        }
        let cuts = |of: &String| cut.iter().filter(|(letter, _)| letter == of).count();
        wait_for("what was cut off comes again", PATIENCE, async || {
            let came = self.mailbox.letters();
            let again = |(letter, _): &Delivery| came[letter] > cuts(letter);
            cut.iter().all(again).then_some(())
        })
        .await;
        for (letter, times) in self.mailbox.letters() {
            assert_eq!(times, 1 + cuts(&letter), "{letter}");
        }
        wait_for("all is well", PATIENCE, async || {
            self.stack.sites().await.contains("well").then_some(())
        })
        .await;
    }
}
