//! A site's public certificate: looked after, and renewed from inside.

use std::time::Duration;

use contract::sync::{Certificate, CertificateInUse, CertificateRefusal};
use core_api::store::site;
use core_api::usecase::operators::alarm::What;
use core_api::usecase::site::acknowledge::acknowledge;
use core_api::usecase::site::certificate::{CertificateError, bring, look_after, request, show};
use core_api::usecase::site::list::list;
use core_api::usecase::site::retire::retire;
use core_api::worker::pull::Next;
use data_encoding::HEXLOWER;
use rcgen::KeyPair;
use selfdestruct::public_certificate::asked_for;
use sha2::{Digest as _, Sha256};

use crate::authority::Authority;
use crate::bench::{Bench, NOON};

const DAY: Duration = Duration::from_hours(24);

fn good_until(days: i64) -> CertificateInUse {
    CertificateInUse {
        names: vec!["secret.corp.example".to_owned()],
        issuer: "CN=Another authority".to_owned(),
        from: NOON,
        until: NOON + days * 24 * 60 * 60 * 1000,
    }
}

fn signing_request(name: &str) -> String {
    let params = asked_for(name).expect("a name");
    let key = KeyPair::generate().expect("the system has randomness");
    let request = params.serialize_request(&key).expect("a request");
    request.pem().expect("a request")
}

/// A chain of an authority that the core knows from now on.
fn chain(bench: &Bench) -> String {
    let authority = Authority::new();
    std::fs::write(bench.public_ca(), authority.pem()).expect("the test's folder is writable");
    authority.issue().0
}

async fn brought(bench: &Bench, chain: &str) -> Result<i64, CertificateError> {
    bring(&bench.core, "dmz1", chain.as_bytes(), "REF", "uid 1000")
        .await
        .map(|shown| shown.until)
}

#[tokio::test]
async fn what_the_site_tells_is_shown() {
    let bench = Bench::new().await;
    let shown = show(&bench.core, "dmz1").await.unwrap();
    assert_eq!(shown.names, ["secret.corp.example"]);
    assert_eq!((shown.issuer.as_str(), shown.wrong), ("CN=An authority", None));
    bench.site().state().certificate.issuer = "\u{1b}[31mred".to_owned();
    bench.site().state().certificate.names = vec!["other.example".to_owned()];
    let shown = show(&bench.core, "dmz1").await.unwrap();
    assert_eq!(shown.issuer, "?[31mred");
    assert_eq!(shown.wrong.as_deref(), Some("it is not for secret.corp.example"));
}

#[tokio::test]
async fn a_signing_request_is_handed_on_once_it_is_known_to_be_for_the_site() {
    let bench = Bench::new().await;
    let wanted = signing_request("secret.corp.example");
    bench.site().state().signing_request.clone_from(&wanted);
    let made = request(&bench.core, "dmz1", "REF", "uid 1000").await.unwrap();
    assert_eq!(made, wanted);
    let digest = |text: &str| HEXLOWER.encode(&Sha256::digest(text));
    assert_eq!(bench.audited(&digest(&wanted)).await, 1);
    assert_eq!(
        bench.audited_of("site-certificate-requested", "uid 1000").await,
        1
    );
    assert!(bench.alarms("dmz1").await.is_empty());

    let strange = signing_request("portal.corp.example");
    bench.site().state().signing_request.clone_from(&strange);
    let refused = request(&bench.core, "dmz1", "REF", "uid 1000").await;
    assert!(
        matches!(refused, Err(CertificateError::StrangeRequest(_))),
        "{refused:?}"
    );
    assert_eq!(
        bench.audited(&digest(&strange)).await,
        1,
        "what it wanted is known"
    );
    assert_eq!(bench.alarms("dmz1").await, ["strange-request"]);
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["strange-request"], "it is not over");
    acknowledge(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_an_alarm_until_it_is_renewed() {
    let bench = Bench::new().await;
    bench.site().state().certificate = good_until(90);
    let mut puller = bench.puller("dmz1");
    puller.try_one(0).await.unwrap();
    bench.forward(DAY * 76);
    puller.try_one(0).await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty(), "two weeks are left");
    bench.forward(Duration::from_hours(1));
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["certificate"]);
    let told = &list(&bench.core).await.unwrap()[0];
    assert!(!told.fine && told.state.contains("certificate"), "{told:?}");

    // Renewed over the link, it is over at once.
    bench.site().state().next_certificate = Some(good_until(166));
    let brought_chain = chain(&bench);
    assert_eq!(
        brought(&bench, &brought_chain).await.unwrap(),
        good_until(166).until
    );
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(bench.audited_of("site-certificate-renewed", "uid 1000").await, 1);
    let Some(Certificate::Take { chain }) = bench.site().state().asked_of_certificate.pop() else {
        panic!("the chain was brought");
    };
    assert_eq!(chain, brought_chain);

    // Files put in place by hand are found within the hour.
    bench.forward(DAY * 80);
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["certificate"]);
    bench.site().state().certificate = good_until(256);
    bench.forward(Duration::from_mins(59));
    puller.try_one(0).await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["certificate"], "not asked yet");
    bench.forward(Duration::from_mins(1));
    puller.try_one(0).await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn a_chain_that_the_site_refuses_changes_nothing_and_is_explained() {
    let bench = Bench::new().await;
    let chain = chain(&bench);
    for (why, word) in [
        (CertificateRefusal::NothingOpen, "--out"),
        (CertificateRefusal::TooLong, "too long"),
        (CertificateRefusal::NoCertificate, "cannot read"),
        (CertificateRefusal::OtherKey, "another key"),
        (CertificateRefusal::OtherNames, "not for secret.corp.example"),
        (CertificateRefusal::Ended, "is over"),
        (CertificateRefusal::NotYet, "has not come"),
        (CertificateRefusal::OneFile, "are one file"),
        (CertificateRefusal::Unwritable, "cannot write"),
        (CertificateRefusal::Unusable, "cannot be used"),
    ] {
        bench.site().state().refusal = Some(why);
        let told = brought(&bench, &chain).await.unwrap_err().to_string();
        assert!(told.contains(word), "{why:?}: {told}");
    }
    assert_eq!(bench.audited("site-certificate-renewed").await, 0);
    let digest = HEXLOWER.encode(&Sha256::digest(&chain));
    assert_eq!(bench.audited(&digest).await, 10, "each time it was on its way");
    let until = certificate_until(&chain);
    assert_eq!(
        bench.audited(&format!("\"until\":{until}")).await,
        10,
        "by the chain"
    );

    // Whoever sends an answer that never comes is known as well.
    bench.site().state().away = true;
    brought(&bench, &chain).await.unwrap_err();
    assert_eq!(bench.audited_of("site-certificate-brought", "uid 1000").await, 11);
}

