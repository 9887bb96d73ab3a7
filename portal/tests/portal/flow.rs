//! From the first page to the last: what the core is asked, what the browser is given.

use std::sync::Arc;

use client::ClientError;
use contract::recovery::{AccountView, Answer, Method, Offer, Refused, Stage};
use contract::{Action, ProblemKind};

use crate::fake_core::{HANDLE, answer, lost};
use crate::site::{FORM, ORIGIN, Site, encode};

fn choose() -> Stage {
    Stage::Choose {
        methods: vec![Method::Totp, Method::EmailCode, Method::Passkey],
    }
}

fn with_handle(stage: Stage, handle: &str) -> Answer {
    Answer {
        handle: Some(handle.into()),
        ..answer(stage)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_begins_with_a_cookie_that_only_this_site_and_no_script_sees() {
    let site = Site::new();
    site.core.will_answer(Ok(with_handle(choose(), HANDLE)));
    let forged = "X-Forwarded-For: 6.6.6.6";
    let origin = format!("Origin: {ORIGIN}");
    let body = encode(&[("identifier", " alice ")]);
    let begun = site
        .ask("POST /forgot", &[FORM, &origin, forged], body.as_bytes())
        .await;
    assert_eq!(begun.leads_to(), "/recovery");
    let expected = format!("__Host-sallyport-recovery={HANDLE}; HttpOnly; SameSite=Strict; Secure; Path=/");
    assert_eq!(begun.headers("set-cookie"), [expected]);
    let asked = site.core.asked();
    assert_eq!(asked.len(), 1);
    let sent = r#""purpose":"reset","identifier":"alice","source":"127.0.0.1","language":"en""#;
    assert!(
        asked[0].starts_with("begin ") && asked[0].contains(sent),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_typed_is_said_at_once_and_begins_nothing() {
    let site = Site::new();
    for identifier in ["  ", "a\u{0}b", &"x".repeat(513)] {
        let page = site.post("/unlock", &[("identifier", identifier)]).await;
        assert_eq!(page.status, 400);
        assert!(page.body.contains("User name or e-mail"));
    }
    assert!(site.core.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_recovery_every_step_leads_to_the_first_page() {
    let site = Site::new();
    let headers = [
        FORM,
        "Sec-Fetch-Site: same-origin",
        "Cookie: __Host-sallyport-recovery=short",
    ];
    for path in ["GET /recovery", "GET /recovery/send"] {
        assert_eq!(site.ask(path, &[], b"").await.leads_to(), "/?news=over");
    }
    for path in ["method", "send", "prove", "act"] {
        let page = site
            .ask(&format!("POST /recovery/{path}"), &headers, b"method=totp")
            .await;
        assert_eq!(page.leads_to(), "/?news=over", "{path}");
    }
    let ended = site.ask("POST /recovery/end", &headers, b"").await;
    assert_eq!(ended.leads_to(), "/");
    let page = site.get("/?news=over").await;
    assert!(page.body.contains("Your attempt is over"));
    assert!(site.core.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stage_has_its_page() {
    let site = Site::new();
    let challenge = |wrong| Stage::Challenge {
        method: Method::Totp,
        methods: vec![Method::Totp, Method::EmailCode],
        seal: site.core.block(None),
        wrong,
        sent_an_hour: None,
    };
    let action = Action::Reset;
    let stages = [
        (choose(), "E-mail code"),
        (challenge(false), "Enter the code from your app"),
        (challenge(true), "This was not accepted"),
        (Stage::Acting { action }, "data-look-again"),
        (
            Stage::Done {
                action,
                unlocked: true,
                at: 0,
            },
            "new password",
        ),
        (
            Stage::Unknown {
                action,
                reference: "7F3KQ2M9XA".into(),
            },
            "7F3KQ2M9XA",
        ),
    ];
    for (stage, words) in stages {
        site.core.will_show(stage.clone());
        let page = site.get("/recovery").await;
        assert_eq!(page.status, 200, "{stage:?}");
        assert!(
            page.body.contains(words),
            "{words} is not on the page of {stage:?}"
        );
        assert!(
            !page.body.contains("value=\"passkey\""),
            "what these pages cannot ask for is not offered"
        );
    }
    site.core.will_show(challenge(false));
    let page = site.get("/recovery?other=1").await;
    assert!(page.body.contains("How can you show that it is you?"));
    site.core.will_show(Stage::Enrolling);
    assert_eq!(site.get("/recovery").await.leads_to(), "/enrol");
    site.core.will_show(Stage::DirectoryAway);
    assert_eq!(site.get("/recovery").await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_by_a_button_only() {
    let site = Site::new();
    assert_eq!(
        site.post("/recovery/method", &[("method", "email-code")])
            .await
            .leads_to(),
        "/recovery/send"
    );
    assert!(site.core.asked().is_empty(), "nothing is sent yet");
    site.core.will_show(choose());
    assert!(site.get("/recovery/send").await.body.contains("Send code"));
    assert_eq!(site.core.asked(), [format!("look {HANDLE} null")]);
    site.core.will_show(choose());
    assert_eq!(site.post("/recovery/send", &[]).await.leads_to(), "/recovery");
    assert_eq!(site.core.asked(), [format!("pick {HANDLE} \"email-code\"")]);
    site.core.will_show(choose());
    assert_eq!(
        site.post("/recovery/send", &[("again", "yes")]).await.leads_to(),
        "/recovery?sent=1"
    );
    site.core.will_show(Stage::Challenge {
        method: Method::EmailCode,
        methods: vec![Method::EmailCode],
        seal: site.core.block(None),
        wrong: true,
        sent_an_hour: Some(3),
    });
    let page = site.get("/recovery?sent=1").await;
    assert!(page.body.contains("a new code is on its way") && page.body.contains("At most 3 are sent"));
    assert!(!page.body.contains("This was not accepted"), "nothing was judged");
    site.core.asked();

    site.core.will_show(choose());
    assert_eq!(
        site.post("/recovery/method", &[("method", "totp")])
            .await
            .leads_to(),
        "/recovery"
    );
    assert_eq!(site.core.asked(), [format!("pick {HANDLE} \"totp\"")]);
    assert_eq!(
        site.post("/recovery/method", &[("method", "guess")]).await.status,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passed_step_brings_the_new_handle_and_a_lost_answer_is_asked_for_again() {
    let site = Site::new();
    let (next, block) = ("B".repeat(43), site.core.block(None));
    site.core.will_answer(Err(lost()));
    site.core.will_answer(Ok(with_handle(choose(), &next)));
    let proved = site
        .post("/recovery/prove", &[("seal", &block), ("box", "Ym94")])
        .await;
    assert_eq!(proved.leads_to(), "/recovery?next=1");
    assert!(
        proved
            .header("set-cookie")
            .starts_with(&format!("__Host-sallyport-recovery={next};"))
    );
    let asked = site.core.asked();
    assert_eq!(
        (asked.len(), &asked[0]),
        (2, &asked[1]),
        "the same box under the same handle"
    );

    site.core.will_show(choose());
    assert!(site.get("/recovery?next=1").await.body.contains("One more proof"));
    let empty = [("seal", block.as_str()), ("code", " ")];
    assert_eq!(
        site.post("/recovery/prove", &empty).await.leads_to(),
        "/recovery?missing=code"
    );
    site.core.asked();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_carries_a_key_of_its_page_and_is_told_as_it_is_when_its_answer_is_lost() {
    let site = Site::new();
    let offers = vec![
        Offer {
            action: Action::Unlock,
            seal: None,
            rules: vec![],
            unlocks: true,
        },
        Offer {
            action: Action::Reset,
            seal: Some(site.core.block(Some("reset"))),
            rules: vec![],
            unlocks: true,
        },
    ];
    let account = AccountView {
        name: "alice".into(),
        enabled: true,
        locked: true,
        ..AccountView::default()
    };
    let refused = Some(Refused::Mismatch);
    let proved = Stage::Proved {
        account,
        offers,
        refused,
    };
    site.core.will_show(proved.clone());
    let page = site.get("/recovery").await;
    for words in ["Unlock account", "Set new password", "Please look at this again"] {
        assert!(page.body.contains(words), "{words}");
    }
    let key = page.hidden("key");
    assert_eq!(key.len(), 22);
    site.core.will_show(proved);
    assert_ne!(
        site.get("/recovery").await.hidden("key"),
        key,
        "each rendered page has its own"
    );
    site.core.asked();

    site.core.will_show(choose());
    let form = [("action", "unlock"), ("key", key.as_str())];
    assert_eq!(site.post("/recovery/act", &form).await.leads_to(), "/recovery");
    let sent = format!(r#"act {HANDLE} {{"action":"unlock","sealed":null,"key":"{key}"}}"#);
    assert_eq!(site.core.asked(), [sent]);

    for _ in 0..2 {
        site.core.will_answer(Err(ClientError::TimedOut));
    }
    let page = site.post("/recovery/act", &form).await;
    assert_eq!((page.status, page.header("retry-after")), (503, "5"));
    assert!(!page.body.contains("Nothing happened to your account"));
    assert_eq!(site.core.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_account_is_not_locked_is_told_so_and_shown_the_way_on() {
    let site = Site::new();
    let proved = |account| Stage::Proved {
        account,
        offers: vec![],
        refused: None,
    };
    let well = AccountView {
        name: "bob".into(),
        enabled: true,
        password_expires: Some(1_900_000_000_000),
        ..AccountView::default()
    };
    site.core.will_show(proved(well.clone()));
    let page = site.get("/recovery").await;
    for words in ["Your account is not locked", "href=\"/forgot\"", "is good until"] {
        assert!(page.body.contains(words), "{words}");
    }
    assert!(!page.body.contains("Nothing can be done"));
    site.core.will_show(proved(AccountView {
        enabled: false,
        ..well
    }));
    let page = site.get("/recovery").await;
    assert!(page.body.contains("Nothing can be done") && !page.body.contains("is not locked"));
    assert!(!page.body.contains("is good until"), "no password helps");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_is_forgotten() {
    let site = Site::new();
    let ended = site.post("/recovery/end", &[]).await;
    assert_eq!(ended.leads_to(), "/");
    let cookie = ended.header("set-cookie");
    assert!(cookie.starts_with("__Host-sallyport-recovery=;"), "{cookie}");
    for part in ["Max-Age=0", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    assert_eq!(site.core.asked(), [format!("end {HANDLE} null")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_me_is_told_by_the_button_only() {
    let site = Site::new();
    assert!(site.get("/not-me").await.body.contains("This was not me"));
    assert!(
        site.post("/not-me", &[("token", "")])
            .await
            .body
            .contains("Enter the code")
    );
    assert!(site.core.asked().is_empty());
    let told = site.post("/not-me", &[("token", "abc")]).await;
    assert!(
        told.body
            .contains("provided that the link was complete and still good")
    );
    let asked = site.core.asked();
    assert!(
        asked[0].contains(r#"{"token":"abc","source":"127.0.0.1"}"#),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_portals_in_front_of_one_core_serve_one_recovery_in_turns() {
    let first = Site::new();
    let second = Site::with(Arc::clone(&first.core), |_| {});
    let block = first.core.block(None);
    first.core.will_answer(Ok(with_handle(choose(), HANDLE)));
    assert_eq!(
        first.post("/forgot", &[("identifier", "alice")]).await.leads_to(),
        "/recovery"
    );
    first.core.will_show(choose());
    assert_eq!(second.get("/recovery").await.status, 200);
    first.core.will_show(choose());
    assert_eq!(
        first
            .post("/recovery/method", &[("method", "totp")])
            .await
            .leads_to(),
        "/recovery"
    );
    first.core.will_answer(Ok(with_handle(choose(), &"B".repeat(43))));
    let proved = second
        .post("/recovery/prove", &[("seal", &block), ("code", "123456")])
        .await;
    assert_eq!(proved.leads_to(), "/recovery?next=1");
    first.core.will_refuse(ProblemKind::RecoveryOver);
    assert_eq!(first.get("/recovery").await.status, 410);
    let calls: Vec<String> = first
        .core
        .asked()
        .iter()
        .map(|call| call.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(calls, ["begin", "look", "pick", "prove", "look"]);
}
