//! The commands as people type them, against a core that answers on its socket while its workers work.

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use contract::sync::Token;
use core_api::admin::AdminSocket;
use core_api::cli::{Cli, run};
use core_api::core::MessageSettings;
use core_api::usecase::message::send::Wish;
use seal::Content;
use serde_json::Value;
use server::Life;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::bench::{Bench, text};

struct Typist {
    bench: Bench,
    config: PathBuf,
    life: Life,
}

const CONFIG: &str = r#"
demo = true
data_dir = "."
organisation = "Test"
[api]
listen = "127.0.0.1:8443"
sources = ["127.0.0.0/8"]
cert_file = "core-api.toml"
key_file = "core-api.toml"
client_ca_file = "core-api.toml"
[[directory]]
kind = "embedded"
[[recovery.policy]]
name = "all"
actions = ["unlock"]
steps = [["totp"]]
[mail]
transport = "file"
directory = "mail"
from = "reset@corp.example"
helpdesk = "help@corp.example"
"#;

impl Typist {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut MessageSettings)) -> Self {
        let bench = Bench::with(change).await;
        let config = bench.folder().join("core-api.toml");
        std::fs::write(&config, CONFIG).expect("it works in a test");
        std::fs::set_permissions(&config, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("it works in a test");
        let life = Life::new();
        let socket = Arc::new(AdminSocket::bind(bench.folder()).expect("it works in a test"));
        let shared = Arc::clone(&bench.core);
        life.spawn("admin", move |stop| {
            let (core, socket) = (Arc::clone(&shared), Arc::clone(&socket));
            async move { socket.serve(core, stop).await }
        });
        let shared = Arc::clone(&bench.core);
        life.spawn("push", move |stop| {
            core_api::worker::push::run(Arc::clone(&shared), "dmz1".to_owned(), stop)
        });
        let shared = Arc::clone(&bench.core);
        life.spawn("drops", move |stop| {
            core_api::worker::drops::run(Arc::clone(&shared), "dmz1".to_owned(), stop)
        });
        Self { bench, config, life }
    }

    async fn type_in(&self, words: &[&str]) -> Result<String, String> {
        let config = self.config.display().to_string();
        let line = ["core-api", "--config", &config]
            .into_iter()
            .chain(words.iter().copied());
        let cli = Cli::try_parse_from(line).map_err(|error| error.to_string())?;
        let mut out = Vec::new();
        let code = run(cli, [], &mut out).await.map_err(|error| error.to_string())?;
        let out = String::from_utf8(out).expect("it works in a test");
        if format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS) {
            Ok(out)
        } else {
            Err(out)
        }
    }

    async fn json(&self, words: &[&str]) -> Value {
        let out = self
            .type_in(words)
            .await
            .unwrap_or_else(|wrong| panic!("{wrong}"));
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}"))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.bench.folder().join(name);
        std::fs::write(&path, bytes).expect("it works in a test");
        path.display().to_string()
    }
}

#[tokio::test]
async fn a_message_is_sent_shown_and_taken_back() {
    let typist = Typist::new().await;
    let note = typist.file("note.txt", b"hunter2\n");
    let sent = typist
        .json(&[
            "message",
            "send",
            "--text-file",
            &note,
            "--reason",
            "first day",
            "--json",
        ])
        .await;
    let link = sent["link"].as_str().expect("a link");
    assert!(sent.get("passphrase").is_none() && sent.get("to").is_none());
    assert_eq!(typist.bench.site.read(link, None).text(), "hunter2\n");
    let id: Token = sent["id"].as_str().unwrap().parse().unwrap();

    typist.bench.site.fake.open(id);
    typist.bench.pull().await;
    let shown = typist.json(&["message", "show", &id.to_string(), "--json"]).await;
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&"opened".into(), &"first day".into())
    );
    assert_eq!(shown["events"][0]["kind"], "opened");
    assert_eq!(shown["events"][0]["source"], "203.0.113.9");
    let table = typist
        .type_in(&["message", "show", &id.to_string()])
        .await
        .unwrap();
    assert!(table.contains("opened  from 203.0.113.9"), "{table}");
    let list = typist.json(&["message", "list", "--json"]).await;
    assert_eq!(list[0]["id"], sent["id"]);

    let words = ["message", "revoke", &id.to_string()];
    let revoked = {
        let mut revoking = pin!(typist.type_in(&words));
        loop {
            match timeout(Duration::from_millis(20), &mut revoking).await {
                Ok(revoked) => break revoked,
                Err(_) => typist.bench.pull().await,
            }
        }
    };
    assert_eq!(revoked.unwrap(), "revoked\n");
    let again = typist.type_in(&["message", "revoke", &id.to_string()]).await;
    assert_eq!(again.unwrap_err(), "it is over");
    let unknown = typist
        .type_in(&["message", "show", "AAAAAAAAAAAAAAAAAAAAAA"])
        .await;
    assert_eq!(unknown.unwrap_err(), "there is none with this id");
    drop(typist.life);
}

