//! Tools send over the API, see their own messages only, and repeat a request without sending twice.

use std::sync::Arc;

use contract::ProblemKind;
use contract::message::{NewContent, NewFile, NewMessage};
use contract::sync::{Digest, Token};
use core_api::usecase::message::order::{Wanted, order};
use core_api::usecase::message::seal::seal;
use core_api::usecase::message::send::{Sender, Wish, reserve};
use core_api::usecase::message::send_for_tool::send;
use core_api::usecase::{UseCaseError, message};
use data_encoding::BASE64URL_NOPAD;

use crate::bench::{Bench, text};

fn tool(name: &str) -> Sender {
    Sender {
        name: name.to_owned(),
        through: name.to_owned(),
        reference: "REF".to_owned(),
        notify: Some("hr@corp.example".to_owned()),
    }
}

fn plain(key: &str, to: &[&str], passphrase: Option<&str>) -> NewMessage {
    NewMessage {
        key: key.to_owned(),
        site: None,
        expires_in: Some(3600),
        readings: None,
        reason: Some("onboarding".to_owned()),
        password: true,
        to: to.iter().map(|to| (*to).to_owned()).collect(),
        content: NewContent::Plain {
            text: Some("hunter2".to_owned()),
            files: vec![NewFile {
                name: "a.bin".to_owned(),
                kind: "application/x".to_owned(),
                data: BASE64URL_NOPAD.encode(&[7; 300]),
            }],
            passphrase: passphrase.map(str::to_owned),
        },
    }
}

