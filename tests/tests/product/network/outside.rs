//! People on the Internet read, write and help themselves through the firewall, and the site never dials: not by the
//! count of its host, not by the count of the firewall, not by its own calls.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::authenticator::Authenticator;
use tests::browser::{Browser, Scripts};
use tests::mailbox::Mailbox;
use tests::processes::{binary, example, wait_for};
use tests::system_calls::{SystemCalls, filtering};

use super::super::visitor::Visitor;
use super::LIMIT;
use super::zones::{CORE, INTERNET, Zones};

const SECRET: &str = "Heliotrope-Anvil-1867-Quince";
const ANSWER: &str = "Marigold-Trestle-2204-Sable";
const NEW: &str = "Quill-Harbour-Basalt-52";

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("the clock is set");
    i64::try_from(since.as_millis()).expect("it is not that late")
}

#[tokio::test(flavor = "multi_thread")]
async fn people_outside_read_and_write_and_the_site_never_dials() {
    let mut zones = Zones::start().await;
    Box::pin(read_once(&zones)).await;
    Box::pin(answer(&zones)).await;
    Box::pin(forget(&zones)).await;
    for rule in [
        "anyone to portal",
        "anyone to site",
        "portal to core",
        "core to site",
    ] {
        assert!(zones.passing(rule).await > 0, "nothing went from {rule}");
    }
    expect_silence(&zones).await;
    assert_eq!(
        zones.others_stopped().await,
        0,
        "something else on the site's host wanted out"
    );

    // Somebody takes the site's process over, and gets nowhere; then its user, and is stopped by its host; then its host,
    // and is stopped by the firewall. Each is counted where it is stopped and nowhere else.
    expect_filter(zones.site_process());
    let told = probe_behind_the_filter(&zones).await;
    assert!(told.contains("a thread: works"), "{told}");
    let others: Vec<_> = told
        .lines()
        .filter(|line| !line.starts_with("a thread: "))
        .collect();
    assert!(
        others.len() == 9 && others.iter().all(|line| line.ends_with(": refused")),
        "{told}"
    );
    expect_silence(&zones).await;
    probe_without_filter(&zones).await;
    assert_eq!(zones.dials_seen().await, 0);
    assert!(
        zones.dials_stopped().await > 0,
        "the site's host does not count what its user begins"
    );
    zones.network.unload("site").await;
    probe_without_filter(&zones).await;
    assert!(
        zones.dials_seen().await > 0,
        "the firewall does not count what the site begins"
    );

    let calls = SystemCalls::read(&zones.stop_site().await);
    let count = calls.count();
    // It listened, took connections and answered, and all of that was seen.
    for call in ["socket", "bind", "listen", "accept4", "sendto", "recvfrom"] {
        assert!(count.contains_key(call), "no {call} among {count:?}");
    }
    assert_eq!(calls.ways_out(), Vec::<&str>::new());
}

/// Neither the site's host nor the firewall counted anything.
async fn expect_silence(zones: &Zones) {
    assert_eq!((zones.dials_stopped().await, zones.dials_seen().await), (0, 0));
}

/// The site that runs here is behind a filter on every thread. The probe is a process of its own, behind the same one.
fn expect_filter(site: u32) {
    let program = std::fs::read_link(format!("/proc/{site}/exe")).expect("it runs");
    assert_eq!(program.file_name(), binary("selfdestruct").file_name());
    // Wherever this runs may set filters, too.
    let inherited = filtering(std::process::id())[0].filters;
    let threads = filtering(site);
    assert!(
        threads.len() > 1 && threads.iter().all(|thread| thread.tracer != 0),
        "these are not the threads whose calls are written down: {threads:?}"
    );
    assert!(
        threads
            .iter()
            .all(|thread| (thread.mode, thread.filters) == (2, inherited + 1)),
        "{threads:?}, of them {inherited} inherited"
    );
}

