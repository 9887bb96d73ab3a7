//! A real browser: headless Chromium by `WebDriver`, under a HOME of its own, verifying certificates.
//!
//! The verbs say what a person does: fill a field by its label, press a button by its text, read the page. Each waits
//! until what it needs is there, for at most [`PATIENCE`].

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use thirtyfour::ChromeCapabilities;
use thirtyfour::prelude::{ChromiumLikeCapabilities, DesiredCapabilities, WebDriver, WebElement};

use crate::folder::Folder;
use crate::network::{Door, Network};
use crate::processes::{Running, run, wait_for};
use crate::{repository, use_aws_lc_rs};

/// How long a verb waits for what it needs.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Nothing that the browser would like to do on its own, above all no connection that the page does not ask for.
const SWITCHES: [&str; 11] = [
    "--headless",
    "--no-sandbox", // root has no use for it, and containers do not grant it
    "--disable-gpu",
    "--disable-dev-shm-usage", // containers have little of it
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--password-store=basic",
    "--window-size=1280,900",
];

/// Finds the field of a label: the exact text before a text that begins so, for labels that carry a hint.
const FIELD: &str = r"
    const [wanted] = arguments, plain = e => e.textContent.replace(/\s+/g, ' ').trim();
    const labels = [...document.querySelectorAll('label')].filter(l => l.control?.checkVisibility());
    const label = labels.find(l => plain(l) === wanted) ?? labels.find(l => plain(l).startsWith(wanted));
    return label?.control ?? null;";

/// Finds what can be pressed by its text: the exact text before one that begins so, for choices with a line about them.
const BUTTON: &str = r"
    const [wanted] = arguments, plain = e => (e.value || e.textContent).replace(/\s+/g, ' ').trim();
    const all = [...document.querySelectorAll('button, a[href], summary, input[type=submit]')];
    const usable = all.filter(e => e.checkVisibility() && !e.disabled);
    const words = e => [plain(e), e.textContent.replace(/\s+/g, ' ').trim()];
    return usable.find(e => words(e).includes(wanted)) ?? usable.find(e => words(e).some(w => w.startsWith(wanted + ' '))) ?? null;";

/// What the browser's own page says when it is shown in place of the one asked for.
const REFUSED: &str = "
    return location.protocol === 'chrome-error:' || document.body?.classList.contains('ssl') ?
        document.getElementById('error-code')?.textContent ?? document.title : null";

/// Colours are judged once they have stopped changing: in the middle of a transition they are nobody's choice.
const ACCESSIBILITY: &str = "
    const done = arguments[arguments.length - 1];
    const ends = each => Number.isFinite(each.effect?.getComputedTiming().endTime);
    const still = Promise.allSettled(document.getAnimations().filter(ends).map(each => each.finished));
    still.then(() => axe.run()).then(found => done(found.violations.map(({id, impact, help, nodes}) =>
        ({id, impact, help, places: nodes.map(node => node.target.join(' '))}))));";

/// Whether the pages' own scripts run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// As usual.
    On,
    /// Switched off, as some people browse.
    Off,
}

/// A host of a network of our own at which somebody browses.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The network.
    pub network: &'a Network,
    /// The host's name in it.
    pub host: &'a str,
    /// All that a name server would know there: names of `.localhost` lead to the browser's own machine otherwise.
    pub names: &'a [(&'a str, Ipv4Addr)],
}

impl Desk<'_> {
    fn switch(&self) -> String {
        let known = self
            .names
            .iter()
            .map(|(name, address)| format!("MAP {name} {address},"));
        format!(
            "--host-resolver-rules={}MAP * ~NOTFOUND",
            known.collect::<String>()
        )
    }
}

/// How the page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// On a desk, light colours.
    Light,
    /// On a desk, dark colours.
    Dark,
    /// As narrow as WCAG 2.2 (1.4.10) asks for: 320 pixels, light colours.
    Narrow,
}

