//! The demo as a newcomer meets it: a message is sent by a command, read once in a browser, and its sender knows.

use std::path::PathBuf;
use std::time::Duration;

use tests::browser::{Browser, Scripts};
use tests::demo::Demo;
use tests::messages::{Sent, Shown};
use tests::processes::{binary, run, wait_for};
use tokio::process::Command;

const SECRET: &str = "Marigold-Sextant-4410-Bramble";

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomers_message_is_read_once() {
    let demo = Demo::start("embedded").await;
    std::fs::write(demo.state().join("secret.txt"), SECRET).expect("the demo's folder is writable");
    let sent = core_api(&demo, &["message", "send", "--text-file", "secret.txt", "--json"]).await;
    let sent: Sent = serde_json::from_str(&sent).expect("what the command prints as JSON");
    assert!(sent.link.starts_with(&demo.known().selfdestruct), "{}", sent.link);

    let browser = Browser::start(&[&demo.known().ca], Scripts::On).await;
    browser.open(&sent.link).await;
    browser.press("Open message").await;
    browser.expect(SECRET).await;
    wait_for(
        "its sender knows when and from where",
        Duration::from_mins(1),
        async || {
            let shown = core_api(&demo, &["message", "show", &sent.id, "--json"]).await;
            let shown: Shown = serde_json::from_str(&shown).expect("what the command prints as JSON");
            let opened = shown.events.into_iter().find(|event| event.kind == "opened")?;
            (opened.at > 0 && opened.source.as_deref() == Some("127.0.0.1")).then_some(())
        },
    )
    .await;
    let second = Browser::start(&[&demo.known().ca], Scripts::On).await;
    second.open(&sent.link).await;
    second.press("Open message").await;
    second.expect("This message has been read").await;
    assert!(!second.text().await.contains(SECRET));
    drop((browser, second));
    demo.stop().await;
}

/// A command of the core, as the demo's last words say it.
async fn core_api(demo: &Demo, arguments: &[&str]) -> String {
    let services = &demo.known().services;
    let core = services.iter().find(|service| service.name == "core-api");
    let config: &PathBuf = &core.expect("a core").config;
    let mut command = Command::new(binary("core-api"));
    command
        .current_dir(demo.state())
        .arg("--config")
        .arg(config)
        .args(arguments);
    run(&mut command).await.expect("the command does it")
}
