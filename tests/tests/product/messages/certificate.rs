//! The site's public certificate is renewed from inside while people read, and its key never leaves the site.

use std::collections::BTreeSet;
use std::time::Duration;

use tests::messages::Sent;
use tests::pki::{Authority, Validity};
use tests::processes::wait_for;
use tests::reader::{Reader, Reading};
use tests::secrets::Searcher;
use tests::stack::Stack;

const HOST: &str = "site.localhost";
const LIMIT: Duration = Duration::from_mins(1);

/// `core-api site certificate demo` with these arguments.
async fn certificate(stack: &Stack, further: &[&str]) -> std::io::Result<String> {
    stack
        .core_api(&[&["site", "certificate", "demo"], further].concat())
        .await
}

/// What the command says when it refuses.
async fn refused(stack: &Stack, further: &[&str]) -> String {
    let outcome = certificate(stack, further).await;
    outcome.expect_err("it is refused").to_string()
}

async fn is_served(reader: &Reader) -> bool {
    reader
        .fetch("GET", "/")
        .await
        .is_ok_and(|answer| answer.status == 200)
}

async fn read(reader: &Reader, sent: &Sent) -> String {
    wait_for("the message is handed out", LIMIT, async || {
        match reader.open(&sent.link(), [4; 16]).await.ok()? {
            Reading::Text(text) => Some(text),
            _ => None,
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_shows_the_certificate_that_was_brought_and_keeps_its_own_when_that_does_not_fit() {
    let mut stack = Stack::prepare().await;
    let other = Authority::new("Another authority");
    stack.trust_for_sites(&other);
    stack.start_core().await;
    stack.start_site().await;
    let (before, while_running) = (stack.send("before", &[]).await, stack.send("after", &[]).await);
    std::fs::create_dir(stack.state().join("other")).expect("the test's folder is writable");
    let (old, new) = (
        Reader::new(stack.port + 1, &stack.ca()),
        Reader::new(stack.port + 1, &other.write(&stack.state().join("other"))),
    );
    let file = |name: &str, text: &str| {
        std::fs::write(stack.state().join(name), text).expect("the test's folder is writable");
    };
    let shown = certificate(&stack, &[]).await.expect("one is in use");
    assert!(
        shown.contains(HOST) && shown.contains("Sallyport demo"),
        "{shown}"
    );
    assert!(!shown.contains("Another"), "{shown}");

    // A request comes out of the site, and is never written over anything.
    let foreign = other.issue(&[HOST], Validity::Now);
    file("foreign.pem", &foreign.certificate);
    let told = refused(&stack, &["--chain", "foreign.pem"]).await;
    assert!(told.contains("no signing request is open"), "{told}");
    certificate(&stack, &["--out", "site.csr"])
        .await
        .expect("a request is made");
    let request = std::fs::read_to_string(stack.state().join("site.csr")).expect("it was written");
    let told = refused(&stack, &["--out", "site.csr"]).await;
    assert!(told.contains("never overwritten"), "{told}");

    // What does not fit is not taken, and says why.
    let signed = |validity| other.sign(&request, validity);
    for (name, text, word) in [
        ("foreign.pem", foreign.certificate.clone(), "another key"),
        (
            "unknown.pem",
            Authority::new("A third").sign(&request, Validity::Now),
            "public_ca_file",
        ),
        ("ended.pem", signed(Validity::Expired), "expired"),
        (
            "key.pem",
            format!("{}{}", foreign.certificate, foreign.key),
            "private key",
        ),
        ("request.pem", request.clone(), "no certificate in PEM"),
        ("long.pem", signed(Validity::Now).repeat(200), "too long"),
    ] {
        file(name, &text);
        let told = refused(&stack, &["--chain", name]).await;
        assert!(told.contains(word), "{name}: {told}");
    }
    assert_eq!(read(&old, &before).await, "before");
    assert!(!is_served(&new).await, "nobody has the new one yet");

    // The right one is shown from the next connection on; the site goes on.
    file("site-chain.pem", &signed(Validity::Now));
    let told = certificate(&stack, &["--chain", "site-chain.pem"]).await;
    let told = told.expect("it fits");
    assert!(
        told.contains("Another authority") && told.contains("2099-01-01"),
        "{told}"
    );
    assert!(is_served(&new).await);
    assert!(!is_served(&old).await, "he does not know the new authority");
    assert!(stack.site.as_mut().expect("it was started").is_running());
    assert_eq!(read(&new, &while_running).await, "after");

    // An answer may be lost, and the same command be given again.
    certificate(&stack, &["--chain", "site-chain.pem"])
        .await
        .expect("it is in use");

    // It is what the site has after a restart.
    stack.site.take().expect("it runs").stop(LIMIT).await;
    stack.launch_site();
    stack.await_ready(12, stack.site.as_ref()).await;
    assert!(is_served(&new).await && !is_served(&old).await);

    let audit = stack.core_api(&["audit", "export"]).await.expect("the audit");
    for event in [
        "site-certificate-requested",
        "site-certificate-brought",
        "site-certificate-renewed",
    ] {
        assert!(audit.contains(event), "{event}");
    }
    stack.stop().await;
    // The key was made at the site, and is nowhere else. Of its lines the second has most of what is secret.
    let place = stack.state().join("pki/site.key");
    let key = std::fs::read_to_string(&place).expect("the site's key");
    let line = key.lines().nth(2).expect("a key has more than one line");
    let searcher = Searcher::new([("the site's key", line)]);
    let found: BTreeSet<_> = searcher
        .in_folder(&stack.state(), &[])
        .into_iter()
        .map(|leak| leak.place)
        .collect();
    assert_eq!(found, BTreeSet::from([place]));
    assert!(searcher.in_text(told.as_bytes()).is_empty() && searcher.in_text(audit.as_bytes()).is_empty());
}
