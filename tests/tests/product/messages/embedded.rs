//! Where there is no DMZ, or besides the site there, the core serves a site itself: the same messages, the same promises.

use std::time::Duration;

use serde::Deserialize;
use tests::messages::Sent;
use tests::pki::{Authority, Validity};
use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::stack::Stack;

const SECRET: &str = "Verdigris-Trellis-2291-Marrow";
const INSIDE_SECRET: &str = "Cinnabar-Lattice-7730-Fennel";

/// A stack whose core serves the site of one-time messages.
async fn without_dmz() -> Stack {
    serving_itself(Stack::prepare().await).await
}

async fn serving_itself(mut stack: Stack) -> Stack {
    let section = format!(
        "mail = \"help@corp.example\"\n\n[site.embedded]\nlisten = \"127.0.0.1:{}\"\n\
         sources = [\"127.0.0.0/8\"]\ncert_file = \"pki/site.pem\"\nkey_file = \"pki/site.key\"\n\n[mail]",
        stack.port + 1
    );
    stack.edit(
        "core-api.toml",
        "mail = \"help@corp.example\"\n\n[mail]",
        &section,
    );
    stack.start_core().await;
    stack
}

/// How far the port of the core's own site is from the stack's, where the DMZ has one as well.
const INSIDE: u16 = 2;

/// A stack with a site in the DMZ, `demo`, whose core serves one for those inside as well. Both are paired and well.
async fn with_both() -> Stack {
    let mut stack = Stack::prepare().await;
    let issue = "pki issue pki --role site --san site.localhost --out pki/inside";
    let issue: Vec<&str> = issue.split(' ').collect();
    stack.core_api(&issue).await.expect("the authority issues");
    let (public, sync) = (stack.port + INSIDE, stack.port + 5);
    let section = format!(
        "\n[[site]]\nname = \"inside\"\nsync_url = \"https://127.0.0.1:{sync}\"\n\
         public_origin = \"https://site.localhost:{public}\"\npublic_ca_file = \"pki/root.pem\"\n\n\
         [site.embedded]\nlisten = \"127.0.0.1:{public}\"\nsources = [\"127.0.0.0/8\"]\n\
         cert_file = \"pki/inside.pem\"\nkey_file = \"pki/inside.key\"\n\n[mail]"
    );
    stack.edit("core-api.toml", "\n[mail]", &section);
    stack.start_core().await;
    stack.start_site().await;
    await_sites(&stack, |site| site.fine).await;
    stack
}

/// What `site list` tells of a site.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    fine: bool,
    waiting: u64,
}

/// Waits until this is so of every site.
async fn await_sites(stack: &Stack, is_so: impl Fn(&Listed) -> bool) {
    wait_for("sites as they should be", Duration::from_mins(1), async || {
        let listed = stack.output(&["site", "list", "--json"]).await.stdout;
        let sites: Vec<Listed> = serde_json::from_slice(&listed).ok()?;
        (sites.len() == 2 && sites.iter().all(&is_so)).then_some(())
    })
    .await;
}

async fn open(stack: &Stack, sent: &Sent, token: u8) -> Reading {
    open_at(stack, 1, sent, token).await
}