/// The last moment of its first certificate.
fn certificate_until(chain: &str) -> i64 {
    let certificate = server::certificate::Certificate::from_pem(chain.as_bytes()).expect("a certificate");
    CertificateInUse::from(certificate).until
}

#[tokio::test]
async fn a_chain_that_browsers_would_not_believe_stays_here() {
    let bench = Bench::new().await;
    let known = chain(&bench);
    for strange in [Authority::new().issue().0, known.replace("MI", "MJ")] {
        let refused = brought(&bench, &strange).await;
        assert!(
            matches!(refused, Err(CertificateError::Unbelieved(_))),
            "{refused:?}"
        );
    }
    assert!(bench.site().state().asked_of_certificate.is_empty());
    assert_eq!(bench.audited("site-certificate").await, 0);
}

#[tokio::test]
async fn a_site_that_answers_and_does_not_tell_its_certificate_for_hours_is_an_alarm() {
    let bench = Bench::new().await;
    let mut puller = bench.puller("dmz1");
    bench.site().state().is_silent_of_certificate = true;
    for hour in 0..3 {
        assert!(bench.alarms("dmz1").await.is_empty(), "{hour}");
        puller.try_one(0).await.unwrap();
        bench.forward(Duration::from_hours(1));
    }
    assert_eq!(bench.alarms("dmz1").await, ["certificate"]);
    bench.site().state().is_silent_of_certificate = false;
    puller.try_one(0).await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn a_site_that_is_retired_while_it_is_asked_has_no_alarm() {
    let bench = Bench::new().await;
    bench.site().state().certificate = good_until(-1);
    let name = "dmz1".to_owned();
    let paired = bench
        .core
        .store
        .read(move |c| site::by_name(c, &name))
        .await
        .unwrap();
    retire(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    look_after(&bench.core, &paired.unwrap(), bench.site(), &mut 0)
        .await
        .unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn nothing_is_brought_or_signed_for_a_site_that_is_not_to_be_believed() {
    let bench = Bench::with(&["dmz1", "dmz2"]).await;
    bench.site().state().tamper = Some(Box::new(|events| events.head = "no head".to_owned()));
    assert_eq!(bench.pull("dmz1").await, Next::Troubled(What::Head));
    bench.site().state().asked_of_certificate.clear();
    for outcome in [
        brought(&bench, &chain(&bench)).await.map(drop),
        request(&bench.core, "dmz1", "REF", "uid 0").await.map(drop),
    ] {
        assert!(matches!(outcome, Err(CertificateError::Troubled)), "{outcome:?}");
    }
    assert!(bench.site().state().asked_of_certificate.is_empty());

    retire(&bench.core, "dmz2", "REF", "uid 0").await.unwrap();
    let retired = show(&bench.core, "dmz2").await;
    assert!(matches!(retired, Err(CertificateError::NotPaired)), "{retired:?}");
    let strange = show(&bench.core, "none").await;
    assert!(
        matches!(strange, Err(CertificateError::NotConfigured)),
        "{strange:?}"
    );
    bench.site().state().away = true;
    assert!(matches!(
        show(&bench.core, "dmz1").await,
        Err(CertificateError::Site(_))
    ));
}

#[tokio::test]
async fn a_file_that_is_no_chain_never_leaves() {
    let bench = Bench::new().await;
    for file in [
        &b"no chain"[..],
        b"-----BEGIN PRIVATE KEY-----",
        &vec![0x30; 70_000],
    ] {
        let refused = bring(&bench.core, "dmz1", file, "REF", "uid 0").await;
        assert!(refused.is_err(), "{refused:?}");
    }
    assert!(bench.site().state().asked_of_certificate.is_empty());
}
