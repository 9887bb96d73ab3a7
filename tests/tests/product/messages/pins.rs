//! Either end of a link takes the next key into use, of which the other one knows since the pairing. A third one is nobody's.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tests::messages::Sent;
use tests::pki::{Authority, Validity};
use tests::processes::{binary, wait_for};
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn either_end_takes_its_next_key_into_use_and_no_third_one_is_believed() {
    let mut world = World::new().await;
    let (site, core) = (world.keys("site"), world.keys("core/keys"));

    let next = site.read("sync-next");
    world.rekey();
    assert_eq!(site.read("sync"), next);
    world.restart_site().await;
    world.go_on("the site has another key").await;

    let next = core.read("sync-next");
    world.restart_core(|| core.take_next()).await;
    assert_eq!(core.read("sync"), next);
    world.go_on("the core has another key, too").await;
    assert!(core.read("sync-next") != next, "a further one is made");

    let (known, unread) = (site.read("sync"), world.stack.send("not now", &[]).await);
    let stranger = Authority::new("A stranger").issue(&["selfdestruct"], Validity::Now);
    site.write([stranger.certificate, stranger.key]);
    world.restart_site().await;
    world.is_cut_off(&unread, "ApplicationVerificationFailure").await;
    site.write(known);
    world.restart_site().await;
    world.go_on("the site has its own again").await;

    world.restart_core(|| core.take_next()).await;
    world.restart_site().await;
    world.is_cut_off(&unread, "alert").await;
    world.stack.stop().await;
}

struct World {
    stack: Stack,
    reader: Reader,
}

/// A folder with keys of the link.
struct Keys(PathBuf);

impl Keys {
    fn files(&self, name: &str) -> [PathBuf; 2] {
        ["pem", "key"].map(|ending| self.0.join(format!("{name}.{ending}")))
    }

    fn read(&self, name: &str) -> [String; 2] {
        let read = |file| std::fs::read_to_string(file).expect("a key of the link");
        self.files(name).map(read)
    }

    /// Puts another certificate and key in the place of those in use.
    fn write(&self, pair: [String; 2]) {
        for (file, text) in self.files("sync").iter().zip(pair) {
            std::fs::write(file, text).expect("the test's folder is writable");
        }
    }

    /// What an administrator of the core does.
    fn take_next(&self) {
        for (next, current) in self.files("sync-next").iter().zip(self.files("sync")) {
            std::fs::rename(next, current).expect("the test's folder is writable");
        }
    }
}

impl World {
    async fn new() -> Self {
        let mut stack = Stack::prepare().await;
        stack.start_core().await;
        stack.start_site().await;
        Self {
            reader: Reader::new(stack.port + 1, &stack.ca()),
            stack,
        }
    }

    fn keys(&self, folder: &str) -> Keys {
        Keys(self.stack.state().join(folder))
    }

    /// What an administrator of the site does.
    fn rekey(&self) {
        let mut command = Command::new(binary("selfdestruct"));
        command
            .arg("--config")
            .arg(self.stack.state().join("selfdestruct.toml"));
        let output = command.arg("rekey").output().expect("it can be started");
        assert!(output.status.success(), "{output:?}");
    }

    /// The site begins anew: from now on it hands nothing out until the core has got through to it.
    async fn restart_site(&mut self) {
        self.stack.site.take().expect("it runs").stop(PATIENCE).await;
        self.stack.launch_site();
        self.stack.await_alive(12).await;
    }

    /// The core begins anew, with a change before that.
    async fn restart_core(&mut self, change: impl FnOnce()) {
        self.stack.stop_core().await;
        change();
        self.stack.start_core().await;
    }

    /// A message goes out, is read, and that is known inside.
    async fn go_on(&self, text: &str) {
        let sent = self.stack.send(text, &[]).await;
        let read = wait_for(text, PATIENCE, async || {
            match self.reader.open(&sent.link(), [1; 16]).await.ok()? {
                Reading::Text(text) => Some(text),
                Reading::Unavailable => None,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(read.await, text);
        self.stack.await_message(&sent.id, "opened").await;
    }

    /// The core tries once more and says why it does not get through, in which this word stands; nothing is handed out.
    async fn is_cut_off(&self, unread: &Sent, why: &str) {
        let core = self.stack.core.as_ref().expect("it runs");
        let before = core.log().len();
        wait_for(why, PATIENCE, async || {
            let log = core.log();
            let mut tries = log[before..]
                .lines()
                .filter(|line| line.contains("a site does not answer"));
            tries.any(|line| line.contains(why)).then_some(())
        })
        .await;
        let answer = self.reader.open(&unread.link(), [2; 16]).await;
        assert_eq!(answer.expect("an answer"), Reading::Unavailable);
    }
}
