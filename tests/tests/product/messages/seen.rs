//! Every state of the pages of messages and drop boxes as people see it: in both languages, light, dark and narrow.

use serde_json::Value;
use tests::browser::Scripts;
use tests::messages::Sent;
use tests::stack::Stack;

use super::super::visitor::Visitor;

/// What people press and fill, in their language.
struct Words {
    lang: &'static str,
    open: &'static str,
    passphrase: &'static str,
    wipe: &'static str,
    send: &'static str,
    text: &'static str,
    files: &'static str,
    home: &'static str,
    not_found: &'static str,
    needs_script: &'static str,
}

const LANGUAGES: [Words; 2] = [
    Words {
        lang: "en",
        open: "Open message",
        passphrase: "Passphrase",
        wipe: "Remove from this page",
        send: "Lock and send",
        text: "Text",
        files: "Files",
        home: "Messages that are read once",
        not_found: "There is no such page",
        needs_script: "That takes JavaScript.",
    },
    Words {
        lang: "de",
        open: "Nachricht öffnen",
        passphrase: "Kennwort",
        wipe: "Von dieser Seite entfernen",
        send: "Verschlüsseln und senden",
        text: "Text",
        files: "Dateien",
        home: "Nachrichten, die einmal gelesen werden",
        not_found: "Diese Seite gibt es nicht",
        needs_script: "Dafür braucht es JavaScript.",
    },
];

/// What a sound site and a current browser do not do, asked for by the address: `?fault=NAME`.
const FAULTS: &str = r#"
    const real = globalThis.fetch, never = new Promise(() => {});
    const answers = (status, body) => async (...asked) =>
        asked[1]?.method === "POST" ? new Response(JSON.stringify(body), { status }) : real(...asked);
    const faults = {
        unable: () => Object.defineProperty(globalThis, "isSecureContext", { value: false }),
        broken: () => { crypto.subtle.decrypt = () => Promise.reject(new Error("broken")); },
        expired: () => { globalThis.fetch = answers(410, { state: "expired", at: 1767225600000 }); },
        cut: () => { globalThis.fetch = () => Promise.reject(new TypeError("cut")); },
        lost: () => { globalThis.fetch = (...asked) => asked[1]?.method === "POST" ? faults.never() : real(...asked); },
        never: () => Promise.reject(new TypeError("lost")),
        slow: () => { globalThis.fetch = () => never; },
        full: () => { globalThis.fetch = answers(507, {}); },
    };
    faults[new URLSearchParams(location.search).get("fault")]?.();"#;

/// Puts what is shown without scripts in the place where it is shown.
const UNFOLD: &str = "
    for (const plain of document.querySelectorAll('noscript')) {
        const shown = document.createElement('div');
        shown.append(...plain.childNodes);
        plain.replaceWith(shown);
    }";

const TEXT: &str =
    "The new password is Heliotrope-Anvil-1867-Quince.\n\nPlease change it after the first sign-in.";
const LONG_NAME: &str = "Vertragsentwurf-Rahmenvereinbarung-Rechenzentrumsbetrieb_2026-11-25_final-v3.pdf";

struct Scene<'a> {
    stack: &'a Stack,
    visitor: Visitor,
    words: &'a Words,
}

/// The link in a language, with a fault.
fn address(link: &str, lang: &str, fault: &str) -> String {
    let (address, fragment) = link.split_once('#').expect("a link has a fragment");
    format!("{address}?lang={lang}&fault={fault}#{fragment}")
}