#[tokio::test]
async fn ten_mebibytes_go_through_the_socket_and_a_byte_more_does_not() {
    let typist = Typist::new().await;
    let bytes: Vec<u8> = (0..seal::MAX_CONTENT)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect();
    let largest = typist.file("largest.bin", &bytes);
    let sent = typist
        .json(&["message", "send", "--file", &largest, "--json"])
        .await;
    let read = typist.bench.site.read(sent["link"].as_str().unwrap(), None);
    assert!(read.files()[0].bytes() == bytes.as_slice());
    assert_eq!(read.files()[0].name(), "largest.bin");
    let larger = typist.file("larger.bin", &[bytes.as_slice(), b"x"].concat());
    let refused = typist.type_in(&["message", "send", "--file", &larger]).await;
    assert!(refused.unwrap_err().contains("larger than"));
}

#[tokio::test]
async fn a_mailed_link_is_not_printed_and_its_passphrase_is() {
    let typist = Typist::new().await;
    let note = typist.file("note.txt", b"hunter2");
    let words = [
        "message",
        "send",
        "--text-file",
        &note,
        "--to",
        "bob@home.example",
        "--json",
    ];
    let refused = typist.type_in(&words).await;
    assert!(refused.unwrap_err().contains("needs a passphrase"));
    let sent = typist
        .json(&[words.as_slice(), &["--generate-passphrase"]].concat())
        .await;
    assert!(sent.get("link").is_none());
    let passphrase = sent["passphrase"].as_str().expect("a passphrase");
    let mails = typist.bench.mails().await;
    let read = typist
        .bench
        .site
        .read(mails[0].link().expect("a link"), Some(passphrase));
    assert_eq!(read.text(), "hunter2");
    let given = typist.file("passphrase", b"from a file\n");
    let sent = typist
        .json(&[
            "message",
            "send",
            "--text-file",
            &note,
            "--passphrase-file",
            &given,
            "--json",
        ])
        .await;
    assert!(sent.get("passphrase").is_none());
    let read = typist
        .bench
        .site
        .read(sent["link"].as_str().unwrap(), Some("from a file"));
    assert_eq!(read.text(), "hunter2");
}

