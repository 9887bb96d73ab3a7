//! Content, link and passphrase are in no file of the core in clear.

use contract::message::{NewContent, NewFile, NewMessage};
use core_api::usecase::drop_box::request::{DropWish, request};
use core_api::usecase::message::send::Wish;
use core_api::usecase::message::send_for_tool;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

use crate::bench::{Bench, sender, text};

const CONTENT: &str = "zebra-quartz-umbrella-content";
const PASSPHRASE: &str = "zebra quartz umbrella passphrase";

/// Every form in which it could have been written down.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    vec![
        bytes.to_vec(),
        BASE64.encode(bytes).into_bytes(),
        BASE64URL_NOPAD.encode(bytes).into_bytes(),
        HEXLOWER.encode(bytes).into_bytes(),
        secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ]
}

fn assert_not_in_files(bench: &Bench, secrets: &[&str]) {
    let mut found_what_is_no_secret = false;
    for entry in std::fs::read_dir(bench.folder()).expect("it works in a test") {
        let path = entry.expect("it works in a test").path();
        let bytes = std::fs::read(&path).expect("it works in a test");
        found_what_is_no_secret |= bytes.windows(12).any(|window| window == b"message-sent");
        for secret in secrets {
            for form in forms(secret) {
                assert!(
                    !bytes.windows(form.len()).any(|window| window == form),
                    "{secret} is in {}",
                    path.display()
                );
            }
        }
    }
    assert!(found_what_is_no_secret, "the database was looked at");
}

#[tokio::test]
async fn nothing_that_opens_a_message_is_in_a_file() {
    let bench = Bench::new().await;
    let to = Wish {
        to: Some("bob@home.example".to_owned()),
        reason: Some("zebra-quartz-umbrella-reason".to_owned()),
        ..Wish::default()
    };
    let (_, mailed) = bench
        .send(to, &text(CONTENT), Some(PASSPHRASE))
        .await
        .expect("it is sent");
    let (_, handed_over) = bench
        .send(Wish::default(), &text(CONTENT), None)
        .await
        .expect("it is sent");
    let tool = NewMessage {
        key: "0123456789abcdef".to_owned(),
        site: None,
        expires_in: None,
        readings: None,
        reason: None,
        password: false,
        to: vec!["carol@home.example".to_owned()],
        content: NewContent::Plain {
            text: Some(CONTENT.to_owned()),
            files: vec![NewFile {
                name: "a.txt".to_owned(),
                kind: String::new(),
                data: BASE64URL_NOPAD.encode(CONTENT.as_bytes()),
            }],
            passphrase: Some(PASSPHRASE.to_owned()),
        },
    };
    let turn = bench.core.sealing.acquire().await.expect("it is open");
    send_for_tool::send(&bench.core, &sender(), tool, turn)
        .await
        .expect("it is sent");
    let asked = request(&bench.core, &sender(), DropWish::default())
        .await
        .expect("it is allowed");
    // The end of each is secret: of a drop box's link the proof, for the key's hash before it is none.
    let fragment = |link: &str| {
        let secret = link.trim_end_matches(".p1");
        secret[secret.len() - 20..].to_owned()
    };
    let drop_link = asked.link.expose().to_owned();
    let links = [mailed, handed_over, asked.link].map(|link| fragment(link.expose()));
    let mut secrets = vec![CONTENT, PASSPHRASE];
    secrets.extend(links.iter().map(String::as_str));

    assert_not_in_files(&bench, &secrets);
    bench.push().await;
    assert_not_in_files(&bench, &secrets);
    bench.collect().await;
    bench.site.drop_in(&drop_link, &text(CONTENT));
    bench.collect().await;
    assert_not_in_files(&bench, &secrets);
    assert_eq!(
        bench
            .mails()
            .await
            .iter()
            .filter(|mail| mail.says("confidential"))
            .count(),
        2
    );
    assert_not_in_files(&bench, &secrets);
}