/// The same link with another character at this place of its fragment.
fn altered(link: &str, place: usize) -> String {
    let (address, fragment) = link.split_once('#').expect("a link has a fragment");
    let other = if fragment[place..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    format!(
        "{address}#{}{other}{}",
        &fragment[..place],
        &fragment[place + 1..]
    )
}

impl Scene<'_> {
    async fn open(&self, link: &str, fault: &str) {
        let address = address(link, self.words.lang, fault);
        // A link pasted into its own page loads nothing.
        self.visitor.browser().open("about:blank").await;
        self.visitor.browser().open(&address).await;
    }

    async fn expect(&self, panel: &str, name: &str) {
        let name = format!("{name}-{}", self.words.lang);
        self.visitor.expect_panel(panel, &name).await;
    }

    /// Opens a link, presses the button and expects this panel.
    async fn press(&self, link: &str, fault: &str, panel: &str) {
        self.open(link, fault).await;
        self.visitor.press(self.words.open).await;
        self.expect(panel, &format!("message-{panel}")).await;
    }

    async fn send(&self, further: &[&str]) -> Sent {
        self.stack.send(TEXT, further).await
    }

    async fn drop_box(&self) -> String {
        let asked = self
            .stack
            .core_api(&["drop", "request", "--json"])
            .await
            .expect("a drop box");
        let asked: Value = serde_json::from_str(&asked).expect("what the command prints as JSON");
        asked["link"].as_str().expect("a link").to_owned()
    }

    async fn look_around(&self) {
        let lang = self.words.lang;
        for (path, words, name) in [
            ("/", self.words.home, "site-home"),
            ("/nothing-here", self.words.not_found, "site-not-found"),
        ] {
            self.visitor.open(&format!("{path}?lang={lang}")).await;
            self.visitor.expect_plain(words, &format!("{name}-{lang}")).await;
        }
    }

    /// Without scripts the page says what is needed, and shows nothing that would do nothing.
    async fn read_without_scripts(&self, link: &str) {
        let (browser, lang) = (self.visitor.browser(), self.words.lang);
        browser.let_pages_run_scripts(false).await;
        self.open(link, "").await;
        browser.expect(self.words.needs_script).await;
        let text = browser.text().await;
        assert!(!text.contains(self.words.open), "{text}");
        // What judges the page needs scripts, with which browsers hide what is for those who have none.
        browser.script(UNFOLD, &[]).await;
        browser.let_pages_run_scripts(true).await;
        let name = format!("message-without-scripts-{lang}");
        self.visitor.expect_plain(self.words.needs_script, &name).await;
    }

    async fn read(&self) {
        let files = ["--file", "key.pem", "--file", LONG_NAME];
        let sent = self.send(&files).await;
        self.press(&sent.link, "broken", "broken").await;
        // The same reader gets it again.
        self.open(&sent.link, "").await;
        self.expect("start", "message-start").await;
        self.visitor.press(self.words.open).await;
        self.expect("opened", "message-opened").await;
        self.visitor.press(self.words.wipe).await;
        self.expect("wiped", "message-wiped").await;
        self.stack.await_message(&sent.id, "read").await;
        self.press(&sent.link, "", "ended-read").await;
    }

    async fn mistake_passphrases(&self) {
        let sent = self.send(&["--generate-passphrase"]).await;
        self.open(&sent.link, "").await;
        self.expect("start", "message-passphrase").await;
        self.visitor.press(self.words.open).await;
        self.expect("start", "message-passphrase-missing").await;
        for tries_left in (1..5).rev() {
            self.visitor
                .fill(self.words.passphrase, "certainly not this")
                .await;
            self.visitor.press(self.words.open).await;
            self.visitor.browser().expect(&format!(": {tries_left}.")).await;
        }
        self.expect("start", "message-passphrase-wrong").await;
        self.visitor
            .fill(self.words.passphrase, "certainly not this")
            .await;
        self.visitor.press(self.words.open).await;
        self.expect("locked", "message-locked").await;
        self.stack.await_message(&sent.id, "locked").await;
        let destroy = ["message", "destroy", &sent.id];
        self.stack.core_api(&destroy).await.expect("its sender ends it");
        self.open(&sent.link, "").await;
        self.visitor
            .fill(self.words.passphrase, "certainly not this")
            .await;
        self.visitor.press(self.words.open).await;
        self.expect("ended-destroyed", "message-ended-destroyed").await;
    }

    async fn hold_a_link_that_opens_nothing(&self) {
        let sent = self.send(&[]).await;
        self.press(&altered(&sent.link, 0), "", "gone").await;
        self.press(&sent.link, "expired", "ended-expired").await;
        self.press(&sent.link, "lost", "failed").await;
        for (link, fault, panel) in [
            (format!("{}.p2", sent.link), "", "newer"),
            (sent.link[..sent.link.len() - 3].to_owned(), "", "incomplete"),
            (sent.link.clone(), "unable", "unable"),
        ] {
            self.open(&link, fault).await;
            self.expect(panel, &format!("message-{panel}")).await;
        }
        let revoke = ["message", "revoke", &sent.id];
        self.stack
            .core_api(&revoke)
            .await
            .expect("its sender takes it back");
        self.press(&sent.link, "", "ended-revoked").await;
    }

    async fn fill_a_drop_box(&self) {
        let link = self.drop_box().await;
        self.open(&link, "").await;
        self.expect("start", "drop-start").await;
        self.visitor.press(self.words.send).await;
        self.expect("start", "drop-missing").await;
        self.visitor.fill(self.words.text, TEXT).await;
        for file in ["key.pem", LONG_NAME] {
            let file = self.stack.state().join(file);
            self.visitor.browser().attach(self.words.files, &file).await;
        }
        let complaint = "return document.querySelector('[data-problem]').checkVisibility()";
        let is_shown = self.visitor.browser().script(complaint, &[]).await;
        assert_eq!(is_shown, false, "what was missing is there now");
        self.expect("start", "drop-filled").await;
        self.visitor.press(self.words.send).await;
        self.expect("sent", "drop-sent").await;
        self.open(&link, "").await;
        self.expect("closed", "drop-closed").await;
    }

    async fn fail_to_fill_a_drop_box(&self) {
        let link = self.drop_box().await;
        let shorter = link[..link.len() - 3].to_owned();
        for (link, fault, panel) in [
            (altered(&link, 0), "", "changed"),
            (shorter, "", "incomplete"),
            (link.clone(), "unable", "unable"),
            (link.clone(), "cut", "unreachable"),
            (link.clone(), "slow", "looking"),
        ] {
            self.open(&link, fault).await;
            self.expect(panel, &format!("drop-{panel}")).await;
        }
        for (fault, panel) in [("lost", "failed"), ("full", "full")] {
            self.open(&link, fault).await;
            self.visitor.fill(self.words.text, TEXT).await;
            self.visitor.press(self.words.send).await;
            self.expect(panel, &format!("drop-{panel}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_accessible_and_fits_in_both_languages() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    for (name, length) in [("key.pem", 1_704), (LONG_NAME, 2_400_000)] {
        std::fs::write(stack.state().join(name), vec![7; length]).expect("the test's folder is writable");
    }
    let waiting = stack.send(TEXT, &[]).await;
    for words in &LANGUAGES {
        let visitor = Visitor::arrive(&stack.site_origin(), &stack.ca(), Scripts::On).await;
        visitor.browser().before_pages(FAULTS).await;
        let scene = Scene {
            stack: &stack,
            visitor,
            words,
        };
        scene.look_around().await;
        scene.read_without_scripts(&waiting.link).await;
        scene.read().await;
        scene.mistake_passphrases().await;
        scene.hold_a_link_that_opens_nothing().await;
        scene.fill_a_drop_box().await;
        scene.fail_to_fill_a_drop_box().await;
    }
    // Started anew, a site hands nothing out before the core has confirmed where it stands.
    stack.stop().await;
    stack.launch_site();
    stack.await_alive(12).await;
    for words in &LANGUAGES {
        let visitor = Visitor::arrive(&stack.site_origin(), &stack.ca(), Scripts::On).await;
        let scene = Scene {
            stack: &stack,
            visitor,
            words,
        };
        scene.press(&waiting.link, "", "away").await;
    }
}