fn refused<T>(result: Result<T, UseCaseError>) -> ProblemKind {
    match result {
        Err(UseCaseError::Refused(kind)) => kind,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// Sends while the site's worker works, as it does all the time.
async fn sent(bench: &Bench, who: &str, new: NewMessage) -> Result<contract::message::Sent, UseCaseError> {
    let who = tool(who);
    let turn = bench.core.sealing.acquire().await.expect("it is open");
    let sending = send(&bench.core, &who, new, turn);
    tokio::pin!(sending);
    loop {
        tokio::select! {
            sent = &mut sending => return sent,
            () = tokio::task::yield_now() => bench.push().await,
        }
    }
}

const KEY: &str = "0123456789abcdef";

#[tokio::test]
async fn what_the_core_seals_for_a_tool_is_read_with_the_link_in_the_answer() {
    let bench = Bench::new().await;
    let answer = sent(&bench, "hr", plain(KEY, &[], None))
        .await
        .expect("it is sent");
    let [message] = answer.messages.as_slice() else {
        panic!("one message");
    };
    assert_eq!(message.state, "on-site");
    let read = bench.site.read(message.link.as_deref().expect("a link"), None);
    assert_eq!(
        (read.text(), read.files()[0].bytes()),
        ("hunter2", [7; 300].as_slice())
    );
}

#[tokio::test]
async fn a_repeat_sends_nothing_and_gives_no_link() {
    let bench = Bench::new().await;
    let first = sent(&bench, "hr", plain(KEY, &[], None))
        .await
        .expect("it is sent");
    let again = sent(&bench, "hr", plain(KEY, &[], None))
        .await
        .expect("it was sent");
    assert_eq!(first.messages[0].id, again.messages[0].id);
    assert!(again.messages[0].link.is_none());
    let other = sent(&bench, "it", plain(KEY, &[], None))
        .await
        .expect("another tool's key");
    assert_ne!(first.messages[0].id, other.messages[0].id);
    let all = message::show::list(&bench.core, Some("hr"), None).await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn everybody_gets_a_message_of_his_own_or_nobody_gets_one() {
    let bench = Bench::with(|messages| messages.recipients = vec!["home.example".to_owned()]).await;
    let mixed = plain(KEY, &["bob@home.example", "bob@elsewhere.example"], Some("p"));
    assert_eq!(
        refused(sent(&bench, "hr", mixed).await),
        ProblemKind::RecipientNotAllowed
    );
    let without = plain(KEY, &["bob@home.example"], None);
    assert_eq!(
        refused(sent(&bench, "hr", without).await),
        ProblemKind::PassphraseNeeded
    );
    let all = message::show::list(&bench.core, None, None).await.unwrap();
    assert!(all.is_empty());
    let both = plain(KEY, &["bob@home.example", "carol@home.example"], Some("p"));
    let answer = sent(&bench, "hr", both).await.expect("it is sent");
    assert!(answer.messages.iter().all(|message| message.link.is_none()));
    let mails = bench.mails().await;
    assert_eq!(mails.len(), 2);
    assert_ne!(mails[0].link(), mails[1].link());
    for mail in &mails {
        let read = bench.site.read(mail.link().expect("a link"), Some("p"));
        assert_eq!(read.text(), "hunter2");
    }
}

#[tokio::test]
async fn a_tool_hands_over_what_it_sealed_itself() {
    let bench = Bench::new().await;
    let (id, plan) = reserve(&bench.core, &tool("hr"), &Wish::default())
        .await
        .expect("an id");
    let sealed = seal(&id, &plan.address(&id), &text("its own"), None);
    let envelope = |to: &[&str]| NewMessage {
        content: NewContent::Envelope {
            id: Token::from(id).to_string(),
            header: sealed.envelope.header.clone(),
            nonce: BASE64URL_NOPAD.encode(&sealed.envelope.nonce),
            ciphertext: BASE64URL_NOPAD.encode(&sealed.envelope.ciphertext),
            link: Digest::from(sealed.proofs.link).to_string(),
            open: None,
        },
        ..plain(KEY, to, None)
    };
    assert_eq!(
        refused(sent(&bench, "hr", envelope(&["bob@home.example"])).await),
        ProblemKind::Malformed
    );
    assert_eq!(
        refused(sent(&bench, "it", envelope(&[])).await),
        ProblemKind::Conflict
    );
    let answer = sent(&bench, "hr", envelope(&[])).await.expect("it is sent");
    assert!(answer.messages[0].link.is_none());
    assert_eq!(bench.site.read(sealed.link.expose(), None).text(), "its own");
}

#[tokio::test]
async fn a_tool_sees_and_orders_about_its_own_only() {
    let bench = Bench::new().await;
    let answer = sent(&bench, "hr", plain(KEY, &[], None))
        .await
        .expect("it is sent");
    let id: Token = answer.messages[0].id.parse().expect("an id");
    let id = *id.as_bytes();
    let foreign = message::show::show(&bench.core, Some("it"), id).await;
    assert_eq!(refused(foreign), ProblemKind::NotFound);
    let foreign = order(&bench.core, &tool("it"), Some("it"), id, Wanted::Revoke).await;
    assert_eq!(refused(foreign), ProblemKind::NotFound);
    let extend = |expires_in| Wanted::Extend { expires_in };
    let too_long = order(&bench.core, &tool("hr"), Some("hr"), id, extend(31 * 86_400)).await;
    assert_eq!(refused(too_long), ProblemKind::Malformed);
    order(&bench.core, &tool("hr"), Some("hr"), id, extend(7200))
        .await
        .expect("it is his");
    order(&bench.core, &tool("hr"), Some("hr"), id, Wanted::Revoke)
        .await
        .expect("it is his");
    bench.push().await;
    bench.pull().await;
    let view = message::show::show(&bench.core, Some("hr"), id)
        .await
        .expect("it is his");
    assert_eq!(
        (view.state.as_str(), view.expires_at),
        ("revoked", bench.core.now().0 + 7_200_000)
    );
    let again = order(&bench.core, &tool("hr"), Some("hr"), id, Wanted::Revoke).await;
    assert_eq!(refused(again), ProblemKind::MessageOver);
}

#[tokio::test]
async fn nonsense_is_malformed() {
    let bench = Bench::new().await;
    let content = |data: &str, text: Option<&str>, passphrase: Option<&str>| NewContent::Plain {
        text: text.map(str::to_owned),
        files: data.split_terminator(',').map(file).collect(),
        passphrase: passphrase.map(str::to_owned),
    };
    for new in [
        plain("short", &[], None),
        NewMessage {
            content: content("", None, None),
            ..plain(KEY, &[], None)
        },
        NewMessage {
            content: content("!!", None, None),
            ..plain(KEY, &[], None)
        },
        NewMessage {
            content: content("", Some("x"), Some(" ")),
            ..plain(KEY, &[], None)
        },
        NewMessage {
            to: vec!["a@b.example".to_owned(); 21],
            ..plain(KEY, &[], Some("p"))
        },
        NewMessage {
            readings: Some(11),
            ..plain(KEY, &[], None)
        },
    ] {
        assert_eq!(refused(sent(&bench, "hr", new).await), ProblemKind::Malformed);
    }
    let large = "A".repeat(4 * (seal::MAX_CONTENT / 3 + 1));
    let large = NewMessage {
        content: content(&large, None, None),
        ..plain(KEY, &[], None)
    };
    assert_eq!(refused(sent(&bench, "hr", large).await), ProblemKind::TooLarge);
}

fn file(data: &str) -> NewFile {
    NewFile {
        name: "f".to_owned(),
        kind: String::new(),
        data: data.to_owned(),
    }
}

fn large(key: &str, to: &[&str]) -> NewMessage {
    let content = NewContent::Plain {
        text: Some("x".repeat(9 * 1024 * 1024)),
        files: vec![],
        passphrase: Some("told by telephone".to_owned()),
    };
    NewMessage {
        content,
        ..plain(key, to, None)
    }
}

#[tokio::test]
async fn one_request_is_not_more_than_the_core_can_bear() {
    let bench = Bench::new().await;
    let many = ["a@home.example"; 8];
    let result = sent(&bench, "hr.corp.example", large(KEY, &many)).await;
    assert_eq!(refused(result), ProblemKind::TooLarge);
    assert!(
        sent(&bench, "hr.corp.example", large(KEY, &many[..2]))
            .await
            .is_ok()
    );
}

const MIB: u64 = 1024 * 1024;

/// The site is away, and a tool went on and on.
#[tokio::test]
async fn what_waits_for_a_site_is_bounded_for_each_sender() {
    let bench = Bench::with(|rules| {
        rules.most_waiting_each = 64 * MIB;
        rules.most_waiting = 100 * MIB;
    })
    .await;
    let new = |number: u8| plain(&format!("{KEY}-{number}"), &[], Some("told by telephone"));
    let by = |who: &'static str, number: u8| {
        let core = Arc::clone(&bench.core);
        async move {
            let turn = core.sealing.acquire().await.expect("it is open");
            // Nobody pushes, so the receipt does not come.
            send(&core, &tool(who), new(number), turn).await
        }
    };
    by("hr.corp.example", 1).await.expect("there is room");
    let grown = bench.core.store.write(|c| {
        let almost_all = 64 * MIB - 1024;
        Ok(c.execute("UPDATE push SET size = ?1", [almost_all])?)
    });
    assert_eq!(grown.await.expect("the database works"), 1);
    assert_eq!(refused(by("hr.corp.example", 2).await), ProblemKind::TooMany);
    by("it.corp.example", 3).await.expect("others go on");
    let grown = bench.core.store.write(|c| {
        let sql =
            "UPDATE push SET size = ?1 WHERE message IN (SELECT id FROM message WHERE sender LIKE 'it.%')";
        Ok(c.execute(sql, [36 * MIB])?)
    });
    assert_eq!(grown.await.expect("the database works"), 1);
    assert_eq!(refused(by("xy.corp.example", 4).await), ProblemKind::TooMany);
}

#[tokio::test]
async fn a_tool_unlocks_and_destroys_its_own_only_and_the_audit_says_who() {
    let bench = Bench::new().await;
    let answer = sent(&bench, "hr", plain(KEY, &[], Some("p")))
        .await
        .expect("it is sent");
    let token: Token = answer.messages[0].id.parse().expect("an id");
    let id = *token.as_bytes();
    let by = async |who: &str, wanted| order(&bench.core, &tool(who), Some(who), id, wanted).await;
    let locks = async || {
        for _ in 0..5 {
            bench.site.fake.wrong_passphrase(token);
        }
        bench.pull().await;
    };
    for wanted in [Wanted::Unlock, Wanted::Destroy] {
        assert_eq!(refused(by("hr", wanted).await), ProblemKind::NotLocked);
    }
    locks().await;
    for wanted in [Wanted::Unlock, Wanted::Destroy] {
        assert_eq!(refused(by("it", wanted).await), ProblemKind::NotFound);
    }
    by("hr", Wanted::Unlock).await.expect("it is his");
    bench.push().await;
    locks().await;
    assert_eq!(
        refused(by("hr", Wanted::Unlock).await),
        ProblemKind::NotLocked,
        "once"
    );
    by("hr", Wanted::Destroy).await.expect("it is his");
    bench.push().await;
    bench.pull().await;
    assert_eq!(bench.message(token).await.state.stage(), "destroyed");
    let audit = bench.audit().await;
    for what in ["unlock", "destroy"] {
        let ordered =
            |line: &str| line.contains("message-ordered") && line.contains(what) && line.contains("\"hr\"");
        assert_eq!(audit.lines().filter(|line| ordered(line)).count(), 1, "{audit}");
    }
}