/// A rule of accessibility that the page breaks, as axe-core says it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name.
    pub id: String,
    /// How bad it is.
    pub impact: Option<String>,
    /// What would be right.
    pub help: String,
    /// Selectors of the places.
    pub places: Vec<String>,
}

/// A browser window; it ends with this value.
pub struct Browser {
    driver: Option<WebDriver>,
    _process: Running,
    _door: Option<Door>,
    _home: Folder,
}

/// Starts chromedriver, at a desk if one is given; gives its port there. It takes a port that is free for IPv6 and ends when the same one is taken for
/// IPv4, which says nothing about the test: it is started again then.
async fn start_driver(home: &Folder, desk: Option<Desk<'_>>) -> (Running, u16) {
    const STARTS: usize = 5;
    for start in 1..=STARTS {
        let mut command = desk.map_or_else(
            || Command::new("chromedriver"),
            |desk| desk.network.command(desk.host, "chromedriver"),
        );
        command
            .arg("--port=0")
            .env("HOME", &**home)
            .env("TMPDIR", &**home);
        command
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("DBUS_SESSION_BUS_ADDRESS");
        let mut process = Running::spawn(command, &home.join(format!("chromedriver.{start}.log")));
        let said = wait_for("chromedriver says its port", PATIENCE, async || {
            let log = process.log();
            let port = |log: &str| {
                let (_, after) = log.split_once("started successfully on port ")?;
                after.split_once('.')?.0.parse().ok()
            };
            match port(&log) {
                Some(port) => Some(Ok(port)),
                None => (!process.is_running()).then_some(Err(log)),
            }
        });
        match said.await {
            Ok(port) => return (process, port),
            Err(log) => assert!(log.contains("port not available"), "chromedriver ended:\n{log}"),
        }
    }
    panic!("chromedriver found its port taken {STARTS} times");
}

impl Browser {
    /// Opens a window that trusts the system's authorities and those in the given PEM files.
    ///
    /// # Panics
    /// When Chromium, its driver or certutil is missing; `tests/run.sh` installs them.
    pub async fn start(authorities: &[&Path], scripts: Scripts) -> Self {
        Self::launch(None, authorities, scripts).await
    }

    /// The same at a desk in a network of our own.
    ///
    /// # Panics
    /// Like [`start`](Self::start), and when this is not root.
    pub async fn start_at(desk: Desk<'_>, authorities: &[&Path], scripts: Scripts) -> Self {
        Self::launch(Some(desk), authorities, scripts).await
    }

