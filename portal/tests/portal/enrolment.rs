//! Setting up recovery.

use contract::enrolment::{Enrolment, Factor, Need, Pending, StepSeal};
use contract::{Method, ProblemKind};

use crate::fake_core::{HANDLE, problem};
use crate::site::Site;

fn enrolment(site: &Site) -> Enrolment {
    let step = |action: &str| StepSeal {
        action: action.into(),
        seal: site.core.block(Some(action)),
    };
    Enrolment {
        name: "alice".into(),
        factors: vec![Factor {
            id: "f-1".into(),
            method: Method::EmailCode,
            label: "a•••@home.example".into(),
            since: 0,
            counts_from: 0,
        }],
        offered: vec![Method::Totp, Method::RecoveryCode, Method::EmailCode],
        needs: vec![Need {
            methods: vec![Method::EmailCode, Method::RecoveryCode],
            met: true,
        }],
        codes_missing: true,
        hold_seconds: 0,
        pending: Some(Pending::Email),
        wrong: false,
        seals: ["totp", "recovery-codes", "email-confirmation"]
            .map(step)
            .to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_address_asks_for_the_account_first_and_lists_the_factors_later() {
    let site = Site::new();
    let question = "User name or e-mail";
    assert!(site.ask("GET /enrol", &[], b"").await.body.contains(question));
    assert!(site.core.asked().is_empty());
    site.core.will_enrol(Err(problem(ProblemKind::RecoveryOver)));
    let page = site.get("/enrol").await;
    assert!(page.body.contains(question) && page.headers("set-cookie").is_empty());
    site.core.will_enrol(Ok(enrolment(&site)));
    let page = site.get("/enrol?news=added").await;
    for words in [
        "a•••@home.example",
        "It is set up",
        "One thing is left",
        "Recovery codes, which help even without",
        "Enter the code",
    ] {
        assert!(page.body.contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_on_its_way_out_goes_to_the_script_only() {
    let site = Site::new();
    site.core.will_enrol(Ok(enrolment(&site)));
    let page = site.get("/enrol/totp").await;
    assert!(page.body.contains("data-enrol=\"totp\""));
    site.core.asked();

    let block = site.core.block(Some("totp"));
    let given = site
        .post("/enrol/totp", &[("seal", &block), ("box", "Ym94")])
        .await;
    assert_eq!(given.header("content-type"), "application/json");
    let given: serde_json::Value = serde_json::from_str(&given.body).unwrap();
    assert_eq!(
        given,
        serde_json::json!({"seal": block, "outward": "b3V0", "next": "next"})
    );
    site.core.asked();
    assert_eq!(
        site.post("/enrol/totp", &[("seal", &block), ("reply_key", "plain")])
            .await
            .status,
        400
    );
    assert!(site.core.asked().is_empty());

    let confirm = [("seal", block.as_str()), ("code", "123456")];
    site.core.will_enrol(Ok(Enrolment {
        wrong: true,
        ..enrolment(&site)
    }));
    assert_eq!(
        site.post("/enrol/totp/confirm", &confirm).await.leads_to(),
        "/enrol/totp?wrong=1"
    );
    site.core.will_enrol(Ok(enrolment(&site)));
    assert_eq!(
        site.post("/enrol/totp/confirm", &confirm).await.leads_to(),
        "/enrol?news=added"
    );
    assert!(!site.core.asked().concat().contains("123456"));
    let blank = [("seal", block.as_str()), ("code", "  ")];
    assert_eq!(
        site.post("/enrol/totp/confirm", &blank).await.leads_to(),
        "/enrol/totp"
    );
    assert!(site.core.asked().is_empty(), "nothing typed is no try");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_digit_does_not_cost_the_scanned_picture() {
    let site = Site::new();
    let mut waiting = enrolment(&site);
    let seal = site.core.block(Some("totp-confirmation"));
    waiting.seals.push(StepSeal {
        action: "totp-confirmation".into(),
        seal: seal.clone(),
    });
    for (path, is_wrong) in [("/enrol/totp?wrong=1", true), ("/enrol/totp", false)] {
        site.core.will_enrol(Ok(waiting.clone()));
        let page = site.get(path).await;
        assert_eq!(
            page.hidden("seal"),
            seal,
            "the field is for the secret that waits"
        );
        assert!(page.body.contains("Show a new picture"));
        assert_eq!(page.body.contains("This code was not right"), is_wrong);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_out_stands_out_once_nothing_is_left_to_do() {
    let site = Site::new();
    site.core.will_enrol(Ok(enrolment(&site)));
    let page = site.get("/enrol").await;
    assert!(!page.body.contains("name=\"set-up\""), "codes are missing");
    let complete = Enrolment {
        codes_missing: false,
        ..enrolment(&site)
    };
    site.core.will_enrol(Ok(complete.clone()));
    let page = site.get("/enrol").await;
    assert!(page.body.contains("All that is needed is set up") && page.body.contains("name=\"set-up\""));
    let mut unmet = complete;
    unmet.needs[0].met = false;
    site.core.will_enrol(Ok(unmet));
    let page = site.get("/enrol").await;
    assert!(page.body.contains("You cannot help yourself yet") && !page.body.contains("name=\"set-up\""));
    let done = site.post("/recovery/end", &[("set-up", "yes")]).await;
    assert_eq!(done.leads_to(), "/?news=set-up");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_added_by_its_code() {
    let site = Site::new();
    site.core.will_enrol(Err(problem(ProblemKind::UnusableAddress)));
    let refused = site
        .post("/enrol/email", &[("address", "alice@corp.example")])
        .await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("value=\"alice@corp.example\""),
        "what was typed is shown again"
    );
    site.core.will_enrol(Ok(enrolment(&site)));
    let sent = site
        .post("/enrol/email", &[("address", "alice@home.example")])
        .await;
    assert_eq!(sent.leads_to(), "/enrol/email/confirm");
    site.core.will_enrol(Ok(enrolment(&site)));
    let page = site.get("/enrol/email/confirm").await;
    assert_eq!(page.hidden("seal"), site.core.block(Some("email-confirmation")));
    site.core.will_enrol(Ok(enrolment(&site)));
    let form = [("seal", page.hidden("seal")), ("code", "12345678".into())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        site.post("/enrol/email/confirm", &form).await.leads_to(),
        "/enrol?news=added"
    );
    site.core.will_enrol(Ok(enrolment(&site)));
    assert_eq!(
        site.post("/enrol/codes/confirm", &[("kept", "yes")])
            .await
            .leads_to(),
        "/enrol?news=added"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_factor_of_the_list_is_removed() {
    let site = Site::new();
    site.core.will_enrol(Ok(enrolment(&site)));
    assert!(
        site.get("/enrol/remove?factor=f-1")
            .await
            .body
            .contains("a•••@home.example")
    );
    for foreign in ["../../recoveries/current", "f-2"] {
        site.core.will_enrol(Ok(enrolment(&site)));
        assert_eq!(
            site.post("/enrol/remove", &[("factor", foreign)])
                .await
                .leads_to(),
            "/enrol"
        );
    }
    assert!(!site.core.asked().concat().contains("remove_factor"));
    for (outcome, path) in [
        (Ok(enrolment(&site)), "/enrol?news=removed"),
        (Err(problem(ProblemKind::LastFactor)), "/enrol?news=last-stays"),
    ] {
        site.core.will_enrol(Ok(enrolment(&site)));
        site.core.will_enrol(outcome);
        assert_eq!(
            site.post("/enrol/remove", &[("factor", "f-1")]).await.leads_to(),
            path
        );
        assert_eq!(site.core.asked()[1], format!("remove_factor {HANDLE} \"f-1\""));
    }
}
