//! A person at a browser, who does what the pages say.
//!
//! Wherever the person arrives, the page is kept for the search for secrets, held to the rules of accessibility and, if
//! `SCREENSHOTS` names a folder, pictured in every look and language.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tests::authenticator::Authenticator;
use tests::browser::{Browser, Look, PATIENCE, Scripts};
use tests::mailbox::Mailbox;
use tokio::time::timeout;

/// Pages of this process that were pictured already.
static PICTURED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Every look with the end of its pictures' names; the last one stays.
const LOOKS: [(Look, &str); 3] = [
    (Look::Dark, "dark"),
    (Look::Narrow, "narrow"),
    (Look::Light, "light"),
];

/// What becomes of a page that is asked for again, in another language.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Same,
    Never,
}

/// A person at a browser.
pub(super) struct Visitor {
    browser: Browser,
    scripts: Scripts,
    origin: String,
    seen: Vec<String>,
}

impl Visitor {
    /// Opens a browser that trusts the authority.
    pub(super) async fn arrive(origin: &str, ca: &Path, scripts: Scripts) -> Self {
        Self::at(Browser::start(&[ca], scripts).await, origin, scripts)
    }

    /// Sits down at a browser that was opened with these scripts.
    pub(super) fn at(browser: Browser, origin: &str, scripts: Scripts) -> Self {
        Self {
            browser,
            scripts,
            origin: origin.to_owned(),
            seen: Vec::new(),
        }
    }

    /// The browser itself.
    pub(super) fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Every page that was seen, as HTML.
    pub(super) fn seen(&self) -> &[String] {
        &self.seen
    }

    /// Opens a path of the portal.
    pub(super) async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.origin)).await;
    }

    /// Waits for the page that says these words; `name` is what its pictures are called.
    pub(super) async fn expect(&mut self, words: &str, name: &str) {
        self.browser.expect(words).await;
        self.seen.push(self.browser.html().await);
        if self.scripts == Scripts::On {
            self.browser.expect_accessible().await;
            self.picture(name, Again::Same).await;
        }
    }

    /// Like [`expect`](Self::expect), for a page that cannot be asked for again because it answers a form or shows a
    /// secret to its owner: it is pictured as it stands, and not kept.
    pub(super) async fn expect_once(&mut self, words: &str, name: &str) {
        self.browser.expect(words).await;
        if self.scripts == Scripts::On {
            self.browser.expect_accessible().await;
            self.picture(name, Again::Never).await;
        }
    }

    /// Waits for a state that a script of the page draws, by the name of its panel, and holds it to the rules of
    /// accessibility in every look; `name` is what its pictures are called.
    pub(super) async fn expect_panel(&self, panel: &str, name: &str) {
        let seen = "return document.querySelector('[data-panel]:not([hidden])')?.dataset.panel ?? null";
        let mut last = Value::Null;
        let drawn = timeout(PATIENCE, async {
            while last != panel {
                last = self.browser.script(seen, &[]).await;
            }
        });
        let is_drawn = drawn.await.is_ok();
        assert!(
            is_drawn,
            "{name}: instead of {panel} {last} is shown:\n{}",
            self.browser.text().await
        );
        self.expect_in_every_look(name).await;
    }

    /// Waits for a page that no script draws and that says these words, and holds it to the same.
    pub(super) async fn expect_plain(&self, words: &str, name: &str) {
        self.browser.expect(words).await;
        self.expect_in_every_look(name).await;
    }

    async fn expect_in_every_look(&self, name: &str) {
        let folder = pictures();
        for (look, ending) in LOOKS {
            self.browser.look(look).await;
            self.browser.expect_accessible().await;
            self.expect_fits(name).await;
            if let Some(folder) = &folder {
                self.browser
                    .screenshot(&folder.join(format!("{name}-{ending}.png")))
                    .await;
            }
        }
    }

    /// Fills a field.
    pub(super) async fn fill(&self, label: &str, text: &str) {
        self.browser.fill(label, text).await;
    }

    /// Presses a button or link.
    pub(super) async fn press(&self, text: &str) {
        self.browser.press(text).await;
    }

    /// From the first page: says what it is about, and for which account.
    pub(super) async fn begin(&mut self, choice: &str, identifier: &str) {
        self.open("/").await;
        self.expect("What do you need?", "home").await;
        self.press(choice).await;
        self.expect("Which account is it?", "identify").await;
        self.fill("User name or e-mail", identifier).await;
        self.press("Continue").await;
        self.expect("How can you show that it is you?", "choose").await;
    }

    /// Proves with the authenticator app.
    pub(super) async fn prove_by_app(&mut self, app: &mut Authenticator) {
        self.press("Authenticator app").await;
        self.expect("Enter the code from your app", "prove-app").await;
        self.fill("Code", &app.code().await).await;
        self.press("Verify").await;
    }

    /// Proves with the code from a mail, and gives the code away.
    pub(super) async fn prove_by_mail(&mut self, mailbox: &mut Mailbox, address: &str) -> String {
        self.ask_for_mail().await;
        let code = mailbox.code(address).await;
        self.fill("Code", &code).await;
        self.press("Verify").await;
        code
    }

    /// Has a code sent, up to the page that asks for it.
    pub(super) async fn ask_for_mail(&mut self) {
        self.expect("One more proof, please", "choose-next").await;
        self.press("E-mail code").await;
        self.expect("Get a code by e-mail", "send").await;
        self.press("Send code").await;
        self.expect("Enter the code from the e-mail", "prove-mail").await;
    }

    /// Types the new password twice and sets it.
    pub(super) async fn set_password(&self, new: &str) {
        self.fill("New password", new).await;
        self.fill("Repeat new password", new).await;
        self.press("Set new password").await;
    }

    /// Types the current password once and the new one twice, and changes it.
    pub(super) async fn change_password(&self, current: &str, new: &str) {
        self.fill("Current password", current).await;
        self.fill("New password", new).await;
        self.fill("Repeat new password", new).await;
        self.press("Change password").await;
    }

    /// Pictures the page in every look, and, where it can be asked for once more, in every language.
    async fn picture(&self, name: &str, again: Again) {
        let Some(folder) = pictures() else { return };
        let is_first = PICTURED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned());
        if !is_first {
            return;
        }
        self.picture_looks(&folder.join(format!("{name}-en"))).await;
        if again == Again::Never {
            return;
        }
        let address = self.browser.address().await;
        let and = if address.contains('?') { '&' } else { '?' };
        self.browser.open(&format!("{address}{and}lang=de")).await;
        self.picture_looks(&folder.join(format!("{name}-de"))).await;
        self.browser.open(&format!("{address}{and}lang=en")).await;
    }

    async fn expect_fits(&self, name: &str) {
        let overflows = self.browser.overflows().await;
        assert!(!overflows, "{name} has to be scrolled sideways");
    }

    async fn picture_looks(&self, prefix: &Path) {
        for (look, ending) in LOOKS {
            self.browser.look(look).await;
            self.expect_fits(&prefix.display().to_string()).await;
            self.browser
                .screenshot(&prefix.with_file_name(picture_name(prefix, ending)))
                .await;
        }
    }
}

/// The folder for pictures, if any are wanted.
fn pictures() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("SCREENSHOTS")?);
    std::fs::create_dir_all(&folder).expect("the folder for pictures can be made");
    Some(folder)
}

fn picture_name(prefix: &Path, ending: &str) -> String {
    let name = prefix
        .file_name()
        .expect("a picture has a name")
        .to_string_lossy();
    format!("{name}-{ending}.png")
}