#[tokio::test]
async fn a_list_goes_on_after_its_last_message_though_all_were_made_at_once() {
    let typist = Typist::new().await;
    let mut sent = Vec::new();
    for _ in 0..203 {
        let one = typist.bench.send(Wish::default(), &text("x"), None).await;
        sent.insert(0, one.expect("it is sent").0.to_string());
    }
    let list = async |words: &[&str]| -> Vec<String> {
        let list = typist
            .json(&[&["message", "list", "--json"], words].concat())
            .await;
        let ids = list.as_array().expect("a list").iter();
        ids.map(|message| message["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(list(&[]).await, sent[..200]);
    assert_eq!(list(&["--before", &sent[199]]).await, sent[200..]);
    assert_eq!(list(&["--before", &sent[202]]).await, [""; 0]);
    let table = typist.type_in(&["message", "list"]).await.expect("a list");
    let hint = table.lines().last().expect("a line");
    assert_eq!(
        hint,
        format!("for older ones: core-api message list --before {}", sent[199])
    );
    let table = typist.type_in(&["message", "list", "--before", &sent[199]]).await;
    assert_eq!(table.expect("a list").lines().count(), 3);
    let unknown = ["message", "list", "--before", "AAAAAAAAAAAAAAAAAAAAAA"];
    assert_eq!(
        typist.type_in(&unknown).await.unwrap_err(),
        "there is none with this id"
    );
}

#[tokio::test]
async fn one_recipient_who_is_refused_ends_it_for_all() {
    let typist = Typist::with(|messages| messages.recipients = vec!["home.example".to_owned()]).await;
    let note = typist.file("note.txt", b"hunter2");
    let to = |addresses: &[&'static str]| {
        let words = [
            "message",
            "send",
            "--text-file",
            &note,
            "--generate-passphrase",
            "--json",
        ];
        let to = addresses.iter().flat_map(|address| ["--to", address]);
        words.into_iter().chain(to).map(str::to_owned).collect::<Vec<_>>()
    };
    for refused in ["bob@elsewhere.example", "no address"] {
        let words = to(&["alice@home.example", refused]);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let wrong = typist.type_in(&words).await.expect_err(refused);
        assert!(wrong.contains("may not be mailed to this address"), "{wrong}");
        assert_eq!(
            typist.json(&["message", "list", "--json"]).await,
            Value::Array(vec![])
        );
    }
    let words = to(&["alice@home.example", "bob@home.example"]);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let sent = typist.type_in(&words).await.expect("both are allowed");
    assert_eq!(sent.lines().count(), 2, "a line for each");
    let mut to: Vec<_> = typist
        .bench
        .mails()
        .await
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    to.sort();
    assert_eq!(to, ["alice@home.example", "bob@home.example"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_said_so() {
    let typist = Typist::new().await;
    let note = typist.file("note.txt", b"x");
    for (words, why) in [
        (vec!["message", "send"], "--text-file"),
        (
            vec!["message", "send", "--text-file", &note, "--expires", "3w"],
            "3d",
        ),
        (vec!["message", "send", "--text-file", "/nowhere"], "/nowhere"),
        (
            vec![
                "message",
                "send",
                "--text-file",
                &note,
                "--passphrase",
                "x",
                "--generate-passphrase",
            ],
            "cannot be used with",
        ),
        (
            vec!["message", "send", "--text-file", &note, "--readings", "0"],
            "1 to 10 times",
        ),
        (
            vec!["message", "send", "--text-file", "-", "--passphrase-file", "-"],
            "standard input",
        ),
        (vec!["message", "show", "not-an-id"], "base64url"),
        (vec!["drop", "request", "--largest", "0"], "1 byte to 10 MiB"),
    ] {
        let wrong = typist.type_in(&words).await.expect_err(why);
        assert!(wrong.contains(why), "{wrong}");
    }
    let wrong = typist
        .type_in(&["drop", "request", "--expires", "1s"])
        .await
        .unwrap_err();
    assert!(
        wrong.contains("1 minute to") && !wrong.contains("message"),
        "{wrong}"
    );
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_in_its_own_words() {
    let typist = Typist::new().await;
    let note = typist.file("note.txt", b"x");
    let sent = typist
        .json(&["message", "send", "--text-file", &note, "--json"])
        .await;
    let asked = typist.json(&["drop", "request", "--json"]).await;
    let (id, drop) = (sent["id"].as_str().unwrap(), asked["id"].as_str().unwrap());
    let out = typist.bench.folder().join("out").display().to_string();
    for (words, why) in [
        (vec!["message", "unlock", id], "only a locked message"),
        (vec!["message", "extend", id, "--expires", "0s"], "1 second up to"),
        (vec!["drop", "show", drop, "--out", &out], "nothing came in yet"),
    ] {
        let wrong = typist.type_in(&words).await.expect_err(why);
        assert!(wrong.contains(why), "{wrong}");
    }
}

#[tokio::test]
async fn a_drop_is_asked_for_and_opened_into_a_folder_where_nothing_is_overwritten() {
    let typist = Typist::new().await;
    let asked = typist
        .json(&["drop", "request", "--reason", "their key", "--json"])
        .await;
    let (id, link) = (asked["id"].as_str().unwrap(), asked["link"].as_str().unwrap());
    let file = seal::File::new("key.pem", "", Zeroizing::new(b"hunter3".to_vec()));
    let content = Content::new(Zeroizing::new("hunter2".to_owned()), vec![file]).unwrap();
    typist.bench.site.drop_in(link, &content);
    typist.bench.collect().await;
    let list = typist.json(&["drop", "list", "--json"]).await;
    assert_eq!(
        (&list[0]["state"], &list[0]["reason"]),
        (&"arrived".into(), &"their key".into())
    );

    let folder = typist.bench.folder().join("out");
    let out = folder.display().to_string();
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("key.pem"), b"mine").unwrap();
    let refused = typist.type_in(&["drop", "show", id, "--out", &out]).await;
    assert!(refused.unwrap_err().contains("the drop is kept"));
    assert_eq!(std::fs::read(folder.join("key.pem")).unwrap(), b"mine");

    let other = typist.bench.folder().join("other").display().to_string();
    let opened = typist
        .json(&["drop", "show", id, "--out", &other, "--json"])
        .await;
    assert_eq!(opened["files"].as_array().unwrap().len(), 2);
    assert_eq!(
        std::fs::read(PathBuf::from(&other).join("text.txt")).unwrap(),
        b"hunter2"
    );
    assert_eq!(
        std::fs::read(PathBuf::from(&other).join("key.pem")).unwrap(),
        b"hunter3"
    );
    let again = typist.type_in(&["drop", "show", id, "--out", &out]).await;
    assert!(again.unwrap_err().contains("it was opened"));
}