    async fn launch(desk: Option<Desk<'_>>, authorities: &[&Path], scripts: Scripts) -> Self {
        use_aws_lc_rs();
        let home = Folder::new();
        trust(&home, authorities).await;
        let (process, port) = start_driver(&home, desk).await;
        let mut wishes = wishes(&home, scripts);
        let mut door = None;
        if let Some(desk) = desk {
            wishes.add_arg(&desk.switch()).expect("a switch is text");
            let driver = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            door = Some(desk.network.open_door(desk.host, driver));
        }
        let port = door.as_ref().map_or(port, Door::port);
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wishes).await;
        let driver = driver.expect("chromedriver opens a window");
        Self {
            driver: Some(driver),
            _process: process,
            _door: door,
            _home: home,
        }
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("taken only by drop")
    }

    /// Opens the address, as if typed.
    ///
    /// # Errors
    /// What the browser says when it does not get there, for instance `net::ERR_CERT_AUTHORITY_INVALID`.
    pub async fn try_open(&self, address: &str) -> Result<(), String> {
        self.driver()
            .goto(address)
            .await
            .map_err(|error| error.to_string())?;
        // The driver calls it a success when the browser shows its own page about a certificate.
        match self.script(REFUSED, &[]).await.as_str() {
            Some(refusal) => Err(refusal.to_owned()),
            None => Ok(()),
        }
    }

    /// Opens the address, which must succeed.
    pub async fn open(&self, address: &str) {
        self.try_open(address)
            .await
            .unwrap_or_else(|error| panic!("cannot open {address}: {error}"));
    }

    /// The address of the page.
    pub async fn address(&self) -> String {
        self.driver()
            .current_url()
            .await
            .expect("the window has a page")
            .to_string()
    }

    /// The page as HTML, as it stands now.
    pub async fn html(&self) -> String {
        self.driver().source().await.expect("the window has a page")
    }

    /// The words on the page, as a person sees them.
    pub async fn text(&self) -> String {
        let text = self.script("return document.body?.innerText ?? ''", &[]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page and returns what it returns. Works whatever the page's content security policy says.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> Value {
        let answer = self
            .driver()
            .execute(script, arguments.to_vec())
            .await
            .expect("the script runs");
        answer.json().clone()
    }

    async fn find(&self, what: &str, script: &str, words: &str) -> WebElement {
        wait_for(&format!("a {what} \"{words}\""), PATIENCE, async || {
            let found = self.driver().execute(script, vec![json!(words)]).await.ok()?;
            found.element().ok()
        })
        .await
    }

    /// Puts the text into the field with this label, in place of what it holds.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.find("field", FIELD, label).await;
        field.clear().await.expect("a visible field can be emptied");
        field.send_keys(text).await.expect("a visible field takes text");
    }

    /// Chooses a file in the field with this label.
    pub async fn attach(&self, label: &str, file: &Path) {
        let field = self.find("field", FIELD, label).await;
        let path = file.to_str().expect("the test's paths are text");
        field.send_keys(path).await.expect("a field for files takes one");
    }

    /// Has what is saved put into this folder, without asking.
    pub async fn save_into(&self, folder: &Path) {
        let allowed = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Browser.setDownloadBehavior", allowed).await;
    }

    /// Runs a script in every further page before those of the page itself.
    pub async fn before_pages(&self, script: &str) {
        let source = json!({ "source": script });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
    }

    /// Whether pages that are opened from now on run scripts of their own.
    pub async fn let_pages_run_scripts(&self, run: bool) {
        let disabled = json!({ "value": !run });
        self.devtools("Emulation.setScriptExecutionDisabled", disabled)
            .await;
    }

    /// Ticks the box or the choice with this label.
    pub async fn choose(&self, label: &str) {
        self.find("choice", FIELD, label)
            .await
            .click()
            .await
            .expect("a visible choice can be pressed");
    }

    /// Presses the button or link with this text.
    pub async fn press(&self, text: &str) {
        self.find("button", BUTTON, text)
            .await
            .click()
            .await
            .expect("a visible button can be pressed");
    }

    /// Waits until the page says this.
    pub async fn expect(&self, words: &str) {
        let mut last = String::new();
        let seen = tokio::time::timeout(PATIENCE, async {
            loop {
                last = self.text().await;
                if last.contains(words) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let seen = seen.await.is_ok();
        assert!(seen, "the page does not say \"{words}\", but:\n{last}");
    }

    /// Presses a key by its name (`Tab`, `Enter`), as a keyboard does: whatever has the focus gets it.
    pub async fn key(&self, name: &str) {
        let (code, text) = match name {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => panic!("{other} is no key that a test has needed so far"),
        };
        let mut event = json!({ "type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": code, "text": text });
        self.devtools("Input.dispatchKeyEvent", event.clone()).await;
        event["type"] = json!("keyUp");
        self.devtools("Input.dispatchKeyEvent", event).await;
    }

    /// Goes on with the tab key, as far as a short page needs it, until what has the focus says these words.
    pub async fn tab_to(&self, words: &str) {
        const STEPS: usize = 20;
        let mut reached = Vec::new();
        for _ in 0..STEPS {
            self.key("Tab").await;
            let focus = "return document.activeElement?.textContent.trim() ?? ''";
            let here = self.script(focus, &[]).await;
            if here == words {
                return;
            }
            reached.push(here);
        }
        panic!("the tab key does not lead to \"{words}\", but to {reached:?}");
    }

    /// Sends a command of the browser's developer tools, for instance for a virtual authenticator.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.driver().cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Looks at pages like this from now on.
    pub async fn look(&self, look: Look) {
        let scheme = if look == Look::Dark { "dark" } else { "light" };
        // Without motion, so that no picture shows a colour half-way to another.
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
        let (width, height) = if look == Look::Narrow {
            (320, 640)
        } else {
            (1280, 900)
        };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        // A picture of the whole page has no scroll bar, so the page must be laid out without one.
        self.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true }))
            .await;
    }

    /// Whether one would have to scroll sideways to read the page.
    pub async fn overflows(&self) -> bool {
        let root = "const root = document.documentElement; return root.scrollWidth > root.clientWidth";
        self.script(root, &[]).await == json!(true)
    }

    /// The whole page as a PNG file.
    pub async fn screenshot(&self, file: &Path) {
        let answer = self
            .devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true }))
            .await;
        let picture = answer["data"].as_str().expect("a picture as base64");
        let picture = BASE64
            .decode(picture.as_bytes())
            .expect("the browser writes proper base64");
        std::fs::write(file, picture).expect("the place for the picture is writable");
    }

    /// What axe-core finds against the page as it stands. Needs scripts on.
    pub async fn accessibility(&self) -> Vec<Violation> {
        if self.script("return typeof axe", &[]).await == "undefined" {
            let source =
                std::fs::read_to_string(axe()).expect("axe-core is installed; tests/run.sh sees to it");
            self.script(&source, &[]).await;
        }
        let found = self
            .driver()
            .execute_async(ACCESSIBILITY, Vec::new())
            .await
            .expect("axe-core runs");
        found.convert().expect("axe-core says what this reads")
    }

    /// Asserts that axe-core finds nothing, and says all of it if it does.
    pub async fn expect_accessible(&self) {
        let mut report = String::new();
        for Violation {
            id,
            impact,
            help,
            places,
        } in self.accessibility().await
        {
            let _ = writeln!(report, "{id} ({impact:?}): {help}: {places:?}");
        }
        assert!(report.is_empty(), "{}:\n{report}", self.address().await);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without a goodbye: the driver's process group, which the browser is in, is killed next.
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
    }
}