/// A message is sent inside and opened outside, once; the core tells when and from where.
async fn read_once(zones: &Zones) {
    let stack = &zones.stack;
    let sent = stack.send(SECRET, &["--reason", "a first day"]).await;
    assert!(
        sent.link.starts_with("https://site.localhost/m/"),
        "{}",
        sent.link
    );
    let browser = Browser::start_at(zones.desk(), &[&stack.ca()], Scripts::On).await;
    browser.open(&sent.link).await;
    let before = now();
    browser.press("Open message").await;
    browser.expect(SECRET).await;
    let after = now();
    let shown = stack.await_message(&sent.id, "read").await;
    assert_eq!(shown.count("opened"), 1);
    let opened = &shown.events[0];
    assert_eq!(opened.kind, "opened");
    assert_eq!(opened.source.as_deref(), Some(INTERNET.to_string().as_str()));
    assert!(
        (before..=after).contains(&opened.at),
        "{before}, {}, {after}",
        opened.at
    );

    let second = Browser::start_at(zones.desk(), &[&stack.ca()], Scripts::On).await;
    second.open(&sent.link).await;
    second.press("Open message").await;
    second.expect("This message has been read").await;
    assert!(!second.text().await.contains(SECRET));
    assert_eq!(stack.message(&sent.id).await.count("opened"), 1);
}

/// Somebody outside puts something into a drop box; it is opened inside.
async fn answer(zones: &Zones) {
    let stack = &zones.stack;
    let asked = stack
        .core_api(&["drop", "request", "--json"])
        .await
        .expect("a drop box");
    let asked: Value = serde_json::from_str(&asked).expect("what the command prints as JSON");
    let browser = Browser::start_at(zones.desk(), &[&stack.ca()], Scripts::On).await;
    browser.open(asked["link"].as_str().expect("a link")).await;
    browser.fill("Text", ANSWER).await;
    browser.press("Lock and send").await;
    browser.expect("Thank you, it has arrived").await;
    let id = asked["id"].as_str().expect("an id");
    let text = wait_for("what came in is opened inside", LIMIT, async || {
        let shown = stack.core_api(&["drop", "show", id, "--out", "came-in"]).await;
        shown.ok()?;
        std::fs::read_to_string(stack.state().join("came-in/text.txt")).ok()
    });
    assert_eq!(text.await, ANSWER);
}

/// Somebody outside sets a new password.
async fn forget(zones: &Zones) {
    let stack = &zones.stack;
    let alice = stack.person("alice");
    let mut mailbox = Mailbox::new(&stack.state().join("mail"));
    let mut app = Authenticator::new(alice.totp_secret.as_deref().expect("enrolled by the demo"));
    let browser = Browser::start_at(zones.desk(), &[&stack.ca()], Scripts::On).await;
    let mut visitor = Visitor::at(browser, &stack.origin(), Scripts::On);
    visitor.begin("I forgot my password", "alice").await;
    visitor.prove_by_app(&mut app).await;
    visitor.prove_by_mail(&mut mailbox, &alice.email).await;
    visitor.expect("Choose a new password", "act-reset").await;
    visitor.set_password(NEW).await;
    visitor.expect("Your new password is set", "done-reset").await;
}

fn probe(arguments: &[&str]) -> Command {
    let mut probe = Command::new(example("hostile_probe"));
    probe
        .args(arguments)
        .arg(SocketAddr::from((CORE, 8443)).to_string());
    probe
}

async fn probe_behind_the_filter(zones: &Zones) -> String {
    let probe = zones.as_site(&probe(&[]));
    let out = tokio::process::Command::from(probe)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let out = out.await.expect("the probe can be started");
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout).expect("text")
}

/// What it begins is never answered: it is ended after a moment.
async fn probe_without_filter(zones: &Zones) {
    let probe = probe(&["open"]);
    let mut limited = Command::new("timeout");
    limited.arg("2").arg(probe.get_program()).args(probe.get_args());
    let status = tokio::process::Command::from(zones.as_site(&limited))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status();
    let status = status.await.expect("the probe can be started");
    assert_eq!(status.code(), Some(124), "it got an answer");
}
