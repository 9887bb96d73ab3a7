//! The core looks at a site's public pages as anybody would, and tells which is not as it was built.

use std::process::Output;
use std::time::Duration;

use tests::processes::{binary, wait_for};
use tests::stack::Stack;

/// The core looks when it starts, and every minute. This is for the look at the start.
const SEEN_WITHIN: Duration = Duration::from_secs(50);
/// What stands on one page only, and what somebody makes of it.
const WAS: &str = "Verschl\u{fc}sseln und senden";
const IS: &str = "Verschl\u{fc}sseln und sendet";
/// A part of every answer's policy, and what somebody makes of it.
const POLICY: &str = "script-src 'self'";
const LAXER: &str = "script-src https:";

/// What `site probe` prints.
async fn probe(stack: &Stack) -> (bool, String) {
    let Output { status, stdout, .. } = stack.output(&["site", "probe", "demo"]).await;
    (status.success(), String::from_utf8_lossy(&stdout).into_owned())
}

/// What `site probe` prints on a host that has no configuration, only what `--digests` printed inside.
async fn probe_from_outside(stack: &Stack) -> (bool, String) {
    let digests = stack.core_api(&["site", "probe", "demo", "--digests"]).await;
    let file = stack.state().join("digests.txt");
    std::fs::write(&file, digests.expect("the configuration is there"))
        .expect("the test's folder is writable");
    let mut command = tokio::process::Command::new(binary("core-api"));
    command
        .args(["--config", "/nonexistent", "site", "probe", &stack.site_origin()])
        .args(["--at", &format!("127.0.0.1:{}", stack.port + 1)])
        .arg("--ca-file")
        .arg(stack.ca())
        .arg("--expect")
        .arg(file);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().await.expect("the program of the stack");
    let told = [stdout, stderr].concat();
    (status.success(), String::from_utf8_lossy(&told).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_page_is_named_by_probe_and_alarm_until_it_is_right_again() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let (is_fine, told) = probe(&stack).await;
    assert!(is_fine && told.contains("are those of this release"), "{told}");
    let same = told.replace("those of this release", "as expected");
    assert_eq!(
        probe_from_outside(&stack).await,
        (true, same),
        "both see the same"
    );

    stack.stop().await;
    stack.site = Some(stack.run_changed_site(WAS, IS).await);
    stack.await_alive(12).await;
    stack.start_core().await;
    let (is_fine, told) = probe(&stack).await;
    assert!(!is_fine, "{told}");
    // As its link leads there, with a browser that speaks German, and behind the language switch.
    let page = format!("DIFFERS: {}/d/", stack.site_origin());
    let is_named = |told: &str| {
        let differing: Vec<&str> = told.lines().collect();
        let [followed, switched] = differing[..] else {
            return false;
        };
        followed.starts_with(&page)
            && followed.ends_with(" (Accept-Language: de)")
            && switched.starts_with(&page)
            && switched.ends_with("?lang=de")
    };
    assert!(is_named(&told), "{told}");
    let (is_fine, told) = probe_from_outside(&stack).await;
    assert!(!is_fine && is_named(&told), "{told}");
    let alarm = "pages-changed /d/… (Accept-Language: de)";
    wait_for("an alarm that names the page", SEEN_WITHIN, async || {
        stack.sites().await.contains(alarm).then_some(())
    })
    .await;

    stack.stop().await;
    stack.site = Some(stack.run_changed_site(POLICY, LAXER).await);
    stack.await_alive(12).await;
    let (is_fine, told) = probe_from_outside(&stack).await;
    let is_policy = |line: &str| line.ends_with(": content-security-policy");
    assert!(!is_fine && told.lines().count() > 1, "{told}");
    assert!(told.lines().all(is_policy), "{told}");

    stack.stop().await;
    stack.launch_site();
    stack.await_alive(12).await;
    stack.start_core().await;
    wait_for("the alarm is over", SEEN_WITHIN, async || {
        stack.sites().await.contains("demo: well").then_some(())
    })
    .await;
    assert!(probe(&stack).await.0, "every page is right again");
    stack.stop().await;
}