fn axe() -> PathBuf {
    repository().join("tests/js/node_modules/axe-core/axe.min.js")
}

fn wishes(home: &Path, scripts: Scripts) -> ChromeCapabilities {
    let mut wishes = DesiredCapabilities::chrome();
    for switch in SWITCHES {
        wishes.add_arg(switch).expect("a switch is text");
    }
    let profile = format!("--user-data-dir={}", home.join("profile").display());
    wishes.add_arg(&profile).expect("a switch is text");
    if scripts == Scripts::Off {
        let blocked = json!({ "profile.managed_default_content_settings.javascript": 2 });
        wishes
            .add_experimental_option("prefs", blocked)
            .expect("preferences are JSON");
    }
    wishes
}

/// Chromium on Linux takes further authorities from the NSS database under HOME.
async fn trust(home: &Path, authorities: &[&Path]) {
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).expect("the test's folder is writable");
    let certutil = || {
        let mut command = tokio::process::Command::new("certutil");
        command.arg("-d").arg(format!("sql:{}", database.display()));
        command
    };
    run(certutil().args(["-N", "--empty-password"]))
        .await
        .expect("certutil makes a database");
    for (number, authority) in authorities.iter().enumerate() {
        let mut command = certutil();
        command
            .args(["-A", "-t", "C,,", "-n", &format!("test {number}"), "-i"])
            .arg(authority);
        run(&mut command).await.expect("certutil takes an authority");
    }
}