async fn open_at(stack: &Stack, distance: u16, sent: &Sent, token: u8) -> Reading {
    let reader = Reader::new(stack.port + distance, &stack.ca());
    let opened = wait_for(
        "an answer that is not 503",
        Duration::from_mins(1),
        async || match reader.open(&sent.link(), [token; 16]).await.ok()? {
            Reading::Unavailable => None,
            reading => Some(reading),
        },
    );
    let opened = opened.await;
    reader.done(&sent.link(), [token; 16]).await.expect("an answer");
    opened
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_read_once_from_a_core_that_serves_its_site_itself() {
    let mut stack = without_dmz().await;
    let (first, second) = (stack.send(SECRET, &[]).await, stack.send(SECRET, &[]).await);
    assert_eq!(open(&stack, &first, 1).await, Reading::Text(SECRET.to_owned()));
    let shown = stack.await_message(&first.id, "read").await;
    assert_eq!((shown.count("opened"), shown.count("read")), (1, 1));
    assert!(matches!(open(&stack, &first, 2).await, Reading::Ended(_)));

    // A power cut: what was read stays read, and what was not is still there.
    drop(stack.core.take()); // killed
    stack.start_core().await;
    assert!(matches!(open(&stack, &first, 3).await, Reading::Ended(_)));
    assert_eq!(open(&stack, &second, 1).await, Reading::Text(SECRET.to_owned()));
    stack.await_message(&second.id, "read").await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_whose_embedded_site_was_wiped_pairs_anew_and_tells_what_is_lost() {
    let mut stack = without_dmz().await;
    let sent = stack.send(SECRET, &[]).await;
    stack.stop_core().await;
    std::fs::remove_dir_all(stack.state().join("core/sites")).expect("the site is there");
    stack.start_core().await;
    stack.await_message(&sent.id, "lost").await;
    let sites = stack.sites().await;
    assert!(sites.contains("epoch 2"), "{sites}");
    let again = stack.send(SECRET, &[]).await;
    assert_eq!(open(&stack, &again, 1).await, Reading::Text(SECRET.to_owned()));

    // Ended for good; a start finds the section still there and begins anew.
    stack
        .core_api(&["site", "retire", "demo"])
        .await
        .expect("it is paired");
    stack.stop_core().await;
    stack.start_core().await;
    let third = stack.send(SECRET, &[]).await;
    assert_eq!(open(&stack, &third, 1).await, Reading::Text(SECRET.to_owned()));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_a_site_within_the_core_is_renewed_while_the_core_runs() {
    let stack = Stack::prepare().await;
    let other = Authority::new("Another authority");
    stack.trust_for_sites(&other);
    let mut stack = serving_itself(stack).await;
    let folder = stack.state().join("other");
    std::fs::create_dir(&folder).expect("the test's folder is writable");
    let reader = Reader::new(stack.port + 1, &other.write(&folder));
    assert!(reader.fetch("GET", "/").await.is_err(), "nobody has it yet");
    // The core pairs with its own site once both run.
    wait_for("a request of the site", Duration::from_mins(1), async || {
        let asked = ["site", "certificate", "demo", "--out", "site.csr"];
        stack.core_api(&asked).await.ok()
    })
    .await;
    let request = std::fs::read_to_string(stack.state().join("site.csr")).expect("it was written");
    std::fs::write(
        stack.state().join("chain.pem"),
        other.sign(&request, Validity::Now),
    )
    .expect("the test's folder is writable");
    stack
        .core_api(&["site", "certificate", "demo", "--chain", "chain.pem"])
        .await
        .expect("it fits");
    assert_eq!(reader.fetch("GET", "/").await.expect("an answer").status, 200);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_away_holds_up_its_own_messages_and_no_others() {
    let mut stack = with_both().await;
    let away = stack.site.take().expect("it runs");
    away.stop(Duration::from_mins(1)).await;
    // The command gives the link once the site has the message, so it waits for the site.
    let to_the_dmz = stack.send(SECRET, &["--site", "demo"]);
    let meanwhile = async {
        let waits_there = |site: &Listed| site.waiting == u64::from(site.name == "demo");
        await_sites(&stack, waits_there).await;
        let inside = stack.send(INSIDE_SECRET, &["--site", "inside"]).await;
        assert_eq!(
            open_at(&stack, INSIDE, &inside, 1).await,
            Reading::Text(INSIDE_SECRET.to_owned())
        );
        stack.await_message(&inside.id, "read").await;
        await_sites(&stack, waits_there).await;
        stack.run_site()
    };
    let (late, back) = tokio::join!(to_the_dmz, meanwhile);
    stack.site = Some(back);
    let elsewhere = Reader::new(stack.port + INSIDE, &stack.ca());
    let elsewhere = elsewhere.open(&late.link(), [1; 16]).await;
    assert_eq!(elsewhere.expect("an answer"), Reading::Neutral);
    assert_eq!(open(&stack, &late, 1).await, Reading::Text(SECRET.to_owned()));
    stack.await_message(&late.id, "read").await;
    await_sites(&stack, |site| site.fine && site.waiting == 0).await;
    stack.stop().await;
}
