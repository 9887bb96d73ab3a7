//! A message is read in a browser; its sender learns when and from where; nothing of it is left.

use std::collections::BTreeSet;
use std::time::Duration;

use tests::browser::{Browser, Scripts};
use tests::memory;
use tests::processes::wait_for;
use tests::reader::{Link, Reader, Reading};
use tests::secrets::Searcher;
use tests::stack::Stack;

const SECRET: &str = "Heliotrope-Anvil-1867-Quince";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_shown_once_and_its_sender_knows_when_and_from_where() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let sent = stack.send(SECRET, &["--reason", "a first day"]).await;
    let browser = Browser::start(&[&stack.ca()], Scripts::On).await;
    browser.open(&sent.link).await;
    browser.expect("A message for you").await;
    browser.expect_accessible().await;
    assert!(
        !browser.text().await.contains(SECRET),
        "nothing before the button"
    );
    // By keyboard alone.
    browser.tab_to("Open message").await;
    browser.key("Enter").await;
    browser.expect(SECRET).await;
    browser.expect_accessible().await;
    let shown = stack.await_message(&sent.id, "read").await;
    assert_eq!(
        (
            shown.count("opened"),
            shown.count("delivered"),
            shown.count("read")
        ),
        (1, 1, 1)
    );
    let opened = &shown.events[0];
    assert_eq!(
        (opened.kind.as_str(), opened.source.as_deref()),
        ("opened", Some("127.0.0.1"))
    );

    // Whoever holds the link is told; the page itself is the same as for any other id.
    let second = Browser::start(&[&stack.ca()], Scripts::On).await;
    second.open(&sent.link).await;
    second.press("Open message").await;
    second.expect("This message has been read").await;
    second.expect_accessible().await;
    assert!(!second.text().await.contains(SECRET));
    drop((browser, second));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_opens_a_message_is_in_a_file_or_in_the_memory_of_the_site() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let (read, unread) = (
        stack.send(SECRET, &["--generate-passphrase"]).await,
        stack.send(SECRET, &["--generate-passphrase"]).await,
    );
    let fragment = |link: &str| {
        let (_, fragment) = link.split_once('#').expect("a fragment");
        fragment.trim_end_matches(".p1").to_owned()
    };
    let (first, second) = (fragment(&read.link), fragment(&unread.link));
    let passphrases = [&read, &unread].map(|sent| sent.passphrase.clone().expect("one was made"));
    let searcher = Searcher::new([
        ("text", SECRET),
        ("link", first.as_str()),
        ("unread link", second.as_str()),
        ("passphrase", passphrases[0].as_str()),
        ("unread passphrase", passphrases[1].as_str()),
    ]);
    let pid = stack.site.as_ref().expect("it runs").id();
    let expect_nothing_in_memory = |when: &str| {
        let mut found = BTreeSet::new();
        memory::read(pid, |piece| found.append(&mut searcher.in_text(piece))).expect("root may look");
        assert_eq!(found, BTreeSet::new(), "in the site's memory {when}");
    };
    let stored = pieces(&stack);
    assert_eq!(stored.len(), 2);
    assert!(
        stored.iter().all(|piece| stands_in_a_file(&stack, piece)),
        "while they wait"
    );
    let wrong = Link::parse(&read.link, Some("certainly not this"));
    let answer = reader.open(&wrong, [2; 16]).await.expect("an answer");
    assert_eq!(answer, Reading::WrongPassphrase { tries_left: 4 });
    expect_nothing_in_memory("after a wrong passphrase");
    let opened = reader.open(&read.link(), [1; 16]).await.expect("an answer");
    assert_eq!(opened, Reading::Text(SECRET.to_owned()));
    expect_nothing_in_memory("during the lease");
    reader.done(&read.link(), [1; 16]).await.expect("an answer");
    stack.await_message(&read.id, "read").await;

    expect_nothing_in_memory("after the end");
    let left: Vec<bool> = stored
        .iter()
        .map(|piece| stands_in_a_file(&stack, piece))
        .collect();
    assert_eq!(
        left,
        [false, true],
        "what was read is in no file of the site, the other is"
    );
    assert_eq!(
        searcher.in_folder(&stack.state(), &[]),
        BTreeSet::new(),
        "in a file, while all run"
    );
    stack.stop().await;
    assert_eq!(
        searcher.in_folder(&stack.state(), &[]),
        BTreeSet::new(),
        "in a file"
    );
}

/// What the site stores, in the order in which it came.
fn pieces(stack: &Stack) -> Vec<Vec<u8>> {
    let database = sqlite::Connection::open(stack.state().join("site/site.db")).expect("the site's database");
    let mut pieces = database
        .prepare("SELECT bytes FROM piece ORDER BY place")
        .expect("its table");
    let pieces = pieces.query_map([], |row| row.get(0)).expect("its rows");
    pieces.map(|piece| piece.expect("bytes")).collect()
}

/// Whether it stands in a file of the site, used or not.
fn stands_in_a_file(stack: &Stack, piece: &[u8]) -> bool {
    // A piece may be cut in two by the pages of the file: its beginning is not.
    let needle = &piece[..64];
    ["site", "site-keys"].iter().any(|folder| {
        let files = std::fs::read_dir(stack.state().join(folder)).expect("a folder of the site");
        files.into_iter().any(|file| {
            let file = std::fs::read(file.expect("an entry").path()).unwrap_or_default();
            file.windows(needle.len()).any(|window| window == needle)
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passphrases_lock_a_message_and_its_sender_decides() {
    let mut stack = Stack::prepare().await;
    stack.start_core().await;
    stack.start_site().await;
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let mut sent = stack.send(SECRET, &["--generate-passphrase"]).await;
    let passphrase = sent.passphrase.replace("certainly not this".to_owned());
    for tries_left in (0..5).rev() {
        let answer = reader.open(&sent.link(), [2; 16]).await.expect("an answer");
        assert_eq!(answer, Reading::WrongPassphrase { tries_left });
    }
    sent.passphrase = passphrase;
    let answer = reader.open(&sent.link(), [2; 16]).await.expect("an answer");
    assert_eq!(
        answer,
        Reading::WrongPassphrase { tries_left: 0 },
        "locked for the right one, too"
    );
    stack.await_message(&sent.id, "locked").await;

    stack
        .core_api(&["message", "unlock", &sent.id])
        .await
        .expect("its sender unlocks it");
    let text = wait_for("the message opens", Duration::from_mins(1), async || match reader
        .open(&sent.link(), [2; 16])
        .await
        .ok()?
    {
        Reading::Text(text) => Some(text),
        _ => None,
    });
    assert_eq!(text.await, SECRET);
    stack.stop().await;
}
